// What a backup costs on the wire, command by command: a round trip more per file is a regression.
#include <fmt/format.h>

#include <map>

#include "site.h"
#include "support/catch.h"

using namespace outhaul;
using namespace outhaul::test;

namespace {

using Counts = std::map<std::string, int>;

Counts verbs(const Site& site) {
  Counts counts;
  for (const std::string& command : site.server().commands()) ++counts[command.substr(0, command.find(' '))];
  return counts;
}

/// "PASV 20, STOR 20": in this form a failing test says what differs.
std::string in_words(const Counts& counts) {
  std::string words;
  for (const auto& [verb, count] : counts)
    words += fmt::format("{}{} {}", words.empty() ? "" : ", ", verb, count);
  return words;
}

/// The commands of a run that adds 20 small files to a directory that is there already.
Counts commands_for_20_files(Tls tls, int connections) {
  constexpr int kBefore = 1, kNew = 20;
  Site site(ServerKind::proftpd, tls);
  site.have_no_catalog("what a file costs is counted");
  site.choices.connections = connections;
  site.write_many("d", kBefore, 100);
  site.write_many("before", 10, 100);  // enough for the server to have proven that it answers in order
  REQUIRE(site.run().exit.code == 0);
  REQUIRE(site.server().wait_for_no_sessions());
  site.server().forget_commands();
  site.write_many("d", kBefore + kNew, 100);
  site.write_many("d", kBefore, 100);
  std::filesystem::remove(site.source() / "d/f000");
  const RunResult result = site.run();
  INFO(told(result));
  REQUIRE(result.exit.code == 0);
  REQUIRE(site.server().wait_for_no_sessions());
  return verbs(site);
}

}  // namespace

TEST_CASE("a small file costs PASV and STOR on the lane and SIZE and MFMT and a rename on the channel") {
  const Counts expected{
      {"PASV", 20},     {"STOR", 20},                                  // lane, for each file
      {"SIZE", 20 + 2}, {"MFMT", 20},     {"RNFR", 20}, {"RNTO", 20},  // channel, in batches; 2: whose it is
      {"USER", 2},      {"PASS", 2},      {"PWD", 2},   {"TYPE", 2},
      {"OPTS", 2},      {"OPTS_UTF8", 2}, {"FEAT", 1},  {"QUIT", 1},  // two logins
      {"MKD", 2},       {"MLST", 2}};  // once a run: .outhaul and .outhaul/parts are there
  CHECK(in_words(commands_for_20_files(Tls::none, 2)) == in_words(expected));
}

TEST_CASE("under TLS a small file costs the same commands") {
  Counts commands = commands_for_20_files(Tls::explicit_, 2);
  for (const char* verb : {"AUTH", "PBSZ", "PROT"}) {
    CHECK(commands[verb] == 2);
    commands.erase(verb);
  }
  for (const char* verb : {"PASV", "STOR", "MFMT", "RNFR", "RNTO"}) {
    INFO(verb);
    CHECK(commands[verb] == 20);
  }
  CHECK(commands["SIZE"] == 20 + 2);
}

TEST_CASE("deletions cost one command each") {
  Site site(ServerKind::proftpd);
  site.have_no_catalog("what a file costs is counted");
  site.choices.on_removal = "delete";
  site.write_many("d", 8, 10);
  site.write_many("e", 12, 10);
  REQUIRE(site.run().exit.code == 0);
  REQUIRE(site.server().wait_for_no_sessions());
  site.server().forget_commands();
  site.remove("d");
  REQUIRE(site.run().exit.code == 0);
  REQUIRE(site.server().wait_for_no_sessions());
  const Counts counts = verbs(site);
  CHECK(counts.at("DELE") == 8);
  CHECK(counts.at("RMD") == 1);
  CHECK(counts.at("USER") == 1);  // the channel alone
  CHECK(counts.count("PASV") == 0);
  CHECK(counts.count("EPSV") == 0);
}
