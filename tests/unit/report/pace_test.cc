// The time that is said to be left, against lanes that really work it off: simulated, by a clock of our own.
#include "report/pace.h"

#include <algorithm>
#include <functional>
#include <optional>
#include <random>
#include <string>
#include <vector>

#include "report/progress_model.h"
#include "support/catch.h"

using namespace outhaul;

namespace {

constexpr double kMB = 1e6;

struct Line {
  std::size_t lanes = 2;
  double seconds_per_file = 0.01;  ///< of a lane, beside the bytes
  double bytes_per_second = 8 * 1024 * 1024;
  /// What of that is there at a time.
  std::function<double(double)> share = [](double) { return 1.0; };
};

struct Told {
  double at = 0, left = 0;
  std::optional<double> said;
};

/// Plays a whole job; what was said once a second, and what was true.
std::vector<Told> play(const std::vector<double>& files, const Line& line) {
  constexpr double kStep = 0.01;
  struct Busy {
    double wait = 0, bytes = 0;
    bool on = false;
  };
  Plan plan;
  plan.actions.resize(files.size());
  plan.counts.uploads = files.size();
  for (const double bytes : files) plan.counts.upload_bytes += static_cast<std::uint64_t>(bytes);
  ProgressModel model;
  model.apply(JobStarted{"j", "/s", "t"});
  model.apply(PlanReady{&plan});
  std::vector<Busy> lanes(line.lanes);
  std::vector<Told> told;
  std::size_t next = 0, ended = 0;
  double now = 0;
  for (int step = 1; ended < files.size(); ++step, now += kStep) {
    std::size_t sending = 0;
    for (const Busy& lane : lanes) sending += lane.on && lane.wait <= 0 ? 1 : 0;
    for (std::size_t i = 0; i < lanes.size(); ++i) {
      Busy& lane = lanes[i];
      const int number = static_cast<int>(i);
      if (!lane.on && next < files.size()) {
        lane = {line.seconds_per_file, files[next++], true};
        model.apply(TransferStarted{number, "f", static_cast<std::uint64_t>(lane.bytes), 0});
      }
      if (!lane.on) continue;
      if (lane.wait > 0) {
        lane.wait -= line.share(now) > 0 ? kStep : 0;
        continue;
      }
      const double most = line.bytes_per_second * line.share(now) * kStep /
                          static_cast<double>(std::max<std::size_t>(sending, 1));
      const double sent = std::min(most, lane.bytes);
      lane.bytes -= sent;
      if (sent > 0) model.apply(TransferProgress{number, static_cast<std::uint64_t>(sent)});
      if (lane.bytes > 0) continue;
      lane.on = false;
      ++ended;
      model.apply(TransferEnded{number, true});
      model.apply(ActionDone{ActionKind::upload, "f", 0});
    }
    if (step % 10 == 0) model.tick(0.1);
    if (step % 100 == 0) told.push_back({now, 0, model.eta_seconds()});
  }
  for (Told& one : told) one.left = now - one.at;
  return told;
}

std::vector<double> several(std::size_t count, double bytes) {
  return std::vector<double>(count, bytes);
}

std::vector<double> joined(std::vector<double> first, const std::vector<double>& then) {
  first.insert(first.end(), then.begin(), then.end());
  return first;
}

std::vector<double> shuffled(std::vector<double> files) {
  std::shuffle(files.begin(), files.end(), std::mt19937(7));
  return files;
}

/// By how much what was said was wrong at worst; the last two seconds, when it hardly matters, left out.
double worst(const std::vector<Told>& told, double from = 3, double to = 1e9) {
  double factor = 1;
  for (const Told& one : told) {
    if (one.at < from || one.at > to || one.left < 2 || !one.said) continue;
    INFO("after " << one.at << " s: " << *one.said << " s said, " << one.left << " s true");
    factor = std::max({factor, *one.said / one.left, one.left / std::max(*one.said, 1e-3)});
    CHECK(factor < 100);
  }
  return factor;
}

std::size_t silent(const std::vector<Told>& told) {
  return static_cast<std::size_t>(
      std::count_if(told.begin(), told.end(), [](const Told& one) { return !one.said; }));
}

}  // namespace

TEST_CASE("three large files and many tiny ones behind them are not taken for many large ones") {
  const auto told = play(joined(several(3, 30 * kMB), several(300, 20)), {});
  CHECK(worst(told, 2) < 2);
  CHECK(silent(told) <= 2);
}

TEST_CASE("the time left is never wrong by more than some factor whatever comes after what") {
  struct Row {
    const char* what;
    std::vector<double> files;
    Line line;
    double factor;
    std::size_t silent;
  };
  const Row rows[] = {
      {"equal large ones", several(30, 20 * kMB), {}, 1.5, 3},
      {"equal small ones", several(3000, 10'000), {4, 0.04}, 1.5, 3},
      {"one that is huge", several(1, 500 * kMB), {}, 1.5, 3},
      {"large ones, then tiny ones on a slow line",
       joined(several(4, 50 * kMB), several(2000, 100)),
       {2, 0.03},
       6,
       3},
      {"tiny ones, then large ones", joined(several(2000, 100), several(5, 80 * kMB)), {2, 0.01}, 2, 25},
      {"one after the other as they come",
       shuffled(joined(several(40, 10 * kMB), several(3000, 500))),
       {2, 0.01},
       3,
       3},
      {"one lane for everything",
       shuffled(joined(several(20, 10 * kMB), several(1000, 500))),
       {1, 0.01},
       3,
       3},
      {"many lanes", shuffled(joined(several(40, 10 * kMB), several(3000, 20'000))), {8, 0.05}, 3, 3},
  };
  for (const Row& row : rows) {
    INFO(row.what);
    const auto told = play(row.files, row.line);
    CHECK(told.size() > 10);
    CHECK(worst(told) < row.factor);
    CHECK(silent(told) <= row.silent);
  }
}

TEST_CASE("a line that becomes slower or stands still is noticed and so is its end") {
  Line throttled;
  throttled.share = [](double at) { return at < 20 ? 1.0 : 0.1; };
  const auto slower = play(several(40, 10 * kMB), throttled);
  CHECK(worst(slower, 45) < 2);
  Line stalled;
  stalled.share = [](double at) { return at > 20 && at < 40 ? 0.0 : 1.0; };
  const auto stall = play(several(60, 10 * kMB), stalled);
  const auto at = [&](double second) {
    return std::find_if(stall.begin(), stall.end(), [&](const Told& one) { return one.at >= second; });
  };
  CHECK((!at(39)->said || *at(39)->said > 2 * *at(19)->said));
  CHECK(worst(stall, 65) < 1.5);
}

TEST_CASE("what is left is said only when it is known") {
  const auto after = [](PaceSample sample, int ticks) {
    Pace pace;
    sample.seconds = 0.1;
    for (int i = 0; i < ticks; ++i) pace.advance(sample);
    return pace;
  };
  const PaceSample bytes{0, 1, 0, 100, 0, 0}, files{0, 0, 1, 0, 50, 1}, nothing{0, 0, 1, 0, 0, 0};
  CHECK(Pace{}.seconds_left(0, 0) == 0.0);
  CHECK_FALSE(Pace{}.seconds_left(1, 100));
  CHECK_FALSE(after(bytes, 10).seconds_left(1, 100));
  CHECK_FALSE(after(nothing, 600).seconds_left(5, 100));
  CHECK_FALSE(after(bytes, 600).seconds_left(1, 1'000'000'000'000'000));
  CHECK(std::abs(after(bytes, 600).seconds_left(0, 60'000).value() - 60) < 0.01);
  CHECK(std::abs(after(files, 600).seconds_left(100, 5'000).value() - 10) < 0.01);
  CHECK_FALSE(after(files, 600).seconds_left(100, 50'000'000));  // nobody has seen how fast bytes go
}
