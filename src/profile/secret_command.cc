#include "profile/secret_command.h"

#include <fmt/format.h>
#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <optional>
#include <system_error>

#include "base/cancel.h"
#include "outhaul/error.h"
#include "outhaul/paths.h"
#include "process/subprocess.h"
#include "profile/wipe.h"

namespace outhaul {
namespace {

using Clock = std::chrono::steady_clock;

constexpr std::size_t kLongest = 64u << 10;
constexpr const char* kAdvice = "run the command by hand, as the user who runs outhaul, and see what it says";

std::string named(const std::string& program) {
  return fmt::format("the secret command \"{}\"", printable(program));
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
    if (got < 0 && (errno == EINTR || errno == EAGAIN)) continue;
    if (got < 0) throw errno_error(errno, named(program), ErrorKind::profile);
    if (got == 0) return output.take();
    output.grew(static_cast<std::size_t>(got));
  }
}

/// Its wait status, once it has ended.
std::optional<int> ended(Subprocess& child, const std::string& program) {
  try {
    return child.ended();
  } catch (const std::system_error& error) {
    throw errno_error(error.code().value(), fmt::format("{}: waiting for its end", named(program)),
                      ErrorKind::profile);
  }
}

int wait_for_end(Subprocess& child, const std::string& program, std::chrono::milliseconds limit,
                 Clock::time_point deadline, const CancelToken* cancel) {
  constexpr int kLookEvery = 10;  // ms; the output has ended, so the program is about to end too
  for (;;) {
    if (const auto status = ended(child, program)) return *status;
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
  std::optional<Subprocess> started;
  try {
    started.emplace(Subprocess::Setup{.argv = argv});
  } catch (const std::system_error& error) {
    throw errno_error(
        error.code().value(), named(program), ErrorKind::profile,
        "check that the program is installed and found in PATH; under cron, name it with its full path");
  }
  Subprocess& child = *started;
  Secret output = read_output(child.output(), program, limit, deadline, cancel);
  const int status = wait_for_end(child, program, limit, deadline, cancel);
  if (const std::string failure = how_it_failed(status); !failure.empty())
    throw Error(ErrorKind::profile, fmt::format("{}: {}", named(program), failure), kAdvice);
  return output;
}

}  // namespace outhaul
