#include "outhaul/names.h"

#include <cstdint>

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

bool needs_escape(std::string_view name, std::size_t i) {
  const auto byte = static_cast<std::uint8_t>(name[i]);
  if (byte < 0x20 || byte == 0x7F || byte == 0xFF || byte == '\\' || byte == '*') return true;
  if (byte == ' ') return i + 1 == name.size();
  return byte == '%' && looks_escaped(name, i);
}

}  // namespace

std::string escape_name(std::string_view name) {
  std::string wire;
  wire.reserve(name.size());
  for (std::size_t i = 0; i < name.size(); ++i) {
    if (!needs_escape(name, i)) {
      wire += name[i];
      continue;
    }
    const auto byte = static_cast<std::uint8_t>(name[i]);
    wire += '%';
    wire += kDigits[byte >> 4];
    wire += kDigits[byte & 15];
  }
  return wire;
}

std::string unescape_name(std::string_view wire) {
  std::string name;
  name.reserve(wire.size());
  for (std::size_t i = 0; i < wire.size(); ++i) {
    if (wire[i] == '%' && looks_escaped(wire, i)) {
      name += static_cast<char>(hex_value(wire[i + 1]) * 16 + hex_value(wire[i + 2]));
      i += 2;
    } else {
      name += wire[i];
    }
  }
  return name;
}

RemotePath remote_path_for(const RemotePath& target, const RelPath& path) {
  std::string wire;
  std::string_view rest = path.bytes();
  while (!rest.empty()) {
    const std::size_t slash = rest.find('/');
    const std::string_view segment = rest.substr(0, slash);
    if (!wire.empty()) wire += '/';
    wire += wire.empty() && target.empty() && segment == kControlDir ? "%2Eouthaul" : escape_name(segment);
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
