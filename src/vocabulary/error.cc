#include "outhaul/error.h"

#include <fmt/format.h>

#include <array>
#include <system_error>

namespace outhaul {

ExitCode worst_of(ExitCode a, ExitCode b) noexcept {
  static constexpr std::array gravest_first = {
      ExitCode::interrupted,  ExitCode::terminated,    ExitCode::failed, ExitCode::remote_unusable,
      ExitCode::locked,       ExitCode::guard_refused, ExitCode::usage,  ExitCode::incomplete,
      ExitCode::window_ended, ExitCode::done};
  for (const ExitCode code : gravest_first)
    if (code == a || code == b) return code;
  return ExitCode::failed;
}

ExitCode exit_code_for(ErrorKind kind) noexcept {
  switch (kind) {
    case ErrorKind::usage:
    case ErrorKind::profile:
      return ExitCode::usage;
    case ErrorKind::locked:
      return ExitCode::locked;
    case ErrorKind::guard:
      return ExitCode::guard_refused;
    case ErrorKind::remote:
      return ExitCode::remote_unusable;
    case ErrorKind::cancelled:
      return ExitCode::interrupted;
    case ErrorKind::source:
    case ErrorKind::local_io:
    case ErrorKind::state:
    case ErrorKind::internal:
      return ExitCode::failed;
  }
  return ExitCode::failed;
}

std::string errno_text(int errno_value) {
  return std::generic_category().message(errno_value);
}

Error errno_error(int errno_value, const std::string& what, ErrorKind kind, std::string advice) {
  return Error(kind, fmt::format("{}: {}", what, errno_text(errno_value)), std::move(advice));
}

}  // namespace outhaul
