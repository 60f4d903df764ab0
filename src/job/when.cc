#include "job/when.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <ctime>
#include <optional>

#include "base/nanoseconds.h"
#include "outhaul/error.h"
#include "outhaul/paths.h"

namespace outhaul {
namespace {

[[noreturn]] void not_a_time(std::string_view text,
                             std::string_view why = "is not a time that outhaul knows") {
  throw Error(ErrorKind::usage, fmt::format("--at: \"{}\" {}", printable(text), why),
              "Write latest, a run (17), a day (2026-11-20), a time (\"2026-11-20 13:00\", "
              "2026-11-20T13:00:00Z), or an age (12h, 3d).");
}

/// Takes words off the front of a text.
class Scanner {
 public:
  explicit Scanner(std::string_view text) : rest_(text) {}
  /// Exactly `digits` digits.
  std::optional<int> number(std::size_t digits) {
    if (rest_.size() < digits) return std::nullopt;
    int value = 0;
    const auto [end, fault] = std::from_chars(rest_.data(), rest_.data() + digits, value);
    if (fault != std::errc{} || end != rest_.data() + digits || value < 0 || rest_[0] == '-')
      return std::nullopt;
    rest_.remove_prefix(digits);
    return value;
  }
  bool take(char wanted) {
    if (rest_.empty() || rest_.front() != wanted) return false;
    rest_.remove_prefix(1);
    return true;
  }
  bool at_end() const { return rest_.empty(); }

 private:
  std::string_view rest_;
};

struct Reading {
  std::tm fields{};
  bool with_time = false;
  std::optional<int> zone_s;  ///< east of Greenwich; none: local
};

bool read_zone(Scanner& text, Reading& reading) {
  if (text.take('Z') || text.take('z')) {
    reading.zone_s = 0;
    return true;
  }
  const int sign = text.take('+') ? 1 : text.take('-') ? -1 : 0;
  if (sign == 0) return text.at_end();
  const auto hours = text.number(2);
  text.take(':');
  const auto minutes = text.number(2);
  if (!hours || !minutes || *hours > 14 || *minutes > 59) return false;
  reading.zone_s = sign * (*hours * 3600 + *minutes * 60);
  return true;
}

bool read_time(Scanner& text, Reading& reading) {
  const auto hours = text.number(2);
  if (!hours || !text.take(':')) return false;
  const auto minutes = text.number(2);
  if (!minutes) return false;
  std::optional<int> seconds = 0;
  if (text.take(':')) seconds = text.number(2);
  if (!seconds || *hours > 23 || *minutes > 59 || *seconds > 60) return false;
  if (text.take('.'))
    while (text.number(1)) {
    }
  reading.with_time = true;
  reading.fields.tm_hour = *hours;
  reading.fields.tm_min = *minutes;
  reading.fields.tm_sec = *seconds;
  return read_zone(text, reading);
}

/// YYYY-MM-DD, then nothing or a time after 'T' or a space.
std::optional<Reading> read_date(std::string_view bytes) {
  Scanner text(bytes);
  Reading reading;
  const auto year = text.number(4);
  if (!year || !text.take('-')) return std::nullopt;
  const auto month = text.number(2);
  if (!month || !text.take('-')) return std::nullopt;
  const auto day = text.number(2);
  if (!day || *month < 1 || *month > 12 || *day < 1) return std::nullopt;
  reading.fields.tm_year = *year - 1900;
  reading.fields.tm_mon = *month - 1;
  reading.fields.tm_mday = *day;
  if (!text.at_end() && (!(text.take('T') || text.take(' ')) || !read_time(text, reading)))
    return std::nullopt;
  return text.at_end() ? std::optional(reading) : std::nullopt;
}

/// Times before 1970 and days that no month has don't come back as what they were.
bool is_a_day(const std::tm& fields) {
  std::tm copy = fields;
  copy.tm_hour = 12;
  return ::timegm(&copy) > 0 && copy.tm_mday == fields.tm_mday && copy.tm_mon == fields.tm_mon;
}

std::int64_t moment_of(Reading reading) {
  if (reading.zone_s) return ns_of_seconds(::timegm(&reading.fields) - *reading.zone_s);
  reading.fields.tm_isdst = -1;
  if (reading.with_time) return ns_of_seconds(::mktime(&reading.fields));
  ++reading.fields.tm_mday;  // the end of a day is the beginning of the next, however long it was
  return ns_of_seconds(::mktime(&reading.fields)) - 1;
}

/// In seconds.
std::optional<std::int64_t> read_age(std::string_view text) {
  std::int64_t value = 0;
  const auto [end, fault] = std::from_chars(text.data(), text.data() + text.size(), value);
  const std::string_view unit(end, static_cast<std::size_t>(text.data() + text.size() - end));
  const std::int64_t factor = unit == "min" || unit == "m" ? 60
                              : unit == "h"                ? 3600
                              : unit == "d"                ? 86400
                              : unit == "w"                ? 7 * 86400
                                                           : 0;
  if (fault != std::errc{} || factor == 0 || value < 0 || value > 4'000'000'000 / factor) return std::nullopt;
  return value * factor;
}

std::optional<std::int64_t> read_run(std::string_view text) {
  if (text.starts_with('#')) text.remove_prefix(1);
  std::int64_t value = 0;
  const auto [end, fault] = std::from_chars(text.data(), text.data() + text.size(), value);
  const bool whole = fault == std::errc{} && end == text.data() + text.size() && value > 0;
  return whole ? std::optional(value) : std::nullopt;
}

bool is_not_after(const Snapshot& snapshot, const When& when) {
  return when.kind == When::Kind::run ? snapshot.run <= when.run : snapshot.started_ns <= when.moment_ns;
}

[[noreturn]] void nothing_so_old(const Snapshot& first, const When& when, std::string_view job) {
  throw Error(
      ErrorKind::usage,
      fmt::format("job \"{}\": nothing can be brought back from before {}, so there is nothing of \"{}\"",
                  job, shown(first), when.text),
      fmt::format("Use --at {} for the oldest there is.", static_cast<std::int64_t>(first.run)));
}

[[noreturn]] void forgotten(const Snapshot& wanted, const Snapshot* before, const Snapshot* after,
                            std::string_view job) {
  std::string around;
  if (before != nullptr) around += fmt::format("the one before it is {}", shown(*before));
  if (after != nullptr)
    around += fmt::format("{}the one after it {}", around.empty() ? "" : ", ", shown(*after));
  throw Error(ErrorKind::usage,
              fmt::format("job \"{}\": {} is not kept any more; of those that are, {}", job, shown(wanted),
                          around.empty() ? "there are none" : around),
              "Name one of them with --at; `outhaul runs` lists them all.");
}

}  // namespace

std::string local_minute(std::int64_t ns) {
  const std::time_t seconds = floor_seconds(ns);
  std::tm local{};
  ::localtime_r(&seconds, &local);
  return fmt::format("{:04}-{:02}-{:02} {:02}:{:02}", local.tm_year + 1900, local.tm_mon + 1, local.tm_mday,
                     local.tm_hour, local.tm_min);
}

When parse_when(std::string_view text, std::int64_t now_ns) {
  When when;
  when.text = printable(text);
  if (text == "latest") return when;
  if (const auto run = read_run(text)) {
    when.kind = When::Kind::run;
    when.run = RunId{*run};
    return when;
  }
  when.kind = When::Kind::moment;
  if (const auto age = read_age(text)) {
    when.moment_ns = clamped_difference(now_ns, ns_of_seconds(*age));
    return when;
  }
  const auto date = read_date(text);
  if (!date) not_a_time(text);
  if (!is_a_day(date->fields)) not_a_time(text, "is a day that no calendar has");
  when.moment_ns = moment_of(*date);
  return when;
}

RunId choose_snapshot(const std::vector<Snapshot>& all, const When& when, std::string_view job) {
  if (when.kind == When::Kind::latest) return kNoRun;
  const auto kept = [](const Snapshot& snapshot) { return !snapshot.forgotten; };
  const auto first = std::find_if(all.begin(), all.end(), kept);
  if (first == all.end())
    throw Error(ErrorKind::usage,
                fmt::format("job \"{}\": no run has brought it to its end yet, so there is nothing of \"{}\"",
                            job, when.text),
                "Without --at you get what has been stored so far.");
  const Snapshot* before = nullptr;
  const Snapshot* after = nullptr;
  const Snapshot* named = nullptr;
  for (const Snapshot& snapshot : all) {
    if (when.kind == When::Kind::run && snapshot.run == when.run) named = &snapshot;
    if (snapshot.forgotten) continue;
    if (is_not_after(snapshot, when))
      before = &snapshot;
    else if (after == nullptr)
      after = &snapshot;
  }
  if (named != nullptr && named->forgotten) forgotten(*named, before, after, job);
  if (before == nullptr) nothing_so_old(*first, when, job);
  return before->run;
}

std::string shown(const Snapshot& snapshot) {
  return fmt::format("run {} ({})", static_cast<std::int64_t>(snapshot.run),
                     local_minute(snapshot.started_ns));
}

void refuse_later_run(const When& when, const State& state) {
  if (when.kind != When::Kind::run) return;
  RunId newest = kNoRun;
  for (const RunRow& row : state.runs(1)) newest = row.run;
  if (const std::optional<Gap> gap = state.gap()) newest = std::max(newest, gap->newest_run);
  if (when.run <= newest || newest == kNoRun) return;  // what never ran has a message of its own
  throw Error(ErrorKind::usage,
              fmt::format("--at: there is no run {} yet; the newest is run {}", static_cast<std::int64_t>(when.run),
                          static_cast<std::int64_t>(newest)),
              "A day is written with dashes, as in 2026-11-20; `outhaul runs` lists all runs.");
}

std::string lost_runs(const Gap& gap) {
  const auto first = static_cast<std::int64_t>(gap.known_run) + 1, last = static_cast<std::int64_t>(gap.newest_run);
  if (last < first) return "a later run, if there was one,";
  return first == last ? fmt::format("run {}", last) : fmt::format("runs {} to {}", first, last);
}

}  // namespace outhaul
