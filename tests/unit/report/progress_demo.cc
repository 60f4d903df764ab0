// The live display over a run that is made up; to be looked at: `progress_demo [seconds] [v|vv]`, and resize
// the window.
#include <unistd.h>

#include <chrono>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <random>
#include <string>
#include <thread>
#include <vector>

#include "report/progress.h"

using namespace outhaul;

namespace {

std::sig_atomic_t volatile interrupted = 0;

struct Demo {
  Progress& progress;
  std::chrono::steady_clock::time_point end;
  std::mt19937 random{1};

  bool goes_on() const { return interrupted == 0 && std::chrono::steady_clock::now() < end; }
  static void pause(int ms) { std::this_thread::sleep_for(std::chrono::milliseconds(ms)); }

  void scan() {
    progress.on(JobStarted{"www", "/srv/www", "ftp://ftp.example.net/web01/www"});
    ScanProgress seen;
    for (int i = 0; i < 20 && goes_on(); ++i, pause(50)) {
      seen.files += 617;
      seen.dirs += 41;
      seen.bytes += 37'000'000;
      progress.on(seen);
    }
  }

  Plan plan() {
    Plan plan;
    plan.counts.uploads = 4'312;
    plan.counts.upload_bytes = 2'800'000'000;
    plan.counts.removes = 300;
    plan.actions.resize(4'612);
    return plan;
  }

  std::string path(int lane) {
    static const std::vector<std::string> paths = {
        "images/2026/holidays/by-the-sea/with-everybody/IMG_20260801_181500.jpg", "写真/夏休み/海.mov",
        "db.sql", "a name with spaces/and\nmore"};
    return std::to_string(random() % 1000) + "/" + paths[static_cast<std::size_t>(lane) % paths.size()];
  }

  void upload() {
    std::vector<std::uint64_t> left(4, 0);
    for (int round = 0; goes_on(); ++round, pause(10))
      for (int lane = 0; lane < 4; ++lane) {
        auto& rest = left[static_cast<std::size_t>(lane)];
        if (rest == 0) {
          rest = lane == 3 ? 100'000 : 20'000'000 + random() % 50'000'000;
          progress.on(TransferStarted{lane, path(lane), rest, 0});
        }
        const std::uint64_t sent = std::min<std::uint64_t>(rest, 65'536 + random() % 200'000);
        rest -= sent;
        progress.on(TransferProgress{lane, sent});
        if (rest == 0) progress.on(TransferEnded{lane, true});
        if (rest == 0) progress.on(ActionDone{ActionKind::upload, path(lane), sent});
        if (round % 200 == 150 && lane == 0)
          progress.on(ProblemFound{{Problem::Severity::warning, "www", path(1),
                                    "changed while it was read; the copy is kept",
                                    "It is sent again by the next run."}});
        if (round % 150 == 100 && lane == 1)
          progress.on(RetryScheduled{1, path(1), "421 Timeout", 2, 5, 4000});
      }
  }
};

}  // namespace

int main(int argc, char** argv) {
  std::signal(SIGINT, [](int) { interrupted = 1; });
  const int seconds = argc > 1 ? std::atoi(argv[1]) : 20;
  const int verbosity = argc > 2 ? static_cast<int>(std::strlen(argv[2])) : 0;
  const auto progress = make_progress({2, ::isatty(2) == 1, false, verbosity, true});
  Demo demo{*progress, std::chrono::steady_clock::now() + std::chrono::seconds(seconds)};
  demo.scan();
  const Plan plan = demo.plan();
  progress->on(PlanReady{&plan});
  demo.upload();
  progress->finish();
  return interrupted != 0 ? 130 : 0;
}
