// zstd (RFC 8878) over whole files and texts. The only place that knows libzstd.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>

#include "base/digest.h"

namespace outhaul {

struct Compressed {
  std::uint64_t raw_size = 0, size = 0;
  Sha256Digest sha256{};  ///< of what is compressed
};

/// Writes `to`, which is replaced. Throws Error{local_io}.
Compressed compress_file(const std::filesystem::path& from, const std::filesystem::path& to);
/// With a checksum, as compress_file().
std::string compress(std::string_view text);

/// Writes `to`, which is replaced. Throws Error{state} when `from` isn't zstd's, is cut short or damaged, or
/// holds anything but exactly `raw_size` bytes: what comes from a server must not fill the disk.
/// Throws Error{local_io} when the disk does not take it.
void decompress_file(const std::filesystem::path& from, const std::filesystem::path& to,
                     std::uint64_t raw_size);
/// The same for whatever length it has up to `most`; returns it.
std::uint64_t decompress_at_most(const std::filesystem::path& from, const std::filesystem::path& to,
                                 std::uint64_t most);

}  // namespace outhaul
