// Bad input gets a clear error and changes nothing: command line and profile.
#include <fmt/format.h>

#include "site.h"
#include "support/catch.h"

using namespace outhaul;
using namespace outhaul::test;

namespace fs = std::filesystem;

namespace {

/// The profile is refused with these words, and nothing came to be on this machine.
void expect_refused(const Site& site, const std::vector<std::string>& words) {
  for (const char* command : {"check", "run", "plan"}) {
    site.write_profile();
    const RunResult result = site.outhaul({command, site.profile().string()});
    INFO(command << ": " << told(result));
    CHECK(result.exit.code == 2);
    CHECK(result.out.empty());
    CHECK(holds(result.err, words));
    CHECK(holds(result.err, {site.profile().string()}));
    CHECK_FALSE(fs::exists(site.state_root()));
  }
}

Site away() {
  Site site;
  site.choices.url = "ftp://somebody@ftp.invalid/space";
  return site;
}

std::string job(const std::string& name, const std::string& target) {
  return fmt::format(R"({{"name": "{}", "source": "/srv", "target": "{}"}})", name, target);
}

}  // namespace

TEST_CASE("two jobs with one name are refused") {
  Site site = away();
  site.choices.jobs = fmt::format("[{}, {}]", job("www", "a"), job("www", "b"));
  expect_refused(site, {"/jobs/1/name", "\"www\"", "/jobs/0"});
}

TEST_CASE("overlapping targets are refused") {
  Site site = away();
  site.choices.jobs = fmt::format("[{}, {}]", job("one", "a"), job("two", "a/b"));
  expect_refused(site, {"/jobs/1/target", "\"a/b\"", "\"a\""});
}

TEST_CASE("an unknown key is refused with a suggestion") {
  Site site = away();
  site.choices.remote_extra = R"("conections": 4)";
  expect_refused(site, {"/remote/conections", "unknown key", "did you mean \"connections\"?"});
}

TEST_CASE("a value of the wrong type is refused with what was expected") {
  Site site = away();
  site.choices.remote_extra = R"("timeouts": {"connect": [30]})";
  expect_refused(site, {"/remote/timeouts/connect", "array"});
}

TEST_CASE("a URL without a host is refused") {
  Site site = away();
  site.choices.url = "ftp:///space";
  expect_refused(site, {"/remote/url", "host"});
}

TEST_CASE("a password in the URL is refused and not repeated") {
  Site site = away();
  site.choices.url = "ftp://me:hunter2@ftp.invalid/space";
  expect_refused(site, {"/remote/url", "password"});
  CHECK(site.outhaul({"check", site.profile().string()}).err.find("hunter2") == std::string::npos);
}

TEST_CASE("all faults of a profile are told at once") {
  Site site = away();
  site.choices.remote_extra = R"("conections": 4)";
  site.choices.on_removal = "destroy";
  site.choices.url = "http://ftp.invalid/";
  expect_refused(site, {"/remote/conections", "/jobs/0/on_removal", "/remote/url"});
}

TEST_CASE("a later version's key is refused by name") {
  Site site = away();
  site.choices.job_extra = R"("encryption": {})";
  expect_refused(site, {"/jobs/0/encryption", "does not support yet"});
}

TEST_CASE("commands without their profile are refused with the usage") {
  const Site site;
  for (const char* command : {"run", "plan", "status", "runs", "ls", "check", "explain", "mirror", "init"}) {
    const RunResult result = site.outhaul({command});
    INFO(command << ": " << told(result));
    CHECK(result.exit.code == 2);
    CHECK(holds(result.err, {"is required"}));
    CHECK_FALSE(fs::exists(site.state_root()));
  }
}

TEST_CASE("no command and an unknown command and an unknown option are refused") {
  const Site site;
  CHECK(site.outhaul({}).exit.code == 2);
  CHECK(site.outhaul({"rnu", "x.json"}).exit.code == 2);
  CHECK(site.outhaul({"run", "x.json", "--aprove", "1"}).exit.code == 2);
}

TEST_CASE("a profile that is not there is named") {
  const Site site;
  const std::string missing = (site.dir() / "nowhere.json").string();
  for (const char* command : {"run", "plan", "status", "runs", "ls", "check"}) {
    const RunResult result = site.outhaul({command, missing});
    INFO(command << ": " << told(result));
    CHECK(result.exit.code == 2);
    CHECK(holds(result.err, {missing, "No such file or directory"}));
  }
}

TEST_CASE("one bad profile keeps all others from starting") {
  Site site = away();
  site.write_profile();
  const fs::path bad = site.dir() / "bad.json";
  write_file(bad, "{");
  const RunResult result = site.outhaul({"run", site.profile().string(), bad.string()});
  INFO(told(result));
  CHECK(result.exit.code == 2);
  CHECK(holds(result.err, {bad.string()}));
  CHECK_FALSE(fs::exists(site.state_root()));
}

TEST_CASE("a job that the profile does not have is named with those it has") {
  Site site = away();
  const RunResult result = site.run({"--job", "nope"});
  INFO(told(result));
  CHECK(result.exit.code == 2);
  CHECK(holds(result.err, {"profile \"nightly\" has no job \"nope\"", "Its jobs are: data."}));
  CHECK_FALSE(fs::exists(site.state_root()));
}

TEST_CASE("an end of the window that is no time of day is refused") {
  Site site = away();
  for (const char* time : {"6", "24:00", "06:60", "6:00", "soon", ""}) {
    const RunResult result = site.run({"--until", time});
    INFO(told(result));
    if (*time == '\0') continue;  // what an empty one means is the parser's business
    CHECK(result.exit.code == 2);
    CHECK(holds(result.err, {fmt::format("\"{}\" is not a time of day", time), "Write it as HH:MM"}));
    CHECK_FALSE(fs::exists(site.state_root()));
  }
}

TEST_CASE("mirror names what its command line lacks") {
  Site site;
  const std::string source = site.source().string();
  const auto refused = [&](const std::vector<std::string>& words, const std::vector<std::string>& says) {
    std::vector<std::string> all{"mirror", source};
    all.insert(all.end(), words.begin(), words.end());
    const RunResult result = site.outhaul(all);
    INFO(told(result));
    CHECK(result.exit.code == 2);
    CHECK(holds(result.err, says));
    CHECK_FALSE(fs::exists(site.state_root()));
  };
  refused({"ftp://me@ftp.invalid/x"}, {"no password for user \"me\"", "--password-env", "--netrc"});
  refused({"http://ftp.invalid/x"}, {"url:", "http"});
  refused({"ftp:///x"}, {"url:", "host"});
  refused({"ftps://me@ftp.invalid/x", "--password-env", "P", "--tls-off"}, {"--tls-off is for ftp:// only"});
  refused({"ftp://me@ftp.invalid/x", "--password-env", "P", "--no-verify"}, {"--no-verify needs --pin"});
  refused({"ftp://me@ftp.invalid/x", "--password-env", "P", "--max-delete", "101%"},
          {"--max-delete: \"101%\" is not a limit"});
  refused({"ftp://me@ftp.invalid/x", "--password-env", "P", "--netrc"}, {"excludes"});
  refused({"ftp://me@ftp.invalid/x", "--password-env", "P", "--pin", "sha256//nonsense"}, {"--pin"});
}
