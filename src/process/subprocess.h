// Another program, run without a shell.
#pragma once

#include <sys/types.h>

#include <optional>
#include <string>
#include <vector>

#include "base/fd.h"

namespace outhaul {

/// One that has been started. It doesn't outlive this object: what is still at work in the end is killed. Not
/// thread-safe.
class Subprocess {
 public:
  struct Setup {
    std::vector<std::string> argv;           ///< [0]: a path, or a name that is looked for in PATH
    std::vector<std::string> environment{};  ///< "NAME=VALUE": beside ours, and instead of what ours has
    bool errors_too = false;                 ///< standard error goes to output(), too; else it is passed on
    /// It gets a process group, so that what it has started in turn is told to end with it. Else it stays in
    /// ours, so that Ctrl-C reaches it. What it leaves behind when it ends by itself is left alone either
    /// way.
    bool own_group = false;
  };

  /// Standard input is empty, no signal is blocked or ignored. Throws std::system_error with the errno of
  /// what failed: ENOENT when there is no such program.
  explicit Subprocess(const Setup& setup);
  Subprocess(const Subprocess&) = delete;
  Subprocess& operator=(const Subprocess&) = delete;
  ~Subprocess();

  /// What it prints, to be read; non-blocking.
  int output() const noexcept { return output_.get(); }
  /// The wait status (wait(2)), once it has ended. Throws std::system_error.
  std::optional<int> ended();
  /// SIGTERM, and with `for_good` SIGKILL; to its whole group where it has one.
  void ask_to_end(bool for_good = false) noexcept;

 private:
  pid_t pid_ = -1;
  bool own_group_;
  std::optional<int> status_;
  Fd output_;
};

/// "ended with exit code 3", "ended by signal 9 (Killed)"; empty for success.
std::string how_it_failed(int wait_status);

}  // namespace outhaul
