#include "profile/json_document.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>

#include "outhaul/paths.h"
#include "profile/json_syntax.h"

namespace outhaul {
namespace {

using Json = nlohmann::json;

constexpr double kLargestWhole = 9007199254740991.0;  // 2^53 - 1: beyond it a double no longer counts by ones

constexpr std::size_t kDeepest = 64;

/// Builds the tree. A container on the stack stays where it is: its parent's vector grows only after it was
/// closed.
class TreeBuilder final : public nlohmann::json_sax<Json> {
 public:
  TreeBuilder(std::string_view text, Faults& faults) : text_(text), faults_(faults) {}

  JsonValue take() { return std::move(root_); }

  bool null() override {
    place({});
    return true;
  }
  bool boolean(bool value) override {
    JsonValue node;
    node.kind = JsonValue::Kind::boolean;
    node.boolean = value;
    place(std::move(node));
    return true;
  }
  bool number_integer(number_integer_t value) override { return number(fmt::to_string(value), value); }
  bool number_unsigned(number_unsigned_t value) override {
    const bool fits = value <= static_cast<number_unsigned_t>(INT64_MAX);
    return number(fmt::to_string(value),
                  fits ? std::optional(static_cast<std::int64_t>(value)) : std::nullopt);
  }
  bool number_float(number_float_t value, const string_t& as_written) override {
    const bool whole = std::trunc(value) == value && std::abs(value) <= kLargestWhole;
    return number(as_written, whole ? std::optional(static_cast<std::int64_t>(value)) : std::nullopt);
  }
  bool string(string_t& value) override {
    JsonValue node;
    node.kind = JsonValue::Kind::string;
    node.text = std::move(value);
    place(std::move(node));
    return true;
  }
  bool binary(binary_t&) override { return false; }  // not in JSON text
  bool start_object(std::size_t) override { return open(JsonValue::Kind::object); }
  bool start_array(std::size_t) override { return open(JsonValue::Kind::array); }
  bool end_object() override { return close(); }
  bool end_array() override { return close(); }

  bool key(string_t& value) override {
    JsonValue& object = *open_.back();
    const bool twice =
        std::ranges::any_of(object.members, [&](const JsonMember& m) { return m.key == value; });
    object.members.push_back({value, {}});
    if (twice)
      faults_.add(pointer(), "the key comes twice in its object", "every key once",
                  "keep one of the two and remove the other");
    return true;
  }

  bool parse_error(std::size_t position, const std::string& last_token,
                   const Json::exception& error) override {
    SyntaxFault fault = explain_syntax_error(text_, position, last_token.size(), error.what());
    faults_.add("", std::move(fault.found), std::move(fault.expected), std::move(fault.hint));
    return false;
  }

 private:
  bool number(std::string as_written, std::optional<std::int64_t> whole) {
    JsonValue node;
    node.kind = JsonValue::Kind::number;
    node.text = std::move(as_written);
    node.integer = whole;
    place(std::move(node));
    return true;
  }

  JsonValue& place(JsonValue node) {
    if (open_.empty()) return root_ = std::move(node);
    JsonValue& parent = *open_.back();
    if (parent.kind == JsonValue::Kind::array) return parent.items.emplace_back(std::move(node));
    return parent.members.back().value = std::move(node);
  }

  bool open(JsonValue::Kind kind) {
    if (open_.size() >=
        kDeepest) {  // the tree is taken down recursively: a file of brackets must not eat the stack
      faults_.add("", fmt::format("brackets nested more than {} deep", kDeepest),
                  "a profile, which nests four deep");
      return false;
    }
    JsonValue node;
    node.kind = kind;
    open_.push_back(&place(std::move(node)));
    return true;
  }
  bool close() {
    open_.pop_back();
    return true;
  }

  /// Of the member that was opened last.
  std::string pointer() const {
    std::string path;
    for (const JsonValue* container : open_) {
      if (container->kind == JsonValue::Kind::array)
        path += fmt::format("/{}", container->items.size() - 1);
      else
        path += "/" + pointer_token(container->members.back().key);
    }
    return path;
  }

  std::string_view text_;
  Faults& faults_;
  JsonValue root_;
  std::vector<JsonValue*> open_;
};

/// A string as a message may show it.
std::string shown(std::string_view text) {
  constexpr std::size_t kMost = 60;
  if (const std::size_t scheme = text.find("://"); scheme != std::string_view::npos)
    return printable(text.substr(0, std::min(scheme, kMost))) + "://…";
  if (text.size() <= kMost) return printable(text);
  std::size_t cut = kMost;
  while (cut > 0 && (static_cast<unsigned char>(text[cut]) & 0xC0) == 0x80) --cut;
  return printable(text.substr(0, cut)) + "…";
}

}  // namespace

std::optional<JsonValue> parse_json(std::string_view text, Faults& faults) {
  if (const auto bad = first_invalid_utf8(text)) {
    const Place place = place_of(text, *bad);
    faults.add("",
               fmt::format("line {}, column {}: the byte 0x{:02X}, which is not UTF-8", place.line,
                           place.column, static_cast<unsigned char>(text[*bad])),
               "a file in UTF-8",
               "save the file as UTF-8; a path whose name is not UTF-8 can't be written in JSON");
    return std::nullopt;
  }
  TreeBuilder builder(text, faults);
  if (!Json::sax_parse(text, &builder)) return std::nullopt;
  return builder.take();
}

std::string pointer_token(std::string_view key) {
  std::string token;
  for (const char c : key) {
    if (c == '~')
      token += "~0";
    else if (c == '/')
      token += "~1";
    else
      token += c;
  }
  return token;
}

std::string describe(const JsonValue& value) {
  switch (value.kind) {
    case JsonValue::Kind::null:
      return "null";
    case JsonValue::Kind::boolean:
      return value.boolean ? "true" : "false";
    case JsonValue::Kind::number:
      return fmt::format("the number {}", value.text);
    case JsonValue::Kind::string:
      return value.text.empty() ? "an empty string" : fmt::format("the string \"{}\"", shown(value.text));
    case JsonValue::Kind::array:
      return value.items.empty() ? "an empty array" : "an array";
    case JsonValue::Kind::object:
      return value.members.empty() ? "an empty object" : "an object";
  }
  return "nothing";
}

}  // namespace outhaul
