#include "report/json_writer.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>

#include "outhaul/paths.h"

namespace outhaul {
namespace {

/// Length of the UTF-8 sequence at the start of `text`, 0 when it is none (RFC 3629 §4).
std::size_t utf8_length(std::string_view text) noexcept {
  const auto byte = [&](std::size_t i) { return static_cast<std::uint8_t>(text[i]); };
  const std::uint8_t lead = byte(0);
  if (lead < 0x80) return 1;
  const std::size_t length = lead >= 0xF0 ? 4 : lead >= 0xE0 ? 3 : 2;
  if (lead < 0xC2 || lead > 0xF4 || text.size() < length) return 0;
  for (std::size_t i = 1; i < length; ++i)
    if ((byte(i) & 0xC0) != 0x80) return 0;
  const std::uint8_t second = byte(1);
  const bool overlong = (lead == 0xE0 && second < 0xA0) || (lead == 0xF0 && second < 0x90);
  const bool surrogate = lead == 0xED && second >= 0xA0;
  const bool beyond = lead == 0xF4 && second >= 0x90;
  return overlong || surrogate || beyond ? 0 : length;
}

}  // namespace

bool is_utf8(std::string_view bytes) noexcept {
  while (!bytes.empty()) {
    const std::size_t length = utf8_length(bytes);
    if (length == 0) return false;
    bytes.remove_prefix(length);
  }
  return true;
}

std::string to_base64(std::string_view bytes) {
  static constexpr char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string text;
  text.reserve((bytes.size() + 2) / 3 * 4);
  for (std::size_t at = 0; at < bytes.size(); at += 3) {
    const std::size_t have = std::min<std::size_t>(3, bytes.size() - at);
    std::uint32_t group = 0;
    for (std::size_t i = 0; i < 3; ++i)
      group = (group << 8) | (i < have ? static_cast<std::uint8_t>(bytes[at + i]) : 0u);
    for (std::size_t i = 0; i < 4; ++i) text += i <= have ? digits[(group >> (18 - 6 * i)) & 63] : '=';
  }
  return text;
}

void JsonWriter::before_value() {
  if (std::exchange(after_key_, false) || levels_.empty()) return;
  Level& level = levels_.back();
  if (!std::exchange(level.first, false)) text_ += ',';
  if (level.rows) text_ += '\n';
}

void JsonWriter::begin_object() {
  before_value();
  text_ += '{';
  levels_.push_back({});
}

void JsonWriter::begin_array(bool rows) {
  before_value();
  text_ += '[';
  levels_.push_back({rows, true});
}

void JsonWriter::close(char bracket) {
  const Level level = levels_.back();
  levels_.pop_back();
  if (level.rows && !level.first) text_ += '\n';
  text_ += bracket;
}

void JsonWriter::end_object() {
  close('}');
}
void JsonWriter::end_array() {
  close(']');
}

void JsonWriter::key(std::string_view name) {
  before_value();
  quoted(name);
  text_ += ':';
  after_key_ = true;
}

void JsonWriter::value(std::string_view text) {
  before_value();
  if (is_utf8(text))
    quoted(text);
  else
    quoted(printable(text));
}

void JsonWriter::value(bool flag) {
  before_value();
  text_ += flag ? "true" : "false";
}

void JsonWriter::value(std::uint64_t number) {
  before_value();
  fmt::format_to(std::back_inserter(text_), "{}", number);
}

void JsonWriter::value(std::int64_t number) {
  before_value();
  fmt::format_to(std::back_inserter(text_), "{}", number);
}

void JsonWriter::bytes(std::string_view raw) {
  if (is_utf8(raw)) {
    before_value();
    quoted(raw);
    return;
  }
  begin_object();
  key("base64");
  before_value();
  quoted(to_base64(raw));
  end_object();
}

void JsonWriter::quoted(std::string_view utf8) {
  // DEL need not be escaped, but a document is also looked at on a terminal.
  const auto special = [](char c) {
    return c == '"' || c == '\\' || static_cast<std::uint8_t>(c) < 0x20 || c == '\x7F';
  };
  text_ += '"';
  while (!utf8.empty()) {
    const auto* const stop = std::find_if(utf8.begin(), utf8.end(), special);
    const auto plain = static_cast<std::size_t>(stop - utf8.begin());
    text_ += utf8.substr(0, plain);
    if (plain == utf8.size()) break;
    const char c = utf8[plain];
    if (c == '"' || c == '\\')
      (text_ += '\\') += c;
    else
      fmt::format_to(std::back_inserter(text_), "\\u{:04x}", static_cast<std::uint8_t>(c));
    utf8.remove_prefix(plain + 1);
  }
  text_ += '"';
}

}  // namespace outhaul
