// What FTP can't store is in the state after a run, and what only differs there is never sent.
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/nanoseconds.h"
#include "nightly.h"
#include "state/state.h"
#include "support/catch.h"
#include "support/xattrs.h"

using namespace outhaul;
using namespace outhaul::test;
namespace fs = std::filesystem;

namespace {

std::map<std::string, Entry> recorded(const Nightly& night) {
  const State state = State::open(night.state_dir(), night.profile.name, State::Open::read_only);
  std::map<std::string, Entry> entries;
  const auto stream = state.entries(*state.find_job(night.profile.jobs[0].name));
  for (Entry entry; stream->next(entry);) entries[entry.path.bytes()] = entry;
  return entries;
}

/// The state as a version left it that knew nothing of all this.
void make_old(const Nightly& night) {
  const std::map<std::string, Entry> entries = recorded(night);
  State state = State::open(night.state_dir(), night.profile.name, State::Open::must_exist);
  const JobId job = *state.find_job(night.profile.jobs[0].name);
  const RunId run = state.runs(1).at(0).run;
  Transaction transaction = state.begin();
  for (auto [path, entry] : entries) {
    entry.user.clear();
    entry.group.clear();
    entry.links = 1;
    entry.sparse = false;
    entry.xattrs.clear();
    state.record(job, run, entry);
  }
  transaction.commit();
  state.forget_server_fact("job " + night.profile.jobs[0].name, "attributes");
}

/// Names of owners, hard links, a hole, an attribute where this file system holds one.
void write_rich(Nightly& night) {
  night.write("d/a", "1");
  night.write("d/hole", "");
  fs::resize_file(night.source() / "d/hole", 1 << 20);
  fs::create_hard_link(night.source() / "d/a", night.source() / "b");
  fs::create_symlink("b", night.source() / "link");
  for (const char* path : {"d", "d/a"}) {
    try {
      set_xattr(night.source() / path, "user.of", path);
    } catch (const std::runtime_error&) {
      // not on this file system: then none are expected either
    }
  }
}

std::vector<Xattr> expected_xattrs(const Nightly& night, const std::string& path) {
  const std::string value = xattr_of(night.source() / path, "user.of");
  return value == "(none)" ? std::vector<Xattr>{} : std::vector<Xattr>{{"user.of", value}};
}

void check_all_recorded(const Nightly& night, const std::string& user) {
  const auto entries = recorded(night);
  REQUIRE(entries.size() == 5);
  for (const auto& [path, entry] : entries) {
    INFO(path);
    CHECK(entry.user == user);
    CHECK(entry.links == (path == "b" || path == "d/a" ? 2U : 1U));
    CHECK(entry.sparse == (path == "d/hole"));
    if (path == "d" || path == "d/a") CHECK(entry.xattrs == expected_xattrs(night, path));
  }
}

}  // namespace

TEST_CASE("a run records what the server can not hold") {
  Nightly night;
  write_rich(night);
  REQUIRE(night.run().outcome == ExitCode::done);
  const std::string user = recorded(night).at("link").user;
  CHECK((geteuid() != 0 || user == "root"));
  check_all_recorded(night, user);
  CHECK(night.plan().empty());
}

TEST_CASE("the first run after the upgrade records what was not recorded and sends nothing") {
  Nightly night;
  night.have_no_catalog("connections are counted");
  write_rich(night);
  REQUIRE(night.run().outcome == ExitCode::done);
  const std::string user = recorded(night).at("link").user;
  make_old(night);
  CHECK(night.plan() == (user.empty() ? night.plan()
                                      : std::vector<std::string>{"record b", "record d", "record d/a",
                                                                 "record d/hole", "record link"}));
  const RunReport report = night.run();
  CHECK(report.outcome == ExitCode::done);
  CHECK(report.jobs.at(0).done.files_uploaded == 0);
  CHECK(night.remotes_opened == 1);
  check_all_recorded(night, user);
  CHECK(night.plan().empty());
}

TEST_CASE("attributes that are not wanted are not recorded and when they are nothing is sent for them") {
  Nightly night;
  night.have_no_catalog("connections are counted");
  night.profile.jobs[0].xattrs = false;
  write_rich(night);
  REQUIRE(night.run().outcome == ExitCode::done);
  for (const auto& [path, entry] : recorded(night)) CHECK(entry.xattrs.empty());
  CHECK(night.plan().empty());
  night.profile.jobs[0].xattrs = true;
  CHECK(night.run().outcome == ExitCode::done);
  CHECK(night.remotes_opened == 1);
  check_all_recorded(night, recorded(night).at("link").user);
}

TEST_CASE("files get their time on the remote unless the job says otherwise") {
  const bool preserve = GENERATE(true, false);
  Nightly night;
  night.have_no_catalog("every file on the server is looked at");
  night.profile.jobs[0].preserve_mtime = preserve;
  for (int i = 0; i < 5; ++i) night.write("f" + std::to_string(i), "x");
  REQUIRE(night.run().outcome == ExitCode::done);
  CHECK(night.stored() == night.expected());
  CHECK(night.leftovers().empty());
  for (const auto& [path, node] : night.server.tree())
    if (!node.directory) CHECK(node.mtime_s.has_value() == preserve);
}

TEST_CASE(
    "a file from a time that can't be counted is stored once and comes back from the nearest that can") {
  const std::int64_t seconds =
      GENERATE(32'503'680'000LL, 9'223'372'037LL, -11'676'096'000LL, -2LL, 4'294'967'296LL);
  Nightly night;
  night.profile.jobs[0].on_removal = OnRemoval::retire;
  night.write("d/f", "x");
  const timespec times[2] = {{0, UTIME_OMIT}, {seconds, 7}};
  for (const char* path : {"d/f", "d"})
    REQUIRE(::utimensat(AT_FDCWD, (night.source() / path).c_str(), times, 0) == 0);
  struct stat st {};
  REQUIRE(::stat((night.source() / "d/f").c_str(), &st) == 0);  // the file system may hold less
  REQUIRE(night.run().outcome == ExitCode::done);
  CHECK(recorded(night).at("d/f").mtime_ns == ns_of(st.st_mtim));
  CHECK(night.plan().empty());
  CHECK(night.run().jobs.at(0).done.files_uploaded == 0);
  CHECK(night.versions().empty());

  REQUIRE(night.restore().outcome == ExitCode::done);
  struct stat back {};
  REQUIRE(::stat((night.beside("back") / "d/f").c_str(), &back) == 0);
  CHECK(ns_of(back.st_mtim) == ns_of(st.st_mtim));
  CHECK(floor_seconds(ns_of(st.st_mtim)) == back.st_mtim.tv_sec);
  const RestoreReport again = night.restore();
  CHECK(again.outcome == ExitCode::done);
  CHECK(again.jobs.at(0).done.metadata == 0);
}
