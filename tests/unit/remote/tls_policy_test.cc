// What is done about TLS 1.3, by the version of the libcurl that runs. The figures: docs/ftp-notes.md, TLS.
#include "remote/tls_policy.h"

#include <cstring>

#include "support/catch.h"

namespace outhaul {
namespace {

constexpr unsigned curl(unsigned major, unsigned minor, unsigned patch) {
  return (major << 16) | (minor << 8) | patch;
}

TEST_CASE("pain 7: whether TLS 1.3 keeps the control connection's session depends on the libcurl that runs") {
  using Care = SessionCare;
  struct Row {
    unsigned version;
    bool openssl;
    Care care;
    bool prefer_1_2, hold, may_lack;
  };
  for (const Row& row : {
           Row{curl(7, 88, 1), true, Care::lost, true, true, false},  // Debian 12
           Row{curl(8, 0, 0), true, Care::lost, true, true, false},
           Row{curl(8, 5, 0), true, Care::lost, true, true, false},
           Row{curl(8, 8, 0), true, Care::lost, true, true, false},
           Row{curl(8, 9, 0), true, Care::kept, false, false, false},
           Row{curl(8, 11, 1), true, Care::kept, false, false, false},
           Row{curl(8, 12, 0), true, Care::spent, true, true, false},
           Row{curl(8, 14, 1), true, Care::spent, true, true, false},  // Debian 13
           Row{curl(8, 18, 0), true, Care::spent, true, true, false},
           Row{curl(8, 21, 0), true, Care::spent, true, true, false},
           Row{curl(8, 22, 0), true, Care::kept, false, false, false},
           Row{curl(8, 23, 0), true, Care::kept, false, false, false},
           Row{curl(9, 0, 0), true, Care::kept, false, false, false},
           // GnuTLS and others: no context to touch.
           Row{curl(7, 88, 1), false, Care::lost, true, false, true},
           Row{curl(8, 9, 0), false, Care::lost, true, false, true},
           Row{curl(8, 14, 1), false, Care::spent, true, false, true},
           Row{curl(8, 23, 0), false, Care::kept, false, false, false},
       }) {
    CAPTURE(row.version, row.openssl);
    const TlsLibrary library{row.version, row.openssl};
    CHECK(session_care(library) == row.care);
    const TlsPolicy policy = tls_policy(library);
    CHECK(policy.prefer_1_2 == row.prefer_1_2);
    CHECK(policy.hold_session == row.hold);
    CHECK(policy.may_lack_session == row.may_lack);
  }
}

TEST_CASE("P-256 is offered first to a server that chose it for TLS 1.3, and only to that") {
  REQUIRE(groups_for("prime256v1") != nullptr);
  CHECK(std::strncmp(groups_for("prime256v1"), "P-256:", 6) == 0);
  for (const char* better : {"X25519", "X25519MLKEM768", "secp384r1", "undefined", ""})
    CHECK(groups_for(better) == nullptr);
}

}  // namespace
}  // namespace outhaul
