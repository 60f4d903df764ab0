#include "state/header.h"

#include <fcntl.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdint>
#include <string_view>

#include "base/fd.h"
#include "outhaul/error.h"
#include "outhaul/paths.h"
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

/// How much of the header is there.
std::size_t read_header(const std::filesystem::path& file, Header& header) {
  const Fd fd(::open(file.c_str(), O_RDONLY | O_CLOEXEC));
  std::size_t have = 0;
  while (fd && have < kHeaderSize) {
    const ssize_t got = ::read(fd.get(), header.data() + have, kHeaderSize - have);
    if (got == 0) return have;
    if (got > 0) have += static_cast<std::size_t>(got);
    if (got < 0 && errno != EINTR) break;
  }
  if (have == kHeaderSize) return have;
  throw errno_error(
      errno, printable(file.string()) + ": the state can't be read", ErrorKind::local_io,
      "Run outhaul as the user who owns the state directory, and check the disk if this stays.");
}

}  // namespace

void judge_header(const std::filesystem::path& file) {
  constexpr std::string_view kMagic{"SQLite format 3\0", 16};
  Header header{};
  const std::size_t have = read_header(file, header);
  const std::string name = file.string();
  if (have == 0) throw damaged(name, "the file is empty");
  if (have < kHeaderSize) throw damaged(name, "the file was cut off within its first 100 bytes");
  if (std::string_view(reinterpret_cast<const char*>(header.data()), kMagic.size()) != kMagic)
    throw damaged(name, "the file is not a database");
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
