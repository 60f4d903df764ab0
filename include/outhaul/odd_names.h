// Names that FTP can say, but that not every server keeps: it stores them under another name, which may be
// another file's. Pure.
#pragma once

#include <array>
#include <string>
#include <string_view>

namespace outhaul {

/// A set of kinds of names.
struct OddNames {
  bool raw_bytes = false;       ///< with bytes that are no UTF-8 (pyftpdlib and ftp-srv: U+FFFD for each)
  bool quotes = false;          ///< with '"' (ftp-srv takes it out)
  bool leading_spaces = false;  ///< that begin with a space (some cut it off)

  bool any() const noexcept { return raw_bytes || quotes || leading_spaces; }
  friend bool operator==(const OddNames&, const OddNames&) = default;
};

/// Each kind: its member, the word that is written down for it, and what it is called in a sentence.
struct OddKind {
  bool OddNames::*member;
  const char* word;
  const char* called;
};
inline constexpr std::array kOddKinds{
    OddKind{&OddNames::raw_bytes, "raw_bytes", "bytes that are no UTF-8"},
    OddKind{&OddNames::quotes, "quotes", "double quotes"},
    OddKind{&OddNames::leading_spaces, "leading_spaces", "a space at the beginning"},
};

inline constexpr OddNames kAllOddNames{true, true, true};

OddNames operator|(const OddNames& a, const OddNames& b) noexcept;
OddNames operator&(const OddNames& a, const OddNames& b) noexcept;
/// What of `a` isn't in `b`.
OddNames operator-(const OddNames& a, const OddNames& b) noexcept;

/// "bytes that are no UTF-8, double quotes"
std::string in_words(const OddNames& kinds);
/// "quotes raw_bytes", and back; words that aren't known are passed over.
std::string written(const OddNames& kinds);
OddNames odd_names_from(std::string_view text);

/// The kinds that a remote path is of, by the bytes that are sent.
OddNames odd_names_in(std::string_view wire) noexcept;

/// What a server may take for the same.
struct NameFold {
  bool letters = false;  ///< upper and lower case, of ASCII
  OddNames odd;          ///< what differs in these kinds alone
  bool any() const noexcept { return letters || odd.any(); }
};
/// Two remote paths that such a server takes for one are equal when they are folded. More may be: how many
/// U+FFFD a server makes of several bytes is its own affair.
std::string folded(std::string_view wire, const NameFold& fold);

/// How many bytes the character takes that `text` begins with (RFC 3629); 0 when its bytes are no UTF-8.
std::size_t utf8_length(std::string_view text) noexcept;

}  // namespace outhaul
