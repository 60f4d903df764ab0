#include "report/event_lines.h"

#include <fmt/format.h>

#include "report/format.h"
#include "report/sentences.h"
#include "report/text.h"

namespace outhaul {
namespace {

constexpr std::size_t kAdviceRemembered = 1000;

}  // namespace

std::string EventLines::lines_for(const Event& event) {
  return std::visit([this](const auto& e) { return on(e); }, event);
}

std::string EventLines::on(const ProblemFound& event) {
  if (options_.quiet && event.problem.severity != Problem::Severity::error) return {};
  if (advice_given_.size() < kAdviceRemembered && advice_given_.insert(event.problem.advice).second)
    return problem_text(event.problem, options_.colour);
  Problem problem = event.problem;
  problem.advice.clear();
  return problem_text(problem, options_.colour);
}

std::string EventLines::on(const ActionDone& event) const {
  if (options_.quiet || options_.verbosity < 1) return {};
  const Verb verb = verb_for(event.kind, false);
  return fmt::format("{} {:<9} {:>9}  {}\n", verb.sign, verb.done,
                     event.kind == ActionKind::upload ? format_bytes(event.bytes) : "",
                     printable(event.path));
}

std::string EventLines::on(const EntryRestored& event) const {
  if (options_.quiet || options_.verbosity < 1) return {};
  return fmt::format("< {:<9} {:>9}  {}\n", "restored", event.bytes == 0 ? "" : format_bytes(event.bytes),
                     printable(event.path));
}

std::string EventLines::on(const RetryScheduled& event) const {
  if (options_.quiet || options_.verbosity < 2) return {};
  std::string text = "retry: ";
  if (!event.path.empty()) text += printable(event.path) + ": ";
  return text + fmt::format("{}; attempt {} of {} in {}\n", printable(event.why), event.attempt, event.of,
                            format_duration(event.delay_ms * 1'000'000));
}

std::string EventLines::on(const Notice& event) const {
  if (options_.quiet || options_.verbosity < 2) return {};
  return shown_lines(event.text, "  ") + '\n';
}

}  // namespace outhaul
