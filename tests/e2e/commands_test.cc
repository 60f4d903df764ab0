// The commands around a run: what they show, what they leave alone, what they never tell.
#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "site.h"
#include "support/catch.h"
#include "support/tree.h"

using namespace outhaul;
using namespace outhaul::test;

namespace fs = std::filesystem;

namespace {

void first_night(Site& site) {
  site.write("a", "1");
  site.write("d/b.tmp", "22");
  site.write("d/c", "333");
  const RunResult result = site.run();
  INFO(told(result));
  REQUIRE(result.exit.code == 0);
  REQUIRE(site.server().wait_for_no_sessions());
  site.server().forget_commands();
}

std::string without_lock(const Site& site) {
  std::string all;
  for (const char* name : {"state.db", "state.db-wal"})
    if (fs::exists(site.state_dir() / name)) all += read_file(site.state_dir() / name);
  return all;
}

}  // namespace

TEST_CASE("the option --version tells the program's version and then those of the libraries that run") {
  const RunResult told = run_program({program().string(), "--version"});
  CAPTURE(told.out, told.err);
  CHECK(told.exit.code == 0);
  CHECK(told.out.starts_with("outhaul "));
  CHECK(holds(told.out, {"\nlibcurl ", ", OpenSSL/", ", libssh2/"}));
}

TEST_CASE("pain 29: a dry run and a plan change nothing") {
  Site site(ServerKind::proftpd);
  first_night(site);
  site.write("new", "n");
  site.write("a", "edited");
  site.remove("d/c");
  const std::string before = without_lock(site);
  std::string plans[2];
  for (const bool dry : {true, false}) {
    const RunResult result = dry ? site.run({"--dry-run"}) : site.outhaul({"plan", site.profile().string()});
    INFO(told(result));
    CHECK(result.exit.code == 0);
    CHECK(holds(result.out, {"upload         1 B  new  (new)", "update         6 B  a  (its size changed)",
                             "keep           3 B  d/c"}));
    plans[dry ? 1 : 0] = result.out;
  }
  CHECK(plans[0] == plans[1]);
  CHECK(without_lock(site) == before);
  CHECK(site.sessions() == 0);
  CHECK(read_file(site.stored() / "a") == "1");
}

TEST_CASE("a plan of a profile that never ran makes no state") {
  Site site(ServerKind::proftpd);
  site.write("a", "1");
  CHECK(site.run({"--dry-run"}).exit.code == 0);
  CHECK_FALSE(fs::exists(site.state_root()));
  CHECK(site.sessions() == 0);
}

TEST_CASE("explain says which rule took a path and what the remote holds of it") {
  Site site(ServerKind::proftpd);
  site.choices.job_extra = R"("exclude": ["*.tmp"])";
  first_night(site);
  const std::string profile = site.profile().string();
  const RunResult out = site.outhaul({"explain", profile, "d/b.tmp"});
  INFO(told(out));
  CHECK(out.exit.code == 0);
  CHECK(holds(out.out, {"excluded: pattern \"*.tmp\" matches it", "not on the remote"}));
  const RunResult in = site.outhaul({"explain", profile, (site.source() / "d/c").string()});
  CHECK(holds(in.out, {"included: no exclude pattern matches it", "on the remote: 3 bytes", "data/d/c"}));
  CHECK(site.outhaul({"explain", profile, "/etc/passwd"}).exit.code == 2);
  CHECK(site.outhaul({"explain", profile, "../x"}).exit.code == 2);
  CHECK(site.sessions() == 0);
}

TEST_CASE("ls shows what the remote holds") {
  Site site(ServerKind::proftpd);
  first_night(site);
  const std::string profile = site.profile().string();
  const RunResult all = site.outhaul({"ls", profile});
  INFO(told(all));
  CHECK(holds(all.out, {"a", "d/b.tmp", "d/c"}));
  const RunResult part = site.outhaul({"ls", profile, "d"});
  CHECK(holds(part.out, {"d/b.tmp", "d/c"}));
  CHECK(part.out.find("a\n") == std::string::npos);
  const RunResult long_form = site.outhaul({"ls", profile, "--long", "d/c"});
  CHECK(holds(long_form.out, {"3 B", "d/c"}));
  const RunResult none = site.outhaul({"ls", profile, "nowhere"});
  CHECK(none.exit.code == 1);
  CHECK(holds(none.err, {"\"nowhere\" is not on the remote, as far as the state knows"}));
  CHECK(site.sessions() == 0);
}

TEST_CASE("runs shows the newest run first and as many as wanted") {
  Site site(ServerKind::proftpd);
  first_night(site);
  site.write("b", "2");
  REQUIRE(site.run().exit.code == 0);
  const std::string profile = site.profile().string();
  const RunResult all = site.outhaul({"runs", profile});
  INFO(told(all));
  CHECK(all.exit.code == 0);
  const auto second = all.out.find("\n    2  "), first = all.out.find("\n    1  ");
  CHECK(second < first);
  CHECK(first != std::string::npos);
  CHECK(site.outhaul({"runs", profile, "-n", "1"}).out.find("\n    1  ") == std::string::npos);
}

TEST_CASE("check judges every file and tells all errors") {
  Site site(ServerKind::proftpd);
  site.write_profile();
  const fs::path bad = site.dir() / "bad.json", worse = site.dir() / "worse.json";
  write_file(bad, "{\"profile\": 1}");
  write_file(worse, "not JSON");
  const RunResult result = site.outhaul({"check", bad.string(), site.profile().string(), worse.string()});
  INFO(told(result));
  CHECK(result.exit.code == 2);
  CHECK(holds(result.out, {site.profile().string() + ": good: profile \"nightly\", 1 job to ftp://"}));
  CHECK(holds(result.err, {bad.string(), worse.string(), "/profile", "/remote"}));
  const RunResult good = site.outhaul({"check", site.profile().string()});
  CHECK(good.exit.code == 0);
  CHECK(site.outhaul({"--quiet", "check", site.profile().string()}).out.empty());
  CHECK(site.sessions() == 0);
}

TEST_CASE("check notes the files of a profile that can't be read here") {
  Site site(ServerKind::proftpd);
  const fs::path ca = site.dir() / "there.pem", key = site.dir() / "gone.key";
  write_file(ca, "");
  site.choices.tls =
      fmt::format(R"({{"ca": "{0}", "certificate": "{0}", "key": "{1}"}})", ca.string(), key.string());
  site.write_profile();
  const RunResult result = site.outhaul({"check", site.profile().string()});
  INFO(told(result));
  CHECK(result.exit.code == 0);
  CHECK(holds(result.out, {"note: \"tls\": {\"key\"}", key.string() + "\" can't be read"}));
  CHECK(result.out.find(ca.string()) == std::string::npos);
}

TEST_CASE("init writes a good profile and replaces no file unasked") {
  const Site site;
  const fs::path file = site.dir() / "new.json";
  const RunResult made = site.outhaul({"init", file.string(), "--name", "web", "--source",
                                       site.source().string(), "--url", "ftp://me@ftp.example.net/web"});
  INFO(told(made));
  CHECK(made.exit.code == 0);
  fs::copy_file(site.secret(), site.dir() / "web.secret");  // as the new profile tells its reader
  CHECK(site.outhaul({"check", file.string()}).exit.code == 0);
  const std::string before = read_file(file);
  const RunResult again = site.outhaul({"init", file.string()});
  CHECK(again.exit.code == 2);
  CHECK(holds(again.err, {"is there already", "--force"}));
  CHECK(read_file(file) == before);
  CHECK(site.outhaul({"init", "--force", file.string()}).exit.code == 0);
  CHECK(read_file(file) != before);
  const RunResult printed = site.outhaul({"init", "-"});
  CHECK(nlohmann::json::parse(printed.out)["profile"] == "my-backup");
  const RunResult relative = site.outhaul({"init", "-", "--source", "./some/../tree/"});
  CHECK(nlohmann::json::parse(relative.out)["jobs"][0]["source"] == (fs::current_path() / "tree").string());
  CHECK(site.outhaul({"init", (site.dir() / "x.json").string(), "--url", "nonsense"}).exit.code == 2);
  CHECK_FALSE(fs::exists(site.dir() / "x.json"));
}

TEST_CASE("schema prints the schema of profiles") {
  const Site site;
  const RunResult result = site.outhaul({"schema"});
  CHECK(result.exit.code == 0);
  CHECK(result.out == read_file(checkout() / "schemas/profile.schema.json"));
  CHECK(nlohmann::json::parse(result.out).is_object());
}

TEST_CASE("quiet says nothing about success and everything about trouble") {
  Site site(ServerKind::proftpd);
  site.write("a", "1");
  const RunResult good = site.run({"--quiet"});
  CHECK(good.exit.code == 0);
  CHECK(good.out.empty());
  CHECK(good.err.empty());
  site.write(std::string(200, '\n'), "too long");
  const RunResult trouble = site.run({"--quiet"});
  CHECK(trouble.exit.code == 3);
  CHECK(trouble.out.empty());
  CHECK(holds(trouble.err, {"its name on the remote would be longer than 255 bytes"}));
}

TEST_CASE("pain 25: the password appears nowhere but on the wire") {
  const Tls tls = GENERATE(Tls::none, Tls::explicit_);
  Site site(ServerKind::proftpd, tls);
  const std::string password = TestServer::kPassword;
  site.write("small", "1");
  make_sparse_file(site.source() / "long", std::uint64_t{512} << 20);
  const fs::path log = site.dir() / "outhaul.log";
  site.write_profile();
  const std::vector<std::string> argv =
      site.command({"run", site.profile().string(), "-vv", "--log-file", log.string()});
  Process run = Process::start(argv, {}, site.dir() / "output");
  REQUIRE(eventually([&] { return !site.parts().empty(); }));
  const std::string command_line = read_file(fmt::format("/proc/{}/cmdline", run.pid()));
  CHECK(command_line.find(password) == std::string::npos);
  const auto exit = run.wait(std::chrono::seconds(60));
  REQUIRE(exit);
  CHECK(*exit == Exit{0, 0});
  CHECK(read_file(log).find(password) == std::string::npos);
  CHECK(site.output().find(password) == std::string::npos);
  CHECK(without_lock(site).find(password) == std::string::npos);
  CHECK(read_file(log).find("STOR") != std::string::npos);  // the protocol is in there
  CHECK(site.output().find("PASS") != std::string::npos);
}

TEST_CASE("a log file gets a line per event and is appended to") {
  Site site(ServerKind::proftpd);
  site.write("a", "1");
  const std::string log = (site.dir() / "outhaul.log").string();
  CHECK(site.run({"--log-file", log}).exit.code == 0);
  const std::string first = read_file(log);
  CHECK(holds(first, {"job data: ", "plan ", "1 uploads", "job data ended"}));
  site.write("b", "2");
  CHECK(site.run({"-v", "--log-file", log}).exit.code == 0);
  const std::string both = read_file(log);
  CHECK(both.starts_with(first));
  CHECK(holds(both, {"upload b"}));
  const RunResult nowhere = site.run({"--log-file", (site.profile() / "log").string()});
  CHECK(nowhere.exit.code == 1);
  CHECK(holds(nowhere.err, {"can't open the log file", "Check --log-file."}));
}

TEST_CASE("verbose says what is done with every file") {
  Site site(ServerKind::proftpd);
  site.write("a", "1");
  site.write("d/b", "2");
  const RunResult result = site.run({"-v"});
  INFO(told(result));
  CHECK(result.exit.code == 0);
  CHECK(holds(result.err, {"a", "d/b"}));
  CHECK(site.run().err.empty());
}

TEST_CASE("several profiles run one after the other and the worst decides") {
  Site good(ServerKind::proftpd);
  good.write("a", "1");
  good.write_profile();
  Site bad;
  bad.choices.name = "lost";
  bad.choices.url = "ftp://somebody@127.0.0.1:1/space";
  bad.choices.retries = 0;
  bad.write("a", "1");
  bad.write_profile();
  const RunResult result = good.outhaul({"run", bad.profile().string(), good.profile().string()});
  INFO(told(result));
  CHECK(result.exit.code == 5);
  CHECK(good.differences().empty());
  CHECK(holds(result.out, {"lost run 1", "nightly run 1"}));
}

TEST_CASE("two jobs share one remote and each has its place") {
  Site site(ServerKind::vsftpd, Tls::explicit_);
  fs::create_directory(site.dir() / "etc");
  write_file(site.dir() / "etc/hosts", "h");
  site.write("a", "1");
  site.choices.jobs = fmt::format(
      R"([{{"name": "data", "source": "{}", "target": "data"}}, {{"name": "etc", "source": "{}", "target": "sys/etc"}}])",
      site.source().string(), (site.dir() / "etc").string());
  const RunResult one = site.run({"--job", "etc"});
  INFO(told(one));
  CHECK(one.exit.code == 0);
  CHECK(read_file(site.space() / "sys/etc/hosts") == "h");
  CHECK_FALSE(fs::exists(site.stored()));
  CHECK(site.run().exit.code == 0);
  CHECK(read_file(site.stored() / "a") == "1");
}

namespace {

/// A directory of profiles as /etc/outhaul is one: each has a source and a place on a disk of its own.
std::filesystem::path directory_of_profiles(const Site& site, const std::vector<std::string>& names) {
  const std::filesystem::path dir = site.dir() / "profiles";
  std::filesystem::create_directory(dir);
  for (const std::string& name : names) {
    for (const char* part : {"/source", "/disk"})
      std::filesystem::create_directories(site.dir() / (name + part));
    write_file(site.dir() / (name + "/source/file"), "of " + name);
    write_file(dir / (name + ".json"),
               fmt::format(R"({{"profile": "{0}", "remote": {{"url": "file://{1}/{0}/disk"}},
                               "jobs": [{{"name": "all", "source": "{1}/{0}/source", "target": ""}}]}})",
                           name, site.dir().string()));
  }
  return dir;
}

}  // namespace

TEST_CASE(
    "a run without a profile runs all of a directory and one that is broken keeps no other from its turn") {
  Site site;
  const std::filesystem::path dir = directory_of_profiles(site, {"a", "c"});
  write_file(dir / "b.json", R"({"profile": "b")");
  write_file(dir / "notes.txt", "no profile");
  const RunResult ran = site.outhaul({"run", "--profiles", dir.string()});
  INFO(told(ran));
  CHECK(ran.exit.code == 2);
  CHECK(holds(ran.err, {"b.json"}));
  CHECK(holds(ran.out, {"a run 1", "c run 1"}));
  CHECK(read_file(site.dir() / "a/disk/file") == "of a");
  CHECK(read_file(site.dir() / "c/disk/file") == "of c");

  std::filesystem::remove(dir / "b.json");
  const RunResult status = site.outhaul({"status", "--profiles", dir.string()});
  INFO(told(status));
  CHECK(status.exit.code == 0);
  CHECK(holds(status.out, {"healthy  a", "healthy  c", "All 2 profiles are healthy."}));
  const RunResult nagios = site.outhaul({"status", "--nagios", "--profiles", dir.string()});
  CHECK(nagios.exit.code == 0);
  CHECK(holds(nagios.out, {"OUTHAUL OK: all 2 profiles are healthy | 'a.age'="}));

  write_file(dir / "d.json", R"({"profile": "d")");
  const RunResult unknown = site.outhaul({"status", "--nagios", "--profiles", dir.string()});
  CHECK(unknown.exit.code == 3);
  CHECK(holds(unknown.out, {"OUTHAUL UNKNOWN: "}));
}

TEST_CASE("a directory without a profile and one that is not there are refused by name") {
  const Site site;
  std::filesystem::create_directory(site.dir() / "none");
  const RunResult empty = site.outhaul({"run", "--profiles", (site.dir() / "none").string()});
  CHECK(empty.exit.code == 2);
  CHECK(holds(empty.err, {"PROFILE is required", "/none"}));
  const RunResult absent = site.outhaul({"status", "--profiles", (site.dir() / "absent").string()});
  CHECK(absent.exit.code == 2);
  CHECK(holds(absent.err, {"/absent", "No such file or directory"}));
}

TEST_CASE("schedule prints the units and says what is wrong with its words") {
  Site site;
  site.choices.url = "file://" + site.dir().string();
  site.write_profile();
  const std::string profile = site.profile().string();
  const RunResult units = site.outhaul({"schedule", profile, "--daily", "03:30,15:30"});
  INFO(told(units));
  CHECK(units.exit.code == 0);
  CHECK(holds(units.out, {"outhaul-nightly.service", "outhaul-nightly.timer", "OnCalendar=*-*-* 03:30:00",
                          "OnCalendar=*-*-* 15:30:00", "Persistent=true", " run \"" + profile + "\""}));
  const RunResult cron = site.outhaul({"schedule", profile, "--cron", "--daily", "03:30"});
  CHECK(cron.exit.code == 0);
  CHECK(cron.out.starts_with("30 3 * * *  '"));
  const auto refused = [&](std::vector<std::string> more, const std::vector<std::string>& says) {
    more.insert(more.begin(), {"schedule", profile});
    const RunResult result = site.outhaul(more);
    INFO(told(result));
    CHECK(result.exit.code == 2);
    CHECK(holds(result.err, says));
  };
  refused({}, {"--daily is required", "--daily 03:30"});
  refused({"--daily", "25:00"}, {"\"25:00\" is no time of day", "02:30,14:30"});
  refused({"--daily", "03:30,"}, {"\"\" is no time of day"});
  CHECK(site.outhaul({"schedule", profile, "--user", "--system", "--daily", "03:30"}).exit.code == 2);
}

TEST_CASE("a schedule hands over the credentials that a profile needs") {
  Site site;
  site.choices.url = "ftp://backup@ftp.invalid/web01";
  site.choices.password = R"({"credential": "ftp-password"})";
  site.write_profile();
  const std::string profile = site.profile().string();
  const RunResult missing = site.outhaul({"schedule", profile, "--daily", "03:30"});
  CHECK(missing.exit.code == 2);
  CHECK(holds(missing.err, {"the credential \"ftp-password\"", "--credential ftp-password:/"}));
  const RunResult given = site.outhaul(
      {"schedule", profile, "--daily", "03:30", "--credential", "ftp-password:/etc/outhaul/secret"});
  INFO(told(given));
  CHECK(given.exit.code == 0);
  CHECK(holds(given.out, {"LoadCredential=ftp-password:/etc/outhaul/secret\n"}));
  CHECK(site.outhaul({"schedule", profile, "--daily", "03:30", "--cron"}).exit.code == 2);
}

TEST_CASE("how old a success may be follows from the schedule that was installed") {
  Site site;
  site.choices.url = "file://" + (site.dir() / "disk").string();
  std::filesystem::create_directory(site.dir() / "disk");
  site.write("a", "one");
  const std::filesystem::path bin = site.dir() / "bin";
  std::filesystem::create_directory(bin);
  write_file(bin / "systemctl", "#!/bin/sh\nexit 0\n");
  std::filesystem::permissions(bin / "systemctl", std::filesystem::perms::owner_all);
  REQUIRE(site.run().exit.code == 0);
  SpawnOptions options;
  options.env = {{"PATH", bin.string() + ":/usr/bin:/bin"},
                 {"XDG_CONFIG_HOME", (site.dir() / "config").string()},
                 {"TZ", "UTC0"}};
  const RunResult installed =
      site.outhaul({"schedule", site.profile().string(), "--user", "--daily", "03:30", "--install"}, options);
  INFO(told(installed));
  REQUIRE(installed.exit.code == 0);
  CHECK(std::filesystem::exists(site.dir() / "config/systemd/user/outhaul-nightly.timer"));
  CHECK(read_file(site.state_dir() / "schedule") == "daily 03:30\n");
  CHECK(site.outhaul({"status", site.profile().string()}).exit.code == 0);
  const RunResult removed =
      site.outhaul({"schedule", site.profile().string(), "--user", "--remove"}, options);
  INFO(told(removed));
  CHECK(removed.exit.code == 0);
  CHECK_FALSE(std::filesystem::exists(site.dir() / "config/systemd/user/outhaul-nightly.timer"));
  CHECK_FALSE(std::filesystem::exists(site.state_dir() / "schedule"));
}

TEST_CASE("a job's hooks are run with the program and what they print is in the log") {
  Site site(ServerKind::proftpd);
  site.write("a", "1");
  const std::filesystem::path dump = site.source() / "dump";
  site.choices.job_extra = fmt::format(
      R"("hooks": {{"before": ["sh", "-c", "echo dumping $OUTHAUL_JOB; echo all >{}"], "after": ["printenv", "OUTHAUL_OUTCOME"]}})",
      dump.string());
  site.write_profile();
  const std::filesystem::path log = site.dir() / "log";
  const RunResult good = site.outhaul({"--log-file", log.string(), "run", site.profile().string()});
  INFO(told(good));
  CHECK(good.exit.code == 0);
  CHECK(read_file(site.stored() / "dump") == "all\n");
  CHECK(holds(read_file(log), {"hook \"before\": dumping data", "hook \"after\": done"}));

  site.write("a", "2");
  site.choices.job_extra = R"("hooks": {"before": ["false"]})";
  const RunResult stopped = site.run();
  INFO(told(stopped));
  CHECK(stopped.exit.code == 1);
  CHECK(holds(stopped.err, {"the hook \"before\" (false) ended with exit code 1; the job was not run"}));
  CHECK(read_file(site.stored() / "a") == "1");
  CHECK(site.outhaul({"plan", site.profile().string()}).exit.code == 0);
}
