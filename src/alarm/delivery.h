// One message on its way to somebody else's server: tried, and where that may help tried once more.
#pragma once

#include <chrono>
#include <cstddef>
#include <string>
#include <thread>

namespace outhaul {

struct DeliveryLimits {
  std::chrono::milliseconds whole{30'000};  ///< of one attempt
  std::chrono::milliseconds connect{10'000};
  std::chrono::milliseconds pause{1'000};  ///< before the second attempt
};

struct Attempt {
  std::string failure;    ///< empty: it was taken
  bool may_pass = false;  ///< another attempt can end otherwise
};

/// For libcurl: nobody reads what the server says beside its code. To break off would hide that.
inline std::size_t drop_answer(char*, std::size_t, std::size_t size, void*) noexcept {
  return size;
}

/// The failure of `attempt()`, or of a second one where the first may pass.
template <typename Try>
std::string tried_twice(Try attempt, std::chrono::milliseconds pause) {
  const Attempt first = attempt();
  if (first.failure.empty() || !first.may_pass) return first.failure;
  std::this_thread::sleep_for(pause);
  return attempt().failure;
}

}  // namespace outhaul
