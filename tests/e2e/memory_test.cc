// What a run learns of its server, the next one knows.
#include <string>

#include "site.h"
#include "support/catch.h"

using namespace outhaul;
using namespace outhaul::test;

namespace {

std::size_t counted(Site& site, const char* verb) {
  site.server().forget_commands();
  const RunResult result = site.run();
  INFO(told(result));
  CHECK(result.exit.code == 0);
  REQUIRE(site.server().wait_for_no_sessions());
  return site.server().count(verb);
}

}  // namespace

TEST_CASE("a server that can't set times is asked once and not again in the next night") {
  ServerOptions options;
  options.set_mtime = false;
  Site site(ServerKind::vsftpd, Tls::none, options);
  site.write_many("d", 3, 100);
  CHECK(counted(site, "MDTM") == 1);
  site.write("d/new", "x");
  CHECK(counted(site, "MDTM") == 0);
}

TEST_CASE("a run over an unchanged tree writes nothing about a server that it did not ask") {
  Site site(ServerKind::vsftpd);
  site.write("f", "x");
  REQUIRE(site.run().exit.code == 0);
  site.server().stop();
  const RunResult result = site.run();
  INFO(told(result));
  CHECK(result.exit.code == 0);
}

TEST_CASE("pain 9: the connections that a server allows are found out once") {
  const ServerKind kind = GENERATE(ServerKind::proftpd, ServerKind::vsftpd, ServerKind::pureftpd);
  ServerOptions options;
  options.max_clients = 3;
  Site site(kind, Tls::none, options);
  site.choices.connections = 8;
  const auto turned_away = [&](const std::string& dir) {
    site.write_many(dir, 60, 2000);
    const RunResult result = site.run({"-vv"});
    INFO(told(result));
    CHECK(result.exit.code == 0);
    CHECK(site.server().wait_for_no_sessions());
    int count = 0;
    for (std::size_t at = 0; (at = result.err.find(" < 421", at)) != std::string::npos; ++at) ++count;
    for (std::size_t at = 0; (at = result.err.find(" < 530", at)) != std::string::npos; ++at) ++count;
    return count;
  };
  CHECK(turned_away("first") >= 1);
  CHECK(turned_away("second") == 0);
  CHECK(site.differences().empty());
}
