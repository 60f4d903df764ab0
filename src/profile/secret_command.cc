#include "profile/secret_command.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <optional>

#include "base/cancel.h"
#include "base/fd.h"
#include "outhaul/error.h"
#include "outhaul/paths.h"
#include "profile/wipe.h"

namespace outhaul {
namespace {

using Clock = std::chrono::steady_clock;

constexpr std::size_t kLongest = 64u << 10;
constexpr const char* kAdvice = "run the command by hand, as the user who runs outhaul, and see what it says";

std::string named(const std::string& program) {
  return fmt::format("the secret command \"{}\"", printable(program));
}

/// Removes the need to remember three destroy calls.
class SpawnSetup {
 public:
  SpawnSetup(int output) {
    posix_spawn_file_actions_init(&actions_);
    posix_spawn_file_actions_addopen(&actions_, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
    posix_spawn_file_actions_adddup2(&actions_, output, STDOUT_FILENO);
    posix_spawnattr_init(&attributes_);
    // Our threads block signals; a program that inherits this can't be interrupted. It stays in our process
    // group, so that Ctrl-C reaches it too.
    sigset_t none, all;
    sigemptyset(&none);
    sigfillset(&all);
    posix_spawnattr_setsigmask(&attributes_, &none);
    posix_spawnattr_setsigdefault(&attributes_, &all);
    posix_spawnattr_setflags(&attributes_, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
  }
  SpawnSetup(const SpawnSetup&) = delete;
  SpawnSetup& operator=(const SpawnSetup&) = delete;
  ~SpawnSetup() {
    posix_spawn_file_actions_destroy(&actions_);
    posix_spawnattr_destroy(&attributes_);
  }
  const posix_spawn_file_actions_t* actions() const { return &actions_; }
  const posix_spawnattr_t* attributes() const { return &attributes_; }

 private:
  posix_spawn_file_actions_t actions_{};
  posix_spawnattr_t attributes_{};
};

/// A child that doesn't outlive its owner.
class Child {
 public:
  Child(pid_t pid, const std::string& program) : pid_(pid), program_(program) {}
  Child(const Child&) = delete;
  Child& operator=(const Child&) = delete;
  ~Child() {
    if (pid_ <= 0) return;
    ::kill(pid_, SIGKILL);
    while (::waitpid(pid_, nullptr, 0) < 0 && errno == EINTR) {
    }
  }

  /// The wait status, once it has ended.
  std::optional<int> ended() {
    int status = 0;
    const pid_t got = ::waitpid(pid_, &status, WNOHANG);
    if (got == 0 || (got < 0 && errno == EINTR)) return std::nullopt;
    const int error = errno;
    pid_ = -1;
    if (got < 0)
      throw errno_error(error, fmt::format("{}: waiting for its end", named(program_)), ErrorKind::profile);
    return status;
  }

 private:
  pid_t pid_;
  const std::string& program_;
};

pid_t spawn(const std::vector<std::string>& argv, int output) {
  std::vector<char*> arguments;
  for (const std::string& argument : argv) arguments.push_back(const_cast<char*>(argument.c_str()));
  arguments.push_back(nullptr);
  const SpawnSetup setup(output);
  pid_t pid = -1;
  const int error =
      ::posix_spawnp(&pid, arguments[0], setup.actions(), setup.attributes(), arguments.data(), environ);
  if (error != 0)
    throw errno_error(
        error, named(argv.front()), ErrorKind::profile,
        "check that the program is installed and found in PATH; under cron, name it with its full path");
  return pid;
}

int milliseconds_until(Clock::time_point deadline) {
  const auto left = std::chrono::ceil<std::chrono::milliseconds>(deadline - Clock::now()).count();
  return static_cast<int>(std::clamp<std::int64_t>(left, 0, 3'600'000));
}

/// Signals reach another thread, perhaps: the token is looked at so often.
constexpr int kLookAtTokenMs = 50;

void stop_if(const CancelToken* cancel) {
  if (cancel != nullptr && cancel->cancelled()) throw Error(ErrorKind::cancelled, "stopped on request");
}

[[noreturn]] void too_slow(const std::string& program, std::chrono::milliseconds limit) {
  throw Error(
      ErrorKind::profile,
      fmt::format("{}: no answer within {} s", named(program), std::chrono::duration<double>(limit).count()),
      "the command must print the secret and end without asking anybody");
}

Secret read_output(int fd, const std::string& program, std::chrono::milliseconds limit,
                   Clock::time_point deadline, const CancelToken* cancel) {
  WipedBuffer output(kLongest);
  for (;;) {
    pollfd readable{fd, POLLIN, 0};
    const int left = milliseconds_until(deadline);
    const int ready = ::poll(&readable, 1, std::min(left, kLookAtTokenMs));
    stop_if(cancel);
    if (ready == 0 && left == 0) too_slow(program, limit);
    if (ready == 0 || (ready < 0 && errno == EINTR)) continue;
    if (output.room() == 0)
      throw Error(ErrorKind::profile,
                  fmt::format("{}: printed more than 64 KiB, which no secret is", named(program)), kAdvice);
    const ssize_t got = ::read(fd, output.end(), output.room());
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) throw errno_error(errno, named(program), ErrorKind::profile);
    if (got == 0) return output.take();
    output.grew(static_cast<std::size_t>(got));
  }
}

int wait_for_end(Child& child, const std::string& program, std::chrono::milliseconds limit,
                 Clock::time_point deadline, const CancelToken* cancel) {
  constexpr int kLookEvery = 10;  // ms; the output has ended, so the program is about to end too
  for (;;) {
    if (const auto status = child.ended()) return *status;
    stop_if(cancel);
    if (milliseconds_until(deadline) == 0) too_slow(program, limit);
    ::poll(nullptr, 0, std::min(kLookEvery, milliseconds_until(deadline)));
  }
}

}  // namespace

Secret run_secret_command(const std::vector<std::string>& argv, std::chrono::milliseconds limit,
                          const CancelToken* cancel) {
  const std::string& program = argv.at(0);
  const auto deadline = Clock::now() + limit;
  std::array<int, 2> ends{};
  if (::pipe2(ends.data(), O_CLOEXEC) != 0) throw errno_error(errno, named(program), ErrorKind::profile);
  const Fd reading(ends[0]);
  Fd writing(ends[1]);
  Child child(spawn(argv, writing.get()), program);
  writing.reset();
  Secret output = read_output(reading.get(), program, limit, deadline, cancel);
  const int status = wait_for_end(child, program, limit, deadline, cancel);
  if (WIFSIGNALED(status))
    throw Error(ErrorKind::profile,
                fmt::format("{}: ended by signal {} ({})", named(program), WTERMSIG(status),
                            strsignal(WTERMSIG(status))),
                kAdvice);
  if (WEXITSTATUS(status) != 0)
    throw Error(ErrorKind::profile,
                fmt::format("{}: ended with exit code {}", named(program), WEXITSTATUS(status)), kAdvice);
  return output;
}

}  // namespace outhaul
