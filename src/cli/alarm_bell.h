// Tells those whom a profile names what became of a run.
#pragma once

#include <filesystem>
#include <optional>
#include <string>

#include "base/clock.h"
#include "outhaul/error.h"
#include "outhaul/profile.h"
#include "outhaul/report.h"

namespace outhaul::cli {

/// For one run. Borrows everything. Nothing that fails here fails the run: it is told as a warning, and in
/// the log.
class AlarmBell {
 public:
  AlarmBell(const Profile& profile, std::filesystem::path state_dir, const Clock& clock);

  void started();
  /// Also of a run that an error kept from its beginning: the lock, the state, a secret.
  void ended(const RunReport& report);
  /// The report of a run that was no more than this error.
  RunReport report_of(const Error& error) const;

 private:
  void mail(const Mail& mail, const RunReport& report);
  void ring(const Webhook& webhook, const RunReport& report);
  void write_metrics(const RunReport& report);
  void warn(const std::string& what, const std::string& failure) const;

  const Profile& profile_;
  const std::filesystem::path state_dir_;
  const Clock& clock_;
  const std::int64_t began_ns_;
  std::optional<ExitCode> before_;  ///< how the run before ended
};

}  // namespace outhaul::cli
