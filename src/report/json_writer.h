// JSON (RFC 8259) written straight into text: a plan of a million actions costs its own length and no tree
// besides.
#pragma once

#include <concepts>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace outhaul {

/// Calls nest: begin_object, key, value, …, end_object. Commas come by themselves. What comes out is one line
/// unless rows() asks for one line per element.
class JsonWriter {
 public:
  void begin_object();
  void end_object();
  /// `rows`: every element on a line of its own, so that grep and diff are of use on the document.
  void begin_array(bool rows = false);
  void end_array();
  void key(std::string_view name);

  void value(
      std::string_view text);  ///< text for people; bytes that are not UTF-8 come as \xNN (see printable())
  void value(const char* text) { value(std::string_view(text)); }
  void value(bool flag);
  void value(std::uint64_t number);
  void value(std::int64_t number);
  /// A path or other raw bytes: a string when they are UTF-8, else {"base64": "…"} (RFC 4648 §4), so that no
  /// byte is lost.
  void bytes(std::string_view raw);

  template <typename Value>
  void member(std::string_view name, const Value& v) {
    key(name);
    value(v);
  }
  void member_bytes(std::string_view name, std::string_view raw) {
    key(name);
    bytes(raw);
  }
  /// Left out when it is empty.
  void member_unless_empty(std::string_view name, std::string_view text) {
    if (!text.empty()) member(name, text);
  }

  std::string take() { return std::exchange(text_, {}); }

 private:
  struct Level {
    bool rows = false, first = true;
  };
  void before_value();
  void close(char bracket);
  void quoted(std::string_view utf8);

  std::string text_;
  std::vector<Level> levels_;
  bool after_key_ = false;
};

bool is_utf8(std::string_view bytes) noexcept;
std::string to_base64(std::string_view bytes);

}  // namespace outhaul
