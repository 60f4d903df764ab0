#include "remote/reply_parser.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "outhaul/paths.h"

namespace outhaul {
namespace {

constexpr std::size_t kMaxText = 300;

bool digit(char c) {
  return c >= '0' && c <= '9';
}

/// The code that a line starts with, or 0. Codes beyond 6xx don't exist (RFC 2228 §4 has the 6xx).
int code_of(std::string_view line) {
  if (line.size() < 3 || line[0] < '1' || line[0] > '6' || !digit(line[1]) || !digit(line[2])) return 0;
  return (line[0] - '0') * 100 + (line[1] - '0') * 10 + (line[2] - '0');
}

}  // namespace

std::string Reply::text() const {
  std::string joined;
  for (const std::string& line : lines) {
    const std::size_t start = line.find_first_not_of(" \t");
    if (start == std::string::npos) continue;
    if (!joined.empty()) joined += "; ";
    joined += printable(std::string_view(line).substr(start));
    if (joined.size() > kMaxText) break;
  }
  if (joined.size() > kMaxText) {
    std::size_t cut = kMaxText;
    while (cut > 0 && (static_cast<unsigned char>(joined[cut]) & 0xC0) == 0x80) --cut;
    joined.resize(cut);
    joined += "...";
  }
  return joined;
}

void ReplyParser::feed(std::string_view bytes) {
  if (bad()) return;
  if (at_ > 0 && at_ >= buffer_.size() / 2) {
    buffer_.erase(0, at_);
    scanned_ -= at_;
    at_ = 0;
  }
  buffer_ += bytes;
}

std::optional<Reply> ReplyParser::next() {
  while (auto line = next_line())
    if (take_line(std::move(*line))) return std::exchange(open_, {});
  return std::nullopt;
}

std::optional<std::string> ReplyParser::next_line() {
  if (bad()) return std::nullopt;
  const std::size_t end = buffer_.find('\n', scanned_);
  scanned_ = end == std::string::npos ? buffer_.size() : end + 1;
  if (scanned_ - at_ > kMaxLine + 2) {
    spoil(fmt::format("a reply line is longer than {} bytes", kMaxLine));
    return std::nullopt;
  }
  if (end == std::string::npos) return std::nullopt;
  std::string line = buffer_.substr(at_, end - at_);
  at_ = scanned_;
  while (!line.empty() && line.back() == '\r') line.pop_back();
  return line;
}

bool ReplyParser::take_line(std::string line) {
  const int code = code_of(line);
  const char mark = line.size() > 3 ? line[3] : ' ';
  const bool coded = code != 0 && (mark == ' ' || mark == '-');
  if (open_code_ == 0) {
    if (!coded) {
      spoil(fmt::format("not an FTP reply: \"{}\"", printable(std::string_view(line).substr(0, 80))));
      return false;
    }
    open_.code = code;
    open_.lines.push_back(line.size() > 4 ? line.substr(4) : std::string{});
    if (mark == ' ') return true;
    open_code_ = code;
    open_bytes_ = line.size();
    return false;
  }
  open_bytes_ += line.size();
  if (open_bytes_ > kMaxReply) {
    spoil(fmt::format("a reply is longer than {} bytes", kMaxReply));
    return false;
  }
  const bool same = coded && code == open_code_;
  open_.lines.push_back(!same ? std::move(line) : line.size() > 4 ? line.substr(4) : std::string{});
  if (!same || mark != ' ') return false;
  open_code_ = 0;
  return true;
}

void ReplyParser::spoil(std::string why) {
  why_bad_ = std::move(why);
  buffer_.clear();
  at_ = scanned_ = 0;
}

void ReplyParser::reset() {
  *this = ReplyParser{};
}

}  // namespace outhaul
