#include "scan/listing.h"

#include <dirent.h>

#include <algorithm>
#include <bit>
#include <cerrno>
#include <cstring>
#include <limits>
#include <stdexcept>
#include <string_view>

#include "base/cancel.h"

namespace outhaul {
namespace {

constexpr std::size_t kKeepBytes = 1 << 20;

bool may_be_directory(std::uint8_t type) {
  return type == DT_DIR || type == DT_UNKNOWN;
}

/// The first eight bytes as a number that compares like them; short keys are filled with NUL, which no name
/// holds.
std::uint64_t prefix_of(const char* key, std::size_t length) {
  std::uint64_t prefix = 0;
  std::memcpy(&prefix, key, std::min(length, sizeof prefix));
  if constexpr (std::endian::native == std::endian::little) prefix = __builtin_bswap64(prefix);
  return prefix;
}

bool is_dot_or_dot_dot(const char* name) {
  return name[0] == '.' && (name[1] == '\0' || (name[1] == '.' && name[2] == '\0'));
}

}  // namespace

int DirectoryNames::read(int fd, std::span<std::byte> buffer, const CancelToken& cancel) {
  clear();
  if (const int error = read_names(fd, buffer, cancel); error != 0) {
    clear();
    return error;
  }
  sort();
  return 0;
}

int DirectoryNames::read_names(int fd, std::span<std::byte> buffer, const CancelToken& cancel) {
  while (!cancel.cancelled()) {
    const ssize_t got = getdents64(fd, buffer.data(), buffer.size());
    if (got == 0) return 0;
    if (got < 0) {
      if (errno == EINTR) continue;
      return errno;
    }
    for (std::size_t at = 0; at < static_cast<std::size_t>(got);) {
      const auto* record = reinterpret_cast<const dirent64*>(buffer.data() + at);
      if (!is_dot_or_dot_dot(record->d_name)) add(record->d_name, record->d_type);
      at += record->d_reclen;
    }
  }
  return ECANCELED;
}

void DirectoryNames::add(const char* name, std::uint8_t type) {
  const std::size_t length = std::strlen(name);
  const bool twice = may_be_directory(type);
  if (twice) {
    const auto index = static_cast<std::uint32_t>(subdirectories_.size());
    const auto* bytes = reinterpret_cast<const char*>(&index);
    subdirectories_.emplace_back();
    arena_.insert(arena_.end(), bytes, bytes + sizeof index);
  }
  const std::size_t offset = arena_.size();
  if (offset + length >= std::numeric_limits<std::uint32_t>::max())
    throw std::length_error("a directory holds more than 4 GiB of names");
  arena_.insert(arena_.end(), name, name + length);
  arena_.push_back(twice ? '/' : '\0');
  add_item(offset, length, type, Role::entry);
  if (twice) add_item(offset, length, type, Role::content);
}

void DirectoryNames::add_item(std::size_t offset, std::size_t length, std::uint8_t type, Role role) {
  const std::size_t key_length = length + (role == Role::content ? 1 : 0);
  items_.push_back({prefix_of(arena_.data() + offset, key_length), static_cast<std::uint32_t>(offset),
                    static_cast<std::uint16_t>(length), type, role});
}

std::string_view DirectoryNames::key(const Item& item) const noexcept {
  return {arena_.data() + item.offset, item.length + (item.role == Role::content ? std::size_t{1} : 0)};
}

void DirectoryNames::sort() {
  std::sort(items_.begin(), items_.end(), [this](const Item& a, const Item& b) {
    if (a.prefix != b.prefix) return a.prefix < b.prefix;
    if (const int order = key(a).compare(key(b)); order != 0) return order < 0;
    // Of a name that came twice, the one that can be descended into is the one that next() shall keep.
    return may_be_directory(a.type) && !may_be_directory(b.type);
  });
  for (const Item& item : items_)
    if (item.role == Role::content) arena_[item.offset + item.length] = '\0';
}

bool DirectoryNames::repeats(const Item& item) const noexcept {
  return last_entry_ != nullptr && last_entry_->prefix == item.prefix && last_entry_->length == item.length &&
         std::memcmp(name(*last_entry_), name(item), item.length) == 0;
}

const DirectoryNames::Item* DirectoryNames::next() noexcept {
  while (next_ < items_.size()) {
    const Item& item = items_[next_++];
    if (item.role == Role::content) return &item;
    if (repeats(item)) continue;
    last_entry_ = &item;
    return &item;
  }
  return nullptr;
}

bool DirectoryNames::holds(std::string_view name) const noexcept {
  const std::uint64_t prefix = prefix_of(name.data(), name.size());
  return std::any_of(items_.begin(), items_.end(), [&](const Item& item) {
    return item.role == Role::entry && item.prefix == prefix && key(item) == name;
  });
}

void DirectoryNames::keep_only(const std::vector<std::string>& names) {
  std::erase_if(items_, [&](const Item& item) {
    return item.role == Role::content || std::find(names.begin(), names.end(), key(item)) == names.end();
  });
}

DirectoryNames::Subdirectory* DirectoryNames::subdirectory(const Item& item) noexcept {
  if (!may_be_directory(item.type)) return nullptr;
  std::uint32_t index = 0;
  std::memcpy(&index, arena_.data() + item.offset - sizeof index, sizeof index);
  return &subdirectories_[index];
}

void DirectoryNames::clear() noexcept {
  next_ = 0;
  last_entry_ = nullptr;
  if (arena_.capacity() > kKeepBytes || items_.capacity() * sizeof(Item) > kKeepBytes) {
    arena_ = {};
    items_ = {};
    subdirectories_ = {};
  }
  arena_.clear();
  items_.clear();
  subdirectories_.clear();
}

}  // namespace outhaul
