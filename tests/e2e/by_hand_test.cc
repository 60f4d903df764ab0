// Getting everything back with stock tools alone, and an outside judge of what a backup stored.
#include <fmt/format.h>

#include <algorithm>
#include <sstream>

#include "base/digest.h"
#include "outhaul/paths.h"
#include "site.h"
#include "support/catch.h"

using namespace outhaul;
using namespace outhaul::test;
namespace fs = std::filesystem;

namespace {

/// Names as people give them. FTP can hold them all, so that nothing is escaped.
void plant(const Site& site) {
  for (const char* name : {"plain", "with a space", " two  spaces", ".hidden", ".dir/.inside", "-dash",
                           "caf\xC3\xA9", "\xF0\x9F\x98\x80/\xE6\x97\xA5\xE6\x9C\xAC", "100%", "#hash", "a;b",
                           "it's", "[1]", "~", "deep/er/and deeper/file", "..dots"})
    site.write(name, fmt::format("the content of {}", name));
  site.write("nothing", "");
  site.write("large", std::string(3'000'000, 'L'));
  fs::create_directories(site.source() / "an empty directory");
}

void back_up(Site& site) {
  const RunResult run = site.run();
  INFO(told(run));
  REQUIRE(run.exit.code == 0);
}

/// Without the settings of whoever runs the tests.
SpawnOptions as_somebody_new(const Site& site) {
  const fs::path home = site.dir() / "home";
  fs::create_directories(home);
  SpawnOptions options;
  options.env = {{"HOME", home.string()}, {"RCLONE_CONFIG", (home / "none").string()}, {"LC_ALL", "C.UTF-8"}};
  options.cwd = home;
  return options;
}

void expect_same_tree(const fs::path& expected, const fs::path& found) {
  const RunResult diff = run_program({"diff", "-r", "--exclude=.outhaul", expected.string(), found.string()});
  INFO(told(diff));
  CHECK(diff.exit.code == 0);
}

std::string replaced(std::string text, const std::string& what, const std::string& by) {
  const std::size_t at = text.find(what);
  INFO(text);
  REQUIRE(at != std::string::npos);
  return text.replace(at, what.size(), by);
}

std::string escaped_for_url(const std::string& text) {
  std::string escaped;
  for (const char c : text) escaped += std::isalnum(c) != 0 ? std::string(1, c) : fmt::format("%{:02X}", c);
  return escaped;
}

/// The commands that README.txt on the remote shows, as they stand there: the indented lines that begin with
/// this word, and the lines that go on with them.
std::string readme_command(const Site& site, const std::string& word) {
  std::istringstream lines(read_file(site.space() / ".outhaul/README.txt"));
  std::string command;
  for (std::string line; std::getline(lines, line);) {
    const bool begins = line.starts_with("    " + word + " ");
    if (begins || (!command.empty() && line.starts_with("        ")))
      command += line + "\n";
    else if (!command.empty())
      break;
  }
  REQUIRE_FALSE(command.empty());
  return command;
}

std::string address(const Site& site) {
  return fmt::format("{}:{}@127.0.0.1:{}/space", TestServer::kUser, escaped_for_url(TestServer::kPassword),
                     site.server().port());
}

RunResult fetch_as_readme_says(const Site& site) {
  const std::string command = replaced(readme_command(site, "lftp"), "USER@HOST/DIRECTORY", address(site));
  return run_program({"sh", "-c", command}, as_somebody_new(site));
}

std::vector<std::string> rclone_check(const Site& site) {
  return {"rclone",
          "check",
          "--download",
          "--differ",
          "-",
          (site.source()).string(),
          ":ftp:space/data",
          "--ftp-host",
          "127.0.0.1",
          "--ftp-port",
          std::to_string(site.server().port()),
          "--ftp-user",
          TestServer::kUser,
          "--retries",
          "1"};
}

RunResult judged_by_rclone(const Site& site) {
  SpawnOptions options = as_somebody_new(site);
  SpawnOptions asking = options;
  asking.input = TestServer::kPassword;
  std::string password = run_program({"rclone", "obscure", "-"}, asking).out;
  password.erase(password.find_last_not_of('\n') + 1);
  options.env["RCLONE_FTP_PASS"] = password;
  return run_program(rclone_check(site), options);
}

void flip_a_byte(const fs::path& file) {
  std::string content = read_file(file);
  content.back() = static_cast<char>(content.back() ^ 1);
  write_file(file, content);
}

}  // namespace

TEST_CASE("what README.txt on the remote says brings the tree back with lftp alone") {
  const auto kind = GENERATE(ServerKind::proftpd, ServerKind::vsftpd, ServerKind::pureftpd);
  Site site(kind);
  plant(site);
  back_up(site);
  const RunResult fetched = fetch_as_readme_says(site);
  INFO(to_string(kind) << ": " << told(fetched));
  CHECK(fetched.exit.code == 0);
  expect_same_tree(site.source(), site.dir() / "home/restored/data");
}

TEST_CASE("what README.txt says brings dotfiles from a server that hides them") {
  ServerOptions options;
  options.dot_files = false;
  Site site(ServerKind::vsftpd, Tls::none, options);
  plant(site);
  back_up(site);
  const RunResult fetched = fetch_as_readme_says(site);
  INFO(told(fetched));
  CHECK(fetched.exit.code == 0);
  expect_same_tree(site.source(), site.dir() / "home/restored/data");
}

TEST_CASE("lftp brings the tree back over TLS") {
  Site site(ServerKind::proftpd, Tls::explicit_);
  plant(site);
  back_up(site);
  const SpawnOptions somebody = as_somebody_new(site);
  write_file(somebody.cwd / ".lftprc", fmt::format("set ssl:ca-file {}\nset ftp:ssl-force true\n",
                                                   site.server().settings().tls.ca.string()));
  const RunResult fetched = fetch_as_readme_says(site);
  INFO(told(fetched));
  CHECK(fetched.exit.code == 0);
  expect_same_tree(site.source(), site.dir() / "home/restored/data");
}

TEST_CASE("the catalog names every file and its SHA-256 to whoever has zstd and sqlite3") {
  Site site(ServerKind::proftpd);
  plant(site);
  back_up(site);
  SpawnOptions there = as_somebody_new(site);
  const RunResult fetched = fetch_as_readme_says(site);
  INFO(told(fetched));
  there.cwd = there.cwd / "restored/.outhaul/catalog";
  const RunResult unpacked = run_program({"sh", "-c", readme_command(site, "zstd")}, there);
  INFO(told(unpacked));
  CHECK(unpacked.exit.code == 0);
  const RunResult listed = run_program({"sh", "-c", readme_command(site, "sqlite3")}, there);
  INFO(told(listed));
  CHECK(listed.exit.code == 0);
  std::size_t files = 0;
  for (const auto& entry : fs::recursive_directory_iterator(site.source())) {
    if (!entry.is_regular_file()) continue;
    ++files;
    const std::string path = entry.path().native().substr(site.source().native().size() + 1);
    const std::string content = read_file(entry.path());
    Sha256 hash;
    hash.update(content);
    std::string digest = to_hex(hash.finish());
    std::transform(digest.begin(), digest.end(), digest.begin(), [](char c) { return std::toupper(c); });
    CHECK(holds(listed.out, {fmt::format("{}|data/{}|{}|{}\n", path, path, content.size(), digest)}));
  }
  CHECK(std::count(listed.out.begin(), listed.out.end(), '\n') == static_cast<std::ptrdiff_t>(files));
}

TEST_CASE("rclone finds no difference between source and remote unless there is one") {
  const auto kind = GENERATE(ServerKind::proftpd, ServerKind::pureftpd);
  Site site(kind);
  plant(site);
  back_up(site);
  const RunResult equal = judged_by_rclone(site);
  INFO(told(equal));
  CHECK(equal.exit.code == 0);
  CHECK(holds(equal.err, {" 0 differences found", "18 matching files"}));
  flip_a_byte(site.stored() / "deep/er/and deeper/file");
  const RunResult flipped = judged_by_rclone(site);
  INFO(told(flipped));
  CHECK(flipped.exit.code == 1);
  CHECK(holds(flipped.err, {" 1 differences found", "17 matching files"}));
  CHECK(flipped.out == "deep/er/and deeper/file\n");
}
