// Directory listings: MLSD facts (RFC 3659 §7), "ls -l" and MS-DOS lines → entries. Pure, incremental,
// bounded. A line that is not understood makes the listing untrusted; it never makes a file absent (pain 13).
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "outhaul/remote.h"

namespace outhaul {

enum class ListingFormat : std::uint8_t { mlsd, list };

/// One line of MLSD or of MLST's reply, without line end: facts, a space, a name (MLST: a path, not checked
/// here).
std::optional<RemoteEntry> parse_facts(std::string_view line);
/// One line of LIST. `now_s` dates lines without a year. Neither "total 8" nor an empty line is an entry.
std::optional<RemoteEntry> parse_list_line(std::string_view line, std::int64_t now_s);

/// What one listing may cost. Beyond that it is no directory, but a server that has gone wrong or means harm.
struct ListingLimits {
  std::size_t line = 64 * 1024;  ///< longer ones are skipped
  std::size_t entries = 2'000'000;
  std::uint64_t bytes = 256 * 1024 * 1024;  ///< in all
  std::uint64_t nonsense = 1024 * 1024;     ///< bytes that belong to no entry
};

class ListingParser {
 public:
  ListingParser(ListingFormat format, std::int64_t now_s, const ListingLimits& limits = {})
      : format_(format), now_s_(now_s), limits_(limits) {}

  ListingFormat format() const noexcept { return format_; }
  /// False when a limit was passed: nothing more is taken, and whoever feeds should stop.
  bool feed(std::string_view bytes);
  /// `final_reply`: the text that came with 226; some servers admit there that they left entries out.
  Listing finish(std::string_view final_reply);
  /// Whether the directory listed itself ("." or MLSD's cdir): it exists, even if nothing else is in it.
  bool saw_itself() const noexcept { return saw_itself_; }

 private:
  void take_line(std::string_view line);
  void take_entry(RemoteEntry entry, std::string_view line);
  void distrust(std::string why);
  bool within_limits();

  ListingFormat format_;
  std::int64_t now_s_;
  ListingLimits limits_;
  std::string open_line_;
  bool skipping_ = false;  ///< inside a line that is too long
  bool saw_itself_ = false;
  std::size_t lines_ = 0;  ///< that were entries, "." and ".." included
  std::size_t dots_ = 0;
  std::uint64_t bytes_ = 0, nonsense_ = 0;
  Listing listing_;
};

}  // namespace outhaul
