// What a verification found, for people.
#include <fmt/format.h>

#include <algorithm>

#include "report/format.h"
#include "report/sentences.h"
#include "report/text.h"

namespace outhaul {
namespace {

using Kind = VerifyFinding::Kind;

constexpr std::size_t kForeignShown = 20;

void add(std::vector<std::string>& parts, std::uint64_t count, std::string_view what) {
  if (count != 0) parts.push_back(fmt::format("{} {}", grouped(count), what));
}

std::string proven_line(const VerifyCounts& counts) {
  std::vector<std::string> how;
  add(how, counts.listed, "by their sizes in listings");
  add(how, counts.asked, "by their sizes, asked for one by one");
  std::string text = fmt::format("  proven     {} of {} ({})", grouped(counts.listed + counts.asked),
                                 counted(counts.objects, "file"), format_bytes(counts.bytes));
  if (!how.empty()) text += ": " + joined(how, ", ");
  text += fmt::format("; {} looked at\n", counted(counts.directories, "directory", "directories"));
  if (counts.to_read == 0) return text;
  text += fmt::format("  read back  {} of {} ({}), compared by SHA-256", grouped(counts.read),
                      counted(counts.to_read, "file"), format_bytes(counts.read_bytes));
  if (counts.unhashed != 0) text += fmt::format("; {} by length only", grouped(counts.unhashed));
  return text + '\n';
}

std::string wrong_line(const VerifyCounts& counts) {
  std::vector<std::string> parts;
  add(parts, counts.missing, "missing");
  add(parts, counts.size_differs, "of another size");
  add(parts, counts.content_differs, "with other content");
  if (counts.directories_missing != 0)
    parts.push_back(counted(counts.directories_missing, "missing directory", "missing directories"));
  add(parts, counts.unproven, "that nobody can tell");
  return parts.empty() ? std::string{} : fmt::format("  wrong      {}\n", joined(parts, ", "));
}

std::string catalog_line(const VerifyCounts& counts) {
  if (counts.catalog == 0) return {};
  const std::string files = counted(counts.catalog, "file");
  if (counts.catalog_wrong == 0) return fmt::format("  catalog    {}, as they should be\n", files);
  return fmt::format("  catalog    {} of {} not as they should be\n", grouped(counts.catalog_wrong),
                     files);
}

std::string foreign_lines(const VerifyReport& report) {
  if (report.counts.foreign == 0) return {};
  std::string text =
      fmt::format("  foreign    {} that outhaul did not put there; nothing is wrong with that\n",
                  counted(report.counts.foreign, "name"));
  std::size_t shown = 0;
  for (const VerifyFinding& finding : report.findings) {
    if (finding.kind != Kind::foreign) continue;
    if (shown++ == kForeignShown) break;
    text += fmt::format("               {}\n", printable(finding.path.wire()));
  }
  if (report.counts.foreign > kForeignShown)
    text += fmt::format("               … and {} more (--json lists up to {})\n",
                        grouped(report.counts.foreign - kForeignShown),
                        grouped(VerifyReport::kMaxFindings));
  return text;
}

std::string next_steps(const VerifyReport& report) {
  const VerifyCounts& counts = report.counts;
  std::string text;
  if (report.recorded != 0)
    text += fmt::format(
        "{} to be sent again by the next run, or given up as a version. At once: `outhaul run`.\n",
        counted(report.recorded, "file is", "files are"));
  else if (counts.unproven != 0 || (counts.catalog_wrong != 0 && !report.renews_catalog))
    text +=
        "What nobody can tell was left as it is: look at the server's permissions and log, and verify "
        "again.\n";
  if (report.renews_catalog)
    text += "The next run stores a catalog that a recovery can rely on. At once: `outhaul run`.\n";
  return text;
}

std::string verdict_on(const VerifyReport& report) {
  switch (report.outcome) {
    case ExitCode::done:
      return "The remote holds what it should.\n";
    case ExitCode::incomplete:
      return "Something is wrong. " + next_steps(report);
    case ExitCode::guard_refused:
      return "Nothing was recorded, so nothing is sent again.\n";
    default:
      return report.message.empty() ? std::string{}
                                    : fmt::format("Not finished: {}\n", shown_lines(report.message, "  "));
  }
}

}  // namespace

std::string verify_text(const VerifyReport& report) {
  std::string text = fmt::format("{}: {}\n", printable(report.profile), printable(report.remote));
  text += proven_line(report.counts) + wrong_line(report.counts) + catalog_line(report.counts) +
          foreign_lines(report);
  if (report.counts.untrusted != 0)
    text += fmt::format("  {} could not be trusted; files that they don't show were asked for by name\n",
                        counted(report.counts.untrusted, "listing"));
  for (const GuardRefusal& refusal : report.refusals) text += refusal_text(refusal, "  ");
  text += verdict_on(report);
  if (!report.advice.empty()) text += fmt::format("  {}\n", shown_lines(report.advice, "  "));
  return text;
}

}  // namespace outhaul
