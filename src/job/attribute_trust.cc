#include "job/attribute_trust.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/xattr.h"
#include "job/job_facts.h"

namespace outhaul {
namespace {

/// Others ask for all of them, or for none.
bool goes_by_ctime(const Job& job) {
  return job.xattrs && job.compare == Compare::stat;
}

/// "<who asked> <when>", as in "0+ 1795295329613305789".
std::string written(std::int64_t known_ns) {
  return fmt::format("{} {}", xattr_sight(), known_ns);
}

std::optional<std::int64_t> read_trust(std::string_view text) {
  const std::size_t space = text.find(' ');
  if (space == std::string_view::npos || text.substr(0, space) != xattr_sight()) return std::nullopt;
  std::int64_t known_ns = 0;
  const char* end = text.data() + text.size();
  const auto result = std::from_chars(text.data() + space + 1, end, known_ns);
  return result.ec == std::errc() && result.ptr == end ? std::optional(known_ns) : std::nullopt;
}

}  // namespace

std::optional<std::int64_t> attributes_known_ns(const State& state, const Job& job) {
  if (!goes_by_ctime(job)) return std::nullopt;
  const std::optional<std::string> fact = state.server_fact(fact_scope(job.name), kAttributesFact);
  return fact ? read_trust(*fact) : std::nullopt;
}

AttributeTrust::AttributeTrust(State& state, JobId id, const Job& job)
    : state_(state),
      id_(id),
      job_(job),
      begun_ns_(file_clock_ns()),
      known_ns_(attributes_known_ns(state, job)) {
  if (!known_ns_) state_.forget_server_fact(fact_scope(job_.name), kAttributesFact);
}

/// A mount that is left out now may not have been always.
bool AttributeTrust::was_passed_by(const ScanProblem& problem) const {
  if (problem.kind != ScanProblem::Kind::other_file_system || known_ns_) return false;
  const auto entries = state_.entries_below(id_, problem.path);
  for (Entry entry; entries->next(entry);)
    if (entry.path != problem.path) return true;
  return false;
}

void AttributeTrust::judge(const Plan& plan) {
  complete_ = std::none_of(plan.problems.begin(), plan.problems.end(), [this](const ScanProblem& problem) {
    return problem.kind == ScanProblem::Kind::unreadable_xattr || was_passed_by(problem);
  });
  if (!complete_ && known_ns_) state_.forget_server_fact(fact_scope(job_.name), kAttributesFact);
}

void AttributeTrust::end(const Plan& plan, ExitCode outcome) {
  // A night without changes leaves everything as it was known: nothing is written for it.
  const bool is_news = !known_ns_ || !plan.empty();
  if (complete_ && is_news && outcome == ExitCode::done && goes_by_ctime(job_))
    state_.set_server_fact(fact_scope(job_.name), kAttributesFact, written(begun_ns_));
}

}  // namespace outhaul
