#include "outhaul/names.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <optional>

#include "outhaul/charset.h"

namespace outhaul {
namespace {

constexpr char kDigits[] = "0123456789ABCDEF";

/// Value of an upper-case hex digit, or -1. Lower case never comes out of escape_name, so it needs no escape.
int hex_value(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

bool looks_escaped(std::string_view name, std::size_t percent) {
  return percent + 2 < name.size() && hex_value(name[percent + 1]) >= 0 && hex_value(name[percent + 2]) >= 0;
}

char upper(char c) {
  return c >= 'a' && c <= 'z' ? static_cast<char>(c - 32) : c;
}

bool same_letters(std::string_view a, std::string_view b) {
  return std::ranges::equal(a, b, {}, upper, upper);
}

/// What follows COM and LPT in a device's name: a digit, or a superscript one in UTF-8 or Latin-1.
bool is_device_number(std::string_view text) {
  if (text.starts_with('\xC2')) text.remove_prefix(1);
  if (text.size() != 1) return false;
  const char c = text.front();
  return (c >= '0' && c <= '9') || c == '\xB9' || c == '\xB2' || c == '\xB3';
}

/// Windows looks for devices in front of the first dot, whatever follows, and overlooks spaces there.
bool is_device(std::string_view name) {
  name = name.substr(0, name.find('.'));
  while (name.ends_with(' ')) name.remove_suffix(1);
  constexpr std::array<std::string_view, 6> kDevices{"CON", "PRN", "AUX", "NUL", "CONIN$", "CONOUT$"};
  if (std::ranges::any_of(kDevices, [&](std::string_view device) { return same_letters(name, device); }))
    return true;
  const std::string_view port = name.substr(0, 3);
  return (same_letters(port, "COM") || same_letters(port, "LPT")) &&
         is_device_number(name.substr(port.size()));
}

/// How long the UTF-8 sequence is that `lead` begins; 1 for a byte that begins none.
std::size_t sequence_length(char lead) {
  const auto byte = static_cast<std::uint8_t>(lead);
  return byte >= 0xF0 && byte < 0xF8 ? 4 : byte >= 0xE0 ? 3 : byte >= 0xC0 ? 2 : 1;
}

/// One set of rules, for as many names as its caller has.
class Escaper {
 public:
  explicit Escaper(const NameRules& rules) : rules_(rules) {}

  std::string escape(std::string_view name) {
    std::string wire;
    wire.reserve(name.size());
    const bool device = rules_.windows && is_device(name);
    for (std::size_t i = 0; i < name.size();) {
      const bool beyond_ascii = static_cast<std::uint8_t>(name[i]) >= 0x80;
      if (beyond_ascii && !rules_.encoding.empty()) {
        i += convert(name.substr(i), wire);
      } else if (beyond_ascii && rules_.escaped.raw_bytes) {
        i += keep_utf8(name.substr(i), wire);
      } else {
        if (needs_escape(name, i) || (device && i == 0))
          append_escaped(name[i], wire);
        else
          wire += name[i];
        ++i;
      }
    }
    return wire;
  }

  std::string unescape(std::string_view wire) {
    std::string name;
    name.reserve(wire.size());
    for (std::size_t i = 0; i < wire.size();) {
      if (wire[i] == '%' && looks_escaped(wire, i)) {
        name += static_cast<char>(hex_value(wire[i + 1]) * 16 + hex_value(wire[i + 2]));
        i += 3;
        continue;
      }
      Charset::Character character;
      if (!rules_.encoding.empty() && static_cast<std::uint8_t>(wire[i]) >= 0x80)
        character = charset().front(wire.substr(i));
      if (character.bytes == 0) character = {std::string(1, wire[i]), 1};
      name += character.utf8;
      i += character.bytes;
    }
    return name;
  }

 private:
  static void append_escaped(char c, std::string& wire) {
    const auto byte = static_cast<std::uint8_t>(c);
    wire += '%';
    wire += kDigits[byte >> 4];
    wire += kDigits[byte & 15];
  }

  bool is_forbidden(char c) const {
    const auto byte = static_cast<std::uint8_t>(c);
    if (byte < 0x20 || byte == 0x7F || byte == 0xFF || c == '\\' || c == '*') return true;
    if (c == '"' && rules_.escaped.quotes) return true;
    return rules_.windows && std::string_view("<>:\"|?").find(c) != std::string_view::npos;
  }

  bool needs_escape(std::string_view name, std::size_t i) const {
    if (is_forbidden(name[i])) return true;
    const bool last = i + 1 == name.size();
    if (name[i] == ' ' && i == 0 && rules_.escaped.leading_spaces) return true;
    if (name[i] == ' ' || (name[i] == '.' && rules_.windows)) return last;
    return name[i] == '%' && looks_escaped(name, i);
  }

  /// The character that `text` begins with, or a byte of none, escaped. How many bytes it took.
  static std::size_t keep_utf8(std::string_view text, std::string& wire) {
    const std::size_t length = utf8_length(text);
    if (length == 0) {
      append_escaped(text.front(), wire);
      return 1;
    }
    wire += text.substr(0, length);
    return length;
  }

  /// The character that `text` begins with, in the server's set or escaped. How many bytes it took.
  std::size_t convert(std::string_view text, std::string& wire) {
    const std::size_t length = sequence_length(text.front());
    const std::string bytes =
        length <= text.size() && length > 1 ? charset().bytes_of(text.substr(0, length)) : "";
    // Sets of several bytes to a character have ASCII bytes in second place, which servers look at.
    // What is sent in another set is no UTF-8, or by chance another text's.
    const bool fit =
        !bytes.empty() && !rules_.escaped.raw_bytes && std::ranges::none_of(bytes, [this](char c) {
          return is_forbidden(c) || (static_cast<std::uint8_t>(c) < '0');
        });
    if (fit) {
      wire += bytes;
      return length;
    }
    append_escaped(text.front(), wire);
    return 1;
  }

  const Charset& charset() {
    if (!charset_) charset_.emplace(rules_.encoding);
    return *charset_;
  }

  const NameRules& rules_;
  std::optional<Charset> charset_;
};

/// Of a name that holds nothing else to be escaped.
std::string escape_first(std::string_view name) {
  const auto byte = static_cast<std::uint8_t>(name.front());
  return std::string{'%', kDigits[byte >> 4], kDigits[byte & 15]}.append(name.substr(1));
}

}  // namespace

bool is_control_dir(std::string_view segment, const NameRules& rules) {
  if (rules.windows) return same_letters(segment, kControlDir) || same_letters(segment, rules.own.dir);
  return segment == kControlDir || segment == rules.own.dir;
}

std::string escape_name(std::string_view name, const NameRules& rules) {
  return Escaper(rules).escape(name);
}

std::string unescape_name(std::string_view wire, const NameRules& rules) {
  return Escaper(rules).unescape(wire);
}

RemotePath remote_path_for(const RemotePath& target, const RelPath& path, const NameRules& rules) {
  Escaper escaper(rules);
  std::string wire;
  std::string_view rest = path.bytes();
  while (!rest.empty()) {
    const std::size_t slash = rest.find('/');
    const std::string_view segment = rest.substr(0, slash);
    const bool ours = wire.empty() && target.empty() && is_control_dir(segment, rules);
    if (!wire.empty()) wire += '/';
    wire += ours ? escape_first(segment) : escaper.escape(segment);
    rest = slash == std::string_view::npos ? std::string_view{} : rest.substr(slash + 1);
  }
  return target / RemotePath::parse(wire);
}

std::string_view too_long(const RemotePath& path) noexcept {
  std::string_view rest = path.wire();
  if (rest.size() > kMaxRemotePath) return rest;
  while (!rest.empty()) {
    const std::size_t slash = rest.find('/');
    const std::string_view segment = rest.substr(0, slash);
    if (segment.size() > kMaxRemoteName) return segment;
    rest = slash == std::string_view::npos ? std::string_view{} : rest.substr(slash + 1);
  }
  return {};
}

}  // namespace outhaul
