#include "state/xattr_blob.h"

#include <fmt/format.h>

#include <cstddef>
#include <cstdint>
#include <limits>

#include "outhaul/error.h"

namespace outhaul {
namespace {

constexpr char kVersion = 1;
constexpr std::size_t kNameLength = 2, kValueLength = 4;

void append(std::string& bytes, std::size_t value, std::size_t width) {
  for (std::size_t i = 0; i < width; ++i) bytes += static_cast<char>(value >> (8 * i));
}

std::size_t number(std::string_view bytes) {
  std::size_t value = 0;
  for (std::size_t i = 0; i < bytes.size(); ++i)
    value |= std::size_t{static_cast<unsigned char>(bytes[i])} << (8 * i);
  return value;
}

/// False when fewer than `size` bytes are left.
bool take(std::string_view& from, std::size_t size, std::string_view& taken) {
  if (from.size() < size) return false;
  taken = from.substr(0, size);
  from.remove_prefix(size);
  return true;
}

std::string_view decode_one(std::string_view& rest, Xattr& attribute, std::string_view before) {
  std::string_view name_length, value_length, name, value;
  if (!take(rest, kNameLength, name_length) || !take(rest, kValueLength, value_length) ||
      !take(rest, number(name_length), name) || !take(rest, number(value_length), value))
    return "are cut short";
  if (name.empty() || name.find('\0') != std::string_view::npos) return "hold an impossible name";
  if (name <= before) return "are out of order";
  attribute.name.assign(name);
  attribute.value.assign(value);
  return {};
}

}  // namespace

std::string encode_xattrs(const std::vector<Xattr>& attributes) {
  std::string blob;
  if (attributes.empty()) return blob;
  blob += kVersion;
  std::string_view before;
  for (const Xattr& attribute : attributes) {
    if (attribute.name <= before)
      throw Error(ErrorKind::internal, "extended attributes are out of order",
                  "please report this bug in outhaul");
    before = attribute.name;
    // The kernel allows names of 255 bytes and values of 64 KiB.
    if (attribute.name.size() > std::numeric_limits<std::uint16_t>::max() ||
        attribute.value.size() > std::numeric_limits<std::uint32_t>::max())
      throw Error(ErrorKind::internal, "an extended attribute is longer than any can be",
                  "please report this bug in outhaul");
    append(blob, attribute.name.size(), kNameLength);
    append(blob, attribute.value.size(), kValueLength);
    blob += attribute.name;
    blob += attribute.value;
  }
  return blob;
}

std::string decode_xattrs(std::string_view blob, std::vector<Xattr>& attributes) {
  if (blob.empty()) {
    attributes.clear();
    return {};
  }
  std::string fault;
  std::size_t count = 0;
  if (blob.front() != kVersion)
    fault = fmt::format("are in a form ({}) that it can't hold", static_cast<unsigned char>(blob.front()));
  blob.remove_prefix(1);
  if (fault.empty() && blob.empty()) fault = "are cut short";
  while (fault.empty() && !blob.empty()) {
    if (attributes.size() == count) attributes.emplace_back();
    const std::string_view before = count == 0 ? std::string_view() : attributes[count - 1].name;
    fault = decode_one(blob, attributes[count], before);
    ++count;
  }
  attributes.resize(fault.empty() ? count : 0);
  return fault;
}

}  // namespace outhaul
