// States that can't be used, and two runs at one time.
#include <fmt/format.h>

#include <csignal>

#include "site.h"
#include "support/catch.h"

using namespace outhaul;
using namespace outhaul::test;

namespace fs = std::filesystem;

namespace {

void first_night(Site& site) {
  site.write("a", "1");
  const RunResult result = site.run();
  INFO(told(result));
  REQUIRE(result.exit.code == 0);
  REQUIRE(site.server().wait_for_no_sessions());
  site.server().forget_commands();
  site.write("b", "2");
}

/// Every command that needs the state refuses it with these words and leaves the file as it is.
void expect_refused(const Site& site, const std::vector<std::string>& words) {
  const std::string before = read_file(site.state_dir() / "state.db");
  for (const char* command : {"run", "plan", "status", "runs", "ls"}) {
    const RunResult result = site.outhaul({command, site.profile().string()});
    INFO(command << ": " << told(result));
    CHECK(result.exit.code == 1);
    CHECK(holds(result.err, {(site.state_dir() / "state.db").string(), "It is kept as it is."}));
    CHECK(holds(result.err, words));
    CHECK(read_file(site.state_dir() / "state.db") == before);
  }
  CHECK(site.server().wait_for_no_sessions());
  CHECK(site.sessions() == 0);
}

void overwrite(const fs::path& file, std::size_t at, std::string_view bytes) {
  std::string content = read_file(file);
  content.replace(at, bytes.size(), bytes);
  write_file(file, content);
}

}  // namespace

TEST_CASE("pain 22: a damaged state is refused and kept and is no first run") {
  Site site(ServerKind::proftpd);
  first_night(site);
  overwrite(site.state_dir() / "state.db", 100, std::string(4000, '\xA5'));
  expect_refused(site, {"the state is damaged", "move that directory away", "outhaul recover"});
}

TEST_CASE("a state that was cut short is refused and kept") {
  Site site(ServerKind::proftpd);
  first_night(site);
  fs::resize_file(site.state_dir() / "state.db", fs::file_size(site.state_dir() / "state.db") / 2);
  expect_refused(site, {"the state is damaged"});
}

TEST_CASE("a state of a newer outhaul is refused and kept") {
  Site site(ServerKind::proftpd);
  first_night(site);
  overwrite(site.state_dir() / "state.db", 60, std::string("\0\0\x03\xE7", 4));  // user_version 999
  expect_refused(site, {"was written by a newer outhaul (its version is 999", "Use the newer outhaul again"});
}

TEST_CASE("a file of another program is refused and kept") {
  Site site(ServerKind::proftpd);
  site.write("b", "2");
  site.write_profile();
  fs::create_directories(site.state_dir());
  write_file(site.state_dir() / "state.db", std::string(5000, 'x'));
  expect_refused(site, {});
}

TEST_CASE("another profile's state is refused and kept") {
  Site site(ServerKind::proftpd);
  first_night(site);
  fs::create_directory(site.state_root() / "other");
  fs::copy(site.state_dir(), site.state_root() / "other", fs::copy_options::recursive);
  site.choices.name = "other";
  site.write_profile();
  expect_refused(site, {"belongs to the profile \"nightly\", not to \"other\""});
}

TEST_CASE("a target that changed is refused and the copies stay") {
  Site site(ServerKind::proftpd);
  first_night(site);
  site.choices.target = "elsewhere";
  const RunResult result = site.run();
  INFO(told(result));
  CHECK(result.exit.code == 1);
  CHECK(holds(result.err, {"stores under \"data\" until now", "Put the old target back"}));
  CHECK(site.server().wait_for_no_sessions());
  CHECK(site.sessions() == 0);
}

TEST_CASE("a state directory that is a file is refused") {
  Site site(ServerKind::proftpd);
  site.write("a", "1");
  write_file(site.state_root(), "a file");
  const RunResult result = site.run();
  INFO(told(result));
  CHECK(result.exit.code == 1);
  CHECK(holds(result.err, {site.state_root().string(), "can't make the state directory", "Not a directory",
                           "--state-dir"}));
  CHECK(read_file(site.state_root()) == "a file");
  CHECK(site.sessions() == 0);
}

TEST_CASE("a disk that is full under the state ends the run and the next one finishes") {
  Site site(ServerKind::proftpd);
  site.write("a", "1");
  REQUIRE(site.run().exit.code == 0);
  site.write_many("many", 200, 10);
  site.write_profile();
  // A limit on the size of files stands for the full disk: the write fails, the process is not killed.
  std::vector<std::string> argv{"sh", "-c", "trap '' XFSZ; ulimit -f 64; exec \"$@\"", "sh"};
  for (const std::string& word : site.command({"run", site.profile().string()})) argv.push_back(word);
  const RunResult full = run_program(argv);
  INFO(told(full));
  CHECK(full.exit.code == 1);
  CHECK(full.exit.signal == 0);
  CHECK(holds(full.err, {(site.state_dir()).string()}));
  CHECK(read_file(site.stored() / "a") == "1");
  const RunResult rest = site.run();
  INFO(told(rest));
  CHECK(rest.exit.code == 0);
  CHECK(site.differences().empty());
  CHECK(site.parts().empty());
}

TEST_CASE("pain 24: a second run is refused with the first one's pid and leaves it alone") {
  Site site;
  const SilentPort port;
  site.choices.url = fmt::format("ftp://somebody@127.0.0.1:{}/space", port.port());
  site.write("a", "1");
  Process first = site.start();
  REQUIRE(port.wait_for_visitor());

  const RunResult second = site.run();
  INFO(told(second));
  CHECK(second.exit.code == 11);
  CHECK(holds(second.err, {"another run holds the lock", fmt::format("pid {} on ", first.pid()),
                           "(run nightly)", "there is no file to remove"}));
  const RunResult status = site.outhaul({"status", site.profile().string()});
  CHECK(holds(status.out, {"running", fmt::format("pid {} on ", first.pid())}));
  CHECK(site.outhaul({"plan", site.profile().string()}).exit.code == 0);  // looking needs no lock
  CHECK_FALSE(first.try_wait());

  first.signal(SIGKILL);
  REQUIRE(first.wait(std::chrono::seconds(10)));
  site.choices.retries = 0;
  site.choices.remote_extra = R"("timeouts": {"connect": 1})";
  CHECK(site.run().exit.code == 5);  // the lock went with its holder
}
