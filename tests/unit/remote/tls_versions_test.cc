#include "remote/tls_versions.h"

#include "support/catch.h"

namespace outhaul {
namespace {

using Most = TlsVersions::Most;

TEST_CASE("pain 8: the TLS version follows the profile and then what is known and then what libcurl can do") {
  struct Row {
    const char* allowed;
    std::optional<std::string> known;
    bool cautious;
    Most expected;
  };
  for (const Row& row : {
           Row{"", {}, true, Most::v1_2},
           Row{"", {}, false, Most::v1_3},
           Row{"1.2", {}, false, Most::v1_2},
           Row{"1.3", {}, true, Most::v1_3},
           Row{"1.3", "1.2", true, Most::v1_2},  // it failed in an earlier run
           Row{"", "1.2", false, Most::v1_2},
           Row{"", "1.3", true, Most::v1_3},  // the server takes nothing less
           Row{"1.2", "1.3", true, Most::v1_2},
       }) {
    CAPTURE(row.allowed, row.known.value_or("unknown"), row.cautious);
    const TlsVersions versions(row.allowed, row.known, row.cautious);
    CHECK(versions.most() == row.expected);
    CHECK_FALSE(versions.learned().has_value());
  }
}

TEST_CASE("pain 8: what TLS 1.3 is known to break is tried with 1.2 and remembered") {
  TlsVersions versions("1.3", {}, true);
  CHECK(versions.may_have_failed(Most::v1_3));
  CHECK(versions.most() == Most::v1_2);
  CHECK(versions.learned() == "1.2");
  CHECK_FALSE(versions.may_have_failed(Most::v1_2));  // then it is something else
}

TEST_CASE("a server that takes only TLS 1.3 is asked for it unless the profile forbids it") {
  TlsVersions versions("", {}, true);
  CHECK(versions.was_too_old(Most::v1_2));
  CHECK(versions.most() == Most::v1_3);
  CHECK(versions.learned() == "1.3");
  CHECK_FALSE(versions.was_too_old(Most::v1_3));
  CHECK_FALSE(versions.may_have_failed(Most::v1_3));  // 1.2 would only be refused
  CHECK(versions.most() == Most::v1_3);

  TlsVersions fixed("1.2", {}, true);
  CHECK_FALSE(fixed.was_too_old(Most::v1_2));
  CHECK(fixed.most() == Most::v1_2);
}

}  // namespace
}  // namespace outhaul
