// schedule: has systemd or cron run a profile.
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <ctime>
#include <filesystem>

#include "cli/commands.h"
#include "cli/terminal_output.h"
#include "job/environment.h"
#include "profile/decode.h"
#include "schedule/installed.h"
#include "schedule/remembered.h"
#include "schedule/schedule.h"

namespace outhaul::cli {
namespace {

namespace fs = std::filesystem;

std::vector<TimeOfDay> times_of(const std::vector<std::string>& words) {
  std::vector<TimeOfDay> times;
  for (const std::string& word : words) {
    std::string_view rest = word;
    while (true) {
      const std::size_t comma = rest.find(',');
      const std::string_view one = rest.substr(0, comma);
      const auto time = time_of_day(one);
      if (!time)
        throw Error(ErrorKind::usage, fmt::format("--daily: \"{}\" is no time of day", printable(one)),
                    "Write it like 02:30, from 00:00 to 23:59; several with commas: 02:30,14:30.");
      times.push_back(*time);
      if (comma == std::string_view::npos) break;
      rest.remove_prefix(comma + 1);
    }
  }
  std::ranges::sort(times);
  times.erase(std::ranges::unique(times).begin(), times.end());
  return times;
}

void refuse_control_bytes(const fs::path& path, std::string_view what) {
  const bool plain = std::ranges::none_of(
      path.native(), [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7F; });
  if (!plain)
    throw Error(ErrorKind::usage,
                fmt::format("{} \"{}\" holds a control byte, which no unit and no crontab can", what,
                            printable(path.native())),
                "Name it differently.");
}

/// Each secret that is a credential must be handed over by the unit.
void require_credentials(const Profile& profile, const std::vector<std::string>& given, bool cron) {
  const RemoteSettings& remote = profile.remote;
  std::vector<const SecretSource*> secrets{&remote.password, &remote.tls.key_password, &remote.ssh.passphrase,
                                           &remote.proxy.password};
  for (const Webhook& webhook : profile.alarms.webhooks) secrets.push_back(&webhook.token);
  for (const SecretSource* secret : secrets) {
    if (secret->kind != SecretSource::Kind::credential) continue;
    if (cron)
      throw Error(
          ErrorKind::usage,
          fmt::format(
              "the profile takes the secret \"{}\" from a systemd credential, which cron doesn't have",
              printable(secret->name)),
          "Leave --cron out, or have the profile read it from a file.");
    const bool there = std::ranges::any_of(
        given, [&](const std::string& one) { return one.starts_with(secret->name + ":/"); });
    if (!there)
      throw Error(
          ErrorKind::usage,
          fmt::format("the profile takes a secret from the credential \"{}\"", printable(secret->name)),
          fmt::format("Say which file holds it: --credential {}:/etc/outhaul/NAME.secret",
                      printable(secret->name)));
  }
}

Schedule schedule_for(const Common& common, const ScheduleWords& words, const Profile& profile,
                      const std::string& file) {
  Schedule schedule;
  schedule.profile = profile.name;
  schedule.profile_file = fs::absolute(file).lexically_normal();
  schedule.program = fs::read_symlink("/proc/self/exe");
  schedule.times = times_of(words.daily);
  if (!common.state_dir.empty()) schedule.state_dir = fs::absolute(common.state_dir).lexically_normal();
  schedule.system = words.system || (!words.user && ::geteuid() == 0);
  schedule.hooks = std::ranges::any_of(profile.jobs, [](const Job& job) {
    return !job.hooks.before.empty() || !job.hooks.after.empty() || !job.hooks.on_failure.empty();
  });
  if (profile.remote.scheme == Scheme::file) schedule.writes.push_back(profile.remote.base);
  if (!profile.alarms.metrics.empty()) schedule.writes.push_back(profile.alarms.metrics.parent_path().native());
  schedule.credentials = words.credentials;
  refuse_control_bytes(schedule.profile_file, "the profile's path");
  refuse_control_bytes(schedule.program, "the program's path");
  if (schedule.program.native().find_first_of("\"'\\") != std::string::npos)
    throw Error(
        ErrorKind::usage,
        fmt::format(
            "the program's path \"{}\" holds a quote or a backslash, which systemd doesn't take there",
            printable(schedule.program.native())),
        "Install outhaul in another directory.");
  refuse_control_bytes(schedule.state_dir, "the state's path");
  for (const std::string& one : schedule.credentials) refuse_control_bytes(one, "the credential");
  return schedule;
}

std::vector<std::optional<ClockGap>> gaps_of(const Schedule& schedule) {
  std::vector<std::optional<ClockGap>> gaps;
  for (const TimeOfDay& time : schedule.times) gaps.push_back(clock_gap(time, std::time(nullptr)));
  return gaps;
}

void tell(const std::vector<std::string>& done) {
  for (const std::string& line : done) print(line + "\n");
}

void tell_of_gaps(const Schedule& schedule, const std::vector<std::optional<ClockGap>>& gaps) {
  for (std::size_t i = 0; i < gaps.size(); ++i)
    if (gaps[i])
      complain(fmt::format(
          "note: the local clock leaves {} out on {}; the timer names it by UTC ({}), so that no night "
          "is skipped and half of the year it is an hour off",
          to_string(schedule.times[i]), gaps[i]->day, to_string(gaps[i]->utc)));
}

/// Units here and lines there would run it twice.
void refuse_the_other_kind(const Schedule& schedule, bool cron) {
  const fs::path timer =
      cron ? unit_home(schedule.system).dir / (unit_name(schedule.profile) + ".timer") : fs::path{};
  if (cron ? !fs::exists(timer) : !crontab_names(schedule)) return;
  throw Error(ErrorKind::usage,
              fmt::format("{} already: two schedules for one profile",
                          cron ? printable(timer.native()) + " runs the profile"
                               : "a line of the crontab names " + printable(schedule.profile_file.native())),
              cron ? "Remove that one first: the same command with --remove and without --cron."
                   : "Remove that one first: --cron --remove, or by hand with `crontab -e`.");
}

ExitCode remove(const Schedule& schedule, const UnitHome& home, const fs::path& state_dir, bool cron) {
  const std::vector<std::string> done = cron ? remove_cron(schedule) : remove_units(schedule.profile, home);
  tell(done);
  if (done.empty())
    print(fmt::format("there is no schedule of {} to remove in {}; --user, --system and --cron look elsewhere\n",
                      schedule.profile, cron ? "the crontab" : printable(home.dir.native())));
  forget_schedule(state_dir);
  return ExitCode::done;
}

ExitCode install(const Schedule& schedule, const UnitHome& home, const fs::path& state_dir, bool cron) {
  refuse_the_other_kind(schedule, cron);
  if (cron) {
    tell(install_cron(schedule));
    remember_schedule(state_dir, schedule.times);
    return ExitCode::done;
  }
  const auto gaps = gaps_of(schedule);
  tell_of_gaps(schedule, gaps);
  tell(install_units(schedule, gaps, home));
  remember_schedule(state_dir, schedule.times);
  const char* user = schedule.system ? "" : " --user";
  print(
      fmt::format("\nWhen next?      systemctl{0} list-timers {1}.timer\nWhat happened?  journalctl{0} -u "
                  "{1}\nRun it now:     "
                  "systemctl{0} start {1}\n",
                  user, unit_name(schedule.profile)));
  if (!schedule.system)
    print("Your timers run while you are logged in; `loginctl enable-linger` has them run always.\n");
  return ExitCode::done;
}

ExitCode show(const Schedule& schedule, const UnitHome& home, bool cron) {
  if (cron) {
    print(cron_text(schedule));
    return ExitCode::done;
  }
  const auto gaps = gaps_of(schedule);
  tell_of_gaps(schedule, gaps);
  const std::string name = (home.dir / unit_name(schedule.profile)).native();
  print(fmt::format("# {}.service\n{}\n# {}.timer\n{}", printable(name), service_text(schedule),
                    printable(name), timer_text(schedule, gaps)));
  return ExitCode::done;
}

}  // namespace

ExitCode schedule(const Common& common, const ScheduleWords& words, const std::string& file) {
  const Profile profile = load_profile(file);
  const Schedule made = schedule_for(common, words, profile, file);
  const fs::path state_dir = find_state_root(common.state_dir) / profile.name;
  const UnitHome home = words.cron ? UnitHome{} : unit_home(made.system);
  if (words.remove) return remove(made, home, state_dir, words.cron);
  if (made.times.empty())
    throw Error(ErrorKind::usage, "schedule: --daily is required",
                fmt::format("Say when: outhaul schedule {} --daily 03:30", printable(file)));
  require_credentials(profile, words.credentials, words.cron);
  return words.install ? install(made, home, state_dir, words.cron) : show(made, home, words.cron);
}

}  // namespace outhaul::cli
