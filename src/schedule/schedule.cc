#include "schedule/schedule.h"

#include <fmt/format.h>

#include <algorithm>
#include <ctime>

#include "profile/quantity.h"

namespace outhaul {
namespace {

constexpr int kDaySeconds = 86'400;
constexpr int kMostDelaySeconds = 15 * 60;
constexpr int kRunSeconds = 2 * 3600;

/// For sh, which cron hands its lines to.
std::string shell_word(std::string_view word) {
  std::string quoted = "'";
  for (const char c : word) {
    if (c == '\'')
      quoted += "'\\''";
    else if (c == '%')
      quoted += "'\\%'";  // outside of the quotes: cron takes the backslash away before sh reads the line
    else
      quoted += c;
  }
  return quoted + "'";
}

/// Not a list of words: taken as it is, but for '%'.
std::string credentials(const Schedule& schedule) {
  std::string text;
  for (const std::string& credential : schedule.credentials) {
    text += "LoadCredential=";
    for (const char c : credential) text.append(c == '%' ? 2 : 1, c);
    text += '\n';
  }
  return text;
}

/// In double quotes; `twice`: what else than '\\' and '"' means something there.
std::string quoted(std::string_view word, std::string_view twice) {
  std::string text = "\"";
  for (const char c : word) {
    if (twice.find(c) != std::string_view::npos) text += c;
    if (c == '\\' || c == '"') text += '\\';
    text += c;
  }
  return text + '"';
}

/// Of a list of paths or variables: '$' means nothing there.
std::string setting_word(std::string_view word) {
  return quoted(word, "%");
}

/// Root, because a backup reads everything; but root that can only read, and write nothing but its state.
std::string hardening(const Schedule& schedule) {
  if (!schedule.system)
    return "# Of the user's own manager: it can't forbid much.\nNoNewPrivileges=yes\nLockPersonality=yes\n";
  std::string text =
      "NoNewPrivileges=yes\nLockPersonality=yes\nRestrictRealtime=yes\nProtectClock=yes\n"
      "ProtectKernelLogs=yes\nProtectKernelModules=yes\nProtectKernelTunables=yes\nProtectControlGroups=yes\n"
      "ProtectHostname=yes\nSystemCallArchitectures=native\n";
  if (schedule.hooks)
    return "# The profile has hooks: what they may read, write and start is not narrowed further.\n" + text;
  text +=
      "ProtectSystem=strict\nProtectHome=read-"
      "only\nPrivateDevices=yes\n"
      "MemoryDenyWriteExecute=yes\nRestrictAddressFamilies=AF_INET AF_INET6 AF_UNIX AF_NETLINK\n"
      "RestrictNamespaces=yes\nRestrictSUIDSGID=yes\nSystemCallFilter=@system-service\nSystemCallErrorNumber="
      "EPERM\n";
  // What it writes to may be another account's; everything else is read-only to it.
  text += fmt::format("CapabilityBoundingSet=CAP_DAC_READ_SEARCH{}\n",
                      schedule.writes.empty() ? "" : " CAP_DAC_OVERRIDE");
  for (const std::string& dir : schedule.writes)
    text += fmt::format("ReadWritePaths={}\n", setting_word(dir));
  return text;
}

std::string state_settings(const Schedule& schedule) {
  if (!schedule.state_dir.empty()) {
    std::string text =
        fmt::format("Environment={}\n", setting_word("OUTHAUL_STATE_DIR=" + schedule.state_dir.native()));
    if (schedule.system && !schedule.hooks)
      text += fmt::format("ReadWritePaths={}\n", setting_word(schedule.state_dir.native()));
    return text;
  }
  if (!schedule.system) return {};
  return "StateDirectory=outhaul\nStateDirectoryMode=0700\n"
         "Environment=OUTHAUL_STATE_DIR=/var/lib/outhaul SQLITE_TMPDIR=/var/lib/outhaul\n";
}

}  // namespace

std::string to_string(TimeOfDay time) {
  return fmt::format("{:02}:{:02}", time.hour, time.minute);
}

std::optional<TimeOfDay> time_of_day(std::string_view text) {
  const auto minutes = parse_time_of_day(text);
  if (!minutes) return std::nullopt;
  return TimeOfDay{*minutes / 60, *minutes % 60};
}

std::optional<ClockGap> clock_gap(TimeOfDay time, std::int64_t now_s) {
  std::tm today{};
  const auto now = static_cast<std::time_t>(now_s);
  ::tzset();
  if (::localtime_r(&now, &today) == nullptr) return std::nullopt;
  for (int day = 0; day <= 400; ++day) {
    std::tm wanted = today;
    wanted.tm_mday += day;
    wanted.tm_hour = time.hour;
    wanted.tm_min = time.minute;
    wanted.tm_sec = 0;
    wanted.tm_isdst = -1;
    const std::time_t moment = ::mktime(&wanted);  // what doesn't exist becomes another time
    if (moment == -1 || (wanted.tm_hour == time.hour && wanted.tm_min == time.minute)) continue;
    std::tm before = today;
    before.tm_mday += day - 1;
    before.tm_hour = time.hour;
    before.tm_min = time.minute;
    before.tm_sec = 0;
    before.tm_isdst = -1;
    const std::time_t night_before = ::mktime(&before);
    std::tm utc{};
    ::gmtime_r(&night_before, &utc);
    return ClockGap{
        fmt::format("{:04}-{:02}-{:02}", wanted.tm_year + 1900, wanted.tm_mon + 1, wanted.tm_mday),
        {utc.tm_hour, utc.tm_min}};
  }
  return std::nullopt;
}

std::string systemd_word(std::string_view word) {
  return quoted(word, "%$");
}

std::string service_text(const Schedule& schedule) {
  std::string text = fmt::format(
      "# Made by `outhaul schedule`; `outhaul schedule {0} {2} --remove` takes it away again.\n"
      "[Unit]\n"
      "Description=outhaul backup of the profile {1}\n"
      "Documentation=man:outhaul(1)\n",
      systemd_word(schedule.profile_file.native()), schedule.profile, schedule.system ? "--system" : "--user");
  if (schedule.system) text += "Wants=network-online.target\nAfter=network-online.target\n";
  text += fmt::format(
      "\n[Service]\n"
      "Type=oneshot\n"
      "ExecStart={} run {}\n"
      "# The window of \"until\" ended with more to do: no failure.\n"
      "SuccessExitStatus=6\n"
      "TimeoutStartSec=infinity\n"
      "KillSignal=SIGTERM\n"
      "TimeoutStopSec=60\n"
      "UMask=0077\n"
      "Nice=10\n"
      "IOSchedulingClass=idle\n"
      "CPUSchedulingPolicy=batch\n",
      // The program's own name isn't looked into for variables.
      setting_word(schedule.program.native()), systemd_word(schedule.profile_file.native()));
  return text + state_settings(schedule) + credentials(schedule) + hardening(schedule);
}

std::string timer_text(const Schedule& schedule, const std::vector<std::optional<ClockGap>>& gaps) {
  std::string text = fmt::format(
      "# Made by `outhaul schedule`.\n"
      "[Unit]\n"
      "Description=Nightly outhaul backup of the profile {}\n"
      "Documentation=man:outhaul(1)\n"
      "\n"
      "[Timer]\n",
      schedule.profile);
  for (std::size_t i = 0; i < schedule.times.size(); ++i) {
    const auto gap = i < gaps.size() ? gaps[i] : std::nullopt;
    if (gap)
      text += fmt::format("# {} by the local clock, which leaves it out on {}: by UTC no night is skipped.\n",
                          to_string(schedule.times[i]), gap->day);
    text += gap ? fmt::format("OnCalendar=*-*-* {}:00 UTC\n", to_string(gap->utc))
                : fmt::format("OnCalendar=*-*-* {}:00\n", to_string(schedule.times[i]));
  }
  return text + fmt::format(
                    "# Not all machines at once.\n"
                    "RandomizedDelaySec={}\n"
                    "# A machine that was off makes up for it when it is on again.\n"
                    "Persistent=true\n"
                    "\n"
                    "[Install]\n"
                    "WantedBy=timers.target\n",
                    kMostDelaySeconds);
}

std::string cron_text(const Schedule& schedule) {
  std::string command = shell_word(schedule.program.native()) + " --quiet";
  if (!schedule.state_dir.empty()) command += " --state-dir " + shell_word(schedule.state_dir.native());
  command += " run " + shell_word(schedule.profile_file.native());
  std::string text;
  for (const TimeOfDay& time : schedule.times)
    text += fmt::format("{} {} * * *  {}\n", time.minute, time.hour, command);
  return text;
}

std::int64_t longest_wait_s(const std::vector<TimeOfDay>& times) {
  std::vector<int> at;
  for (const TimeOfDay& time : times) at.push_back(time.hour * 3600 + time.minute * 60);
  std::ranges::sort(at);
  int longest = at.empty() ? kDaySeconds : at.front() + kDaySeconds - at.back();
  for (std::size_t i = 1; i < at.size(); ++i) longest = std::max(longest, at[i] - at[i - 1]);
  return longest + kMostDelaySeconds + kRunSeconds;
}

}  // namespace outhaul
