// Programs under test: started, fed, watched, ended.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace outhaul::test {

struct SpawnOptions {
  std::map<std::string, std::string>
      env;                         ///< added to this process's environment, or replacing what is there
  std::vector<std::string> unset;  ///< variables taken out of it
  std::filesystem::path cwd;       ///< empty: this process's own
  std::string input;               ///< run_program only: what standard input holds
  std::chrono::milliseconds timeout{60'000};  ///< run_program only: then the program's group is killed
};

/// How a program ended.
struct Exit {
  int code = -1;  ///< its exit code; -1 when a signal ended it
  int signal = 0;
  friend bool operator==(const Exit&, const Exit&) = default;
};

/// A running program in a process group of its own. It is killed, with its group, when this object goes; and
/// by the kernel when the thread that started it ends.
class Process {
 public:
  /// Standard input is /dev/null; output and errors are appended to `output` (empty: /dev/null). Throws
  /// std::runtime_error when the program can't be started.
  static Process start(const std::vector<std::string>& argv, const SpawnOptions& options = {},
                       const std::filesystem::path& output = {});
  Process() = default;
  Process(Process&& other) noexcept;
  Process& operator=(Process&& other) noexcept;
  ~Process();

  pid_t pid() const noexcept { return pid_; }
  void signal(int number) const;
  std::optional<Exit> try_wait();
  /// Waits up to `time`; empty when it still runs then.
  std::optional<Exit> wait(std::chrono::milliseconds time);
  /// SIGKILL to the whole group; returns when all of its members are gone.
  void kill_group();
  /// The members of the group, without the program itself: a server's sessions.
  std::vector<pid_t> children() const;

 private:
  friend struct Launcher;
  pid_t pid_ = -1;
  std::optional<Exit> exit_;
};

struct RunResult {
  Exit exit;
  bool timed_out = false;
  std::string out, err;
};

/// Runs a program to its end.
RunResult run_program(const std::vector<std::string>& argv, const SpawnOptions& options = {});

/// Polls `condition` until it holds; false when `time` has passed before.
template <typename Condition>
bool eventually(Condition condition, std::chrono::milliseconds time = std::chrono::seconds(10));

/// The pause between two polls of eventually().
void poll_pause();

template <typename Condition>
bool eventually(Condition condition, std::chrono::milliseconds time) {
  const auto deadline = std::chrono::steady_clock::now() + time;
  while (!condition()) {
    if (std::chrono::steady_clock::now() > deadline) return false;
    poll_pause();
  }
  return true;
}

}  // namespace outhaul::test
