// Bytes that can be made again at any offset, and that nothing on the way can compress.
#pragma once

#include <cstdint>

#include "outhaul/remote.h"

namespace outhaul {

/// The `seed`'s endless sequence, from an offset up to a length.
class Pattern final : public ByteSource {
 public:
  Pattern(std::uint64_t seed, std::uint64_t offset, std::uint64_t end)
      : seed_(seed), at_(offset), end_(end) {}
  std::size_t read(std::span<std::byte> buffer) override;
  /// True when `bytes` are the sequence's next ones; else position() is the first byte that isn't.
  bool matches_next(std::span<const std::byte> bytes);
  std::uint64_t position() const noexcept { return at_; }

 private:
  std::uint64_t block(std::uint64_t number) const noexcept;

  std::uint64_t seed_, at_, end_;
};

}  // namespace outhaul
