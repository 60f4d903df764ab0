#include "remote/listing.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "outhaul/ascii_case.h"
#include "outhaul/paths.h"

namespace outhaul {
namespace {

constexpr std::size_t kShown = 200;

/// Servers cap listings at these counts without a word (pain 14).
constexpr std::array<std::size_t, 4> kSuspicious = {1000, 2000, 9998, 10000};

bool names_itself(std::string_view line, ListingFormat format, const RemoteEntry& entry) {
  if (entry.name == ".") return true;
  if (format != ListingFormat::mlsd) return false;
  return ascii_lower(line.substr(0, line.find(' '))).find("type=cdir;") != std::string::npos;
}

bool names_parent(std::string_view line, ListingFormat format, const RemoteEntry& entry) {
  if (entry.name == "..") return format == ListingFormat::list || entry.kind == RemoteEntry::Kind::directory;
  return format == ListingFormat::mlsd && entry.kind == RemoteEntry::Kind::directory &&
         line.substr(0, line.find(' ')).find("=pdir;") != std::string_view::npos;
}

bool says_truncated(std::string_view text) {
  return text.find("truncat") != std::string_view::npos || text.find("Truncat") != std::string_view::npos ||
         text.find("TRUNCAT") != std::string_view::npos;
}

bool is_total(std::string_view line) {
  if (!line.starts_with("total ") && !line.starts_with("Total ")) return false;
  return line.find_first_not_of("0123456789 .,KMGTkB", 6) == std::string_view::npos;
}

}  // namespace

bool ListingParser::feed(std::string_view bytes) {
  bytes_ += bytes.size();
  while (!bytes.empty() && within_limits()) {
    const std::size_t end = bytes.find('\n');
    const std::string_view piece = bytes.substr(0, end);
    if (!skipping_ && open_line_.size() + piece.size() > limits_.line) {
      distrust(fmt::format("a line is longer than {} bytes", limits_.line));
      skipping_ = true;
      nonsense_ += open_line_.size();
    }
    if (skipping_)
      nonsense_ += piece.size();
    else
      open_line_ += piece;
    if (end == std::string_view::npos) break;
    bytes.remove_prefix(end + 1);
    if (!skipping_) take_line(open_line_);
    skipping_ = false;
    open_line_.clear();
  }
  return within_limits();
}

bool ListingParser::within_limits() {
  if (listing_.entries.size() > limits_.entries)
    distrust(fmt::format("it has more than {} entries", limits_.entries));
  else if (bytes_ > limits_.bytes)
    distrust(fmt::format("it has more than {} bytes", limits_.bytes));
  else if (nonsense_ > limits_.nonsense)
    distrust(fmt::format("more than {} bytes of it belong to no entry", limits_.nonsense));
  else
    return true;
  return false;
}

Listing ListingParser::finish(std::string_view final_reply) {
  if (!open_line_.empty()) take_line(open_line_);
  open_line_.clear();
  if (says_truncated(final_reply))
    distrust(fmt::format("the server left entries out ({})", printable(final_reply)));
  const auto suspicious = [](std::size_t count) {
    return std::find(kSuspicious.begin(), kSuspicious.end(), count) != kSuspicious.end();
  };
  if (suspicious(lines_) || suspicious(lines_ - dots_))
    distrust(
        fmt::format("it has exactly {} entries, a number at which servers cut listings off", lines_ - dots_));
  std::sort(listing_.entries.begin(), listing_.entries.end(),
            [](const RemoteEntry& a, const RemoteEntry& b) { return a.name < b.name; });
  return std::move(listing_);
}

void ListingParser::take_line(std::string_view line) {
  if (line.ends_with('\r')) line.remove_suffix(1);
  if (line.empty() || (format_ == ListingFormat::list && is_total(line))) {
    nonsense_ += line.size() + 1;
    return;
  }
  auto entry = format_ == ListingFormat::mlsd ? parse_facts(line) : parse_list_line(line, now_s_);
  if (entry) return take_entry(std::move(*entry), line);
  nonsense_ += line.size() + 1;
  distrust(fmt::format("a line was not understood: \"{}\"", printable(line.substr(0, kShown))));
}

void ListingParser::take_entry(RemoteEntry entry, std::string_view line) {
  ++lines_;
  const bool itself = names_itself(line, format_, entry);
  if (itself || names_parent(line, format_, entry)) {
    saw_itself_ |= itself;
    ++dots_;
    return;
  }
  const bool bad = entry.name.empty() || entry.name == ".." ||
                   entry.name.find_first_of(std::string_view("/\r\n\0", 4)) != std::string::npos;
  if (bad) {
    nonsense_ += line.size() + 1;
    distrust(fmt::format("it holds a name that can't be: \"{}\"", printable(entry.name.substr(0, kShown))));
  } else {
    listing_.entries.push_back(std::move(entry));
  }
}

void ListingParser::distrust(std::string why) {
  if (listing_.untrusted.empty()) listing_.untrusted = std::move(why);
}

}  // namespace outhaul
