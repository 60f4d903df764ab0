// Thirty nights of a tree that lives: every night that is kept comes back as it was, whatever happened on the
// way, and nothing else is on the remote.
//
// OUTHAUL_NIGHTS_SEED=n OUTHAUL_NIGHTS_ROUNDS=m ask for m more lives from seed n on.
#include <fmt/format.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <random>

#include "fused_remote.h"
#include "job/recover.h"
#include "nightly.h"
#include "outhaul/names.h"
#include "state/sqlite.h"
#include "support/catch.h"
#include "support/sweep.h"
#include "support/mutator.h"
#include "support/walk.h"

using namespace outhaul;
using namespace outhaul::test;
namespace fs = std::filesystem;

namespace {

using Lines = std::vector<std::string>;
constexpr std::int64_t kThirdOfDay = 86'400'000'000'000 / 3;
constexpr int kNights = 30;

std::uint64_t number_from(const char* variable, std::uint64_t otherwise) {
  const char* text = std::getenv(variable);
  return text == nullptr ? otherwise : std::strtoull(text, nullptr, 10);
}

/// The clock that files get their times from moves in ticks: an edit in the tick in which a run has looked
/// can't be seen by anybody.
void pass_a_tick() {
  timespec before{}, now{};
  ::clock_gettime(CLOCK_REALTIME_COARSE, &before);
  do ::clock_gettime(CLOCK_REALTIME_COARSE, &now);
  while (now.tv_sec == before.tv_sec && now.tv_nsec == before.tv_nsec);
}

VersionPolicy policy_of(unsigned seed) {
  switch (seed % 4) {
    case 0:
      return {.last = 2, .daily = 3, .weekly = 2};
    case 1:
      return {.hourly = 4, .daily = 4, .monthly = 1, .max_bytes = 600'000};
    case 2:
      return {.last = 1, .within = {.days = 3}};
    default:
      return {};  // everything stays
  }
}

/// One source, its nights, and what its tree was in each of them. Lives with an odd seed meet kill -9 and
/// store on a disk; the others meet lines that break.
class Life {
 public:
  explicit Life(unsigned seed)
      : disk_life_(seed % 2 == 1),
        random_(seed),
        mutator_(night_.source(), night_.beside("elsewhere"), seed + 1) {
    Job& job = night_.profile.jobs.front();
    job.on_removal = OnRemoval::retire;
    job.versions = policy_of(seed);
    night_.profile.safety.max_delete = Limit{100.0, std::nullopt};
    night_.profile.catalog = true;
    night_.profile.remote.connections = 1 + static_cast<int>(seed % 3);
    if (disk_life_) night_.disk = disk_.path();
    if (disk_life_)
      night_.open_remote = [this](const RemoteSettings&, const ServerMemory&) {
        return fused_remote(disk_.path(), no_fuse_);
      };
    for (int i = 0; i < 50; ++i) mutator_.step();
  }

  void live() {
    for (int n = 1; n <= kNights; ++n) {
      INFO("night " << n);
      pass_a_tick();
      edit(14);
      night_.clock.ahead_ns += kThirdOfDay;
      if (pick(4) == 0) meet_trouble();
      const bool in_vain = n < kNights && pick(3) == 0;
      const ExitCode outcome = in_vain ? run_in_vain() : night_.run().outcome;
      ++ended_with_[outcome];
      INFO(night_.events.problems());
      if (!in_vain) REQUIRE(outcome == ExitCode::done);
      remember_tree(outcome);
      night_.server.set_faults({});
    }
  }

  /// How many nights were looked at.
  int expect_kept_nights_come_back(const std::string& where) {
    int nights = 0;
    const State state = night_.state();
    for (const Snapshot& snapshot : state.snapshots(*state.find_job("data"))) {
      if (snapshot.forgotten) continue;
      ++nights;
      RestoreOptions options;
      options.at = std::to_string(static_cast<std::int64_t>(snapshot.run));
      options.to = night_.beside(where + options.at);
      INFO("run " << options.at);
      CHECK(night_.restore(options).outcome == ExitCode::done);
      INFO(night_.events.problems());
      if (const auto& tree = trees_.at(snapshot.run))
        CHECK(line_differences(*tree, walk(options.to, kEverything)) == Lines{});
      remove_tree(options.to);
    }
    return nights;
  }

  /// Files that a kept night needs, and the catalog: no part, and no version beside.
  void expect_nothing_else_is_stored() const {
    std::set<std::string> needed = retired_for_ever();
    const State state = night_.state();
    for (const Snapshot& snapshot : state.snapshots(*state.find_job("data")))
      if (!snapshot.forgotten)
        for (const auto& [path, name] : night_.names_at(snapshot.run)) needed.insert(name);
    Lines unknown;
    for (const auto& [name, content] : disk_life_ ? files_below(disk_.path()) : night_.server.files())
      if (!needed.contains(name) && !name.starts_with(".outhaul/catalog/") && name != ".outhaul/README.txt")
        unknown.push_back(name);
    CHECK(unknown == Lines{});
  }

  void lose_and_recover_the_state() {
    fs::remove_all(night_.state_dir());
    const RecoverReport report = recover_profile(night_.profile, night_.environment());
    CHECK(report.outcome == ExitCode::done);
  }

  std::size_t forgotten() const {
    const State state = night_.state();
    const auto all = state.snapshots(*state.find_job("data"));
    return static_cast<std::size_t>(
        std::count_if(all.begin(), all.end(), [](const Snapshot& one) { return one.forgotten; }));
  }
  int deaths() const noexcept { return deaths_; }
  const std::map<ExitCode, int>& ended_with() const noexcept { return ended_with_; }

 private:
  static constexpr WalkOptions kEverything{.xattrs = true, .holes = true};

  std::uint64_t pick(std::uint64_t most) {
    return std::uniform_int_distribution<std::uint64_t>(0, most)(random_);
  }

  void edit(std::uint64_t most) {
    for (std::uint64_t times = pick(most); times > 0; --times) mutator_.step();
  }

  /// A run that is killed, with some work in the source before the next one; or a line that will break.
  void meet_trouble() {
    const bool after = pick(1) == 0;
    if (!disk_life_) {
      night_.server.fail_nth(1 + pick(60), {after ? Fault::Effect::lost_after : Fault::Effect::lost,
                                            FailureClass::reconnect, 0});
      return;
    }
    deaths_ += dies(night_, disk_.path(), {1 + pick(60), after});
    remember_tree(ExitCode::done);  // it may have come so far that its tree is kept
    pass_a_tick();
    edit(5);
  }

  /// A night that most likely doesn't store all there is, each in another way.
  ExitCode run_in_vain() {
    const std::uint64_t kinds = disk_life_ ? 1 : 4;
    const std::uint64_t nth = 1 + pick(30);
    CancelToken stop;
    switch (pick(kinds)) {
      case 0: {  // a guard
        night_.profile.safety.require = {night_.beside("not-mounted").native()};
        const ExitCode outcome = night_.run().outcome;
        night_.profile.safety.require.clear();
        CHECK(outcome == ExitCode::guard_refused);
        return outcome;
      }
      case 1: {  // the window is over
        RunOptions options;
        options.until_ns = 1;
        const ExitCode outcome = night_.run(options).outcome;
        CHECK(outcome == ExitCode::window_ended);
        return outcome;
      }
      case 2:  // some uploads are refused
        refuse_parts(3, FailureClass::skip_file);
        break;
      case 3:  // the server is full from some time on
        refuse_parts(1, FailureClass::no_space);
        break;
      default:  // Ctrl-C
        night_.server.set_faults([&stop, nth](const FakeCall& call) -> std::optional<Fault> {
          if (call.number % 40 >= nth) stop.cancel();
          return std::nullopt;
        });
        night_.instead_of_cancel = &stop;
    }
    const ExitCode outcome = night_.run().outcome;
    night_.instead_of_cancel = nullptr;
    return outcome;
  }

  /// One of `each`.
  void refuse_parts(int each, FailureClass as) {
    night_.server.set_faults([each, as, sent = 0](const FakeCall& call) mutable -> std::optional<Fault> {
      if (call.point != FakePoint::put_start || !call.what.starts_with("PUT .outhaul/parts/"))
        return std::nullopt;
      if (++sent % each != 0) return std::nullopt;
      return Fault{Fault::Effect::refused, as, 552};
    });
  }

  /// What a run that could not store everything has kept is not the source's tree.
  void remember_tree(ExitCode outcome) {
    const State state = night_.state();
    const auto job = state.find_job("data");
    if (!job) return;  // killed before it had begun
    std::optional<Lines> tree;
    for (const Snapshot& snapshot : state.snapshots(*job)) {
      if (trees_.contains(snapshot.run)) continue;
      if (!tree && outcome == ExitCode::done) tree = walk(night_.source(), kEverything);
      trees_[snapshot.run] = tree;
    }
  }

  /// Without a policy nothing is ever deleted, not even what only a killed run has seen.
  std::set<std::string> retired_for_ever() const {
    std::set<std::string> names;
    if (!night_.profile.jobs.front().versions.empty()) return names;
    const sqlite::Database db(night_.state_dir() / "state.db", sqlite::Access::read_only);
    sqlite::Statement rows = db.prepare("SELECT remote_name FROM object WHERE status = 'retired'");
    while (rows.step()) names.insert(rows.string(0));
    return names;
  }

  bool disk_life_;
  std::mt19937 random_;
  Nightly night_;
  TempDir disk_;
  Fuse no_fuse_;
  Mutator mutator_;
  std::map<RunId, std::optional<Lines>> trees_;  ///< none: not that of the source
  std::map<ExitCode, int> ended_with_;
  int deaths_ = 0;
};

}  // namespace

TEST_CASE("every kept night comes back with contents and metadata through kills and broken lines") {
  const auto first = static_cast<unsigned>(number_from("OUTHAUL_NIGHTS_SEED", 1));
  const auto lives = static_cast<unsigned>(number_from("OUTHAUL_NIGHTS_ROUNDS", kSweepStride == 1 ? 4 : 1));
  std::size_t forgotten = 0;
  int nights = 0, deaths = 0;
  std::map<ExitCode, int> ended_with;
  for (unsigned seed = first; seed < first + lives; ++seed) {
    INFO("OUTHAUL_NIGHTS_SEED=" << seed << " OUTHAUL_NIGHTS_ROUNDS=1");
    Life life(seed);
    life.live();
    nights += life.expect_kept_nights_come_back("back");
    life.expect_nothing_else_is_stored();
    life.lose_and_recover_the_state();
    life.expect_kept_nights_come_back("recovered");
    forgotten += life.forgotten();
    deaths += life.deaths();
    for (const auto& [outcome, times] : life.ended_with()) ended_with[outcome] += times;
  }
  if (lives < 4) return;
  for (const ExitCode outcome :
       {ExitCode::incomplete, ExitCode::guard_refused, ExitCode::window_ended, ExitCode::interrupted})
    CHECK(ended_with[outcome] > 0);
  CHECK(nights > 40);
  CHECK(forgotten > 50);
  CHECK(deaths > 5);
}
