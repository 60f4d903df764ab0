// "proof": what the program demands of real servers before it calls a file stored.
#include <fmt/format.h>

#include <algorithm>

#include "site.h"
#include "support/catch.h"
#include "support/scripted_server.h"

using namespace outhaul;
using namespace outhaul::test;

namespace {

std::string proof(const char* word) {
  return fmt::format(R"("proof": "{}")", word);
}

/// The site's profile, but for a server that speaks from a script.
void point_at(Site& site, const ScriptedServer& server) {
  write_file(site.secret(), ScriptedServer::kPassword);
  site.choices.url = fmt::format("ftp://{}@127.0.0.1:{}/space", ScriptedServer::kUser, server.port());
  site.choices.tls = R"("off")";
}

bool asked_for(const TestServer& server, std::string_view command) {
  const std::vector<std::string> all = server.commands();
  return std::find(all.begin(), all.end(), command) != all.end();
}

}  // namespace

TEST_CASE("ProFTPD proves uploads by its own digests over one connection and over several") {
  ServerOptions options;
  options.hashes = true;
  for (const int connections : {1, 3}) {
    Site site(ServerKind::proftpd, Tls::none, options);
    site.choices.connections = connections;
    site.choices.job_extra = proof("hash");
    site.write_many("d", 20, 3000);
    site.write("with a space", "x");
    site.write("empty", "");
    const RunResult result = site.run();
    INFO(told(result));
    CHECK(result.exit.code == 0);
    CHECK(site.differences() == std::vector<std::string>{});
    CHECK(site.parts().empty());
    REQUIRE(site.server().wait_for_no_sessions());
    CHECK(asked_for(site.server(), "OPTS HASH SHA-256"));
    CHECK(site.server().count("HASH") == 23);  // one to find out
  }
}

TEST_CASE("where HASH is forbidden the older commands are asked for the digests") {
  ServerOptions options;
  options.hashes = true;
  options.hash_command = false;
  Site site(ServerKind::proftpd, Tls::none, options);
  site.choices.job_extra = proof("hash");
  site.write_many("d", 5, 3000);
  site.write("with a space", "x");
  const RunResult result = site.run();
  INFO(told(result));
  CHECK(result.exit.code == 0);
  CHECK(site.differences() == std::vector<std::string>{});
  REQUIRE(site.server().wait_for_no_sessions());
  CHECK(site.server().count("XSHA256") == 6);
}

TEST_CASE("a server without digests is told apart before anything is sent") {
  Site site(ServerKind::vsftpd);
  site.choices.job_extra = proof("hash");
  site.write("f", "x");
  const RunResult result = site.run();
  INFO(told(result));
  CHECK(result.exit.code == 5);
  CHECK(holds(result.err, {"the server offers no digests", "\"read_back\""}));
  CHECK(site.server().count("STOR space/.outhaul/parts") == 0);
}

TEST_CASE("what was stored is fetched again and compared with read_back") {
  for (const ServerKind kind : {ServerKind::proftpd, ServerKind::vsftpd}) {
    Site site(kind, Tls::explicit_);
    site.choices.job_extra = proof("read_back");
    site.write_many("d", 5, 1000);
    site.write("large", std::string(3'000'000, 'l'));
    const RunResult result = site.run();
    INFO(told(result));
    CHECK(result.exit.code == 0);
    CHECK(site.differences() == std::vector<std::string>{});
    REQUIRE(site.server().wait_for_no_sessions());
    CHECK(site.server().count("RETR") == 6);
  }
}

TEST_CASE("a server that flips bits is believed by size and caught by digest and by reading back") {
  for (const char* word : {"size", "hash", "read_back"}) {
    CAPTURE(word);
    Quirks quirks;
    quirks.digests = true;
    quirks.flips_bits = true;
    ScriptedServer server(quirks);
    Site site;
    point_at(site, server);
    site.choices.job_extra = proof(word);
    site.write("f", "content");
    const RunResult result = site.run();
    INFO(told(result));
    const bool believed = std::string_view(word) == "size";
    CHECK(result.exit.code == (believed ? 0 : 3));
    CHECK(server.file("space/data/f").has_value() == believed);
    CHECK(server.count("STOR space/.outhaul/parts") == (believed ? 1 : 3));
    if (believed) continue;
    CHECK(holds(result.err, {"accepted the upload 3 times", "other content"}));
    quirks.flips_bits = false;
    server.change(quirks);
    CHECK(site.run().exit.code == 0);
    CHECK(server.file("space/data/f") == "content");
  }
}

TEST_CASE(
    "servers that refuse SIZE are asked with MLST or listed and never with more connections than allowed") {
  struct Row {
    ServerKind kind;
    bool facts;
  };
  for (const Row row :
       {Row{ServerKind::proftpd, true}, Row{ServerKind::proftpd, false}, Row{ServerKind::vsftpd, false}}) {
    for (const int connections : {1, 3}) {
      CAPTURE(to_string(row.kind), row.facts, connections);
      ServerOptions options;
      options.size = false;
      options.facts = row.facts;
      options.max_clients = connections;
      Site site(row.kind, Tls::none, options);
      site.choices.connections = connections;
      site.choices.retries = 5;
      site.write_many("d", 30, 100);
      site.write("large", std::string(700'000, 'l'));
      const RunResult result = site.run();
      INFO(told(result));
      CHECK(result.exit.code == 0);
      CHECK(site.differences() == std::vector<std::string>{});
      CHECK(site.parts().empty());
      REQUIRE(site.server().wait_for_no_sessions());
      if (row.facts) CHECK(site.server().count("MLST") >= 31);
      CHECK((site.server().count("LIST") > 0) == !row.facts);
    }
  }
}

TEST_CASE("mirror takes the proof from the command line") {
  Site site(ServerKind::vsftpd);
  site.write("f", "content");
  const std::string url = fmt::format("ftp://{}@127.0.0.1:{}/space", TestServer::kUser, site.server().port());
  const auto mirror = [&](const char* word) {
    return site.outhaul({"mirror", site.source().string(), url, "--tls-off", "--password-file",
                         site.secret().string(), "--proof", word});
  };
  CHECK(mirror("hash").exit.code == 5);
  CHECK(mirror("sha1").exit.code == 2);
  const RunResult result = mirror("read_back");
  INFO(told(result));
  CHECK(result.exit.code == 0);
  REQUIRE(site.server().wait_for_no_sessions());
  CHECK(site.server().count("RETR") == 1);
}
