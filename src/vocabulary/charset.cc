#include "outhaul/charset.h"

#include <iconv.h>

#include <algorithm>
#include <cstdint>
#include <utility>

#include "outhaul/error.h"
#include "outhaul/paths.h"

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
  std::string convert(std::string_view given) const {
    std::string text(given), bytes(given.size() * 8 + 16, '\0');
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

struct Charset::Impl {
  explicit Impl(const std::string& name) : to(name.c_str(), "UTF-8"), from("UTF-8", name.c_str()) {}
  Converter to, from;
};

Charset::Charset(const std::string& name) {
  if (const std::string fault = charset_fault(name); !fault.empty())
    throw Error(ErrorKind::profile, "the character set \"" + printable(name) + "\", " + fault,
                "name another one in \"encoding\": iconv --list shows them");
  impl_ = std::make_unique<Impl>(name);
}

Charset::Charset(Charset&&) noexcept = default;
Charset::~Charset() = default;

std::string Charset::bytes_of(std::string_view utf8) const {
  std::string bytes = impl_->to.convert(utf8);
  if (bytes.empty() || static_cast<std::uint8_t>(bytes.front()) < 0x80) return {};
  for (std::size_t length = 1; length < bytes.size(); ++length)
    if (!impl_->from.convert(std::string_view(bytes).substr(0, length)).empty()) return {};
  if (impl_->from.convert(bytes) != utf8) return {};
  return bytes;
}

Charset::Character Charset::front(std::string_view bytes) const {
  constexpr std::size_t kLongest = 8;
  for (std::size_t length = 1; length <= std::min(kLongest, bytes.size()); ++length)
    if (std::string utf8 = impl_->from.convert(bytes.substr(0, length)); !utf8.empty())
      return {std::move(utf8), length};
  return {};
}

}  // namespace outhaul
