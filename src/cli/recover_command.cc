// recover: the state of a lost machine, from the remote alone.
#include "cli/commands.h"
#include "cli/silence.h"
#include "cli/terminal_output.h"
#include "job/recover.h"
#include "profile/decode.h"
#include "report/json.h"
#include "report/text.h"

namespace outhaul::cli {

ExitCode recover(const Common& common, const std::string& file, const CancelToken& cancel) {
  const Profile profile = load_profile(file);
  Silence events;
  SystemClock clock;
  const Environment environment{
      find_state_root(common.state_dir), events, clock, cancel, real_remotes(cancel), {}, {}};
  const RecoverReport report = recover_profile(profile, environment);
  if (common.quiet && !common.json && report.outcome == ExitCode::done) return report.outcome;
  print(common.json ? recover_json(report) + "\n" : recover_text(report));
  return report.outcome;
}

}  // namespace outhaul::cli
