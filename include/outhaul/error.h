// What can go wrong, as types. Every failure that reaches a person carries what is wrong, where, and what to
// do next.
#pragma once

#include <stdexcept>
#include <string>
#include <string_view>

namespace outhaul {

/// The process's answer to the script that called it. The worst of several jobs wins (see worst_of).
enum class ExitCode : int {
  done = 0,             ///< the remote holds everything the source held when it was read
  failed = 1,           ///< a job could not be carried out
  usage = 2,            ///< command line or profile
  incomplete = 3,       ///< done, but some entries could not be read or stored
  guard_refused = 4,    ///< a guard refused before the first byte
  remote_unusable = 5,  ///< the remote can't be reached or refuses us
  window_ended = 6,     ///< the window ended with more to do
  locked = 11,          ///< another run holds the lock
  interrupted = 130,    ///< SIGINT
  terminated = 143,     ///< SIGTERM
};

std::string_view to_string(ExitCode) noexcept;  ///< stable words for JSON: "done", "guard_refused", …

/// Neither done nor the end of a window, after which there is only more to do.
bool is_failure(ExitCode outcome) noexcept;

/// The graver of two outcomes, in the order: interrupted/terminated, failed, remote_unusable, locked,
/// guard_refused, usage, incomplete, window_ended, done.
ExitCode worst_of(ExitCode a, ExitCode b) noexcept;

enum class ErrorKind {
  usage,      ///< command line
  profile,    ///< profile file
  source,     ///< the local tree
  local_io,   ///< any other local file: state directory full, log file, secret file
  state,      ///< the state database is newer, foreign, damaged
  locked,     ///< another run holds the lock
  guard,      ///< a guard refused
  remote,     ///< server or network; see RemoteError
  cancelled,  ///< signal or deadline; not a fault
  internal,   ///< our bug
};

/// The one exception type of outhaul. `what()` says what is wrong and where, in one line; `advice()` what to
/// do next (may be empty). Neither ever contains a secret or a raw control byte (see printable()).
class Error : public std::runtime_error {
 public:
  Error(ErrorKind kind, const std::string& message, std::string advice = {})
      : std::runtime_error(message), kind_(kind), advice_(std::move(advice)) {}
  ErrorKind kind() const noexcept { return kind_; }
  const std::string& advice() const noexcept { return advice_; }

 private:
  ErrorKind kind_;
  std::string advice_;
};

/// The exit code for an error that ended the whole command.
ExitCode exit_code_for(ErrorKind kind) noexcept;

/// "No such file or directory" for an errno value, in one language.
std::string errno_text(int errno_value);

/// "message: No such file or directory" for an errno value; local_io unless said otherwise.
Error errno_error(int errno_value, const std::string& what, ErrorKind kind = ErrorKind::local_io,
                  std::string advice = {});

}  // namespace outhaul
