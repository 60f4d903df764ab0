// What `outhaul doctor` found out about a remote.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "outhaul/error.h"
#include "outhaul/server_memory.h"

namespace outhaul {

/// One thing that was tried, or one piece of advice that follows from several.
struct DoctorCheck {
  enum class Verdict : std::uint8_t {
    works,
    advice,    ///< works, but could be better, safer or faster with another setting
    degraded,  ///< doesn't work; a run does without it and says what is lost
    fails,     ///< doesn't work, and a run needs it
  };
  std::string name;  ///< stable word for scripts: "store", "rename_over", …
  std::string what;  ///< for people: "replace a file by renaming"
  Verdict verdict = Verdict::works;
  std::string found;   ///< what was seen, in one line; may be empty
  std::string advice;  ///< what to do, in plain words; may be empty
};
std::string_view to_string(DoctorCheck::Verdict) noexcept;

struct DoctorReport {
  std::string profile, remote;
  std::vector<DoctorCheck> checks;
  ServerMemory memory;  ///< what a run will go by
  ConnectionUse connections;
  // Unset: not measured, because something before it failed.
  std::optional<double> login_ms, latency_ms;
  std::optional<double> up_bytes_per_s, down_bytes_per_s;  ///< one connection, one large file
  std::optional<double> small_files_per_s;                 ///< one connection, 4 KiB each, stored only
  ExitCode outcome = ExitCode::done;  ///< done, failed (a check fails), remote_unusable (no login)
};

}  // namespace outhaul
