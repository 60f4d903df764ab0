#include "state/header.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <string>
#include <string_view>

#include "state/refusal.h"
#include "state/schema.h"

namespace outhaul {
namespace {

constexpr std::size_t kHeaderSize = 100;
using Header = std::array<unsigned char, kHeaderSize>;

std::uint32_t big_endian(const Header& header, std::size_t at) {
  return std::uint32_t{header[at]} << 24 | std::uint32_t{header[at + 1]} << 16 |
         std::uint32_t{header[at + 2]} << 8 | std::uint32_t{header[at + 3]};
}

}  // namespace

void judge_header(const sqlite::Database& db) {
  constexpr std::string_view kMagic{"SQLite format 3\0", 16};
  const std::string& name = db.file();
  const std::string bytes = db.first_bytes(kHeaderSize);
  if (bytes.empty()) throw damaged(name, "the file is empty");
  if (bytes.size() < kHeaderSize) throw damaged(name, "the file was cut off within its first 100 bytes");
  if (!bytes.starts_with(kMagic)) throw damaged(name, "the file is not a database");
  Header header{};
  std::copy(bytes.begin(), bytes.end(), header.begin());
  // What SQLite fixes, or would take for a file of a future SQLite.
  const bool fixed_bytes_hold = header[18] >= 1 && header[18] <= 2 && header[19] >= 1 && header[19] <= 2 &&
                                header[21] == 64 && header[22] == 32 && header[23] == 32;
  if (!fixed_bytes_hold) throw damaged(name, "its header holds impossible values");
  if (static_cast<std::int32_t>(big_endian(header, 68)) != kApplicationId) throw foreign_program(name);
  const auto version = static_cast<std::int32_t>(big_endian(header, 60));
  const auto known = static_cast<std::int32_t>(migrations().size());
  if (version > known) throw newer(name, version, known);
}

}  // namespace outhaul
