// Character sets of servers that don't speak UTF-8.
#pragma once

#include <memory>
#include <string>
#include <string_view>

namespace outhaul {

/// Why names can't be kept in the character set `name`: "which this system's iconv doesn't know"; empty when
/// they can. The printable ASCII characters must have their ASCII bytes in it: paths and commands are built
/// of them.
std::string charset_fault(const std::string& name);

/// One character set. Not thread-safe.
class Charset {
 public:
  /// Throws Error{profile} when charset_fault(name) isn't empty.
  explicit Charset(const std::string& name);
  Charset(Charset&&) noexcept;
  ~Charset();

  /// The bytes of one character beyond ASCII. Empty when the set hasn't got it, and when the bytes could be
  /// taken for something else among others: they must come back as this character, begin with a byte of 0x80
  /// or above, and no beginning of them may be a character of its own. So what is put together of such pieces
  /// and ASCII can be taken apart in one way only.
  std::string bytes_of(std::string_view utf8) const;

  /// The character at the front of `bytes`, which begin with 0x80 or above, in UTF-8, and how many bytes it
  /// took. 0 bytes when there is none.
  struct Character {
    std::string utf8;
    std::size_t bytes = 0;
  };
  Character front(std::string_view bytes) const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace outhaul
