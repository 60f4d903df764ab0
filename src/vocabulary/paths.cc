#include "outhaul/paths.h"

#include <fmt/format.h>

#include <cstdint>

#include "outhaul/error.h"

namespace outhaul {
namespace {

/// Calls visit(segment) for each '/'-separated segment, empty ones included.
template <typename Visit>
void each_segment(std::string_view path, Visit visit) {
  for (std::size_t start = 0;;) {
    const std::size_t slash = path.find('/', start);
    visit(path.substr(start, slash - start));
    if (slash == std::string_view::npos) return;
    start = slash + 1;
  }
}

void refuse_bad_segments(std::string_view path) {
  if (path.empty()) return;
  each_segment(path, [&](std::string_view segment) {
    if (segment.empty())
      throw Error(ErrorKind::usage,
                  fmt::format("\"{}\": a path here has no leading, trailing or double '/'", printable(path)));
    if (segment == "." || segment == "..")
      throw Error(ErrorKind::usage,
                  fmt::format("\"{}\": a path here can't hold \"{}\"", printable(path), segment));
  });
}

std::string_view parent_of(std::string_view path) {
  const std::size_t slash = path.rfind('/');
  return slash == std::string_view::npos ? std::string_view{} : path.substr(0, slash);
}

std::string_view name_of(std::string_view path) {
  const std::size_t slash = path.rfind('/');
  return slash == std::string_view::npos ? path : path.substr(slash + 1);
}

bool at_or_below(std::string_view path, std::string_view dir) {
  return dir.empty() || (path.starts_with(dir) && (path.size() == dir.size() || path[dir.size()] == '/'));
}

/// Length of the valid, printable UTF-8 sequence at the start of `text`; 0 when there is none (RFC 3629; C1
/// controls and bidirectional overrides count as not printable: they could make a message lie).
std::size_t printable_utf8(std::string_view text) {
  const auto byte = [&](std::size_t i) { return static_cast<std::uint8_t>(text[i]); };
  const std::uint8_t lead = byte(0);
  if (lead < 0x80) return lead >= 0x20 && lead != 0x7F ? 1 : 0;
  const std::size_t length = lead >= 0xF0 ? 4 : lead >= 0xE0 ? 3 : 2;
  if (lead < 0xC2 || lead > 0xF4 || text.size() < length) return 0;
  std::uint32_t code = lead & (0x7Fu >> length);
  for (std::size_t i = 1; i < length; ++i) {
    if ((byte(i) & 0xC0) != 0x80) return 0;
    code = (code << 6) | (byte(i) & 0x3Fu);
  }
  const bool overlong = (length == 3 && code < 0x800) || (length == 4 && code < 0x10000);
  const bool surrogate = code >= 0xD800 && code <= 0xDFFF;
  const bool control = code < 0xA0 || (code >= 0x202A && code <= 0x202E) ||
                       (code >= 0x2066 && code <= 0x2069) || code == 0x2028 || code == 0x2029;
  return overlong || surrogate || control || code > 0x10FFFF ? 0 : length;
}

}  // namespace

RelPath RelPath::parse(std::string_view bytes) {
  if (bytes.find('\0') != std::string_view::npos)
    throw Error(ErrorKind::usage, "a path can't hold a NUL byte");
  refuse_bad_segments(bytes);
  return RelPath(std::string(bytes));
}

RelPath RelPath::child(std::string_view name) const {
  std::string path;
  path.reserve(bytes_.size() + 1 + name.size());
  path = bytes_;
  if (!path.empty()) path += '/';
  path += name;
  return RelPath(std::move(path));
}

std::string_view RelPath::parent() const noexcept {
  return parent_of(bytes_);
}
std::string_view RelPath::name() const noexcept {
  return name_of(bytes_);
}
bool RelPath::is_at_or_below(const RelPath& dir) const noexcept {
  return at_or_below(bytes_, dir.bytes_);
}

RemotePath RemotePath::parse(std::string_view wire) {
  for (const char c : wire) {
    const auto byte = static_cast<std::uint8_t>(c);
    if (byte < 0x20 || byte == 0x7F || byte == 0xFF || c == '\\')
      throw Error(ErrorKind::usage,
                  fmt::format("\"{}\": a remote path can't hold the byte 0x{:02X}", printable(wire), byte));
  }
  refuse_bad_segments(wire);
  return RemotePath(std::string(wire));
}

RemotePath RemotePath::operator/(const RemotePath& below) const {
  if (wire_.empty()) return below;
  if (below.wire_.empty()) return *this;
  return RemotePath(wire_ + '/' + below.wire_);
}

RemotePath RemotePath::parent() const {
  return RemotePath(std::string(parent_of(wire_)));
}
std::string_view RemotePath::name() const noexcept {
  return name_of(wire_);
}
bool RemotePath::is_at_or_below(const RemotePath& dir) const noexcept {
  return at_or_below(wire_, dir.wire_);
}

std::string printable(std::string_view bytes) {
  std::string text;
  text.reserve(bytes.size());
  while (!bytes.empty()) {
    if (const std::size_t length = printable_utf8(bytes); length > 0) {
      text += bytes.substr(0, length);
      bytes.remove_prefix(length);
    } else {
      text += fmt::format("\\x{:02X}", static_cast<std::uint8_t>(bytes.front()));
      bytes.remove_prefix(1);
    }
  }
  return text;
}

}  // namespace outhaul
