// `outhaul status`: what may be called healthy.
#include <sys/stat.h>
#include <unistd.h>

#include "job/queries.h"
#include "nightly.h"
#include "state/lock.h"
#include "state/state.h"
#include "support/catch.h"

using namespace outhaul;
using namespace outhaul::test;

namespace {

constexpr std::int64_t kHour = 3'600'000'000'000;
constexpr std::int64_t kNow = 1'000'000 * kHour;

/// A profile's history, written by hand: hours ago, and how it ended (nothing: it did not).
struct Past {
  std::int64_t hours_ago;
  std::optional<ExitCode> outcome;
  std::string message = {};
};

class History {
 public:
  explicit History(const std::vector<Past>& runs) {
    profile_.name = "p";
    State state = State::open(dir_.path(), "p", State::Open::create_if_missing);
    for (const Past& past : runs) {
      const std::int64_t at = kNow - past.hours_ago * kHour;
      const RunId run = state.begin_run(at - kHour / 2);
      if (past.outcome) state.finish_run(run, at, *past.outcome, {}, 0, past.message);
    }
  }
  StatusReport status() const { return status_of(profile_, dir_.path(), std::chrono::hours(26), kNow); }
  const std::filesystem::path& dir() const { return dir_.path(); }

 private:
  TempDir dir_;
  Profile profile_;
};

}  // namespace

TEST_CASE("a profile is healthy when its newest finished run succeeded not too long ago") {
  using enum ExitCode;
  struct Row {
    const char* what;
    std::vector<Past> runs;
    bool healthy;
  };
  const std::vector<Row> table = {
      {"never ran", {}, false},
      {"one success", {{2, done}}, true},
      {"a success that is too old", {{27, done}}, false},
      {"a success at the very limit", {{26, done}}, true},
      {"a failure after a success", {{20, done}, {2, failed}}, false},
      {"an incomplete run after a success", {{20, done}, {2, incomplete}}, false},
      {"a success after a failure", {{20, remote_unusable}, {2, done}}, true},
      {"only failures", {{20, failed}, {2, failed}}, false},
      {"cut off after a success", {{20, done}, {2, std::nullopt}}, false},
      {"a window that ended", {{20, done}, {2, window_ended}}, false},
      {"some jobs after a failure", {{20, done}, {5, failed}, {2, done, "only 1 of 2 jobs: a"}}, false},
      {"some jobs after a success", {{20, done}, {2, done, "only 1 of 2 jobs: a"}}, true},
      {"some jobs do not keep it young", {{30, done}, {2, done, "only 1 of 2 jobs: a"}}, false},
      {"some jobs alone", {{2, done, "only 1 of 2 jobs: a"}}, false},
      {"some jobs failed after a success", {{20, done}, {2, failed, "no"}}, false},
  };
  for (const Row& row : table) {
    INFO(row.what);
    const StatusReport status = History(row.runs).status();
    CHECK(status.healthy == row.healthy);
    CHECK_FALSE(status.verdict.empty());
    CHECK(status.advice.empty() == row.healthy);
  }
}

TEST_CASE("a success in the future is no success that anybody knows the age of") {
  const StatusReport ahead = History({{20, ExitCode::done}, {-100'000, ExitCode::done}}).status();
  CHECK_FALSE(ahead.healthy);
  CHECK(ahead.verdict.find("future") != std::string::npos);
  CHECK(ahead.advice.find("clock") != std::string::npos);
  CHECK(History({{20, ExitCode::done}, {-1, ExitCode::done}}).status().healthy == false);
  // Once the clock is right and a run has succeeded, that one counts.
  CHECK(History({{-100'000, ExitCode::done}, {2, ExitCode::done}}).status().healthy);
}

TEST_CASE("while a run goes on the one before it is what counts") {
  const History bad({{20, ExitCode::done}, {5, ExitCode::incomplete}, {1, std::nullopt}});
  const History good({{20, ExitCode::done}, {1, std::nullopt}});
  const History crashed_before({{20, ExitCode::done}, {5, std::nullopt}, {1, std::nullopt}});
  for (const History* history : {&bad, &good, &crashed_before}) {
    const StateLock lock = StateLock::take(history->dir(), "run p");
    const StatusReport status = history->status();
    CHECK(status.running);
    CHECK(status.healthy == (history != &bad));
  }
}

TEST_CASE("a run of one job out of two is not taken for a success of the profile") {
  Nightly night;
  night.write("f", "1");
  write_file(night.add_job("second").source / "g", "2");
  RunOptions options;
  options.jobs = {"data"};
  CHECK(night.run(options).outcome == ExitCode::done);
  const auto health = [&] {
    return status_of(night.profile, night.state_dir(), std::chrono::hours(26), night.clock.now_ns()).healthy;
  };
  CHECK_FALSE(health());
  CHECK(night.run().outcome == ExitCode::done);
  CHECK(health());
  options.jobs = {"data", "second"};
  CHECK(night.run(options).outcome == ExitCode::done);
  CHECK(health());
}

TEST_CASE("a state that may not be read is not called one that never ran") {
  Nightly night;
  night.write("f", "1");
  REQUIRE(night.run().outcome == ExitCode::done);
  const auto look = [&] {
    try {
      status_of(night.profile, night.state_dir(), std::chrono::hours(26), night.clock.now_ns());
      return std::string("no complaint");
    } catch (const Error& error) {
      return std::string(error.what());
    }
  };
  const bool root = ::geteuid() == 0;
  if (root) REQUIRE(::seteuid(65534) == 0);
  if (!root) REQUIRE(::chmod(night.state_dir().c_str(), 0) == 0);
  std::string status = look(), plan = "no complaint";
  try {
    night.plan();
  } catch (const Error& error) {
    plan = error.what();
  }
  if (root) REQUIRE(::seteuid(0) == 0);
  if (!root) REQUIRE(::chmod(night.state_dir().c_str(), 0700) == 0);
  CHECK(status.find("ermission denied") != std::string::npos);
  CHECK(plan.find("ermission denied") != std::string::npos);
}

TEST_CASE("failures are counted from the last success on") {
  using enum ExitCode;
  const auto failures = [](const std::vector<Past>& runs) { return History(runs).status().failures; };
  CHECK(failures({}) == 0);
  CHECK(failures({{50, failed}, {26, done}, {2, done}}) == 0);
  CHECK(failures({{50, done}, {26, incomplete}, {2, remote_unusable}}) == 2);
  CHECK(failures({{50, failed}, {26, failed}, {2, failed}}) == 3);
  // Neither a run of some of the jobs nor one that has not ended.
  CHECK(failures({{50, done}, {26, failed}, {3, done, "only 1 of 2 jobs: www"}, {2, std::nullopt}}) == 1);
}
