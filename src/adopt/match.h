// Whether a listing shows a file of the source. Pure.
#pragma once

#include <string>
#include <string_view>

#include "outhaul/adopt.h"
#include "outhaul/entry.h"
#include "outhaul/remote.h"

namespace outhaul {

/// How exactly a listing's times are to be taken.
enum class TimesAre : std::uint8_t {
  seconds,  ///< MLSD (RFC 3659 §2.3: UTC), a mounted disk
  text,     ///< LIST: minutes for the last half year, days before that, and the server may mean its own zone
};

struct Match {
  enum class What : std::uint8_t { same, differs, absent };
  What what = What::absent;
  std::string name;     ///< wire bytes that it has there; with `same` and `differs`
  std::string message;  ///< with `differs`
};

/// Looks for the file under the name that outhaul would give it (`our_name`), then under its true name as
/// other tools write it. `hash` and `read` compare sizes alone here; the content is for their callers. A text
/// time is the same if it is the local one, rounded down to its minute or day in UTC: another zone is a
/// difference, because guessing one would take a file for another that was written some hours later.
Match match_file(const Entry& local, std::string_view our_name, const Listing& listing, AdoptCompare compare,
                 TimesAre times);

/// Whether a listing's time can be that of a file that was modified at `mtime_ns`.
bool same_time(std::int64_t mtime_ns, std::int64_t listed_s, TimesAre times) noexcept;

}  // namespace outhaul
