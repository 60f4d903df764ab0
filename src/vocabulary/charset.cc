#include "outhaul/charset.h"

#include <iconv.h>

#include <algorithm>
#include <cerrno>
#include <cstdint>

namespace outhaul {
namespace {

class Converter {
 public:
  Converter(const char* to, const char* from) : handle_(::iconv_open(to, from)) {}
  Converter(const Converter&) = delete;
  Converter& operator=(const Converter&) = delete;
  ~Converter() {
    if (*this) ::iconv_close(handle_);
  }
  explicit operator bool() const noexcept { return handle_ != reinterpret_cast<iconv_t>(-1); }

  /// All of `text`, or empty when any of it has no counterpart.
  std::string convert(std::string text) const {
    std::string bytes(text.size() * 8 + 16, '\0');
    char *in = text.data(), *out = bytes.data();
    std::size_t left = text.size(), room = bytes.size();
    ::iconv(handle_, nullptr, nullptr, nullptr, nullptr);
    if (::iconv(handle_, &in, &left, &out, &room) != 0) return {};  // irreversible conversions count, too
    if (::iconv(handle_, nullptr, nullptr, &out, &room) == static_cast<std::size_t>(-1)) return {};
    bytes.resize(bytes.size() - room);
    return bytes;
  }

 private:
  iconv_t handle_;
};

/// iconv takes more than names: "//TRANSLIT" would make two names of one.
bool is_plain_name(const std::string& name) {
  return !name.empty() && name.size() <= 64 && std::ranges::all_of(name, [](char c) {
    return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || c == '-' ||
           c == '_' || c == '.' || c == ':' || c == '+';
  });
}

}  // namespace

std::string charset_fault(const std::string& name) {
  if (!is_plain_name(name)) return "which is no character set's name";
  const Converter to(name.c_str(), "UTF-8"), from("UTF-8", name.c_str());
  if (!to || !from) return "which this system's iconv doesn't know";
  // A backslash and '~' have other meanings in some; the former never goes over as itself.
  for (char c = 0x20; c < 0x7F; ++c)
    if (const std::string one(1, c);
        c != '\\' && c != '~' && (to.convert(one) != one || from.convert(one) != one))
      return "in which ASCII characters are not ASCII bytes";
  return {};
}

}  // namespace outhaul
