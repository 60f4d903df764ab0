// What only its owner may read here, only its owner may read there.
#include <sys/stat.h>

#include "site.h"
#include "support/catch.h"

using namespace outhaul;
using namespace outhaul::test;
namespace fs = std::filesystem;

namespace {

void give(const fs::path& path, unsigned mode) {
  REQUIRE(::chmod(path.c_str(), mode) == 0);
}

unsigned mode_of(const fs::path& path) {
  struct stat status {};
  REQUIRE(::lstat(path.c_str(), &status) == 0);
  return status.st_mode & 0777;
}

/// What others may do with it.
unsigned others(const fs::path& path) {
  return mode_of(path) & 077;
}

void fill(Site& site) {
  site.write("open", "for all");
  site.write("secret", "for me");
  site.write("d/inside", "for me and my group");
  give(site.source(), 0755);
  give(site.source() / "open", 0644);
  give(site.source() / "secret", 0600);
  give(site.source() / "d", 0750);
  give(site.source() / "d/inside", 0640);
}

}  // namespace

TEST_CASE("private files are private on every server and so is what outhaul keeps there") {
  const ServerKind kind = GENERATE(ServerKind::proftpd, ServerKind::vsftpd, ServerKind::pureftpd, ServerKind::pyftpdlib,
                                   ServerKind::ftp_srv, ServerKind::sshd);
  INFO(to_string(kind));
  Site site(kind);
  fill(site);
  const RunResult first = site.run();
  INFO(told(first));
  REQUIRE(first.exit.code == 0);
  CHECK(mode_of(site.stored() / "secret") == 0600);
  CHECK(mode_of(site.stored() / "d") == 0750);
  CHECK(mode_of(site.stored() / "d/inside") == 0640);
  CHECK(mode_of(site.space() / ".outhaul") == 0700);
  give(site.source() / "open", 0600);
  site.write("secret", "for me alone");
  const RunResult second = site.run();
  INFO(told(second));
  CHECK(second.exit.code == 0);
  CHECK(mode_of(site.stored() / "open") == 0600);
  CHECK(mode_of(site.stored() / "secret") == 0600);
  CHECK(site.differences().empty());
}

TEST_CASE("a server that changes no permissions gets everything and is named") {
  ServerOptions options;
  options.more = {"chmod_enable=NO"};
  Site site(ServerKind::vsftpd, Tls::none, options);
  fill(site);
  const RunResult run = site.run();
  INFO(told(run));
  CHECK(run.exit.code == 0);
  CHECK(holds(run.out + run.err, {"not the permissions that \"remote_modes\" asks for", "it said: Unknown SITE command"}));
  CHECK(site.differences().empty());
}

TEST_CASE("a web server's files get the modes that the profile gives") {
  Site site(ServerKind::proftpd);
  site.choices.job_extra = R"("remote_modes": {"file": "0664", "dir": "0775"})";
  fill(site);
  const RunResult run = site.run();
  INFO(told(run));
  REQUIRE(run.exit.code == 0);
  CHECK(mode_of(site.stored() / "secret") == 0664);
  CHECK(mode_of(site.stored() / "d") == 0775);
  CHECK(others(site.space() / ".outhaul") == 0);
}
