// status, runs, ls, history and explain.
#include <fmt/format.h>

#include <charconv>

#include "cli/commands.h"
#include "cli/terminal_output.h"
#include "job/explain.h"
#include "job/history.h"
#include "job/queries.h"
#include "profile/decode.h"
#include "report/json.h"
#include "report/nagios.h"
#include "report/text.h"
#include "schedule/remembered.h"

namespace outhaul::cli {
namespace {

/// "26h", "3d", "90min", "45s".
std::chrono::seconds parse_age(const std::string& text) {
  std::int64_t value = 0;
  const auto [end, fault] = std::from_chars(text.data(), text.data() + text.size(), value);
  const std::string_view unit(end, static_cast<std::size_t>(text.data() + text.size() - end));
  const std::int64_t factor = unit == "s"                    ? 1
                              : unit == "min" || unit == "m" ? 60
                              : unit == "h"                  ? 3600
                              : unit == "d"                  ? 86400
                                                             : 0;
  if (fault != std::errc{} || value <= 0 || factor == 0 || value > 100'000'000 / factor)
    throw Error(ErrorKind::usage, fmt::format("--max-age: \"{}\" is not an age", printable(text)),
                "Write it like 26h, 3d or 90min.");
  return std::chrono::seconds(value * factor);
}

/// How old a success may be that nothing is wrong with.
std::chrono::seconds expected_age(const std::filesystem::path& state_dir) {
  const std::vector<TimeOfDay> times = remembered_schedule(state_dir);
  return times.empty() ? std::chrono::hours(26) : std::chrono::seconds(longest_wait_s(times));
}

std::filesystem::path state_dir_of(const Common& common, const Profile& profile) {
  return find_state_root(common.state_dir) / profile.name;
}

}  // namespace

ExitCode status(const Common& common, const ProfileFiles& files, const std::string& max_age, bool nagios) {
  const auto given = max_age.empty() ? std::nullopt : std::optional(parse_age(max_age));
  const SystemClock clock;
  std::vector<StatusReport> reports;
  ExitCode outcome = load_profiles(files, [&](Profile&& profile) {
    const std::filesystem::path state_dir = state_dir_of(common, profile);
    reports.push_back(status_of(profile, state_dir, given.value_or(expected_age(state_dir)), clock.now_ns()));
  });
  const ExitCode unread = outcome;
  for (const StatusReport& report : reports) {
    if (report.healthy) continue;
    const bool merely_incomplete = report.last_run && report.last_run->outcome == ExitCode::incomplete;
    outcome = worst_of(outcome, merely_incomplete ? ExitCode::incomplete : ExitCode::failed);
  }
  if (nagios) {
    const NagiosState state = unread == ExitCode::done ? nagios_state(reports) : NagiosState::unknown;
    print(nagios_text(reports, state, clock.now_ns()));
    return ExitCode{static_cast<int>(state)};  // what a monitoring system reads, and not ours
  }
  if (common.quiet && !common.json && outcome == ExitCode::done) return outcome;
  print(common.json ? status_json(reports) + "\n" : status_text(reports));
  return outcome;
}

ExitCode runs(const Common& common, const std::string& file, std::size_t newest) {
  const Profile profile = load_profile(file);
  const std::vector<RunRow> rows = runs_of(profile, state_dir_of(common, profile), newest);
  print(common.json ? runs_json(profile.name, rows) + "\n" : runs_text(rows, common.verbosity > 0));
  return ExitCode::done;
}

ExitCode history(const Common& common, const std::string& file, const std::string& job,
                 const std::string& path) {
  const Profile profile = load_profile(file);
  const JobPath wanted = find_path(profile, job, path);
  const HistoryReport report = history_of(profile, state_dir_of(common, profile), wanted);
  if (report.rows.empty())
    throw Error(
        ErrorKind::local_io,
        fmt::format("\"{}\" was never stored, or retention has let go of every run that had it",
                    printable(path)),
        "`outhaul ls PROFILE --at WHEN` shows what there was; `outhaul explain` says whether a pattern "
        "leaves it out.");
  print(common.json ? history_json(report) + "\n" : history_text(report));
  return ExitCode::done;
}

ExitCode ls(const Common& common, const std::string& file, const std::string& job, const std::string& path,
            bool long_form, const std::string& at) {
  const Profile profile = load_profile(file);
  const When when = parse_when(at, SystemClock().now_ns());
  std::vector<JobPath> wanted;
  if (!path.empty() || !job.empty()) {
    wanted.push_back(find_path(profile, job, path.empty() ? "." : path));
  } else {
    for (const Job& each : profile.jobs) wanted.push_back({&each, {}});
  }
  LsJson json(profile.name);
  LsText listing(long_form, wanted.size() > 1);
  std::string text = common.json ? json.open() : "";  // printed once the state could be read
  const auto flush = [&] {
    print(text);
    text.clear();
  };
  const bool any = list_entries(profile, state_dir_of(common, profile), wanted, when, [&](LsRow&& row) {
    text += common.json ? json.row(row) : listing.row(row);
    if (text.size() >= 64 * 1024) flush();
  });
  flush();
  if (common.json) print(json.close() + "\n");
  if (any || path.empty()) return ExitCode::done;
  throw Error(ErrorKind::local_io,
              when.kind == When::Kind::latest
                  ? fmt::format("\"{}\" is not on the remote, as far as the state knows", printable(path))
                  : fmt::format("\"{}\" was not there at {}", printable(path), when.text),
              "`outhaul explain` says whether a pattern leaves it out, `outhaul history` when it was there.");
}

ExitCode explain(const Common& common, const std::string& file, const std::string& job,
                 const std::string& path) {
  const Profile profile = load_profile(file);
  const JobPath wanted = find_path(profile, job, path);
  print(explain_path(profile, wanted, state_dir_of(common, profile)));
  return ExitCode::done;
}

}  // namespace outhaul::cli
