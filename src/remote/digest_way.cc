#include "remote/digest_way.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <vector>

namespace outhaul {
namespace {

/// The best first.
constexpr std::array kWays{
    DigestWay{DigestKind::sha256, "HASH"}, DigestWay{DigestKind::sha256, "XSHA256"},
    DigestWay{DigestKind::sha512, "HASH"}, DigestWay{DigestKind::sha512, "XSHA512"},
    DigestWay{DigestKind::sha1, "HASH"},   DigestWay{DigestKind::sha1, "XSHA1"},
    DigestWay{DigestKind::md5, "HASH"},    DigestWay{DigestKind::md5, "XMD5"},
    DigestWay{DigestKind::crc32, "HASH"},  DigestWay{DigestKind::crc32, "XCRC"},
};

/// Servers write SHA-256, sha256, CRC32 or CRC-32.
std::string plain(std::string_view name) {
  std::string result;
  for (const char c : name)
    if (std::isalnum(static_cast<unsigned char>(c)) != 0)
      result += static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
  return result;
}

std::vector<std::string_view> split(std::string_view text, std::string_view separators) {
  std::vector<std::string_view> words;
  while (true) {
    const std::size_t start = text.find_first_not_of(separators);
    if (start == std::string_view::npos) return words;
    text.remove_prefix(start);
    const std::size_t end = std::min(text.find_first_of(separators), text.size());
    words.push_back(text.substr(0, end));
    text.remove_prefix(end);
  }
}

/// `word` as a digest of that kind. Leading zeros of a CRC are left out by some servers.
std::optional<std::string> as_digest(DigestKind kind, std::string_view word) {
  if (word.starts_with("0x") || word.starts_with("0X")) word.remove_prefix(2);
  const std::size_t digits = hex_digits(kind);
  const bool fits =
      kind == DigestKind::crc32 ? !word.empty() && word.size() <= digits : word.size() == digits;
  const auto is_hex = [](unsigned char c) { return std::isxdigit(c) != 0; };
  if (!fits || !std::all_of(word.begin(), word.end(), is_hex)) return std::nullopt;
  std::string digest(digits - word.size(), '0');
  for (const char c : word) digest += static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  return digest;
}

}  // namespace

DigestWays digest_ways_in(std::string_view feat_line) {
  const std::vector<std::string_view> words = split(feat_line, " \t");
  if (words.empty()) return 0;
  const std::string verb = plain(words.front());
  std::vector<std::string> algorithms;
  if (verb == "HASH" && words.size() > 1)
    for (const std::string_view name : split(words[1], ";")) algorithms.push_back(plain(name));
  DigestWays ways = 0;
  for (const DigestWay& way : kWays) {
    const bool offered = way.by_hash()
                             ? std::ranges::find(algorithms, plain(to_string(way.kind))) != algorithms.end()
                             : verb == way.verb;
    if (offered) ways |= bit_of(way);
  }
  return ways;
}

const DigestWay* best_digest_way(DigestWays offered) noexcept {
  const auto* found =
      std::ranges::find_if(kWays, [&](const DigestWay& way) { return (offered & bit_of(way)) != 0; });
  return found == kWays.end() ? nullptr : found;
}

DigestWays bit_of(const DigestWay& way) noexcept {
  for (std::size_t i = 0; i < kWays.size(); ++i)
    if (kWays[i].kind == way.kind && kWays[i].verb == way.verb) return static_cast<DigestWays>(1U << i);
  return 0;
}

std::string choose_line(const DigestWay& way) {
  return fmt::format("OPTS HASH {}", to_string(way.kind));
}

/// The X commands take a range behind the path, so that a space in it needs quotes; HASH takes the whole
/// line.
std::string ask_line(const DigestWay& way, const std::string& argument) {
  const bool quote = !way.by_hash() && argument.find(' ') != std::string::npos;
  return quote ? fmt::format("{} \"{}\"", way.verb, argument) : fmt::format("{} {}", way.verb, argument);
}

/// HASH: "SHA-256 0-49 <digest> name"; the X commands: the digest, with or without words around it. ProFTPD
/// says "Computing …" in a line before.
std::optional<std::string> digest_in(const DigestWay& way, const Reply& reply) {
  if (reply.lines.empty()) return std::nullopt;
  std::vector<std::string_view> words = split(reply.lines.back(), " \t\"");
  if (way.by_hash()) {
    if (words.empty() || plain(words.front()) != plain(to_string(way.kind))) return std::nullopt;
    words.erase(words.begin());
    if (words.size() > 2) words.resize(2);  // what follows is the name
  }
  std::stable_sort(words.begin(), words.end(), [&](std::string_view a, std::string_view b) {
    return a.size() == hex_digits(way.kind) && b.size() != hex_digits(way.kind);
  });
  for (const std::string_view word : words)
    if (auto digest = as_digest(way.kind, word)) return digest;
  return std::nullopt;
}

bool asks_for_digest(std::string_view line) noexcept {
  const std::string_view verb = line.substr(0, line.find(' '));
  return std::ranges::any_of(kWays, [&](const DigestWay& way) { return way.verb == verb; });
}

}  // namespace outhaul
