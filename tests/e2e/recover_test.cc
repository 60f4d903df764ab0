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

/// As somebody whom permissions bind.
class UnprivilegedSite : public Site {
 public:
  using Site::Site;
  RunResult as_user(const std::string& command, const std::vector<std::string>& more = {}) {
    const fs::path copy = dir() / "outhaul";  // the build folder may be closed to others
    if (!fs::exists(copy)) {
      fs::copy_file(program(), copy);
      fs::permissions(copy, fs::perms(0755));
    }
    fs::create_directories(state_root());
    for (const fs::path& path : {source(), secret(), state_root()}) give_to_nobody(path);
    if (choices.url.starts_with("file://")) give_to_nobody(fs::path(choices.url.substr(7)));
    std::vector<std::string> words{copy.string(), "--state-dir", state_root().string(), command,
                                   profile().string()};
    words.insert(words.end(), more.begin(), more.end());
    write_profile();
    const RunResult result = run_program(as_nobody(words));
    expect_the_catalog_gives_the_state();
    return result;
  }
};

/// A file that can't be read in the first night costs no later one.
void nights_after_a_refusal_come_back(UnprivilegedSite& site) {
  site.write("a", "one");
  site.write("b", "two");
  fs::permissions(site.source() / "b", fs::perms::none);
  CHECK(site.as_user("run").exit.code == 3);
  fs::permissions(site.source() / "b", fs::perms::owner_read);
  CHECK(site.as_user("run").exit.code == 0);
  for (const char* file : {"n1", "n2", "n3"}) {
    site.write(file, file);
    CHECK(site.as_user("run").exit.code == 0);
  }
  CHECK(site.as_user("status").exit.code == 0);
  CHECK(site.as_user("verify", {"--read-data"}).exit.code == 0);
  fs::rename(site.state_root(), site.dir() / "lost");
  const RunResult recovered = site.as_user("recover");
  INFO(told(recovered));
  CHECK(recovered.exit.code == 0);
  CHECK(holds(recovered.out, {"the state is back as after run 5", "5 files"}));
  const fs::path back = site.dir() / "back";
  fs::create_directory(back);
  give_to_nobody(back);
  const RunResult restored = site.as_user("restore", {"--to", back.string()});
  INFO(told(restored));
  CHECK(restored.exit.code == 0);
  for (const char* file : {"a", "b", "n1", "n2", "n3"})
    CHECK(read_file(back / file) == read_file(site.source() / file));
}

}  // namespace

TEST_CASE("an upload that stood open when a base was written costs no night on ProFTPD") {
  UnprivilegedSite site(ServerKind::proftpd);
  nights_after_a_refusal_come_back(site);
}
TEST_CASE("an upload that stood open when a base was written costs no night on vsftpd") {
  UnprivilegedSite site(ServerKind::vsftpd, Tls::explicit_);
  nights_after_a_refusal_come_back(site);
}
TEST_CASE("an upload that stood open when a base was written costs no night on a disk") {
  UnprivilegedSite site;
  const fs::path disk = site.dir() / "disk";
  fs::create_directory(disk);
  site.choices.url = "file://" + disk.string();
  nights_after_a_refusal_come_back(site);
}

TEST_CASE("a restore of what was never stored ends with 1 and says so") {
  Site site(ServerKind::vsftpd);
  site.write("a", "1");
  write_file(site.secret(), "wrong\n");
  const RunResult run = site.run();
  INFO(told(run));
  REQUIRE(run.exit.code == 5);
  write_file(site.secret(), std::string(TestServer::kPassword) + "\n");
  for (const std::vector<std::string>& more : {std::vector<std::string>{}, {"--dry-run"}}) {
    std::vector<std::string> words{"restore", site.profile().string(), "--to", (site.dir() / "back").string()};
    words.insert(words.end(), more.begin(), more.end());
    const RunResult restored = site.outhaul(words);
    INFO(told(restored));
    CHECK(restored.exit.code == 1);
    CHECK(holds(restored.err, {"nothing was ever stored of job \"data\""}));
    CHECK(restored.out.find("done") == std::string::npos);
  }
  const RunResult listed = site.outhaul({"ls", site.profile().string()});
  CHECK(listed.exit.code == 1);
  CHECK(holds(listed.err, {"nothing was ever stored of job \"data\""}));
}

TEST_CASE("a catalog whose end is damaged is loud until a run has ended with 0") {
  Site site(ServerKind::pureftpd);
  back_up_three_nights(site);
  for (const auto& entry : fs::directory_iterator(site.space() / ".outhaul/catalog"))
    if (entry.path().filename().string().starts_with("changes-1-1-")) write_file(entry.path(), "zeros");
  fs::remove_all(site.state_root());
  const RunResult result = recover(site, {"--json"});
  INFO(told(result));
  CHECK(result.exit.code == 3);
  const auto verdict = judge_documents(schema_file("recover.schema.json"), {result.out}).front();
  INFO(verdict.error);
  CHECK(verdict.valid);
  const auto report = nlohmann::json::parse(result.out, nullptr, false);
  CHECK(report["run"] == 1);
  CHECK(report["newest_run"] == 3);
  CHECK(report["problems"][0]["message"].get<std::string>().find("NOT COMPLETE") != std::string::npos);
  const auto restore = [&](const std::string& to) {
    return site.outhaul({"restore", site.profile().string(), "--to", (site.dir() / to).string()});
  };
  const RunResult restored = restore("back");
  INFO(told(restored));
  CHECK(restored.exit.code == 3);
  CHECK(holds(restored.err, {"what runs 2 to 3 stored is unknown"}));
  CHECK(site.outhaul({"status", site.profile().string()}).exit.code != 0);
  const RunResult next = site.run();
  INFO(told(next));
  CHECK(next.exit.code == 0);
  CHECK(site.outhaul({"status", site.profile().string()}).exit.code == 0);
  CHECK(restore("again").exit.code == 0);
  CHECK(site.differences().empty());
}

TEST_CASE("a catalog without its manifest comes back by the names of its files") {
  Site site(ServerKind::proftpd);
  back_up_three_nights(site);
  fs::remove(site.space() / ".outhaul/catalog/manifest.json");
  fs::remove_all(site.state_root());
  const RunResult result = recover(site);
  INFO(told(result));
  CHECK(result.exit.code == 3);
  CHECK(holds(result.out, {"the state is back as after run 3", "found by the names of its files", "41 files"}));
  const RunResult next = site.run({"--json"});
  CHECK(nlohmann::json::parse(next.out, nullptr, false)["jobs"][0]["done"]["files_uploaded"] == 0);
  CHECK(fs::exists(site.space() / ".outhaul/catalog/manifest.json"));
}

TEST_CASE("a lost state comes back from ProFTPD over TLS") {
  a_lost_state_comes_back(ServerKind::proftpd, Tls::explicit_);
}
TEST_CASE("a lost state comes back from vsftpd over TLS") {
  a_lost_state_comes_back(ServerKind::vsftpd, Tls::explicit_);
}
TEST_CASE("a lost state comes back from pyftpdlib") {
  a_lost_state_comes_back(ServerKind::pyftpdlib, Tls::none);
}
TEST_CASE("a lost state comes back from ftp-srv") {
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
  CHECK(site.run().exit.code == 0);
  const std::string before = read_file(site.state_dir() / "state.db");
  const RunResult taken = recover(site);
  INFO(told(taken));
  CHECK(taken.exit.code == 2);
  CHECK(holds(taken.err, {"there is a state of this profile already", "move its directory away"}));
  CHECK(read_file(site.state_dir() / "state.db") == before);
}
