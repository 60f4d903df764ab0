#include "remote/order_probe.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

namespace outhaul {
namespace {

/// A longer row where more of it is on its way at once: there are fewer beginnings then.
constexpr std::chrono::microseconds kNear{2000};
constexpr std::size_t kNearCommands = 200, kFarCommands = 400;
constexpr long kMostAhead = 60;

enum class Question { size, rename, noop, pwd };

constexpr std::array kQuestions{Question::size,   Question::noop, Question::size, Question::pwd,
                            Question::rename, Question::noop, Question::size, Question::noop};

Question question(std::size_t n) noexcept {
  return kQuestions[n % kQuestions.size()];
}

}  // namespace

std::string OrderProbe::line(std::size_t n) const {
  switch (question(n)) {
    case Question::size:
      return fmt::format("SIZE {}{}", absent_, n);
    case Question::rename:
      return fmt::format("RNFR {}{}", absent_, n);
    case Question::noop:
      return "NOOP";
    case Question::pwd:
      break;
  }
  return "PWD";
}

bool OrderProbe::fits(std::size_t n, int code) noexcept {
  const bool positive = code >= 200 && code < 300;
  switch (question(n)) {
    case Question::size:
      return code >= 400;
    case Question::rename:
      return code >= 300;  // some look only when RNTO comes
    case Question::noop:
      return positive && code != 257;
    case Question::pwd:
      break;
  }
  return code == 257;
}

OrderProbe::Pace OrderProbe::pace(std::chrono::microseconds round_trip) noexcept {
  const bool far = round_trip > kNear;
  const auto window = static_cast<std::size_t>(std::clamp<long>(round_trip.count() / 250, 3, kMostAhead));
  return {far ? kFarCommands : kNearCommands, window, far};
}

std::chrono::microseconds OrderProbe::Pace::gap(std::size_t n) const noexcept {
  constexpr std::array kGaps{0, 30, 10, 60, 0, 120, 20, 40, 90, 5, 200};
  const int gap = kGaps[n % kGaps.size()];
  return std::chrono::microseconds{far ? 20 + 4 * gap : gap};
}

}  // namespace outhaul
