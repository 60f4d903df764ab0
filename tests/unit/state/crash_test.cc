// SIGKILL at random moments, for real. The kernel's page cache survives it, so this proves whole transactions
// and a state that opens; that a commit is on the disk is SQLite's synchronous=FULL.
#include <signal.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <map>
#include <random>

#include "base/fd.h"
#include "fixture.h"
#include "support/catch.h"

using namespace outhaul;
using namespace outhaul::test;

namespace {

constexpr int kPerTransaction = 7;

/// One generation of entries, objects and parts per transaction; a byte to `ack` after each commit.
[[noreturn]] void write_until_killed(const std::filesystem::path& dir, int first_generation, int ack) {
  State state = State::open(dir, kProfile, State::Open::create_if_missing);
  const JobId job = state.job("www", RemotePath::parse("www"));
  const RunId run = state.begin_run(1);
  for (int generation = first_generation;; ++generation) {
    Transaction tx = state.begin();
    for (int i = 0; i < kPerTransaction; ++i) {
      const std::string path = std::to_string(generation) + "/" + std::to_string(i);
      store(state, job, run, file_entry(path, 1), "www/" + path);
    }
    tx.commit();
    if (::write(ack, "x", 1) != 1) ::_exit(1);
  }
}

/// Kills the writer after `commits` acknowledged ones and a moment more; how many were acknowledged in all.
int run_and_kill(const std::filesystem::path& dir, int first_generation, int commits, long moment_ns) {
  int ends[2];
  REQUIRE(::pipe(ends) == 0);
  const Fd from(ends[0]);
  Fd to(ends[1]);
  const pid_t child = ::fork();
  if (child == 0) write_until_killed(dir, first_generation, to.get());
  to.reset();
  char byte = 0;
  int acknowledged = 0;
  while (acknowledged < commits && ::read(from.get(), &byte, 1) == 1) ++acknowledged;
  const timespec moment{0, moment_ns};  // not waited for anything: it picks where the kill strikes
  ::nanosleep(&moment, nullptr);
  ::kill(child, SIGKILL);
  ::waitpid(child, nullptr, 0);
  while (::read(from.get(), &byte, 1) == 1) ++acknowledged;
  return acknowledged;
}

std::map<std::string, int> generations(const State& state) {
  std::map<std::string, int> sizes;
  if (const auto job = state.find_job("www"))
    for (const std::string& path : paths(state.entries(*job))) ++sizes[path.substr(0, path.find('/'))];
  return sizes;
}

}  // namespace

TEST_CASE("after every kill the state opens and holds whole transactions and all that were acknowledged") {
  const TempDir tmp;
  const auto dir = tmp / "state";
  std::mt19937 random(20261121);
  int acknowledged = 0, started = 0;
  for (int round = 0; round < 40; ++round) {
    acknowledged +=
        run_and_kill(dir, started, static_cast<int>(random() % 20), static_cast<long>(random() % 3'000'000));
    const State state = State::open(dir, kProfile, State::Open::create_if_missing);
    CHECK(query(dir / "state.db", "PRAGMA integrity_check") == "ok");
    const auto sizes = generations(state);
    for (const auto& [generation, size] : sizes) CHECK(size == kPerTransaction);
    const int whole = static_cast<int>(sizes.size());
    CHECK(whole >= acknowledged);
    CHECK(state.totals().files == static_cast<std::uint64_t>(whole) * kPerTransaction);
    CHECK(query(dir / "state.db", "SELECT count(*) FROM part") == "0");
    CHECK(query(dir / "state.db", "SELECT count(*) FROM pragma_foreign_key_check") == "0");
    acknowledged = started = whole;  // one more than was acknowledged may have been committed
  }
}

TEST_CASE("a kill while the state is made leaves none or a whole one") {
  std::mt19937 random(31);
  for (int round = 0; round < 30; ++round) {
    const TempDir tmp;
    run_and_kill(tmp / "state", 0, 0, static_cast<long>(random() % 6'000'000));
    const State state = State::open(tmp / "state", kProfile, State::Open::create_if_missing);
    CHECK(query(tmp / "state/state.db", "PRAGMA integrity_check") == "ok");
  }
}
