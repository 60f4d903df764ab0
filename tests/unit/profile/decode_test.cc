#include "profile/decode.h"

#include <fmt/format.h>

#include "support/catch.h"
#include "support/temp_dir.h"

using namespace outhaul;
using namespace std::chrono_literals;

namespace {

constexpr const char* kFile = "/etc/outhaul/p.json";

/// A whole profile with `remote` and `jobs` as given, without their braces and brackets.
std::string profile_text(std::string_view remote, std::string_view jobs, std::string_view more = "") {
  return fmt::format(R"({{"profile": "p", "remote": {{{}}}, "jobs": [{}]{}}})", remote, jobs, more);
}
constexpr const char* kRemote = R"("url": "ftp://h/d")";
constexpr const char* kJob = R"({"name": "a", "source": "/a", "target": "a"})";

std::vector<ProfileFault> faults_of(std::string_view text) {
  try {
    decode_profile(text, kFile);
    return {};
  } catch (const ProfileError& error) {
    CHECK(error.kind() == ErrorKind::profile);
    return error.faults();
  }
}

/// The one fault, as a person reads it, without the file.
std::string fault_of(std::string_view text) {
  const auto faults = faults_of(text);
  REQUIRE(faults.size() == 1);
  return to_string(kFile, faults[0]).substr(std::string_view(kFile).size() + 2);
}

}  // namespace

TEST_CASE("what is not said has the documented default") {
  const Profile profile = decode_profile(profile_text(kRemote, kJob), kFile);
  CHECK(profile.file == kFile);
  CHECK(profile.remote.connections == 2);
  CHECK(profile.remote.retries == 5);
  CHECK(profile.remote.connect_timeout == 30s);
  CHECK(profile.remote.no_progress_timeout == 120s);
  CHECK(profile.remote.final_reply_timeout == 10min);
  CHECK(profile.remote.tls.verify);
  CHECK_FALSE(profile.remote.tls.off);
  CHECK_FALSE(profile.safety.max_delete);
  CHECK(profile.jobs.at(0).on_removal == OnRemoval::retire);
  CHECK(profile.jobs.at(0).versions.empty());
  CHECK(profile.jobs.at(0).keeps_versions());
  CHECK(profile.jobs.at(0).compare == Compare::stat);
  CHECK(profile.jobs.at(0).proof == Proof::size);
  CHECK_FALSE(profile.jobs.at(0).one_file_system);
  CHECK(profile.jobs.at(0).xattrs);
  CHECK(profile.jobs.at(0).preserve_mtime);
  CHECK(profile.jobs.at(0).remote_modes == RemoteModes{});
  CHECK(profile.keeps_private());
}

TEST_CASE("the permissions on the remote are a word or two modes") {
  const Profile profile = decode_profile(
      profile_text(
          kRemote,
          R"({"name": "a", "source": "/a", "target": "a", "remote_modes": {"file": "0664", "dir": "775"}},
                      {"name": "b", "source": "/b", "target": "b", "remote_modes": "server"},
                      {"name": "c", "source": "/c", "target": "c"})",
          R"(, "defaults": {"remote_modes": "source"})"),
      kFile);
  CHECK(profile.jobs[0].remote_modes == RemoteModes{RemoteModes::Rule::fixed, 0664, 0775});
  CHECK(profile.jobs[1].remote_modes.rule == RemoteModes::Rule::by_server);
  CHECK(profile.jobs[2].remote_modes.rule == RemoteModes::Rule::as_source);
  CHECK_FALSE(profile.keeps_private());
}

TEST_CASE("a job has the defaults and behind them its own") {
  const Profile profile = decode_profile(
      profile_text(
          kRemote,
          R"({"name": "a", "source": "/a", "target": "a", "exclude": ["!x.tmp"], "on_removal": "keep", "xattrs": true},
                      {"name": "b", "source": "/b", "target": "b"})",
          R"(, "defaults": {"exclude": ["*.tmp"], "on_removal": "delete", "compare": "hash", "proof": "read_back", "one_file_system": true, "xattrs": false, "preserve_mtime": false})"),
      kFile);
  CHECK(profile.jobs[0].exclude == std::vector<std::string>{"*.tmp", "!x.tmp"});
  CHECK(profile.jobs[0].on_removal == OnRemoval::keep);
  CHECK(profile.jobs[1].exclude == std::vector<std::string>{"*.tmp"});
  CHECK(profile.jobs[1].on_removal == OnRemoval::remove);
  CHECK(profile.jobs[1].compare == Compare::hash);
  CHECK(profile.jobs[1].proof == Proof::read_back);
  CHECK(profile.jobs[1].one_file_system);
  CHECK(profile.jobs[0].xattrs);
  CHECK_FALSE(profile.jobs[0].preserve_mtime);
  CHECK_FALSE(profile.jobs[1].xattrs);
  CHECK_FALSE(profile.jobs[1].preserve_mtime);
}

TEST_CASE("what is left out beside patterns is said by a job or by the defaults") {
  const auto jobs =
      decode_profile(
          profile_text(kRemote,
                       R"({"name": "a", "source": "/a", "target": "a", "exclude_larger_than": "off",
                       "exclude_if_present": [".skip"], "exclude_caches": false, "nodump": false},
                      {"name": "b", "source": "/b", "target": "b"})",
                       R"(, "defaults": {"exclude_larger_than": "1.5 KiB",
                       "exclude_if_present": [".nobackup"], "exclude_caches": true, "keep_exclude_tags": false,
                       "nodump": true})"),
          kFile)
          .jobs;
  CHECK(jobs[0].leave_out == LeaveOut{.if_present = {".nobackup", ".skip"}, .keep_tags = false});
  CHECK(jobs[1].leave_out == LeaveOut{.larger_than = 1536,
                                      .if_present = {".nobackup"},
                                      .caches = true,
                                      .keep_tags = false,
                                      .nodump = true});
  CHECK(decode_profile(profile_text(kRemote, kJob), kFile).jobs.at(0).leave_out == LeaveOut{});
}

TEST_CASE("limits and markers of safety") {
  const auto safety = [](std::string_view limit) {
    return decode_profile(
               profile_text(kRemote, kJob,
                            fmt::format(R"(, "safety": {{"max_delete": {}, "require": ["/m"]}})", limit)),
               kFile)
        .safety;
  };
  CHECK(safety("\"20%\"").max_delete == Limit{20.0, std::nullopt});
  CHECK(safety("7").max_delete == Limit{std::nullopt, 7});
  CHECK(safety("7").max_change == std::nullopt);
  CHECK(safety(R"("20%", "max_change": "60 %")").max_change == Limit{60.0, std::nullopt});
  CHECK(safety(R"("20%", "max_change": 5000)").max_change == Limit{std::nullopt, 5000});
  CHECK(safety("7").require == std::vector<std::string>{"/m"});
}

TEST_CASE("relative paths are below the profile's folder") {
  const Profile profile = decode_profile(
      profile_text(
          R"("url": "ftp://u@h", "password": {"file": "p.secret"}, "tls": {"ca": "./ca.pem"})",
          R"({"name": "a", "source": "data/./x/", "target": "a"}, {"name": "b", "source": "../y", "target": "b"})"),
      kFile);
  CHECK(profile.remote.password.name == "/etc/outhaul/p.secret");
  CHECK(profile.remote.tls.ca == "/etc/outhaul/ca.pem");
  CHECK(profile.jobs[0].source == "/etc/outhaul/data/x");
  CHECK(profile.jobs[1].source == "/etc/outhaul/../y");
}

TEST_CASE("a program without a slash is looked for in PATH and one with a slash below the folder") {
  const auto program = [](std::string_view name) {
    return decode_profile(
               profile_text(
                   fmt::format(R"("url": "ftp://u@h", "password": {{"command": ["{}", "x"]}})", name), kJob),
               kFile)
        .remote.password.command.at(0);
  };
  CHECK(program("pass") == "pass");
  CHECK(program("bin/secret") == "/etc/outhaul/bin/secret");
  CHECK(program("/usr/bin/pass") == "/usr/bin/pass");
}

TEST_CASE("a job's versions replace those of the defaults as a whole") {
  const Profile profile = decode_profile(
      profile_text(
          kRemote,
          R"({"name": "a", "source": "/a", "target": "a", "versions": {"last": 2, "within": "1y2m3d4h", "max_bytes": "1.5 KiB"}},
             {"name": "b", "source": "/b", "target": "b", "on_removal": "delete"})",
          R"(, "defaults": {"versions": {"hourly": 1, "daily": 7, "weekly": 4, "monthly": 12, "yearly": 9}})"),
      kFile);
  VersionPolicy own{.last = 2, .within = {1, 2, 3, 4}, .max_bytes = 1536};
  CHECK(profile.jobs[0].versions == own);
  CHECK(profile.jobs[1].versions ==
        VersionPolicy{.hourly = 1, .daily = 7, .weekly = 4, .monthly = 12, .yearly = 9});
  CHECK(profile.jobs[1].keeps_versions());
}

TEST_CASE("names that servers can't hold are escaped in a target") {
  const Profile profile = decode_profile(
      profile_text(kRemote, R"({"name": "a", "source": "/a", "target": "x\\y/new\nline"})"), kFile);
  CHECK(profile.jobs[0].target.wire() == "x%5Cy/new%0Aline");
}

TEST_CASE("a fault is told with place and finding and expectation and advice") {
  const auto [remote, jobs, more,
              expected] = GENERATE(table<std::string, std::string, std::string, std::string>({
      {kRemote, R"({"name": "a", "source": "/a", "target": "a", "exlude": []})", "",
       "/jobs/0/exlude: the unknown key \"exlude\"; expected one of name, description, source, target, "
       "exclude, "
       "exclude_larger_than, exclude_if_present, exclude_caches, keep_exclude_tags, nodump, "
       "on_removal, versions, compare, proof, one_file_system, xattrs, preserve_mtime, remote_modes, "
       "foreign, append_only, "
       "changing, hooks; "
       "did you "
       "mean "
       "\"exclude\"?"},
      {kRemote, kJob, R"(, "exclude": [])",
       "/exclude: the unknown key \"exclude\"; expected one of $schema, profile, description, remote, "
       "defaults, jobs, "
       "safety, until, catalog, verify, alarms; it belongs into \"defaults\", or into a job"},
      {kRemote, kJob, R"(, "hooks": {})",
       "/hooks: the unknown key \"hooks\"; expected one of $schema, profile, description, remote, defaults, "
       "jobs, "
       "safety, until, catalog, verify, alarms; it belongs into \"defaults\", or into a job"},
      {kRemote, R"({"name": "a", "source": "/a", "target": "a", "hooks": {"before": "pg_dump"}})", "",
       "/jobs/0/hooks/before: the string \"pg_dump\"; expected an array of the program and its arguments, "
       "run without "
       "a shell; put it into brackets: [\"…\"]"},
      {kRemote, R"({"name": "a", "source": "/a", "target": "a", "hooks": {"after": [""]}})", "",
       "/jobs/0/hooks/after/0: an empty string; expected the program to run"},
      {kRemote, R"({"name": "a", "source": "/a", "target": "a", "hooks": {"timeout": "2 d"}})", "",
       "/jobs/0/hooks/timeout: the string \"2 d\"; expected a duration from 1 s to 24 h: whole seconds, or a "
       "string such "
       "as \"90 s\", \"10 min\", \"2 h\""},
      {kRemote, R"({"name": "a", "source": "/a", "target": "a", "hooks": {"befor": []}})", "",
       "/jobs/0/hooks/befor: the unknown key \"befor\"; expected one of before, after, on_failure, timeout; "
       "did you mean "
       "\"before\"?"},
      {kRemote, kJob, R"(, "alarms": {"ping": "https://me:pw@h/"})",
       "/alarms/ping: no web address; expected an address such as \"https://hooks.example.net/PATH\", "
       "without a login"},
      {kRemote, kJob, R"(, "alarms": {"webhooks": [{"url": "https://h/", "on": "success"}]})",
       "/alarms/webhooks/0/on: the string \"success\"; expected \"failure\", \"change\" or \"always\""},
      {kRemote, R"({"name": "a", "source": "/a", "target": "a", "versions": {"within": "30 days"}})", "",
       "/jobs/0/versions/within: the string \"30 days\"; expected a time such as \"30d\", \"1y6m\" or "
       "\"2d12h\" (years, months, days, hours); 30 days are \"30d\""},
      {kRemote, R"({"name": "a", "source": "/a", "target": "a", "versions": {"max_bytes": "50"}})", "",
       "/jobs/0/versions/max_bytes: the string \"50\"; expected a size such as \"50 GiB\" or \"1.5 TB\"; a "
       "unit "
       "belongs to it: \"50 GiB\""},
      {kRemote, R"({"name": "a", "source": "/a", "target": "a", "daily": 7})", "",
       "/jobs/0/daily: the unknown key \"daily\"; expected one of name, description, source, target, "
       "exclude, "
       "exclude_larger_than, exclude_if_present, exclude_caches, keep_exclude_tags, nodump, "
       "on_removal, versions, compare, proof, one_file_system, xattrs, preserve_mtime, remote_modes, "
       "foreign, append_only, "
       "changing, hooks; "
       "it belongs into "
       "\"versions\": {…}, in "
       "\"defaults\" or in a job"},
      {kRemote, R"({"name": "a", "source": "/a", "target": "a", "one_file_system": "yes"})", "",
       "/jobs/0/one_file_system: the string \"yes\"; expected true or false; write it without quotes"},
      {kRemote, R"({"name": "a", "source": "~/a", "target": "a"})", "",
       "/jobs/0/source: the string \"~/a\"; expected a path, absolute or relative to the profile's folder; "
       "\"~\" is not "
       "expanded here: write the home directory in full (a name that starts with '~': \"./~…\")"},
      {kRemote, R"({"name": "a", "source": "/a", "target": ".outhaul/x"})", "",
       "/jobs/0/target: the string \".outhaul/x\"; expected any other directory; \".outhaul\" is where "
       "outhaul keeps its "
       "parts; nothing else may live there"},
      {kRemote,
       R"({"name": "a", "source": "/a", "target": "t"}, {"name": "b", "source": "/b", "target": "t/u"})", "",
       "/jobs/1/target: \"t/u\", which is inside the target of job \"a\", \"t\"; expected targets side by "
       "side; two jobs "
       "in one directory would overwrite and delete each other's files"},
      {kRemote,
       R"({"name": "a", "source": "/a", "target": "t"}, {"name": "a", "source": "/b", "target": "u"})", "",
       "/jobs/1/name: the name \"a\" a second time, after /jobs/0; expected a name of its own for every job; "
       "the state "
       "remembers jobs by their names: rename one of the two"},
      {kRemote, "", "", "/jobs: an empty array; expected an array of at least one job"},
      {R"("url": "ftp://backup@h")", kJob, "",
       "/remote/password: nothing: the key is missing; expected the password of backup, as one of {\"file\": "
       "\"/PATH\"}, "
       "{\"env\": \"NAME\"}, {\"command\": [\"PROGRAM\", …]}, {\"credential\": \"NAME\"} or {\"netrc\": "
       "true}"},
      {R"("url": "ftp://h", "password": {"env": "A"})", kJob, "",
       "/remote/password: a password, but no user in the URL; expected a user: \"url\": "
       "\"ftp://USER@HOST/DIRECTORY\"; "
       "name the user in the URL, or remove the password for an anonymous login"},
      {R"("url": "ftps://h", "tls": "off")", kJob, "",
       "/remote/tls: \"off\" for an ftps:// remote, which is TLS from the first byte; expected an object "
       "with \"ca\", "
       "\"pin\", \"verify\", or no \"tls\"; to allow plaintext, write the URL as ftp://"},
      {R"("url": "ftp://h", "tls": false)", kJob, "",
       "/remote/tls: false; expected \"off\", or an object with \"ca\", \"pin\", \"verify\", \"certificate\" "
       "…; to "
       "allow plaintext, write "
       "\"tls\": \"off\""},
      {R"("url": "ftp://h", "tls": {"verify": false})", kJob, "",
       "/remote/tls/verify: false; expected true, or false together with a \"pin\"; without either anybody "
       "can pose as "
       "the server: add \"pin\": \"sha256//…\", or name the server's own certificate authority with \"ca\" "
       "instead"},
      {R"("url": "file:///m", "tls": {})", kJob, "",
       "/remote/tls: \"tls\" for a file:// remote; expected no \"tls\"; a mounted disk has no connection: "
       "remove the key"},
  }));
  CHECK(fault_of(profile_text(remote, jobs, more)) == expected);
}

TEST_CASE("a password in the profile is refused and never repeated") {
  for (const char* remote : {R"("url": "ftp://u:hunter2@h", "password": {"env": "A"})",
                             R"("url": "ftp://u@h", "password": "hunter2")",
                             R"("url": "ftp://u@h", "password": {"env": "hunter2-!"})",
                             R"("url": "ftp://u@h", "password": {"netrc": "~hunter2"})",
                             R"("url": "ftp://u@h", "password": {"netrc": true}, "passwd": "hunter2")"}) {
    CAPTURE(remote);
    CHECK(fault_of(profile_text(remote, kJob)).find("hunter2") == std::string::npos);
  }
}

TEST_CASE("all faults of a file come at once and in its message one line each") {
  const std::string text = R"({"profile": "a b", "remote": {"url": "http://h", "conections": 3},
    "jobs": [{"name": "x", "source": "", "target": "/"}, {"name": "x", "target": "t"}], "safety": {"max_delete": "all"}})";
  const auto faults = faults_of(text);
  std::vector<std::string> pointers;
  for (const ProfileFault& fault : faults) pointers.push_back(fault.pointer);
  CHECK(pointers == std::vector<std::string>{"/profile", "/remote/conections", "/remote/url",
                                             "/jobs/0/source", "/jobs/0/target", "/jobs/1/source",
                                             "/jobs/1/name", "/safety/max_delete"});
  const ProfileError error(kFile, faults);
  const std::string message = error.what();
  CHECK(message.starts_with("/etc/outhaul/p.json: 8 faults in the profile\n/etc/outhaul/p.json: /profile: "));
  CHECK(std::count(message.begin(), message.end(), '\n') == 8);
  CHECK(error.advice() == "correct the file, then run: outhaul check /etc/outhaul/p.json");
}

TEST_CASE("a profile file that can't be read says why") {
  const test::TempDir dir;
  const std::string missing = dir / "missing.json", folder = dir.path();
  CHECK_THROWS_WITH(load_profile(missing), missing + ": No such file or directory");
  CHECK_THROWS_WITH(load_profile(folder), folder + ": is a directory, not a profile");
  const std::string huge = dir / "huge.json";
  test::write_file(huge, std::string(5u << 20, ' '));
  CHECK_THROWS_WITH(load_profile(huge), huge + ": larger than 4 MiB, which no profile is");
}

TEST_CASE("a job's hooks replace those of the defaults one by one") {
  const Profile profile = decode_profile(R"({"profile": "p", "remote": {"url": "ftp://h/d"},
      "defaults": {"hooks": {"before": ["bin/dump", "all"], "after": ["done"], "timeout": "10 min"}},
      "jobs": [{"name": "a", "source": "/a", "target": "a"},
               {"name": "b", "source": "/b", "target": "b", "hooks": {"before": [], "on_failure": ["/bin/tell"], "timeout": 5}}]})",
                                         "/etc/outhaul/p.json");
  const Hooks& a = profile.jobs[0].hooks;
  CHECK(a.before == std::vector<std::string>{"/etc/outhaul/bin/dump", "all"});
  CHECK(a.after == std::vector<std::string>{"done"});
  CHECK(a.on_failure.empty());
  CHECK(a.timeout == std::chrono::minutes(10));
  const Hooks& b = profile.jobs[1].hooks;
  CHECK(b.before.empty());
  CHECK(b.after == std::vector<std::string>{"done"});
  CHECK(b.on_failure == std::vector<std::string>{"/bin/tell"});
  CHECK(b.timeout == std::chrono::seconds(5));
}

TEST_CASE("alarms are read with their defaults") {
  const Profile profile = decode_profile(R"({"profile": "p", "remote": {"url": "ftp://h/d"},
      "jobs": [{"name": "a", "source": "/a", "target": "a"}],
      "alarms": {"ping": "https://hc.example.net/x?y=1", "metrics": "p.prom", "timeout": "5 s",
                 "webhooks": [{"url": "https://h/"}, {"url": "http://h:1/x", "form": "discord", "on": "always", "token": {"env": "T"}}]}})",
                                         "/etc/outhaul/p.json");
  const Alarms& alarms = profile.alarms;
  CHECK(alarms.ping == "https://hc.example.net/x?y=1");
  CHECK(alarms.metrics == "/etc/outhaul/p.prom");
  CHECK(alarms.timeout == std::chrono::seconds(5));
  REQUIRE(alarms.webhooks.size() == 2);
  CHECK(alarms.webhooks[0].form == Webhook::Form::report);
  CHECK(alarms.webhooks[0].on == AlarmOn::failure);
  CHECK(alarms.webhooks[1].form == Webhook::Form::discord);
  CHECK(alarms.webhooks[1].on == AlarmOn::always);
  CHECK(alarms.webhooks[1].token.kind == SecretSource::Kind::env);
}
