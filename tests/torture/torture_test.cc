// SIGKILL at random moments, over and over, while somebody works in the source: nothing is lost, and in the
// end everything is there. README.md says how to run as many rounds as one likes.
#include <fmt/format.h>

#include <atomic>
#include <cstdlib>
#include <iostream>
#include <thread>

#include "e2e/site.h"
#include "moment.h"
#include "support/catch.h"
#include "support/sweep.h"
#include "support/mutator.h"
#include "support/tree.h"
#include "witness.h"

using namespace outhaul;
using namespace outhaul::test;
using namespace std::chrono_literals;

namespace fs = std::filesystem;

namespace {

using std::chrono::microseconds;
using std::chrono::steady_clock;

std::uint64_t number_from(const char* variable, std::uint64_t otherwise) {
  const char* text = std::getenv(variable);
  return text == nullptr ? otherwise : std::strtoull(text, nullptr, 10);
}

constexpr int kKeptNights = 3;  ///< where versions are kept

enum class Faults : bool { none, server };

struct Setting {
  ServerKind server;
  Tls tls;
  Faults faults;
  std::uint64_t rounds;
};

class Torture {
 public:
  Torture(const Setting& setting, std::uint64_t seed)
      : setting_(setting),
        random_(seed),
        site_(setting.server, setting.tls),
        mutator_(site_.source(), site_.dir() / "elsewhere", seed + 1) {
    site_.choices.connections = 3;
    site_.choices.retries = 1;
    site_.choices.on_removal = seed % 2 == 0 ? "retire" : "delete";
    if (seed % 2 == 0) site_.choices.job_extra = fmt::format(R"("versions": {{"last": {}}})", kKeptNights);
    site_.choices.top_extra = R"("safety": {"max_delete": "100%", "max_change": "100%"})";
    for (int i = 0; i < 60; ++i) mutator_.step();
  }

  void run() {
    for (round_ = 1; round_ <= setting_.rounds; ++round_) {
      if (round_ % 10 == 1)
        let_one_finish();
      else
        kill_one();
      if (round_ % 100 == 0) std::cout << fmt::format("round {}\n", round_) << std::flush;
    }
    let_one_finish();
    expect_nothing_to_do();
    std::cout << fmt::format("{} rounds: {} kills, {} ended before their kill, {} runs to the end\n",
                             setting_.rounds, kills_, early_, finished_);
  }

 private:
  std::uint64_t below(std::uint64_t limit) {
    return std::uniform_int_distribution<std::uint64_t>(0, limit - 1)(random_);
  }

  void kill_one() {
    for (std::uint64_t edits = below(12); edits > 0; --edits) mutator_.step();
    Lookout lookout;
    const auto step = static_cast<Lookout::Step>(below(5));
    lookout.watch(site_.state_dir(), Lookout::Step::commit);
    lookout.watch(site_.space() / ".outhaul/parts",
                  step == Lookout::Step::sending ? step : Lookout::Step::renamed);
    if (step == Lookout::Step::removed) watch_stored(lookout);
    const int count = 1 + static_cast<int>(below(step == Lookout::Step::commit ? 20 : 8));
    const microseconds limit{step == Lookout::Step::none
                                 ? below(static_cast<std::uint64_t>(usual_.count() * 5 / 4))
                                 : static_cast<std::uint64_t>(usual_.count() * 3)};
    const microseconds more{step == Lookout::Step::none ? 0 : below(1500)};
    what_ = fmt::format("step {} x {}, at most {} us and {} us more", static_cast<int>(step), count,
                        limit.count(), more.count());
    fs::remove(site_.dir() / "output");
    Process process = site_.start({"-v"});
    {
      Worker worker(mutator_, random_());
      Trouble trouble(setting_.faults, site_.server(), random_(), usual_);
      lookout.wait(step, count, process, limit);
      lookout.wait(Lookout::Step::none, 0, process, more);
      const auto exit = process.try_wait();
      process.kill_group();
      if (exit) {
        ++early_;
        INFO(where());
        CHECK((exit->code == 0 || exit->code == 3 || exit->code == 5 || exit->code == 1));
      } else {
        ++kills_;
      }
    }
    look();
  }

  /// Nobody works in the source, nobody is killed: the run succeeds, and source and remote are equal.
  void let_one_finish() {
    what_ = "a run to its end";
    const auto begin = steady_clock::now();
    const RunResult result = site_.run({"-v"});
    usual_ = std::chrono::duration_cast<microseconds>(steady_clock::now() - begin);
    ++finished_;
    INFO(where());
    INFO(told(result));
    INFO("before it: " << site_.output());
    REQUIRE(result.exit.code == 0);
    REQUIRE(site_.differences() == std::vector<std::string>{});
    REQUIRE(site_.parts().empty());
    look();
  }

  /// Once the nights without a change are as many as are kept: until then each one lets versions go.
  void expect_nothing_to_do() {
    for (int night = 0; night < kKeptNights; ++night) REQUIRE(site_.run().exit.code == 0);
    REQUIRE(site_.server().wait_for_no_sessions());
    site_.server().forget_commands();
    const RunResult result = site_.run();
    INFO(told(result));
    CHECK(result.exit.code == 0);
    CHECK(site_.sessions() == 0);
  }

  /// What the server was told before the kill it still does: only then is there an "after".
  void look() {
    REQUIRE(site_.server().wait_for_no_sessions());
    const auto broken =
        broken_promises(site_.state_dir(), site_.choices.name, site_.space(), site_.dir() / "copy");
    if (broken.empty()) return;
    INFO(where());
    INFO("output of the killed run: " << site_.output());
    REQUIRE(broken == std::vector<std::string>{});
  }

  void watch_stored(Lookout& lookout) const {
    lookout.watch(site_.stored(), Lookout::Step::removed);
    std::error_code none;
    for (const auto& entry : fs::recursive_directory_iterator(site_.stored(), none))
      if (entry.is_directory()) lookout.watch(entry.path(), Lookout::Step::removed);
  }

  std::string where() const { return fmt::format("round {}: {}", round_, what_); }

  /// Edits the source while it lives.
  class Worker {
   public:
    Worker(Mutator& mutator, std::uint64_t seed)
        : thread_([this, &mutator, seed] {
            Mutator::Random random(seed);
            while (!stop_) {
              mutator.step();
              std::this_thread::sleep_for(microseconds(random() % 20'000));
            }
          }) {}
    ~Worker() {
      stop_ = true;
      thread_.join();
    }

   private:
    std::atomic<bool> stop_ = false;
    std::thread thread_;
  };

  /// Cuts connections, or kills the server and starts it again, while it lives.
  class Trouble {
   public:
    Trouble(Faults faults, TestServer& server, std::uint64_t seed, microseconds usual) {
      if (faults == Faults::none) return;
      thread_ = std::thread([this, &server, seed, usual] {
        Mutator::Random random(seed);
        while (!stop_) {
          std::this_thread::sleep_for(microseconds(random() % static_cast<std::uint64_t>(usual.count() + 1)));
          if (stop_) return;
          if (random() % 3 != 0) {
            server.drop_sessions();
          } else {
            server.stop();
            server.resume();
          }
        }
      });
    }
    ~Trouble() {
      stop_ = true;
      if (thread_.joinable()) thread_.join();
    }

   private:
    std::atomic<bool> stop_ = false;
    std::thread thread_;
  };

  Setting setting_;
  Mutator::Random random_;
  Site site_;
  Mutator mutator_;
  microseconds usual_ = 500ms;
  std::uint64_t round_ = 0, kills_ = 0, early_ = 0, finished_ = 0;
  std::string what_;
};

/// A sanitized run takes four times as long; what it is for is the code that is reached.
constexpr std::uint64_t kRounds = kSweepStride == 1 ? 100 : 30;

void torture(Setting setting) {
  setting.rounds = number_from("OUTHAUL_TORTURE_ROUNDS", setting.rounds);
  const std::uint64_t seed = number_from("OUTHAUL_TORTURE_SEED", std::random_device{}());
  INFO("OUTHAUL_TORTURE_SEED=" << seed << " OUTHAUL_TORTURE_ROUNDS=" << setting.rounds);
  std::cout << fmt::format("{} {}, seed {}\n", to_string(setting.server), to_string(setting.tls), seed)
            << std::flush;
  Torture(setting, seed).run();
}

}  // namespace

TEST_CASE("kill -9 at any moment loses nothing on ProFTPD") {
  torture({ServerKind::proftpd, Tls::none, Faults::none, kRounds});
}

TEST_CASE("kill -9 at any moment loses nothing on vsftpd with TLS") {
  torture({ServerKind::vsftpd, Tls::explicit_, Faults::none, kRounds});
}

TEST_CASE("kill -9 of client and server at any moment loses nothing", "[.by-hand]") {
  torture({ServerKind::proftpd, Tls::explicit_, Faults::server, kRounds});
}
