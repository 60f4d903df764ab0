// Signals, the end of a window, and kill -9: what was sent is kept, and the next run finishes.
#include <fmt/format.h>

#include <chrono>
#include <csignal>
#include <ctime>

#include "site.h"
#include "support/catch.h"
#include "support/tree.h"

using namespace outhaul;
using namespace outhaul::test;
using namespace std::chrono_literals;

namespace fs = std::filesystem;

namespace {

constexpr std::uint64_t kLong = std::uint64_t{256} << 20;

/// A run whose upload stands still in its middle, because the server does.
Process stuck_in_upload(Site& site, const std::vector<std::string>& argv = {}) {
  site.write("small", "s");
  make_sparse_file(site.source() / "long", kLong);
  Process run = argv.empty() ? site.start() : Process::start(argv, {}, site.dir() / "output");
  REQUIRE(eventually([&] { return site.part_bytes() > 1'000'000; }, 20s));
  site.server().freeze();
  REQUIRE(site.part_bytes() < kLong);
  return run;
}

void expect_rest_is_quick(Site& site) {
  site.server().thaw();
  REQUIRE(site.server().wait_for_no_sessions());
  CHECK(site.parts().size() >= 1);
  site.server().forget_commands();
  const RunResult rest = site.run();
  INFO(told(rest));
  CHECK(rest.exit.code == 0);
  CHECK(site.differences() == std::vector<std::string>{});
  CHECK(site.parts().empty());
  CHECK(rest.out.find("resumed") != std::string::npos);
}

void expect_clean_end(int signal, int code) {
  Site site(ServerKind::proftpd, Tls::explicit_);
  Process run = stuck_in_upload(site);
  run.signal(signal);
  const auto exit = run.wait(2s);
  INFO(site.output());
  REQUIRE(exit);
  CHECK(*exit == Exit{code, 0});
  CHECK(holds(site.output(),
              {"nightly run 1: stopped on request", "the next run goes on from there", "left to send"}));
  expect_rest_is_quick(site);
}

/// Local time with these seconds past the minute now, for TZ: windows end on whole minutes.
std::string zone_with_seconds(int seconds) {
  const std::time_t now = std::time(nullptr);
  const int ahead = static_cast<int>(((seconds - now % 60) + 60) % 60);
  return fmt::format("TST-0:00:{:02}", ahead);
}

std::string minute_after(int seconds_ahead, const std::string& zone) {
  const int offset = std::stoi(zone.substr(zone.size() - 2));
  const std::time_t then = std::time(nullptr) + offset + seconds_ahead;
  std::tm local = {};
  ::gmtime_r(&then, &local);
  return fmt::format("{:02}:{:02}", local.tm_hour, local.tm_min);
}

}  // namespace

TEST_CASE("SIGINT ends a run within two seconds and the next one goes on") {
  expect_clean_end(SIGINT, 130);
}

TEST_CASE("SIGTERM ends a run within two seconds and the next one goes on") {
  expect_clean_end(SIGTERM, 143);
}

TEST_CASE("a closed terminal ends a run cleanly") {
  expect_clean_end(SIGHUP, 143);
}

TEST_CASE("under nohup a closed terminal changes nothing") {
  Site site(ServerKind::proftpd, Tls::explicit_);
  site.write_profile();
  std::vector<std::string> argv = site.command({"run", site.profile().string()});
  argv.insert(argv.begin(), "nohup");
  Process run = stuck_in_upload(site, argv);
  run.signal(SIGHUP);
  site.server().thaw();
  const auto exit = run.wait(60s);
  INFO(site.output());
  REQUIRE(exit);
  CHECK(*exit == Exit{0, 0});
  CHECK(site.differences().empty());
}

TEST_CASE("SIGTERM ends a run within two seconds while a server never answers") {
  const int connections = GENERATE(1, 3);
  const SilentPort silent;
  Site site;
  site.choices.connections = connections;
  site.choices.url = fmt::format("ftp://tester@127.0.0.1:{}/space", silent.port());
  site.choices.tls = R"("off")";
  site.write("a", "1");
  Process run = site.start();
  REQUIRE(silent.wait_for_visitor());
  run.signal(SIGTERM);
  const auto exit = run.wait(2s);
  INFO(site.output());
  REQUIRE(exit);
  CHECK(*exit == Exit{143, 0});
  CHECK(holds(site.output(), {"TERMINATED", "stopped on request", "1 file (1 B) left to send"}));
}

TEST_CASE("SIGTERM ends a run within two seconds while the password's command waits") {
  Site site(ServerKind::proftpd);
  site.write("a", "1");
  const fs::path mark = site.dir() / "asked";
  site.choices.password =
      fmt::format(R"({{"command": ["sh", "-c", "touch {}; exec sleep 600"]}})", mark.string());
  Process run = site.start();
  REQUIRE(eventually([&] { return fs::exists(mark); }));
  run.signal(SIGTERM);
  const auto exit = run.wait(2s);
  INFO(site.output());
  REQUIRE(exit);
  CHECK(*exit == Exit{143, 0});
}

TEST_CASE("a second SIGINT ends a run at once") {
  Site site(ServerKind::proftpd);
  site.write("a", "1");
  const fs::path mark = site.dir() / "asked";
  site.choices.password =
      fmt::format(R"({{"command": ["sh", "-c", "touch {}; exec sleep 600"]}})", mark.string());
  Process run = site.start();
  REQUIRE(eventually([&] { return fs::exists(mark); }));
  run.signal(SIGINT);
  run.signal(SIGINT);
  // Two of a kind that arrive together count as one, so it is said again until it is heard.
  std::optional<Exit> exit;
  CHECK(eventually(
      [&] {
        run.signal(SIGINT);
        exit = run.try_wait();
        return exit.has_value();
      },
      2s));
  REQUIRE(exit);
  CHECK(*exit == Exit{130, 0});
}

TEST_CASE("a window that ends stops the run with exit 6 and the next one goes on") {
  Site site(ServerKind::proftpd, Tls::explicit_);
  site.write("a", "1");
  site.server().freeze();
  const std::string zone = zone_with_seconds(57);
  SpawnOptions options;
  options.env["TZ"] = zone;
  Process run = site.start({"--until", minute_after(4, zone)}, options);
  const auto exit = run.wait(20s);
  site.server().thaw();
  INFO(site.output());
  REQUIRE(exit);
  CHECK(*exit == Exit{6, 0});
  CHECK(holds(site.output(),
              {"NOT FINISHED", "the window ended; there is more to do", "1 file (1 B) left to send"}));
  CHECK(site.run().exit.code == 0);
  CHECK(site.differences().empty());
}

TEST_CASE("a window that ended a minute ago means tomorrow") {
  Site site(ServerKind::proftpd);
  site.write("a", "1");
  SpawnOptions options;
  options.env["TZ"] = "UTC";
  const std::string minute_ago = minute_after(-60, "UTC-0:00:00");
  const RunResult result = site.run({"--until", minute_ago}, options);
  INFO(told(result));
  CHECK(result.exit.code == 0);
  CHECK(holds(result.err, {"the window ends at " + minute_ago + " tomorrow"}));
  CHECK(site.differences().empty());
}

namespace {

/// kill -9 again and again, each time a little further on the way, then one run to the end.
void kill_again_and_again(ServerKind kind, Tls tls) {
  constexpr int kFiles = 300, kKills = 10;
  Site site(kind, tls);
  site.choices.connections = 3;
  site.write_many("small", kFiles - 10, 2000);
  for (int i = 0; i < 10; ++i)
    site.write(fmt::format("large/{}", i), std::string(3'000'000, static_cast<char>('a' + i)));
  std::size_t in_flight = 0, finished_early = 0;
  for (int kill = 0; kill < kKills; ++kill) {
    // What the disk holds now is what the killed ones have reached; a bit more, and it is killed again.
    const std::size_t before = site.stored_files() + site.parts().size();
    const std::size_t goal = before + 1 + static_cast<std::size_t>(kill) * 3;
    Process run = site.start();
    eventually([&] { return site.stored_files() + site.parts().size() >= goal || run.try_wait(); }, 30s);
    finished_early += run.try_wait() ? 1 : 0;
    run.kill_group();
    REQUIRE(site.server().wait_for_no_sessions());
    in_flight += site.parts().size() + static_cast<std::size_t>(site.choices.connections);
  }
  CHECK(finished_early < kKills / 2);
  const RunResult rest = site.run();
  INFO(told(rest));
  CHECK(rest.exit.code == 0);
  CHECK(site.differences() == std::vector<std::string>{});
  CHECK(site.parts().empty());
  CHECK(site.server().wait_for_no_sessions());
  const std::size_t stored = site.server().count("STOR") + site.server().count("APPE");
  INFO(stored << " uploads; in flight when killed: " << in_flight);
  CHECK(stored <= static_cast<std::size_t>(kFiles) + in_flight);
  site.server().forget_commands();
  CHECK(site.run().exit.code == 0);
  CHECK(site.sessions() == 0);
}

}  // namespace

TEST_CASE("kill -9 ten times against ProFTPD costs no more than what was in flight") {
  kill_again_and_again(ServerKind::proftpd, Tls::explicit_);
}

TEST_CASE("kill -9 ten times against vsftpd costs no more than what was in flight") {
  kill_again_and_again(ServerKind::vsftpd, Tls::none);
}

TEST_CASE("kill -9 ten times against Pure-FTPd costs no more than what was in flight") {
  kill_again_and_again(ServerKind::pureftpd, Tls::none);
}

TEST_CASE("an upload that was cut off is finished where nothing may be overwritten") {
  ServerOptions options;
  options.more = {"AllowOverwrite off"};
  Site site(ServerKind::proftpd, Tls::none, options);
  Process run = stuck_in_upload(site);
  run.kill_group();
  site.server().thaw();
  REQUIRE(site.server().wait_for_no_sessions());
  const RunResult rest = site.run();
  INFO(told(rest));
  CHECK(rest.exit.code == 0);
  CHECK(site.differences().empty());
  CHECK(site.parts().empty());
  site.write("small", "another");
  CHECK(site.run().exit.code == 0);
  CHECK(site.differences().empty());
}
