// What the doctor found, for people.
#include <fmt/format.h>

#include "report/format.h"
#include "report/sentences.h"
#include "report/text.h"

namespace outhaul {
namespace {

using Verdict = DoctorCheck::Verdict;

constexpr std::string_view kIndent = "              ";

std::string_view mark(Verdict verdict) {
  switch (verdict) {
    case Verdict::works:
      return "works";
    case Verdict::advice:
      return "advice";
    case Verdict::degraded:
      return "WITHOUT";
    case Verdict::fails:
      break;
  }
  return "FAILS";
}

std::string check_lines(const DoctorCheck& check) {
  std::string text = fmt::format("  {:<8}  {:<33}", mark(check.verdict), check.what);
  const bool brief = check.verdict == Verdict::works;
  if (brief && !check.found.empty()) text += fmt::format("  {}", shown_lines(check.found, kIndent));
  text.erase(text.find_last_not_of(' ') + 1);
  text += '\n';
  if (!brief && !check.found.empty())
    text += fmt::format("            {}\n", shown_lines(check.found, kIndent));
  if (!check.advice.empty()) text += fmt::format("            {}\n", shown_lines(check.advice, kIndent));
  return text;
}

std::string figures(const DoctorReport& report) {
  std::vector<std::string> parts;
  if (report.latency_ms) parts.push_back(fmt::format("round trip {:.1f} ms", *report.latency_ms));
  if (report.up_bytes_per_s) parts.push_back("up " + format_rate(*report.up_bytes_per_s));
  if (report.down_bytes_per_s) parts.push_back("down " + format_rate(*report.down_bytes_per_s));
  if (report.small_files_per_s)
    parts.push_back(fmt::format("{:.0f} small files/s", *report.small_files_per_s));
  return parts.empty() ? "" : fmt::format("Measured on one connection: {}.\n", joined(parts, ", "));
}

std::string learned(const ServerMemory& memory) {
  std::vector<std::string> facts;
  for (const auto& [fact, value] : to_facts(memory))
    if (!fact.ends_with("_seen_ns")) facts.push_back(fmt::format("{} {}", fact, printable(value)));
  return facts.empty() ? "" : fmt::format("Remembered of this server: {}.\n", joined(facts, ", "));
}

std::string verdict_on(const DoctorReport& report) {
  std::size_t failed = 0, without = 0;
  for (const DoctorCheck& check : report.checks) {
    failed += check.verdict == Verdict::fails;
    without += check.verdict == Verdict::degraded;
  }
  switch (report.outcome) {
    case ExitCode::done:
      return without == 0 ? "A run will work here.\n"
                          : fmt::format("A run will work here, without {}.\n",
                                        without == 1 ? "the one thing named above"
                                                     : fmt::format("the {} things named above", without));
    case ExitCode::remote_unusable:
      return "A run can't begin: the remote can't be reached or refuses us.\n";
    default:
      return fmt::format("A run will not work here: {} that it needs {}.\n", counted(failed, "thing"),
                         failed == 1 ? "fails" : "fail");
  }
}

}  // namespace

std::string doctor_text(const DoctorReport& report) {
  std::string text = fmt::format("{}: {}\n\n", printable(report.profile), printable(report.remote));
  for (const DoctorCheck& check : report.checks) text += check_lines(check);
  return text + '\n' + figures(report) + learned(report.memory) + verdict_on(report);
}

}  // namespace outhaul
