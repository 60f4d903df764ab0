#include "report/nagios.h"

#include <fmt/format.h>

#include <algorithm>
#include <string_view>

#include "base/nanoseconds.h"
#include "outhaul/counted.h"
#include "outhaul/paths.h"
#include "report/format.h"
#include "report/text.h"

namespace outhaul {
namespace {

std::string_view word_of(NagiosState state) {
  switch (state) {
    case NagiosState::ok:
      return "OK";
    case NagiosState::warning:
      return "WARNING";
    case NagiosState::critical:
      return "CRITICAL";
    case NagiosState::unknown:
      break;
  }
  return "UNKNOWN";
}

NagiosState state_of(const StatusReport& report) {
  if (report.healthy) return NagiosState::ok;
  const bool merely_incomplete = report.last_run && report.last_run->outcome == ExitCode::incomplete &&
                                 report.verdict.find("did not succeed") != std::string::npos;
  return merely_incomplete ? NagiosState::warning : NagiosState::critical;
}

/// A '|' would begin the performance data.
std::string plain(std::string text) {
  text = printable(text);
  std::ranges::replace(text, '|', '/');
  std::ranges::replace(text, '\n', ' ');
  return text;
}

std::string sentence(const StatusReport& report, std::int64_t now_ns) {
  std::string text = fmt::format("{}: {}", plain(report.profile), plain(report.verdict));
  if (report.last_success && report.last_success->finished_ns)
    text += fmt::format(" (last success {})", format_age(now_ns - *report.last_success->finished_ns));
  return text;
}

/// 'label'=value[unit], quoted, because a name may hold what is not allowed bare.
std::string performance(const StatusReport& report, bool several, std::int64_t now_ns) {
  std::string text;
  const auto add = [&](std::string_view label, std::int64_t value, std::string_view unit) {
    const std::string name =
        several ? fmt::format("{}.{}", plain(report.profile), label) : std::string(label);
    text += fmt::format("{}'{}'={}{}", text.empty() ? "" : " ", name, value, unit);
  };
  if (report.last_success && report.last_success->finished_ns)
    add("age", std::max<std::int64_t>(0, (now_ns - *report.last_success->finished_ns) / kNsPerSecond), "s");
  add("failures", static_cast<std::int64_t>(report.failures), "");
  add("files", static_cast<std::int64_t>(report.files), "");
  add("bytes", static_cast<std::int64_t>(report.bytes), "B");
  add("versions", static_cast<std::int64_t>(report.versions), "");
  return text;
}

}  // namespace

NagiosState nagios_state(const std::vector<StatusReport>& reports) {
  if (reports.empty()) return NagiosState::unknown;
  NagiosState worst = NagiosState::ok;
  for (const StatusReport& report : reports) worst = std::max(worst, state_of(report));
  return worst;
}

std::string nagios_text(const std::vector<StatusReport>& reports, NagiosState state, std::int64_t now_ns) {
  std::string numbers, lines, first;
  const bool several = reports.size() > 1;
  std::size_t ill = 0;
  for (const StatusReport& report : reports) {
    numbers += (numbers.empty() ? "" : " ") + performance(report, several, now_ns);
    ill += report.healthy ? 0 : 1;
    if (!report.healthy && first.empty()) first = sentence(report, now_ns);
    if (several) lines += fmt::format("{} {}\n", word_of(state_of(report)), sentence(report, now_ns));
  }
  if (reports.empty()) first = "no profile could be read";
  if (first.empty() && !several) first = sentence(reports.front(), now_ns);
  if (first.empty()) first = fmt::format("all {} are healthy", counted(reports.size(), "profile"));
  if (ill > 1)
    first = fmt::format("{} of {} need attention: {}, …", ill, counted(reports.size(), "profile"), first);
  if (state == NagiosState::unknown && !reports.empty()) first = "a profile can't be read; of the others: " + first;
  std::string text = fmt::format("OUTHAUL {}: {}", word_of(state), first);
  if (!numbers.empty()) text += " | " + numbers;
  return text + '\n' + lines;
}

}  // namespace outhaul
