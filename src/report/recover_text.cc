// What was recovered, for people.
#include <fmt/format.h>

#include "report/format.h"
#include "report/sentences.h"
#include "report/text.h"

namespace outhaul {

namespace {

std::string check_line(const RecoverReport::Check& check) {
  std::string text = fmt::format("  proven    {} of {} on the remote, by their sizes",
                                 grouped(check.proven), counted(check.objects, "file"));
  if (check.wrong != 0) text += fmt::format("; {} missing or of another size", grouped(check.wrong));
  if (check.unproven != 0) text += fmt::format("; {} that nobody can tell", grouped(check.unproven));
  if (check.foreign != 0)
    text += fmt::format("; {} there that the state doesn't know", counted(check.foreign, "name"));
  return text + (check.complete ? "\n" : "; not looked at to the end\n");
}

}  // namespace

std::string recover_text(const RecoverReport& report) {
  std::string text =
      fmt::format("{}: the state is back as after run {} ({})\n", printable(report.profile),
                  static_cast<std::int64_t>(report.run), format_time_local(report.run_started_ns));
  text += fmt::format("  it knows  {}, {}, in {}\n", counted(report.files, "file"),
                      format_bytes(report.bytes), counted(report.runs, "run"));
  const std::string written = report.written_by.empty() ? std::string("found by the names of its files")
                                                        : fmt::format("written {} by outhaul {}",
                                                                      format_time_local(report.written_ns),
                                                                      printable(report.written_by));
  text += fmt::format("  from      generation {} of the catalog at {}, {}, {}\n", report.generation,
                      printable(report.remote), counted(report.changes, "file") + " of changes", written);
  if (const auto first = static_cast<std::int64_t>(report.run) + 1, last = static_cast<std::int64_t>(report.newest_run);
      first <= last)
    text += fmt::format("  LOST      {}{}\n", first == last ? fmt::format("run {}", last)
                                                        : fmt::format("runs {} to {}", first, last),
                        report.newest_ns == 0 ? "" : ", up to " + format_time_local(report.newest_ns));
  text += check_line(report.check);
  text += fmt::format("  state     {}\n", printable(report.state_dir));
  for (const Problem& problem : report.problems) text += problem_text(problem, false);
  text +=
      "Next: \"outhaul restore\" gets files back; \"outhaul run\" goes on backing up, once the source is "
      "there "
      "again.\n";
  return text;
}

}  // namespace outhaul
