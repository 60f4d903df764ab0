// A scan asks for extended attributes only where the state doesn't know them for sure.
#include "job/attribute_trust.h"

#include <sys/stat.h>

#include "base/clock.h"
#include "nightly.h"
#include "state/sqlite.h"
#include "support/catch.h"
#include "support/process.h"
#include "support/xattrs.h"

using namespace outhaul;
using namespace outhaul::test;

namespace {

using Lines = std::vector<std::string>;

/// What changed before it is old enough for the state to vouch for it.
void let_it_settle() {
  constexpr std::int64_t kMoreThanATick = 30'000'000;
  const std::int64_t begun = file_clock_ns();
  REQUIRE(eventually([&] { return file_clock_ns() > begun + kMoreThanATick; }));
}

struct SettledNight : Nightly {
  SettledNight() {
    write("a", "1");
    write("d/b", "2");
    let_it_settle();
    REQUIRE(run().outcome == ExitCode::done);
  }
  /// The state claims an attribute that isn't there: who asks, finds it wrong.
  void lie(const std::string& path) const {
    sqlite::Database db(state_dir() / "state.db", sqlite::Access::read_write);
    db.exec(("UPDATE entry SET xattrs = X'01060001000000757365722E6131' WHERE path = CAST('" + path +
             "' AS BLOB)")
                .c_str());
  }
  State writable() const { return State::open(state_dir(), profile.name, State::Open::must_exist); }
  std::int64_t changed_ns(const std::string& path) const {
    struct stat status {};
    REQUIRE(::lstat((source() / path).c_str(), &status) == 0);
    return status.st_ctim.tv_sec * 1'000'000'000LL + status.st_ctim.tv_nsec;
  }
  /// As if the newest run had begun then. The fact is "<who asked> <when>".
  void vouch_from(std::int64_t begun_ns) const {
    const std::string who = fact()->substr(0, fact()->find(' '));
    writable().set_server_fact("job data", "attributes", who + " " + std::to_string(begun_ns));
  }
  std::optional<std::string> fact() const { return state().server_fact("job data", "attributes"); }
};

}  // namespace

TEST_CASE("what is as it was recorded is not asked for attributes and what changed is") {
  SettledNight night;
  REQUIRE(night.plan().empty());
  night.lie("a");
  night.lie("d");
  CHECK(night.plan() == Lines{});
  ::chmod((night.source() / "a").c_str(), 0600);
  ::chmod((night.source() / "d").c_str(), 0700);
  CHECK(night.plan() == Lines{"compare a", "record d"});
  REQUIRE(night.run().outcome == ExitCode::done);
  const auto entries = night.state().entries(*night.state().find_job("data"));
  for (Entry entry; entries->next(entry);) CHECK(entry.xattrs.empty());
}

TEST_CASE("everything is asked when nobody knows who asked before or another user did") {
  const std::string asked_by = GENERATE("4242", "4242+", "", "0+");
  SettledNight night;
  night.lie("a");
  night.writable().set_server_fact("job data", "attributes",
                                   asked_by == "0+" ? "0+ soon" : asked_by + " 4000000000000000000");
  CHECK(night.plan() == Lines{"record a"});
  REQUIRE(night.run().outcome == ExitCode::done);
  CHECK(night.plan() == Lines{});
  CHECK(night.fact().has_value());
}

TEST_CASE("everything is asked by a job that doesn't go by ctime and after it") {
  SettledNight night;
  night.lie("a");
  night.profile.jobs[0].compare = Compare::mtime;
  CHECK(night.plan() == Lines{"record a"});
  REQUIRE(night.run().outcome == ExitCode::done);
  CHECK_FALSE(night.fact().has_value());
}

TEST_CASE("a run without attributes ends what was known of them") {
  SettledNight night;
  night.profile.jobs[0].xattrs = false;
  REQUIRE(night.run().outcome == ExitCode::done);
  CHECK_FALSE(night.fact().has_value());
  night.profile.jobs[0].xattrs = true;
  REQUIRE(night.run().outcome == ExitCode::done);
  CHECK(night.fact().has_value());
}

TEST_CASE("what changed while a run was looking is asked once more by the next one") {
  Nightly night;
  night.write("a", "1");
  REQUIRE(night.run().outcome == ExitCode::done);
  const Lines fresh = night.plan();
  CHECK(fresh == Lines{});
  SettledNight settled;
  settled.write("late", "3");
  REQUIRE(settled.run().outcome == ExitCode::done);
  settled.vouch_from(settled.changed_ns("late"));  // as if it had changed in the tick in which the run began
  settled.lie("a");
  settled.lie("late");
  CHECK(settled.plan() == Lines{"record late"});
}

TEST_CASE("an attribute that is set between two nights is recorded and nothing is sent") {
  SettledNight night;
  try {
    set_xattr(night.source() / "d/b", "user.of", "b");
  } catch (const std::runtime_error&) {
    return;  // not on this file system
  }
  const RunReport report = night.run();
  CHECK(report.outcome == ExitCode::done);
  CHECK(report.jobs.at(0).done.files_uploaded == 0);
  const State state = night.state();
  CHECK(state.entry(*state.find_job("data"), RelPath::parse("d/b"))->xattrs ==
        std::vector<Xattr>{{"user.of", "b"}});
}

TEST_CASE("a night in which attributes could not be read vouches for nothing and neither does a failed one") {
  SettledNight night;
  const Job& job = night.profile.jobs.front();
  State state = night.writable();
  const JobId id = *state.find_job("data");
  Plan plan;
  plan.problems.push_back({RelPath::parse("a"), ScanProblem::Kind::unreadable_xattr, "Permission denied"});
  AttributeTrust unread(state, id, job);
  CHECK(unread.known_ns().has_value());
  unread.judge(plan);
  CHECK_FALSE(attributes_known_ns(state, job).has_value());
  unread.end(plan, ExitCode::done);
  CHECK_FALSE(attributes_known_ns(state, job).has_value());

  AttributeTrust failed(state, id, job);
  failed.judge({});
  failed.end({}, ExitCode::incomplete);
  CHECK_FALSE(attributes_known_ns(state, job).has_value());

  AttributeTrust good(state, id, job);
  good.judge({});
  good.end({}, ExitCode::done);
  CHECK(attributes_known_ns(state, job).has_value());
}

TEST_CASE("what the state holds behind a mount that was passed by is not known") {
  SettledNight night;
  night.have_no_catalog("remotes are counted");
  const Job& job = night.profile.jobs.front();
  State state = night.writable();
  const JobId id = *state.find_job("data");
  Plan plan;
  plan.problems.push_back(
      {RelPath::parse("d"), ScanProblem::Kind::other_file_system, "is on another file system"});
  AttributeTrust known(state, id, job);
  known.judge(plan);
  CHECK(attributes_known_ns(state, job).has_value());
  state.forget_server_fact("job data", "attributes");
  AttributeTrust unknown(state, id, job);
  unknown.judge(plan);
  unknown.end(plan, ExitCode::done);
  CHECK_FALSE(attributes_known_ns(state, job).has_value());
  plan.problems.front().path = RelPath::parse("a");  // with nothing below it
  AttributeTrust outside(state, id, job);
  outside.judge(plan);
  outside.end(plan, ExitCode::done);
  CHECK(attributes_known_ns(state, job).has_value());
}

TEST_CASE("a night without changes writes nothing of what is known already") {
  SettledNight night;
  const auto before = night.fact();
  let_it_settle();
  REQUIRE(night.run().outcome == ExitCode::done);
  CHECK(night.fact() == before);
}
