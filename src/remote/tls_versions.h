// Which TLS version the connections to one server ask for.
#pragma once

#include <atomic>
#include <cstdint>
#include <optional>
#include <string>

namespace outhaul {

/// At most 1.2 or at most 1.3, at least 1.2. Begins with what the profile allows and an earlier run knows,
/// and is corrected by what connections meet. Thread-safe.
class TlsVersions {
 public:
  enum class Most : std::uint8_t { v1_2, v1_3 };
  /// `allowed`: the profile's "max_version", empty = the best that works. `cautious`: the libcurl that runs
  /// loses the control connection's TLS 1.3 session, and 1.2 does without asking.
  TlsVersions(const std::string& allowed, const std::optional<std::string>& known, bool cautious);

  Most most() const noexcept { return most_; }
  /// The server wants a newer version than was asked for. True: ask again, for the newer one.
  bool was_too_old(Most asked) noexcept;
  /// Something failed that TLS 1.3 is known for, with `used` in use. True: the next connection asks for 1.2.
  bool may_have_failed(Most used) noexcept;
  /// For the memory: "1.2" after 1.3 failed, "1.3" when the server takes nothing less; unset: nothing new.
  std::optional<std::string> learned() const;

 private:
  enum class Lesson : std::uint8_t { none, v1_2_works, v1_3_needed };
  const bool fixed_;  ///< the profile allows 1.2 only
  std::atomic<Most> most_;
  std::atomic<Lesson> lesson_{Lesson::none};
};

}  // namespace outhaul
