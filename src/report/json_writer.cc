#include "report/json_writer.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>

#include "base/base64.h"
#include "outhaul/odd_names.h"
#include "outhaul/paths.h"

namespace outhaul {
bool is_utf8(std::string_view bytes) noexcept {
  while (!bytes.empty()) {
    const std::size_t length = utf8_length(bytes);
    if (length == 0) return false;
    bytes.remove_prefix(length);
  }
  return true;
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
