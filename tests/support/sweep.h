// Sweeps: the n-th thing that happens goes wrong, for each n.
#pragma once

#include <cstdint>

namespace outhaul::test {

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
inline constexpr std::uint64_t kSweepStride = 5;
#else
inline constexpr std::uint64_t kSweepStride = 1;
#endif

/// The moments of one sweep: `for (Moments n; struck; n.next()) … n.now()`. The release preset looks at each
/// one. What sanitizers find doesn't depend on the moment but on the code that it leads to, and a run costs
/// them several times as much: they look at every fifth one, and each further sweep of a process begins one
/// later.
class Moments {
 public:
  std::uint64_t now() const noexcept { return now_; }
  void next() noexcept { now_ += kSweepStride; }

 private:
  static inline std::uint64_t sweeps_ = 0;
  std::uint64_t now_ = 1 + sweeps_++ % kSweepStride;
};

}  // namespace outhaul::test
