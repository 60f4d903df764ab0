// verify: does the remote hold what the state says?
#include "cli/commands.h"
#include "cli/display.h"
#include "cli/event_log.h"
#include "cli/terminal_output.h"
#include "job/verify.h"
#include "profile/decode.h"
#include "report/json.h"
#include "report/text.h"

namespace outhaul::cli {

ExitCode verify(const Common& common, const RunChoices& choices, const VerifyWords& words,
                const std::string& file, const CancelToken& cancel) {
  const Profile profile = load_profile(file);
  VerifyChoices what;
  what.jobs = choices.jobs;
  what.approve = choices.approve;
  what.remote_moved = choices.remote_moved;
  if (!words.read.empty()) what.read = read_choice(words.read, profile);
  const std::unique_ptr<Progress> display = display_for(common);
  EventLog events(*display);
  SystemClock clock;
  const Environment environment{
      find_state_root(common.state_dir), events, clock, cancel, real_remotes(cancel), {}, {}};
  const VerifyReport report = verify_profile(profile, what, environment);
  display->finish();
  if (common.json)
    print(verify_json(report) + "\n");
  else if (!common.quiet || report.outcome != ExitCode::done)
    print(verify_text(report));
  return report.outcome;
}

}  // namespace outhaul::cli
