// A lost machine: nothing is left but the profile and what lies on the server.
#include <nlohmann/json.hpp>

#include "site.h"
#include "support/catch.h"
#include "support/json_judge.h"
#include "support/tree.h"

using namespace outhaul;
using namespace outhaul::test;
namespace fs = std::filesystem;

namespace {

RunResult recover(const Site& site, const std::vector<std::string>& more = {}) {
  std::vector<std::string> words{"recover", site.profile().string()};
  words.insert(words.end(), more.begin(), more.end());
  return site.outhaul(words);
}

void back_up_three_nights(Site& site) {
  site.choices.catalog = true;
  site.choices.on_removal = "delete";
  site.write_many("many", 40, 500);
  site.write("-odd name;rm", "1");
  CHECK(site.run().exit.code == 0);
  site.write("later", "2");
  site.remove("many/f007");
  CHECK(site.run().exit.code == 0);
  fs::rename(site.source() / "later", site.source() / "moved");
  CHECK(site.run().exit.code == 0);
}

void a_lost_state_comes_back(ServerKind kind, Tls tls) {
  Site site(kind, tls);
  back_up_three_nights(site);
  const RunResult listed = site.outhaul({"ls", site.profile().string(), "-l"});
  fs::remove_all(site.state_root());
  const RunResult result = recover(site);
  INFO(told(result));
  CHECK(result.exit.code == 0);
  CHECK(holds(result.out, {"the state is back as after run 3", "41 files"}));
  CHECK(site.outhaul({"ls", site.profile().string(), "-l"}).out == listed.out);
  const RunResult next = site.run({"--json"});
  INFO(told(next));
  const auto report = nlohmann::json::parse(next.out, nullptr, false);
  CHECK(report["outcome"] == "done");
  CHECK(report["jobs"][0]["done"]["files_uploaded"] == 0);
  CHECK(site.differences().empty());
}

}  // namespace

TEST_CASE("a lost state comes back from ProFTPD over TLS") {
  a_lost_state_comes_back(ServerKind::proftpd, Tls::explicit_);
}
TEST_CASE("a lost state comes back from vsftpd over TLS") {
  a_lost_state_comes_back(ServerKind::vsftpd, Tls::explicit_);
}
TEST_CASE("a lost state comes back from pyftpdlib") {
  a_lost_state_comes_back(ServerKind::pyftpdlib, Tls::none);
}
// Unmended: ftp-srv carries out commands of several packets at the same time.
TEST_CASE("a lost state comes back from ftp-srv", "[!mayfail]") {
  a_lost_state_comes_back(ServerKind::ftp_srv, Tls::none);
}
TEST_CASE("a lost state comes back from Pure-FTPd over plain FTP") {
  a_lost_state_comes_back(ServerKind::pureftpd, Tls::none);
}
TEST_CASE("a lost state comes back over SFTP") {
  a_lost_state_comes_back(ServerKind::sshd, Tls::none);
}

TEST_CASE("what recover prints for scripts obeys its schema") {
  Site site(ServerKind::proftpd);
  back_up_three_nights(site);
  fs::remove_all(site.state_root());
  const RunResult result = recover(site, {"--json"});
  INFO(told(result));
  const auto verdict = judge_documents(schema_file("recover.schema.json"), {result.out}).front();
  INFO(verdict.error);
  CHECK(verdict.valid);
  const auto manifest = read_file(site.space() / ".outhaul/catalog/manifest.json");
  CHECK(judge_documents(schema_file("catalog-manifest.schema.json"), {manifest}).front().valid);
}

TEST_CASE("recover without a catalog or over a state changes nothing and says what to do") {
  Site site(ServerKind::vsftpd);
  site.write("a", "1");
  site.write_profile();
  const RunResult none = recover(site);
  INFO(told(none));
  CHECK(none.exit.code == 1);
  CHECK(holds(none.err, {"there is no catalog on the remote", "adopt"}));
  CHECK_FALSE(fs::exists(site.state_dir() / "state.db"));
  site.choices.catalog = true;
  CHECK(site.run().exit.code == 0);
  const std::string before = site.state_snapshot();
  const RunResult taken = recover(site);
  INFO(told(taken));
  CHECK(taken.exit.code == 2);
  CHECK(holds(taken.err, {"there is a state of this profile already", "move its directory away"}));
  CHECK(site.state_snapshot() == before);
}
