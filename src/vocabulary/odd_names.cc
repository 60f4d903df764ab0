#include "outhaul/odd_names.h"

#include <algorithm>
#include <cstdint>

#include "outhaul/ascii_case.h"

namespace outhaul {
namespace {

constexpr std::string_view kReplacement = "\xEF\xBF\xBD";

template <typename Combine>
OddNames combined(const OddNames& a, const OddNames& b, Combine combine) {
  OddNames result;
  for (const OddKind& kind : kOddKinds) result.*kind.member = combine(a.*kind.member, b.*kind.member);
  return result;
}

std::string joined(const OddNames& kinds, const char* OddKind::*text, std::string_view between) {
  std::string result;
  for (const OddKind& kind : kOddKinds) {
    if (!(kinds.*kind.member)) continue;
    if (!result.empty()) result += between;
    result += kind.*text;
  }
  return result;
}

std::uint8_t byte_at(std::string_view text, std::size_t i) {
  return static_cast<std::uint8_t>(text[i]);
}

bool begins_segment(std::string_view wire, std::size_t i) {
  return i == 0 || wire[i - 1] == '/';
}

/// One U+FFFD for each run of bytes that are no UTF-8, and of what is U+FFFD already.
std::string with_replacements(std::string_view wire) {
  std::string result;
  bool replaced = false;
  while (!wire.empty()) {
    const std::size_t length = utf8_length(wire);
    const bool lost = length == 0 || wire.starts_with(kReplacement);
    if (!lost)
      result += wire.substr(0, length);
    else if (!replaced)
      result += kReplacement;
    replaced = lost;
    wire.remove_prefix(std::max<std::size_t>(length, 1));
  }
  return result;
}

std::string without_leading_spaces(std::string_view wire) {
  std::string result;
  for (const char c : wire)
    if (c != ' ' || !(result.empty() || result.back() == '/')) result += c;
  return result;
}

}  // namespace

OddNames operator|(const OddNames& a, const OddNames& b) noexcept {
  return combined(a, b, [](bool x, bool y) { return x || y; });
}
OddNames operator&(const OddNames& a, const OddNames& b) noexcept {
  return combined(a, b, [](bool x, bool y) { return x && y; });
}
OddNames operator-(const OddNames& a, const OddNames& b) noexcept {
  return combined(a, b, [](bool x, bool y) { return x && !y; });
}

std::string in_words(const OddNames& kinds) {
  return joined(kinds, &OddKind::called, ", ");
}

std::string written(const OddNames& kinds) {
  return joined(kinds, &OddKind::word, " ");
}

OddNames odd_names_from(std::string_view text) {
  OddNames kinds;
  while (!text.empty()) {
    const std::string_view word = text.substr(0, text.find(' '));
    for (const OddKind& kind : kOddKinds)
      if (word == kind.word) kinds.*kind.member = true;
    text.remove_prefix(std::min(text.size(), word.size() + 1));
  }
  return kinds;
}

OddNames odd_names_in(std::string_view wire) noexcept {
  OddNames kinds;
  for (std::size_t i = 0; i < wire.size();) {
    kinds.quotes |= wire[i] == '"';
    kinds.leading_spaces |= wire[i] == ' ' && begins_segment(wire, i);
    const std::size_t length = utf8_length(wire.substr(i));
    kinds.raw_bytes |= length == 0;
    i += std::max<std::size_t>(length, 1);
  }
  return kinds;
}

std::string folded(std::string_view wire, const NameFold& fold) {
  std::string name(wire);
  if (fold.odd.raw_bytes) name = with_replacements(name);
  if (fold.odd.quotes) std::erase(name, '"');
  if (fold.odd.leading_spaces) name = without_leading_spaces(name);
  return fold.letters ? ascii_lower(name) : name;
}

std::size_t utf8_length(std::string_view text) noexcept {
  if (text.empty()) return 0;
  const std::uint8_t lead = byte_at(text, 0);
  if (lead < 0x80) return 1;
  const std::size_t length = lead >= 0xF0 ? 4 : lead >= 0xE0 ? 3 : 2;
  if (lead < 0xC2 || lead > 0xF4 || text.size() < length) return 0;
  for (std::size_t i = 1; i < length; ++i)
    if ((byte_at(text, i) & 0xC0) != 0x80) return 0;
  const std::uint8_t second = byte_at(text, 1);
  const bool overlong = (lead == 0xE0 && second < 0xA0) || (lead == 0xF0 && second < 0x90);
  const bool surrogate = lead == 0xED && second >= 0xA0;
  const bool beyond = lead == 0xF4 && second >= 0x90;
  return overlong || surrogate || beyond ? 0 : length;
}

}  // namespace outhaul
