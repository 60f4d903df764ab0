// The way back from real servers.
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <csignal>
#include <nlohmann/json.hpp>

#include "site.h"
#include "support/catch.h"
#include "support/json_judge.h"
#include "support/tree.h"
#include "support/walk.h"

using namespace outhaul;
using namespace outhaul::test;
using namespace std::chrono_literals;
namespace fs = std::filesystem;

namespace {

using Lines = std::vector<std::string>;

constexpr std::uint64_t kLong = std::uint64_t{256} << 20;

fs::path back(const Site& site) {
  return site.dir() / "back";
}

std::vector<std::string> words(const Site& site, const std::vector<std::string>& more) {
  std::vector<std::string> all{"restore", site.profile().string(), "--to", back(site).string()};
  all.insert(all.end(), more.begin(), more.end());
  return all;
}

RunResult restore(const Site& site, const std::vector<std::string>& more = {}) {
  return site.outhaul(words(site, more));
}

/// Of the file that is being restored, on this disk.
std::uint64_t part_size(const fs::path& dir) {
  std::error_code fault;
  for (const auto& entry : fs::directory_iterator(dir, fault))
    if (entry.path().filename().native().starts_with(".outhaul-restore-"))
      return fs::file_size(entry.path(), fault);
  return 0;
}

/// A restore whose fetch stands still in its middle, because the server does.
Process stuck_in_fetch(Site& site) {
  make_sparse_file(site.source() / "long", kLong);
  site.write("small", "s");
  const RunResult run = site.run();
  INFO(told(run));
  REQUIRE(run.exit.code == 0);
  fs::resize_file(site.stored() / "long", kLong);
  Process process = Process::start(site.command(words(site, {})), {}, site.dir() / "output");
  REQUIRE(eventually([&] { return part_size(back(site)) > 1'000'000; }, 20s));
  site.server().freeze();
  REQUIRE(part_size(back(site)) < kLong);
  return process;
}

void expect_rest_is_resumed(Site& site) {
  site.server().thaw();
  CHECK(part_size(back(site)) > 1'000'000);
  const RunResult rest = restore(site, {"--json"});
  INFO(told(rest));
  CHECK(rest.exit.code == 0);
  const auto report = nlohmann::json::parse(rest.out, nullptr, false);
  REQUIRE(report.is_object());
  CHECK(report["jobs"][0]["done"]["resumed_bytes"] > 1'000'000);
  CHECK(walk_differences(site.source(), back(site)) == Lines{});
}

}  // namespace

TEST_CASE("a tree of nasty names comes back from every server as it was") {
  const auto [kind, tls] = GENERATE(table<ServerKind, Tls>({{ServerKind::proftpd, Tls::explicit_},
                                                            {ServerKind::vsftpd, Tls::none},
                                                            {ServerKind::pureftpd, Tls::none},
                                                            {ServerKind::sshd, Tls::none}}));
  Site site(kind, tls);
  site.choices.connections = 4;
  fs::create_directory(site.source());
  make_nasty_tree(site.source());
  site.write("hard/one", "linked");
  fs::create_hard_link(site.source() / "hard/one", site.source() / "hard/two");
  ::chmod((site.source() / "hard").c_str(), 0700);
  const RunResult run = site.run();
  INFO(told(run));
  REQUIRE(run.exit.code == 0);
  fs::rename(site.source(), site.dir() / "was");  // this machine's tree is lost
  const RunResult result = restore(site);
  INFO(told(result));
  CHECK(result.exit.code == 0);
  Lines differences = walk_differences(site.dir() / "was", back(site));
  std::erase_if(differences,
                [](const std::string& line) { return line.find("hard/two") != std::string::npos; });
  CHECK(differences == Lines{});
  CHECK(read_file(back(site) / "hard/two") == "linked");
}

TEST_CASE("small files cost a data connection and RETR and nothing else") {
  Site site(ServerKind::proftpd);
  site.write_many("many", 30, 100);
  site.choices.connections = 1;
  REQUIRE(site.run().exit.code == 0);
  site.server().forget_commands();
  CHECK(restore(site).exit.code == 0);
  REQUIRE(site.server().wait_for_no_sessions());
  CHECK(site.server().count("RETR") == 30);
  CHECK(site.server().count("SIZE") == 0);
  CHECK(site.server().count("MDTM") == 0);
  CHECK(site.server().count("TYPE") == 1);
  CHECK(site.server().count("CWD") == 0);
}

TEST_CASE("a restore that was killed goes on where it stopped") {
  Site site(ServerKind::proftpd, Tls::explicit_);
  Process process = stuck_in_fetch(site);
  process.kill_group();
  expect_rest_is_resumed(site);
}

TEST_CASE("Ctrl-C ends a restore at once and the same command goes on") {
  Site site(ServerKind::vsftpd);
  Process process = stuck_in_fetch(site);
  process.signal(SIGINT);
  const auto exit = process.wait(2s);
  INFO(site.output());
  REQUIRE(exit);
  CHECK(*exit == Exit{130, 0});
  CHECK(holds(site.output(), {"INTERRUPTED", "stopped on request", "left to fetch", "goes on from there"}));
  expect_rest_is_resumed(site);
}

TEST_CASE("a full disk stops a restore cleanly and another attempt goes on") {
  Site site(ServerKind::proftpd);
  site.choices.connections = 1;  // one after the other: what comes before the file that doesn't fit is there
  site.write("a", "small");
  site.write("long", std::string(4 << 20, 'l'));
  make_sparse_file(site.source() / "sparse",
                   64 << 20);  // for which nobody can tell beforehand whether it fits
  site.write("z", "last");
  REQUIRE(site.run().exit.code == 0);
  fs::create_directory(back(site));
  if (!mounts_are_permitted(back(site))) return;  // unit/restore/sparse_file_test.cc has a disk that is full
  std::string command;
  for (const std::string& word : site.command(words(site, {}))) command += " '" + word + "'";
  const RunResult result = in_own_namespace(fmt::format(
      "mount -t tmpfs -o size=2m none {0} && {1}; echo first $?; cat {0}/a; test -e {0}/long && echo half; "
      "mount -o remount,size=32m {0} && {1}; echo then $?; diff -r {0} {2} && echo equal",
      back(site).string(), command, site.source().string()));
  INFO(told(result));
  CHECK(holds(result.out, {"first 1\nsmall", "FAILED", "left to fetch", "then 0", "equal"}));
  CHECK(result.out.find("half") == std::string::npos);
  CHECK(holds(result.err, {"No space left on device", "Make room", "restore again"}));
}

TEST_CASE("files that are too large for the place are named and another attempt brings them") {
  Site site(ServerKind::proftpd);
  site.choices.connections = 1;  // one after the other: what comes before the file that is too long is there
  site.write("a", "small");
  make_sparse_file(site.source() / "long", 8 << 20);
  std::string dense(4 << 20, '\0');
  for (std::size_t i = 0; i < dense.size(); ++i) dense[i] = static_cast<char>(i % 251);
  site.write("m", dense);
  REQUIRE(site.run().exit.code == 0);
  std::string command = "ulimit -f 2048;";  // blocks of 512 bytes
  for (const std::string& word : site.command(words(site, {}))) command += " '" + word + "'";
  const RunResult full = run_program({"sh", "-c", command});
  INFO(told(full));
  CHECK(full.exit == Exit{3, 0});
  CHECK(holds(full.err, {"long can't be written: File too large", "no file of this size"}));
  CHECK(read_file(back(site) / "a") == "small");
  const RunResult again = restore(site);
  INFO(told(again));
  CHECK(again.exit.code == 0);
  CHECK(walk_differences(site.source(), back(site)) == Lines{});
}

TEST_CASE("what the server lost or damaged is named and the rest comes back") {
  Site site(ServerKind::pureftpd);
  site.write("bad", "as it was");
  site.write("gone", "g");
  site.write("good", "fine");
  site.write("short", "too long for what is left");
  REQUIRE(site.run().exit.code == 0);
  write_file(site.stored() / "bad", "AS IT WAS");
  write_file(site.stored() / "short", "too long");
  fs::remove(site.stored() / "gone");
  const RunResult result = restore(site);
  INFO(told(result));
  CHECK(result.exit.code == 3);
  CHECK(holds(result.err, {"object \"data/bad\"", "SHA-256 differs", "object \"data/gone\"",
                           "it is not on the remote", "object \"data/short\"", "25 bytes"}));
  CHECK(holds(result.out, {"INCOMPLETE"}));
  CHECK(read_file(back(site) / "good") == "fine");
  CHECK(walk(back(site)).size() == 1);
}

TEST_CASE("what restore can't make sense of is refused with exit code 2") {
  Site site(ServerKind::proftpd);
  site.write("a", "1");
  site.write_profile();
  const auto refused = [&](const std::vector<std::string>& more, const std::vector<std::string>& pieces) {
    const RunResult result = site.outhaul(more);
    INFO(told(result));
    CHECK(result.exit.code == 2);
    CHECK(holds(told(result), pieces));
  };
  const std::string profile = site.profile().string(), to = back(site).string();
  refused({"restore", profile, "--to", to}, {"has no state in", "--state-dir"});
  REQUIRE(site.run().exit.code == 0);
  refused({"restore", profile}, {"--to"});
  refused({"restore", profile, "--to", to, "--overwrite", "maybe"}, {"--overwrite"});
  refused({"restore", profile, "--to", to, "--at", "yesterday"}, {"--at: \"yesterday\"", "2026-11-20"});
  refused({"restore", profile, "--to", to, "--job", "nix"}, {"has no job \"nix\"", "Its jobs are: data"});
  refused({"restore", profile, "../a", "--to", to}, {"../a"});
  refused({"restore", profile, "/nowhere/a", "--to", to}, {"lies in no source"});
  refused({"restore", profile, "--to", to + "/x/y"}, {"does not exist"});
  refused({"restore", profile, "--to", site.source().string()},
          {"is the source of job \"data\"", "--overwrite"});
  refused({"restore", profile, "--to", site.state_dir().string()}, {"lies in the directory of the state"});
  CHECK_FALSE(fs::exists(back(site)));
}

TEST_CASE("every JSON document of a restore is valid") {
  Site site(ServerKind::proftpd);
  site.write("a", "1");
  site.write("d/\xff", "not UTF-8");
  REQUIRE(site.run().exit.code == 0);
  std::vector<std::string> documents;
  const auto keep = [&](const std::vector<std::string>& more, int code) {
    const RunResult result = restore(site, more);
    INFO(told(result));
    CHECK(result.exit.code == code);
    documents.push_back(result.out);
  };
  keep({"--json", "--dry-run"}, 0);
  keep({"--json"}, 0);
  write_file(back(site) / "a", "2");
  keep({"--json", "--at", "1"}, 3);
  keep({"--json", "--at", "2020-01-01"}, 3);
  keep({"--json", "--overwrite", "changed", "a", "nix"}, 3);
  site.server().stop();
  fs::remove(back(site) / "a");
  keep({"--json"}, 5);
  for (const Verdict& verdict : judge_documents(schema_file("restore.schema.json"), documents)) {
    INFO(verdict.error);
    CHECK(verdict.valid);
  }
}

TEST_CASE("a restore works while a run holds the lock and when the source is gone") {
  Site site(ServerKind::proftpd);
  site.write("a", "1");
  REQUIRE(site.run().exit.code == 0);
  make_sparse_file(site.source() / "long", kLong);
  Process run = site.start();
  REQUIRE(eventually([&] { return site.part_bytes() > 0; }, 20s));
  fs::rename(site.source(), site.dir() / "lost");
  const RunResult result = restore(site);
  INFO(told(result));
  CHECK(result.exit.code == 0);
  CHECK(read_file(back(site) / "a") == "1");
  run.kill_group();
}
