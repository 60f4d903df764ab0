// Lists of facts as one sentence, the same for plans, runs and the display.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "outhaul/report.h"

namespace outhaul {

/// "would upload 12 files (3.4 MiB), move 2, delete 1"; empty when nothing is planned.
/// "3 versions (12 KiB) and 2 runs that "versions" lets go stay, since run 5 (2026-11-21 03:00:02 +0100): …".
std::string put_off_sentence(const PutOff& put_off);
std::string planned_sentence(const PlanCounts& counts);
/// "uploaded 12 files (3.4 MiB), moved 2, deleted 1"; empty when nothing was done.
std::string done_sentence(const JobCounters& done);
PlanCounts sum(const PlanCounts& a, const PlanCounts& b);
std::string joined(const std::vector<std::string>& parts, std::string_view separator);

/// How an action looks at the start of a line.
struct Verb {
  std::string_view sign, planned, done;  ///< "+", "upload", "uploaded"
};
/// `replaces`: the action takes the place of an object that is already there.
Verb verb_for(ActionKind kind, bool replaces) noexcept;

/// Text of others (messages, advice) made safe for a terminal: every line printable, lines after the first
/// indented.
std::string shown_lines(std::string_view text, std::string_view indent);
/// A refusal as two or more lines: which guard and why, then the advice.
std::string refusal_text(const GuardRefusal& refusal, std::string_view indent);

}  // namespace outhaul
