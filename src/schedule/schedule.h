// When a profile is to be run, and the files that have systemd or cron do it. Pure but for clock_gap().
#pragma once

#include <compare>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace outhaul {

/// A time of day, as the machine's clock shows it.
struct TimeOfDay {
  int hour = 0, minute = 0;
  friend auto operator<=>(const TimeOfDay&, const TimeOfDay&) = default;
};
std::string to_string(TimeOfDay time);  ///< "02:30"
/// "02:30", from "00:00" to "23:59"; none for what is no such time.
std::optional<TimeOfDay> time_of_day(std::string_view text);

/// What is to be run and how. Nothing in it holds a control byte, and the program's path neither a quote nor a backslash:
/// systemd (252) takes none of them there.
struct Schedule {
  std::string profile;                 ///< its name: the units are outhaul-NAME.service and .timer
  std::filesystem::path profile_file;  ///< absolute
  std::filesystem::path program;       ///< this outhaul, absolute
  std::vector<TimeOfDay> times;        ///< daily, sorted, each once; at least one
  std::filesystem::path state_dir{};   ///< empty: the default
  bool system = true;                  ///< false: of the user's own manager, where little can be forbidden
  bool hooks = false;                  ///< commands that nobody knows: what they may do isn't narrowed
  std::vector<std::string> writes{};  ///< directories beside the state that a run writes to (file:// remotes, metrics)
  std::vector<std::string> credentials{};  ///< "NAME:/FILE" each, for LoadCredential=
};

/// A day in the next year on which the local clock leaves a time out.
struct ClockGap {
  std::string day;  ///< "2027-03-28"
  TimeOfDay utc;    ///< the time by UTC on the day before: names every night
};
/// Looks at the time zone of this process, day by day for 400 days from `now_s` (seconds since 1970).
std::optional<ClockGap> clock_gap(TimeOfDay time, std::int64_t now_s);

/// A word of ExecStart= and of such lines as systemd reads it back (systemd.service(5), "Command lines"): in
/// double quotes, with '%' and '$' doubled and '\' and '"' escaped.
std::string systemd_word(std::string_view word);

std::string service_text(const Schedule& schedule);
/// One OnCalendar= per time. `gaps`: by times' place; such a time is named by UTC, so that no night is left
/// out.
std::string timer_text(const Schedule& schedule, const std::vector<std::optional<ClockGap>>& gaps);
/// One crontab line per time, each with its end of line. '%' is an end of line there (crontab(5)), and '\'
/// keeps it.
std::string cron_text(const Schedule& schedule);

/// The longest time from one success to the next that this schedule makes: between two times, what systemd
/// may put it off, and two hours for the run itself.
std::int64_t longest_wait_s(const std::vector<TimeOfDay>& times);

}  // namespace outhaul
