// What a run does with single files and names, once each.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstdlib>

#include "base/digester.h"
#include "base/nanoseconds.h"
#include "doctor/examination.h"
#include "doctor/pattern.h"
#include "outhaul/names.h"
#include "outhaul/own_names_advice.h"

namespace outhaul {
namespace {

using Status = CommandResult::Status;

constexpr std::int64_t kDay = 86400;
/// Times in LIST lines are local to the server and have no seconds (RFC 3659 §7 is the cure).
constexpr std::int64_t kQuarterHour = 900;
/// Where the upload goes on that is to be resumed, and its end: no multiple of any block.
constexpr std::uint64_t kJoin = 50'001, kResumed = 80'003;

}  // namespace

std::string Examination::store() {
  const RemotePath path = own("probe");
  put(path, kSeed, 0, kSmall);
  need_size(path, kSmall);
  need_content(path, kSeed, kSmall);
  return fmt::format("{} bytes, the same both ways", kSmall);
}

/// Every file is sent under such a name.
std::string Examination::store_part() {
  const RemotePath path = own(fmt::format("probe{}", kPartSuffix));
  try {
    put(path, kSeed, 0, kSmall);
  } catch (const RemoteError& error) {
    if (error.failure() != FailureClass::skip_file) throw;
    throw Finding{error.what(), std::string(advice_on_own_name(path))};
  }
  need_size(path, kSmall);
  return {};
}

/// All of it is read back: its head, which some servers fill with zeros, the join and the end.
std::string Examination::resume() {
  const RemotePath path = own("resumed");
  put(path, kSeed, 0, kJoin);
  const auto not_rightly = [](const std::string& how) {
    return Finding{how,
                   "Runs don't resume on this server: a file that is cut off on its way is sent from its "
                   "beginning. A better line or smaller files make that cost less."};
  };
  found_.resume_seen_ns = clock_.now_ns();
  try {
    put(path, kSeed, kJoin, kResumed);
    need_size(path, kResumed);
    need_content(path, kSeed, kResumed);
    found_.resume = true;
  } catch (const Finding& finding) {
    found_.resume = false;
    throw not_rightly(finding.found);
  } catch (const RemoteError& error) {
    const bool refused = error.reply_code() >= 400 && error.reply_code() != 421;
    if (!refused || error.failure() == FailureClass::no_space) throw;
    found_.resume = false;
    lane_->rest();  // a refusal may leave the file open there
    throw not_rightly(error.what());
  }
  return "goes on at the byte where it stopped";
}

std::string Examination::rename() {
  const RemotePath from = own("from"), to = own("to");
  ask(RemoveFile{to});  // an examination that was killed may have left it
  put(from, kSeed + 1, 0, kSmall);
  const CommandResult renamed = ask(Rename{from, to});
  if (renamed.status == Status::refused)
    throw Finding{
        fmt::format("refused: {} {}", renamed.reply_code, renamed.reply_text),
        "Every file gets its name by being renamed, so that nobody sees half of one. For an account that "
        "may not, set \"append_only\": true: each run then stores what is new in a directory of its own."};
  need(renamed, "RNFR, RNTO");
  need_size(to, kSmall);
  return {};
}

std::string Examination::rename_over() {
  const RemotePath from = own("from"), to = own("to");
  put(from, kSeed + 2, 0, kSmall + 1);
  const CommandResult renamed = ask(Rename{from, to});
  found_.rename_over = renamed.status == Status::done;
  if (renamed.status == Status::refused)
    throw Finding{fmt::format("refused: {} {}", renamed.reply_code, renamed.reply_text),
                  "A run then moves the old file aside first: three commands more per replaced file, and a "
                  "moment in which the name is missing. Nothing needs to be set."};
  need(renamed, "RNFR, RNTO");
  need_size(to, kSmall + 1);
  return {};
}

/// SITE CHMOD, which only "remote_modes": "server" does without.
std::string Examination::set_mode() {
  if (!profile_.keeps_private()) throw NotOffered{};
  const CommandResult set = ask(SetMode{own("probe"), 0600});
  if (set.status == Status::done) return "SITE CHMOD, or what stands for it there";
  const Finding finding{
      set.status == Status::unsupported ? std::string("the server has no SITE CHMOD")
                                        : fmt::format("refused: {} {}", set.reply_code, set.reply_text),
      "Copies get the permissions that the server gives, .outhaul too: other accounts of the same "
      "machine may be able to read them. Ask the provider, or say \"remote_modes\": \"server\" to "
      "leave it at that."};
  if (set.status == Status::unanswered) need(set, "SITE CHMOD");
  throw finding;
}

/// The time is some days back: LIST shows hours only for the last six months.
std::string Examination::set_time() {
  const RemotePath path = own("probe");
  const std::int64_t wanted = (floor_seconds(clock_.now_ns()) - 30 * kDay) / kQuarterHour * kQuarterHour;
  const CommandResult set = ask(SetMtime{path, wanted});
  if (set.status == Status::unsupported)
    throw Finding{"the server has neither MFMT nor MDTM with a time",
                  "Files on the server bear the time of their upload. outhaul doesn't need theirs: it keeps "
                  "the true times in its state."};
  need(set, "set the time");
  const Listing listing = lane_->list(place_);
  const auto entry = std::find_if(listing.entries.begin(), listing.entries.end(),
                                  [](const RemoteEntry& e) { return e.name == "probe"; });
  if (entry == listing.entries.end() || !entry->mtime_s) return "accepted; no listing shows it";
  const std::int64_t off = *entry->mtime_s - wanted;
  if (off == 0) return "to the second";
  if (std::abs(off) <= kDay && off % kQuarterHour == 0)
    return fmt::format("listed {} min off: the server lists its local time", off / 60);
  throw Finding{fmt::format("the server accepted a time, but lists another one, {} s off", off),
                "outhaul doesn't need the server's times: it keeps the true ones in its state."};
}

std::string Examination::digest() {
  const RemotePath path = own("probe");
  CommandResult answer;
  do {
    answer = ask(HashOf{path});
  } while (answer.status == Status::unsupported && answer.digest_kind);  // offered, but broken: the next best
  if (!answer.digest_kind) throw NotOffered{};
  need(answer, "ask for its digest");
  Digester ours(*answer.digest_kind);
  Pattern pattern(kSeed, 0, kSmall);
  std::array<std::byte, kSmall> bytes{};
  ours.update(std::span(bytes).first(pattern.read(bytes)));
  if (answer.digest != ours.finish())
    throw Finding{
        fmt::format("its {} of a file is not that of what was sent", to_string(*answer.digest_kind)),
        "Use \"proof\": \"read_back\" rather than \"hash\" with this server."};
  return fmt::format("{}, the same as ours", to_string(*answer.digest_kind));
}

std::string Examination::list() {
  const RemotePath fresh = own("fresh");
  put(fresh, kSeed, 0, 1);
  const std::int64_t now = floor_seconds(clock_.now_ns());
  const Listing listing = lane_->list(place_);
  const auto entry = std::find_if(listing.entries.begin(), listing.entries.end(),
                                  [](const RemoteEntry& e) { return e.name == "fresh"; });
  if (entry == listing.entries.end())
    throw Finding{"a file that was just stored is not listed",
                  "Uploads are proven one by one, so backups work; verifying and adopting don't."};
  if (entry->mtime_s) {
    const std::int64_t off = *entry->mtime_s - now;
    found_.clock_offset_s = std::abs(off) <= 60 ? 0 : off;
  }
  if (!listing.untrusted.empty())
    throw Finding{fmt::format("incomplete: {}", listing.untrusted),
                  "Nothing is concluded from what such a listing lacks."};
  return fmt::format("{} names", listing.entries.size());
}

std::string Examination::hidden_files() {
  const RemotePath path = own(".hidden");
  try {
    put(path, kSeed, 0, 1);
  } catch (const RemoteError& error) {
    if (error.failure() != FailureClass::skip_file) throw;
    throw Finding{error.what(), "Runs report files with such names, and store the rest."};
  }
  const Listing listing = lane_->list(place_);
  const bool shown = std::any_of(listing.entries.begin(), listing.entries.end(),
                                 [](const RemoteEntry& entry) { return entry.name == ".hidden"; });
  found_.hidden_files = shown;
  if (!shown)
    throw Finding{"the server leaves them out of its listings",
                  "Backups are not affected; a directory that holds such files of others can't be removed."};
  return {};
}

std::string Examination::cases() {
  const CommandResult other = ask(SizeOf{at("PROBE")});
  if (other.status == Status::unsupported) {
    const Listing listing = lane_->list(place_);
    put(own("PROBE"), kSeed, 0, 1);
    found_.case_sensitive = lane_->list(place_).entries.size() > listing.entries.size();
  } else {
    found_.case_sensitive = other.status != Status::done;
  }
  if (!*found_.case_sensitive) throw Finding{"it can't", {}};
  return {};
}

/// Each must be there under exactly its own name.
void Examination::store_names(const std::vector<std::string>& names) {
  std::string lost;
  for (const std::string& name : names) {
    bool kept = false;
    try {
      const RemotePath path = own(name);
      put(path, kSeed, 0, 1);
      const Listing listing = lane_->list(place_);
      kept = std::any_of(listing.entries.begin(), listing.entries.end(),
                         [&](const RemoteEntry& entry) { return entry.name == name; });
    } catch (const RemoteError& error) {
      if (error.failure() != FailureClass::skip_file) throw;
    }
    if (!kept) lost += fmt::format("{}\"{}\"", lost.empty() ? "" : ", ", printable(name));
  }
  if (!lost.empty())
    throw Finding{"not kept: " + lost, "Files with such names are reported by name, the rest is stored."};
}

/// Stored beside its twin: both are there, under exactly their own names.
bool Examination::keeps(const std::string& name, const std::string& twin) {
  try {
    put(own(name), kSeed, 0, 1);
    put(own(twin), kSeed, 0, 2);
  } catch (const RemoteError& error) {
    if (error.failure() != FailureClass::skip_file) throw;
    return false;
  }
  const Listing listing = lane_->list(place_);
  const auto holds = [&](const std::string& wanted, std::uint64_t size) {
    return std::any_of(listing.entries.begin(), listing.entries.end(), [&](const RemoteEntry& entry) {
      return entry.name == wanted && entry.size.value_or(size) == size;
    });
  };
  return holds(name, 1) && holds(twin, 2);
}

/// What a run escapes for this server from now on.
std::string Examination::find_lost_names() {
  OddNames kept;
  kept.raw_bytes = keeps("lat\xE9", "lat\xE8");
  kept.quotes = keeps("quo\"te", "quote");
  kept.leading_spaces = keeps(" space", "space");
  note_names(found_, kAllOddNames, kept);
  return in_words(kAllOddNames - kept);
}

std::string Examination::odd_names() {
  const std::string lost = find_lost_names();
  store_names({"two words", "-dash", "[x]", "%25", "#1;~", "\xC3\xA4\xE2\x82\xAC"});
  if (!lost.empty())
    throw Finding{
        "not kept: " + lost,
        "A run stores such names in an escaped form (\"%E9\" for a byte), and gives them back as they "
        "were. A job that has stored such names as they are goes on with that, and refuses, by name, "
        "what the server would take for another file's."};
  return "spaces, brackets, dashes, quotes, UTF-8, other bytes";
}

std::string Examination::windows_names() {
  store_names({"a:b", "what?", "<tag>", "dot."});
  return {};
}

}  // namespace outhaul
