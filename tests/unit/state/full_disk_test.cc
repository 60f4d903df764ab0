#include <sched.h>
#include <signal.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <unistd.h>

#include "fixture.h"
#include "support/catch.h"

using namespace outhaul;
using namespace outhaul::test;
namespace fs = std::filesystem;

namespace {

/// Commits until the disk is full; "" when the error and what is left behind are as promised.
std::string fill_up(const fs::path& dir, const std::string& reason, const std::function<void()>& make_space) {
  std::size_t committed = 0;
  std::optional<Error> error;
  {
    State state = State::open(dir, kProfile, State::Open::create_if_missing);
    const JobId job = state.job("www", RemotePath::parse("www"));
    const RunId run = state.begin_run(1);
    error = error_of([&] {
      for (; committed < 100'000; committed += 100) {
        Transaction tx = state.begin();
        for (std::size_t i = 0; i < 100; ++i)
          state.record(job, run,
                       directory_entry(numbered("entry ", static_cast<std::int64_t>(committed + i))));
        tx.commit();
      }
    });
    if (!error) return "the disk was never full";
    // The state goes on saying what it knows, and that it is full.
    if (paths(state.entries(job)).size() != committed) return "the open state lost what was committed";
    if (!error_of([&] { state.begin_run(2); }) && committed == 0) return "the disk was not full";
  }
  const std::string what = error->what();
  if (error->kind() != ErrorKind::local_io) return "wrong kind: " + what;
  if (what.find((dir / "state.db").string()) == std::string::npos) return "no file: " + what;
  if (what.find(reason) == std::string::npos) return "no reason: " + what;
  if (error->advice().find("Free space") == std::string::npos) return "no advice: " + error->advice();
  make_space();
  State state = State::open(dir, kProfile, State::Open::must_exist);
  if (query(dir / "state.db", "PRAGMA integrity_check") != "ok") return "damaged afterwards";
  if (paths(state.entries(*state.find_job("www"))).size() != committed) return "what was committed is lost";
  state.begin_run(3);
  return "";
}

void limit_file_size(rlim_t bytes) {
  ::signal(SIGXFSZ, SIG_IGN);
  rlimit limit{};
  if (::getrlimit(RLIMIT_FSIZE, &limit) != 0) throw std::runtime_error("no limit to read");
  limit.rlim_cur = std::min(bytes, limit.rlim_max);
  if (::setrlimit(RLIMIT_FSIZE, &limit) != 0) throw std::runtime_error("no limit to set");
}

bool mount_small_disk(const fs::path& at) {
  if (::unshare(CLONE_NEWNS) != 0) return false;
  if (::mount("none", "/", nullptr, MS_REC | MS_PRIVATE, nullptr) != 0) return false;
  return ::mount("tmpfs", at.c_str(), "tmpfs", 0, "size=1m") == 0;
}

}  // namespace

TEST_CASE("a state that grows past the file size limit says so and stays whole") {
  const TempDir tmp;
  const std::string said = in_child([&]() -> std::string {
    limit_file_size(400'000);
    return fill_up(tmp / "state", "File too large", [] { limit_file_size(RLIM_INFINITY); });
  });
  CHECK(said == "");
}

TEST_CASE("a state on a full disk says so and stays whole") {
  const TempDir tmp;
  fs::create_directory(tmp / "disk");
  const std::string said = in_child([&]() -> std::string {
    const fs::path disk = tmp / "disk";
    if (mount_small_disk(disk))
      return fill_up(disk / "state", "No space left on device",
                     [&] { ::mount("tmpfs", disk.c_str(), "tmpfs", MS_REMOUNT, "size=64m"); });
    limit_file_size(1'000'000);  // where we may not mount, a limit is the disk
    return fill_up(disk / "state", "File too large", [] { limit_file_size(RLIM_INFINITY); });
  });
  CHECK(said == "");
}

TEST_CASE("a disk that is too full for a new state is named and left clean") {
  const TempDir tmp;
  const std::string said = in_child([&]() -> std::string {
    limit_file_size(8192);
    const auto error =
        error_of([&] { State::open(tmp / "state", kProfile, State::Open::create_if_missing); });
    if (!error || error->kind() != ErrorKind::local_io) return "no error";
    if (!fs::is_empty(tmp / "state")) return "a draft was left";
    limit_file_size(RLIM_INFINITY);
    State::open(tmp / "state", kProfile, State::Open::create_if_missing).begin_run(1);
    return error->what();
  });
  CHECK(said.find("File too large") != std::string::npos);
  CHECK(said.find((tmp / "state/state.db").string()) != std::string::npos);
}
