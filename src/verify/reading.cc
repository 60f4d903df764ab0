#include "verify/reading.h"

#include <algorithm>
#include <numeric>
#include <tuple>
#include <utility>

#include "base/nanoseconds.h"

namespace outhaul {
namespace {

constexpr std::int64_t kDayNs = 86'400 * kNsPerSecond;
constexpr std::int64_t kClocksDiffer = 300 * kNsPerSecond;

double all_bytes(const std::vector<ReadCandidate>& candidates) {
  return std::accumulate(
      candidates.begin(), candidates.end(), 0.0,
      [](double sum, const ReadCandidate& candidate) { return sum + static_cast<double>(candidate.size); });
}

/// How many from the front reach `bytes`.
std::size_t reaching(const std::vector<ReadCandidate>& candidates, double bytes) {
  double sum = 0;
  std::size_t count = 0;
  while (count < candidates.size() && sum < bytes) sum += static_cast<double>(candidates[count++].size);
  return count;
}

std::int64_t since_last_reading(const std::vector<ReadCandidate>& candidates, std::int64_t now_ns) {
  std::optional<std::int64_t> last;
  for (const ReadCandidate& candidate : candidates)
    if (candidate.read_before) last = std::max(last.value_or(candidate.proven_ns), candidate.proven_ns);
  // A clock that was set back must not stop the reading for as long as it was wrong.
  return last && *last <= now_ns ? now_ns - *last : kDayNs;
}

/// What neither the share nor the order reaches: it comes last.
std::vector<ReadCandidate> due(std::vector<ReadCandidate> candidates, std::int64_t within_ns,
                               std::int64_t now_ns) {
  const double share = std::min(1.0, static_cast<double>(since_last_reading(candidates, now_ns)) /
                                         static_cast<double>(std::max<std::int64_t>(within_ns, 1)));
  const auto rest =
      candidates.begin() + static_cast<std::ptrdiff_t>(reaching(candidates, share * all_bytes(candidates)));
  candidates.erase(std::remove_if(rest, candidates.end(),
                                  [&](const ReadCandidate& candidate) {
                                    return now_ns - candidate.proven_ns <= within_ns;
                                  }),
                   candidates.end());
  return candidates;
}

std::vector<ReadCandidate> first_percent(std::vector<ReadCandidate> candidates, double percent) {
  if (percent >= 100 || candidates.empty()) return candidates;
  candidates.resize(std::max<std::size_t>(1, reaching(candidates, percent / 100 * all_bytes(candidates))));
  return candidates;
}

}  // namespace

std::vector<ReadCandidate> to_read(std::vector<ReadCandidate> candidates, const ReadChoice& choice,
                                   std::int64_t now_ns) {
  // By a clock that was ahead then, it would be young for as long as that was wrong.
  for (ReadCandidate& candidate : candidates)
    if (candidate.proven_ns > now_ns + kClocksDiffer) candidate.proven_ns = 0, candidate.read_before = false;
  std::ranges::sort(candidates, {}, [](const ReadCandidate& candidate) {
    return std::tuple(candidate.read_before, candidate.proven_ns, candidate.object);
  });
  switch (choice.how) {
    case ReadChoice::How::nothing:
      return {};
    case ReadChoice::How::all:
      return candidates;
    case ReadChoice::How::percent:
      return first_percent(std::move(candidates), choice.percent);
    case ReadChoice::How::due:
      return due(std::move(candidates), choice.within_ns, now_ns);
  }
  return {};
}

}  // namespace outhaul
