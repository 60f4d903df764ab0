// Memory that held a secret.
#pragma once

#include <cstddef>
#include <string>

#include "profile/secret.h"

namespace outhaul {

/// Overwrites all bytes that `text` owns, beyond its size too, and empties it. The compiler can't leave it
/// out.
void wipe(std::string& text) noexcept;

/// A buffer to read a secret into. It never moves, so no copy stays behind, and it is wiped.
class WipedBuffer {
 public:
  explicit WipedBuffer(std::size_t most) : bytes_(most, '\0') {}
  WipedBuffer(const WipedBuffer&) = delete;
  WipedBuffer& operator=(const WipedBuffer&) = delete;
  ~WipedBuffer() { wipe(bytes_); }

  char* end() noexcept { return bytes_.data() + used_; }
  std::size_t room() const noexcept { return bytes_.size() - used_; }
  void grew(std::size_t by) noexcept { used_ += by; }
  /// What was read.
  Secret take();

 private:
  std::string bytes_;
  std::size_t used_ = 0;
};

}  // namespace outhaul
