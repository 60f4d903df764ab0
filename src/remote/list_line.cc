// Lines of LIST and of MLSD.
#include <algorithm>
#include <array>
#include <charconv>
#include <chrono>
#include <vector>

#include "outhaul/ascii_case.h"
#include "remote/listing.h"

namespace outhaul {
namespace {

using Kind = RemoteEntry::Kind;

struct Word {
  std::string_view text;
  std::size_t end = 0;  ///< offset just behind it in the line
};

/// The first `limit` words that blanks separate.
std::vector<Word> words_of(std::string_view line, std::size_t limit) {
  std::vector<Word> words;
  std::size_t at = 0;
  while (words.size() < limit) {
    const std::size_t start = line.find_first_not_of(" \t", at);
    if (start == std::string_view::npos) break;
    at = std::min(line.find_first_of(" \t", start), line.size());
    words.push_back({line.substr(start, at - start), at});
  }
  return words;
}

std::optional<std::uint64_t> number(std::string_view text) {
  std::uint64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return value;
}

std::optional<int> small(std::string_view text, int low, int high) {
  const auto value = number(text);
  if (!value || text.size() > 4 || static_cast<int>(*value) < low || static_cast<int>(*value) > high)
    return std::nullopt;
  return static_cast<int>(*value);
}

std::optional<std::int64_t> epoch(int year, int month, int day, int hour, int minute, int second = 0) {
  const std::chrono::year_month_day date{std::chrono::year{year},
                                         std::chrono::month{static_cast<unsigned>(month)},
                                         std::chrono::day{static_cast<unsigned>(day)}};
  if (!date.ok()) return std::nullopt;
  const auto days = std::chrono::sys_days{date}.time_since_epoch();
  return std::chrono::duration_cast<std::chrono::seconds>(days).count() + hour * 3600 + minute * 60 + second;
}

int year_of(std::int64_t seconds) {
  const std::chrono::sys_seconds time{std::chrono::seconds{seconds}};
  return static_cast<int>(std::chrono::year_month_day{std::chrono::floor<std::chrono::days>(time)}.year());
}

int month_of(std::string_view word) {
  static constexpr std::array<std::string_view, 12> kMonths = {"jan", "feb", "mar", "apr", "may", "jun",
                                                               "jul", "aug", "sep", "oct", "nov", "dec"};
  const auto found = std::find(kMonths.begin(), kMonths.end(), ascii_lower(word));
  return found == kMonths.end() ? 0 : static_cast<int>(found - kMonths.begin()) + 1;
}

struct Clock24 {
  int hour = 0, minute = 0;
};

/// "07:46", "7:46:12", and with AM or PM behind it.
std::optional<Clock24> clock_of(std::string_view word) {
  int shift = 0;
  const std::string text = ascii_lower(word);
  std::string_view rest = text;
  if (rest.ends_with("am") || rest.ends_with("pm")) {
    shift = rest.ends_with("pm") ? 12 : -1;
    rest.remove_suffix(2);
  }
  const std::size_t colon = rest.find(':');
  if (colon == std::string_view::npos) return std::nullopt;
  const auto hour = small(rest.substr(0, colon), 0, 23);
  const auto minute = small(rest.substr(colon + 1, 2), 0, 59);
  if (!hour || !minute) return std::nullopt;
  const int base = shift != 0 ? *hour % 12 : *hour;
  return Clock24{shift == 12 ? base + 12 : base, *minute};
}

/// A date without a year is of the last twelve months; one day of leeway for other time zones. 29 February
/// belongs to the latest leap year.
std::optional<std::int64_t> recent(int month, int day, Clock24 clock, std::int64_t now_s) {
  constexpr std::int64_t kDay = 86'400;
  const int this_year = year_of(now_s + kDay);
  for (int year = this_year; year > this_year - 9; --year) {
    const auto time = epoch(year, month, day, clock.hour, clock.minute);
    if (time && *time <= now_s + kDay) return time;
  }
  return std::nullopt;
}

/// Where the date of an "ls -l" line is: words[date-1] is the size, the name starts behind words[last].
struct UnixDate {
  std::size_t date = 0, last = 0;
  std::optional<std::int64_t> mtime_s;
};

std::optional<UnixDate> month_day(const std::vector<Word>& words, std::size_t i, std::int64_t now_s) {
  if (i + 2 >= words.size()) return std::nullopt;
  int month = month_of(words[i].text);
  auto day = small(words[i + 1].text, 1, 31);
  if (month == 0) {  // "21 Nov" in some locales
    month = month_of(words[i + 1].text);
    day = small(words[i].text, 1, 31);
  }
  if (month == 0 || !day) return std::nullopt;
  const std::string_view third = words[i + 2].text;
  if (const auto clock = clock_of(third)) return UnixDate{i, i + 2, recent(month, *day, *clock, now_s)};
  if (const auto year = small(third, 1900, 9999); year && third.size() == 4)
    return UnixDate{i, i + 2, epoch(*year, month, *day, 0, 0)};
  return std::nullopt;
}

/// "2026-11-21 07:46"
std::optional<UnixDate> iso_date(const std::vector<Word>& words, std::size_t i) {
  if (i + 1 >= words.size()) return std::nullopt;
  const std::string_view date = words[i].text;
  if (date.size() != 10 || date[4] != '-' || date[7] != '-') return std::nullopt;
  const auto year = small(date.substr(0, 4), 1900, 9999);
  const auto month = small(date.substr(5, 2), 1, 12);
  const auto day = small(date.substr(8, 2), 1, 31);
  const auto clock = clock_of(words[i + 1].text);
  if (!year || !month || !day || !clock) return std::nullopt;
  return UnixDate{i, i + 1, epoch(*year, *month, *day, clock->hour, clock->minute)};
}

/// The first place where a size is followed by a date: owners and groups may be any words, and one of them
/// may be missing.
std::optional<UnixDate> find_date(const std::vector<Word>& words, std::int64_t now_s) {
  for (std::size_t i = 3; i < words.size(); ++i) {
    if (!number(words[i - 1].text)) continue;
    if (auto date = month_day(words, i, now_s)) return date;
    if (auto date = iso_date(words, i)) return date;
  }
  return std::nullopt;
}

Kind kind_of_mode(char type) {
  switch (type) {
    case '-':
      return Kind::file;
    case 'd':
      return Kind::directory;
    case 'l':
      return Kind::symlink;
    default:
      return Kind::other;
  }
}

bool is_mode(std::string_view word) {
  return word.size() >= 10 && std::string_view("-dlbcpsD").find(word[0]) != std::string_view::npos &&
         word.substr(1, 9).find_first_not_of("-rwxsStTlL") == std::string_view::npos;
}

/// "name -> target": the size of a symlink is the length of its target, which finds the arrow that counts.
void cut_target(RemoteEntry& entry) {
  static constexpr std::string_view kArrow = " -> ";
  const std::size_t first = entry.name.find(kArrow);
  if (first == std::string::npos) return;
  const std::uint64_t size = entry.size.value_or(0);
  std::size_t cut = first;
  for (std::size_t at = first; at != std::string::npos; at = entry.name.find(kArrow, at + 1))
    if (entry.name.size() - at - kArrow.size() == size) cut = at;
  entry.name.resize(cut);
}

std::optional<RemoteEntry> parse_unix(std::string_view line, std::int64_t now_s) {
  const std::vector<Word> words = words_of(line, 12);
  if (words.empty() || !is_mode(words[0].text)) return std::nullopt;
  const auto date = find_date(words, now_s);
  if (!date) return std::nullopt;
  const std::size_t name_at = words[date->last].end + 1;  // one blank; more belong to the name
  if (name_at >= line.size()) return std::nullopt;
  RemoteEntry entry;
  entry.kind = kind_of_mode(line[0]);
  entry.name = line.substr(name_at);
  entry.mtime_s = date->mtime_s;
  if (entry.kind == Kind::file || entry.kind == Kind::symlink)
    entry.size = number(words[date->date - 1].text);
  if (entry.kind == Kind::symlink) cut_target(entry);
  return entry;
}

/// "11-21-26  07:46AM       <DIR>          name"
std::optional<RemoteEntry> parse_dos(std::string_view line) {
  const std::vector<Word> words = words_of(line, 4);
  if (words.size() < 4) return std::nullopt;
  const std::string_view date = words[0].text;
  if ((date.size() != 8 && date.size() != 10) || date[2] != '-' || date[5] != '-') return std::nullopt;
  const auto month = small(date.substr(0, 2), 1, 12);
  const auto day = small(date.substr(3, 2), 1, 31);
  auto year = small(date.substr(6), 0, 9999);
  const auto clock = clock_of(words[1].text);
  if (!month || !day || !year || !clock) return std::nullopt;
  if (date.size() == 8) *year += *year < 70 ? 2000 : 1900;
  RemoteEntry entry;
  if (words[2].text == "<DIR>") {
    entry.kind = Kind::directory;
  } else if (words[2].text.starts_with("<")) {  // <JUNCTION>, <SYMLINK>
    entry.kind = Kind::symlink;
  } else if (entry.size = number(words[2].text); !entry.size) {
    return std::nullopt;
  }
  // A directory's name stands in column 39 (ten blanks), a file's behind one blank.
  const std::size_t behind = words[2].end;
  const std::size_t gap = words[2].text == "<DIR>" && line.substr(behind).starts_with("          ") ? 10 : 1;
  if (behind + gap >= line.size()) return std::nullopt;
  entry.name = line.substr(behind + gap);
  entry.mtime_s = epoch(*year, *month, *day, clock->hour, clock->minute);
  return entry;
}

/// "20260229123456" or "20260229123456.789" (RFC 3659 §2.3)
std::optional<std::int64_t> parse_time_val(std::string_view text) {
  if (text.size() < 14) return std::nullopt;
  const auto year = small(text.substr(0, 4), 0, 9999);
  const auto month = small(text.substr(4, 2), 1, 12);
  const auto day = small(text.substr(6, 2), 1, 31);
  const auto hour = small(text.substr(8, 2), 0, 23);
  const auto minute = small(text.substr(10, 2), 0, 59);
  const auto second = small(text.substr(12, 2), 0, 60);
  if (!year || !month || !day || !hour || !minute || !second) return std::nullopt;
  return epoch(*year, *month, *day, *hour, *minute, *second);
}

Kind kind_of_type(std::string_view value) {
  const std::string type = ascii_lower(value);
  if (type == "file") return Kind::file;
  if (type == "dir" || type == "cdir" || type == "pdir") return Kind::directory;
  if (type.starts_with("os.unix=symlink") || type.starts_with("os.unix=slink")) return Kind::symlink;
  return Kind::other;
}

void take_fact(RemoteEntry& entry, std::string_view fact) {
  const std::size_t equals = fact.find('=');
  if (equals == std::string_view::npos) return;
  const std::string key = ascii_lower(fact.substr(0, equals));
  const std::string_view value = fact.substr(equals + 1);
  if (key == "type") entry.kind = kind_of_type(value);
  if (key == "size") entry.size = number(value);
  if (key == "modify") entry.mtime_s = parse_time_val(value);
}

}  // namespace

std::optional<RemoteEntry> parse_facts(std::string_view line) {
  if (line.starts_with(' '))
    line.remove_prefix(1);  // MLST indents; MLSD without facts starts with the space, too
  const std::size_t space = line.find(' ');
  if (space == std::string_view::npos || space + 1 >= line.size()) return std::nullopt;
  std::string_view facts = line.substr(0, space);
  if (!facts.ends_with(';') || facts.find('=') == std::string_view::npos) return std::nullopt;
  RemoteEntry entry;
  entry.kind = Kind::other;
  entry.name = line.substr(space + 1);
  // A symlink's type may hold its target, which may hold anything: "OS.unix=slink:/a;b".
  while (!facts.empty()) {
    const std::size_t end = facts.find(';');
    take_fact(entry, facts.substr(0, end));
    facts.remove_prefix(std::min(end + 1, facts.size()));
  }
  return entry;
}

std::optional<RemoteEntry> parse_list_line(std::string_view line, std::int64_t now_s) {
  if (line.empty()) return std::nullopt;
  const bool digit = line[0] >= '0' && line[0] <= '9';
  return digit ? parse_dos(line) : parse_unix(line, now_s);
}

}  // namespace outhaul
