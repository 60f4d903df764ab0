// One problem for people.
#include <fmt/format.h>

#include "outhaul/shown.h"
#include "report/format.h"
#include "report/sentences.h"
#include "report/text.h"

namespace outhaul {
namespace {

std::string_view colour_of(Problem::Severity severity) {
  switch (severity) {
    case Problem::Severity::note:
      return "\x1b[36m";
    case Problem::Severity::warning:
      return "\x1b[33m";
    case Problem::Severity::error:
      return "\x1b[31m";
  }
  return "";
}

}  // namespace

std::string problem_text(const Problem& problem, bool colour) {
  std::string text =
      colour ? fmt::format("{}{}:\x1b[0m ", colour_of(problem.severity), to_string(problem.severity))
             : fmt::format("{}: ", to_string(problem.severity));
  if (!problem.job.empty()) text += fmt::format("{}: ", printable(problem.job));
  text += shown_lines(message_with_path(problem), "  ") + '\n';
  if (!problem.advice.empty()) text += fmt::format("  {}\n", shown_lines(problem.advice, "  "));
  return text;
}

}  // namespace outhaul
