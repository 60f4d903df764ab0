// What a person names on the command line, and whose state a mirror keeps.
#include "job/explain.h"
#include "job/mirror.h"
#include "job/queries.h"
#include "nightly.h"
#include "outhaul/error.h"
#include "support/catch.h"

using namespace outhaul;
using namespace outhaul::test;

namespace {

Profile two_jobs() {
  Profile profile;
  profile.name = "p";
  for (const auto& [name, source] : {std::pair{"etc", "/etc"}, std::pair{"www", "/srv/www"}}) {
    Job job;
    job.name = name;
    job.source = source;
    profile.jobs.push_back(job);
  }
  return profile;
}

}  // namespace

TEST_CASE("a path on the command line is found in the job that holds it") {
  const Profile two = two_jobs();
  Profile one = two;
  one.jobs.pop_back();
  struct Row {
    const Profile& profile;
    const char *job, *text;
    const char *found_job, *found_path;  ///< null: refused
  };
  const Row table[] = {
      {two, "", "/etc/ssh/config", "etc", "ssh/config"},
      {two, "", "/etc", "etc", ""},
      {two, "", "/etc/", "etc", ""},
      {two, "", "/srv/www/a b", "www", "a b"},
      {two, "", "/srv", nullptr, nullptr},
      {two, "", "/etcetera", nullptr, nullptr},
      {two, "etc", "/srv/www/x", nullptr, nullptr},
      {two, "", "ssh", nullptr, nullptr},
      {two, "www", "ssh", "www", "ssh"},
      {two, "nope", "ssh", nullptr, nullptr},
      {two, "www", ".", "www", ""},
      {one, "", "ssh/config", "etc", "ssh/config"},
      {one, "", "./ssh/", "etc", "ssh"},
      {one, "", "././ssh", "etc", "ssh"},
      {one, "", "./", "etc", ""},
      {one, "", ".//etc/ssh", nullptr, nullptr},
      {one, "", "../etc", nullptr, nullptr},
      {one, "", "a//b", nullptr, nullptr},
      {one, "", "/etc/../etc/ssh", nullptr, nullptr},
  };
  for (const Row& row : table) {
    INFO(row.job << " " << row.text);
    if (row.found_job == nullptr) {
      CHECK_THROWS_AS(find_path(row.profile, row.job, row.text), Error);
      continue;
    }
    const JobPath found = find_path(row.profile, row.job, row.text);
    CHECK(found.job->name == row.found_job);
    CHECK(found.path.bytes() == row.found_path);
  }
}

TEST_CASE("a mirror's state is bound to the real source and to the URL and the user") {
  const TempDir dir;
  std::filesystem::create_directory(dir / "a");
  std::filesystem::create_directory(dir / "b");
  std::filesystem::create_directory_symlink(dir / "a", dir / "link");
  RemoteSettings remote;
  remote.url = "ftp://host/x";
  remote.user = "me";
  const std::string name = mirror_profile(dir / "a", remote).name;
  CHECK(mirror_profile(dir / "a/", remote).name == name);
  CHECK(mirror_profile(dir / "link", remote).name == name);
  CHECK(mirror_profile(dir / "b/../a", remote).name == name);
  CHECK(mirror_profile(dir / "b", remote).name != name);
  RemoteSettings other = remote;
  other.user = "you";
  CHECK(mirror_profile(dir / "a", other).name != name);
  other = remote;
  other.url = "ftp://host/y";
  CHECK(mirror_profile(dir / "a", other).name != name);
  other = remote;  // how it connects is not where it goes
  other.connections = 9;
  other.tls.off = true;
  CHECK(mirror_profile(dir / "a", other).name == name);
  CHECK(mirror_profile(dir / "a", remote).jobs.at(0).source == std::filesystem::canonical(dir / "a"));
}

TEST_CASE("explain says which rule takes a path and what is known of it") {
  Nightly night;
  night.profile.jobs[0].exclude = {"*.log", "/cache/", "!keep.log"};
  night.write("a.txt", "12345");
  night.write("x.log", "1");
  night.write("keep.log", "1");
  night.write("cache/deep/file", "1");
  const auto explain = [&](const std::string& path) {
    return explain_path(night.profile, find_path(night.profile, "", path), night.state_dir());
  };
  CHECK(explain("a.txt").find("never run") != std::string::npos);
  REQUIRE(night.run().outcome == ExitCode::done);
  CHECK(explain("a.txt").find("included: no exclude pattern matches it") != std::string::npos);
  CHECK(explain("a.txt").find("on the remote: 5 bytes") != std::string::npos);
  CHECK(explain("a.txt").find("t/a.txt") != std::string::npos);
  CHECK(explain("x.log").find("excluded: pattern \"*.log\" matches it") != std::string::npos);
  CHECK(explain("x.log").find("not on the remote") != std::string::npos);
  CHECK(explain("keep.log").find("takes it back in") != std::string::npos);
  CHECK(explain("cache/deep/file").find("its directory \"cache\"") != std::string::npos);
  CHECK(explain("missing").find("No such file") != std::string::npos);

  night.profile.jobs[0].leave_out = {.larger_than = 4, .if_present = {".nobackup"}};
  night.write("big/.nobackup", "");
  night.write("big/x", "1");
  CHECK(explain("a.txt").find("excluded: it has 5 bytes (\"exclude_larger_than\" is 4)") !=
        std::string::npos);
  CHECK(explain("big/x").find("excluded: its directory \"big\" holds \".nobackup\"") != std::string::npos);
  CHECK(explain("x.log").find("excluded: pattern \"*.log\" matches it") != std::string::npos);
  CHECK(explain("big").find("included: nothing excludes it") != std::string::npos);
  CHECK(explain("keep.log").find("takes it back in") != std::string::npos);
}
