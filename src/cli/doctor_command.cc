// doctor: does this remote do what a run needs?
#include "cli/commands.h"
#include "cli/silence.h"
#include "cli/terminal_output.h"
#include "job/doctor.h"
#include "profile/decode.h"
#include "report/json.h"
#include "report/text.h"

namespace outhaul::cli {
ExitCode doctor(const Common& common, const std::string& file, const CancelToken& cancel) {
  const Profile profile = load_profile(file);
  Silence events;
  SystemClock clock;
  const Environment environment{
      find_state_root(common.state_dir), events, clock, cancel, real_remotes(cancel), {}, {}};
  const DoctorReport report = examine_profile(profile, environment);
  if (common.quiet && !common.json && report.outcome == ExitCode::done) return report.outcome;
  print(common.json ? doctor_json(report) + "\n" : doctor_text(report));
  return report.outcome;
}

}  // namespace outhaul::cli
