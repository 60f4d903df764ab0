// Two machines and one directory on a server.
#include "site.h"
#include "support/catch.h"

using namespace outhaul;
using namespace outhaul::test;
namespace fs = std::filesystem;

namespace {

void one_backup_at_a_time(ServerKind kind, Tls tls) {
  Site site(kind, tls);
  site.choices.catalog = true;
  site.write("a", "one");
  REQUIRE(site.run().exit.code == 0);
  CHECK(fs::exists(site.space() / ".outhaul/owner.json"));

  const fs::path first = site.dir() / "first";
  fs::rename(site.state_root(), first);
  site.write("a", "of a second machine");
  const RunResult refused = site.run();
  INFO(told(refused));
  CHECK(refused.exit.code == 4);
  CHECK(holds(refused.err + refused.out,
              {"belongs to another backup", "profile \"nightly\"", "outhaul recover"}));
  CHECK(read_file(site.stored() / "a") == "one");
  const RunResult verified = site.outhaul({"verify", site.profile().string()});
  INFO(told(verified));
  CHECK(verified.exit.code == 4);

  fs::remove_all(site.state_root());
  const RunResult recovered = site.outhaul({"recover", site.profile().string()});
  INFO(told(recovered));
  CHECK(recovered.exit.code == 0);
  CHECK(site.run().exit.code == 0);
  CHECK(read_file(site.stored() / "a") == "of a second machine");

  fs::remove_all(site.state_root());
  fs::rename(first, site.state_root());
  const RunResult late = site.run();
  INFO(told(late));
  CHECK(late.exit.code == 4);
  CHECK(read_file(site.stored() / "a") == "of a second machine");
}

}  // namespace

TEST_CASE("a second machine is refused until it takes the backup over on ProFTPD") {
  one_backup_at_a_time(ServerKind::proftpd, Tls::explicit_);
}
TEST_CASE("a second machine is refused until it takes the backup over on vsftpd") {
  one_backup_at_a_time(ServerKind::vsftpd, Tls::none);
}
TEST_CASE("a second machine is refused until it takes the backup over on Pure-FTPd") {
  one_backup_at_a_time(ServerKind::pureftpd, Tls::explicit_);
}
TEST_CASE("a second machine is refused until it takes the backup over on sshd") {
  one_backup_at_a_time(ServerKind::sshd, Tls::none);
}
