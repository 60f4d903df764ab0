// Accounts that may only add, on real servers: three nights, every one of them comes back.
#include <map>
#include <nlohmann/json.hpp>

#include "e2e/site.h"
#include "support/catch.h"
#include "support/tree.h"

using namespace outhaul;
using namespace outhaul::test;
namespace fs = std::filesystem;

namespace {

using Files = std::map<std::string, std::string>;

Files files_below(const fs::path& dir) {
  Files files;
  if (!fs::exists(dir)) return files;
  for (const auto& entry : fs::recursive_directory_iterator(dir))
    if (entry.is_regular_file())
      files[entry.path().lexically_relative(dir).native()] = read_file(entry.path());
  return files;
}

void restore_and_compare(const Site& site, const std::string& at, const Files& expected) {
  const fs::path back = site.dir() / ("back-" + at);
  const RunResult result =
      site.outhaul({"restore", site.profile().string(), "--to", back.string(), "--at", at});
  INFO(told(result));
  CHECK(result.exit.code == 0);
  CHECK(files_below(back) == expected);
}

/// What a person does with a stock client: the increments copied one over the other in the order of names.
Files laid_over_each_other(const fs::path& target) {
  std::map<std::string, fs::path> increments;
  for (const auto& entry : fs::directory_iterator(target)) increments[entry.path().filename()] = entry.path();
  Files files;
  for (const auto& [name, path] : increments)
    for (auto& [file, content] : files_below(path)) files[file] = content;
  return files;
}

void three_nights_in_a_drop_box(ServerKind kind, Tls tls) {
  ServerOptions options;
  options.drop_box = kind != ServerKind::sshd;
  Site site(kind, tls, options);
  site.choices.on_removal = "retire";
  site.choices.job_extra = R"("append_only": true)";
  site.write("edit me", "first");
  site.write("dir/sub/gone*.txt", "gone");
  site.write("moved", "moving");
  site.write_many("many", 30, 200);
  site.write("empty", "");
  const RunResult first_run = site.run();
  INFO(told(first_run));
  REQUIRE(first_run.exit.code == 0);
  const Files first = files_below(site.source()), first_stored = files_below(site.space());

  site.write("edit me", "second, and longer");
  site.write("new/file", "new");
  fs::rename(site.source() / "moved", site.source() / "new/place");
  const RunResult second_run = site.run();
  INFO(told(second_run));
  REQUIRE(second_run.exit.code == 0);
  const Files second = files_below(site.source());

  site.remove("dir");
  site.remove("edit me");
  site.write("edit me/now a directory", "third");
  const RunResult third_run = site.run();
  INFO(told(third_run));
  REQUIRE(third_run.exit.code == 0);
  const Files third = files_below(site.source());

  // Nothing of before was touched.
  const Files stored = files_below(site.space());
  for (const auto& [name, content] : first_stored) CHECK(stored.at(name) == content);
  CHECK(fs::exists(site.space() / ".outhaul/README-append-only.txt"));
  const Files by_hand = laid_over_each_other(site.stored());
  CHECK(by_hand.at("new/file") == "new");
  CHECK(by_hand.at("many/f007") == third.at("many/f007"));

  const RunResult history = site.outhaul({"history", site.profile().string(), "edit me"});
  CHECK(holds(history.out, {"--at 1", "--at 2", "data/run-000001-", "data/run-000002-"}));
  restore_and_compare(site, "1", first);
  restore_and_compare(site, "2", second);
  restore_and_compare(site, "latest", third);
  const RunResult verified = site.outhaul({"verify", site.profile().string(), "--read-data"});
  INFO(told(verified));
  CHECK(verified.exit.code == 0);

  fs::remove_all(site.state_root());
  fs::remove_all(site.dir() / "back-1");
  const RunResult recovered = site.outhaul({"recover", site.profile().string()});
  INFO(told(recovered));
  CHECK(recovered.exit.code == 0);
  CHECK(holds(recovered.out, {"the state is back as after run 3"}));
  restore_and_compare(site, "1", first);
  const RunResult verified_again = site.outhaul({"verify", site.profile().string(), "--json"});
  INFO(told(verified_again));
  CHECK(verified_again.exit.code == 0);
  CHECK(nlohmann::json::parse(verified_again.out, nullptr, false)["counts"]["foreign"] == 0);
  const RunResult next = site.run({"--json"});
  const auto report = nlohmann::json::parse(next.out, nullptr, false);
  CHECK(report["outcome"] == "done");
  CHECK(report["jobs"][0]["done"]["files_uploaded"] == 0);
}

}  // namespace

TEST_CASE("three nights in a drop box on ProFTPD over TLS come back") {
  three_nights_in_a_drop_box(ServerKind::proftpd, Tls::explicit_);
}
TEST_CASE("three nights in a drop box on vsftpd come back") {
  three_nights_in_a_drop_box(ServerKind::vsftpd, Tls::none);
}
TEST_CASE("three nights in a drop box on Pure-FTPd come back") {
  three_nights_in_a_drop_box(ServerKind::pureftpd, Tls::none);
}
TEST_CASE("three append-only nights on sshd come back") {
  three_nights_in_a_drop_box(ServerKind::sshd, Tls::none);
}

TEST_CASE("an upload to a drop box over a line that breaks ends whole under one of its names") {
  for (const ServerKind kind : {ServerKind::proftpd, ServerKind::vsftpd, ServerKind::pureftpd}) {
    INFO(to_string(kind));
    FaultProxy proxy;
    ServerOptions options;
    options.drop_box = true;
    Site site(proxy, kind, Tls::none, options);
    site.choices.on_removal = "retire";
    site.choices.job_extra = R"("append_only": true)";
    site.write("big", std::string(2'000'000, 'b') + "end");
    site.write("small", "s");
    proxy.cut(Channel::data, Way::to_server, 700'000, LineFault::reset);
    const RunResult result = site.run();
    INFO(told(result));
    CHECK(result.exit.code == 0);
    CHECK(proxy.pending() == 0);
    restore_and_compare(site, "latest", files_below(site.source()));
    const RunResult verified = site.outhaul({"verify", site.profile().string(), "--json"});
    INFO(told(verified));
    CHECK(verified.exit.code == 0);
    CHECK(nlohmann::json::parse(verified.out, nullptr, false)["counts"]["foreign"] == 0);
    CHECK(site.server().count("DELE") + site.server().count("RNFR") + site.server().count("RMD") == 0);
  }
}

TEST_CASE("a profile that is append-only and shall delete is refused with the reason") {
  Site site(ServerKind::proftpd);
  site.choices.on_removal = "delete";
  site.choices.job_extra = R"("append_only": true)";
  site.write("a", "a");
  const RunResult refused = site.run();
  CHECK(refused.exit.code == 2);
  CHECK(holds(refused.err, {"append_only", "neither rename nor delete"}));
}
