// adopt: take over what others put on the remote.
#include "cli/commands.h"
#include "cli/display.h"
#include "cli/event_log.h"
#include "cli/terminal_output.h"
#include "job/adopt.h"
#include "profile/decode.h"
#include "report/adopt.h"

namespace outhaul::cli {
namespace {

AdoptCompare compare_for(const std::string& word) {
  for (const AdoptCompare compare : {AdoptCompare::size, AdoptCompare::hash, AdoptCompare::read})
    if (word == to_string(compare)) return compare;
  return AdoptCompare::mtime;
}

}  // namespace

ExitCode adopt(const Common& common, const RunChoices& choices, const std::string& compare,
               const std::string& file, const CancelToken& cancel) {
  const Profile profile = load_profile(file);
  const AdoptChoices what{choices.jobs, compare_for(compare), choices.dry_run, choices.approve};
  const std::unique_ptr<Progress> display = display_for(common);
  EventLog events(*display);
  SystemClock clock;
  const Environment environment{
      find_state_root(common.state_dir), events, clock, cancel, real_remotes(cancel), {}, {}};
  const AdoptReport report = adopt_profile(profile, what, environment);
  display->finish();
  if (common.json)
    print(adopt_json(report) + "\n");
  else if (!common.quiet || report.outcome != ExitCode::done)
    print(adopt_text(report));
  return report.outcome;
}

}  // namespace outhaul::cli
