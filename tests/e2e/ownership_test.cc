// Two machines and one directory on a server.
#include "site.h"
#include "support/catch.h"

using namespace outhaul;
using namespace outhaul::test;
namespace fs = std::filesystem;

namespace {

void one_backup_at_a_time(ServerKind kind, Tls tls) {
  Site site(kind, tls);
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

namespace {

/// The account may add, replace and rename, but not delete.
void runs_go_on_after_a_recovery(ServerKind kind) {
  ServerOptions options;
  options.may_delete = false;
  Site site(kind, Tls::none, options);
  site.write("a", "one");
  REQUIRE(site.run().exit.code == 0);
  const fs::path first = site.dir() / "first";
  fs::rename(site.state_root(), first);
  for (int night = 1; night <= 3; ++night) {
    if (night != 2) fs::remove_all(site.state_root());
    if (night != 2) {
      const RunResult recovered = site.outhaul({"recover", site.profile().string()});
      INFO(told(recovered));
      CHECK(recovered.exit.code == 0);
    }
    site.write("n" + std::to_string(night), "x");
    const RunResult run = site.run();
    INFO(told(run));
    CHECK(run.exit.code == 0);
    CHECK(read_file(site.stored() / ("n" + std::to_string(night))) == "x");
  }
  fs::remove_all(site.state_root());
  fs::rename(first, site.state_root());
  site.choices.catalog_let_be = "the remote's belongs to another state now";
  site.write("late", "x");
  const RunResult late = site.run();
  INFO(told(late));
  CHECK(late.exit.code == 4);
  CHECK_FALSE(fs::exists(site.stored() / "late"));
}

}  // namespace

TEST_CASE("runs go on after a recovery where nothing can be deleted on ProFTPD") {
  runs_go_on_after_a_recovery(ServerKind::proftpd);
}
TEST_CASE("runs go on after a recovery where nothing can be deleted on Pure-FTPd") {
  runs_go_on_after_a_recovery(ServerKind::pureftpd);
}
