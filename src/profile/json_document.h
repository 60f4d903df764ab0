// A JSON text as a tree that keeps what a profile's reader must know: the order of members, keys that come
// twice, and where the syntax broke. Pure.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "profile/faults.h"

namespace outhaul {

struct JsonMember;

struct JsonValue {
  enum class Kind : std::uint8_t { null, boolean, number, string, array, object };
  Kind kind = Kind::null;
  bool boolean = false;
  /// Set for numbers that are whole (4, 4.0, 4e0) and fit. JSON Schema calls these integers, so we do.
  std::optional<std::int64_t> integer;
  std::string text;                 ///< string: its bytes; number: as written
  std::vector<JsonValue> items;     ///< array
  std::vector<JsonMember> members;  ///< object; in the order of the text, duplicates included
};

struct JsonMember {
  std::string key;
  JsonValue value;
};

/// None, and exactly one fault, when `text` isn't UTF-8 or isn't JSON; the fault names line and column (of
/// characters, from 1) and never quotes the text, which may be a secret. A key that comes twice in an object
/// is a fault of its own.
std::optional<JsonValue> parse_json(std::string_view text, Faults& faults);

/// RFC 6901 §3: "~" and "/" of a key, escaped.
std::string pointer_token(std::string_view key);

/// What stands there, for a message: "the string \"yes\"", "the number 3", "an empty array". Long strings are
/// cut, and of a URL only the scheme is shown: what follows may be a password.
std::string describe(const JsonValue& value);

}  // namespace outhaul
