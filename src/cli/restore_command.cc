// restore: the way back.
#include "base/log.h"
#include "cli/commands.h"
#include "cli/display.h"
#include "cli/event_log.h"
#include "cli/terminal_output.h"
#include "job/restore.h"
#include "profile/decode.h"
#include "report/json.h"
#include "report/text.h"

namespace outhaul::cli {

ExitCode restore(const Common& common, const std::string& file, const RestoreOptions& options,
                 const CancelToken& cancel) {
  const Profile profile = load_profile(file);
  const std::unique_ptr<Progress> display = display_for(common);
  EventLog events(*display);
  SystemClock clock;
  const Environment environment{
      find_state_root(common.state_dir), events, clock, cancel, real_remotes(cancel), {}, {}};
  RestoreReport report;
  try {
    report = restore_profile(profile, options, environment);
  } catch (...) {
    display->finish();
    throw;
  }
  display->finish();
  const std::string text = restore_text(report);
  log::write(log::Level::info, text);
  if (common.json)
    print(restore_json(report) + "\n");
  else if (!common.quiet || options.dry_run)
    print(text);
  return report.outcome;
}

}  // namespace outhaul::cli
