#include "filter/bracket.h"

#include <fmt/format.h>

#include <array>
#include <cstdint>
#include <optional>

#include "filter/glob.h"
#include "outhaul/paths.h"

namespace outhaul {
namespace {

using Byte = std::uint8_t;

bool is_upper(Byte b) {
  return b >= 'A' && b <= 'Z';
}
bool is_lower(Byte b) {
  return b >= 'a' && b <= 'z';
}
bool is_digit(Byte b) {
  return b >= '0' && b <= '9';
}
bool is_alpha(Byte b) {
  return is_upper(b) || is_lower(b);
}
bool is_alnum(Byte b) {
  return is_alpha(b) || is_digit(b);
}
bool is_graph(Byte b) {
  return b > 0x20 && b < 0x7F;
}

struct ByteClass {
  std::string_view name;
  bool (*holds)(Byte);
};

/// ASCII only, whatever the locale, as in git; "space" has no \v and \f there.
constexpr std::array kClasses = {
    ByteClass{"alnum", is_alnum},
    ByteClass{"alpha", is_alpha},
    ByteClass{"blank", [](Byte b) { return b == ' ' || b == '\t'; }},
    ByteClass{"cntrl", [](Byte b) { return b < 0x20 || b == 0x7F; }},
    ByteClass{"digit", is_digit},
    ByteClass{"graph", is_graph},
    ByteClass{"lower", is_lower},
    ByteClass{"print", [](Byte b) { return b == ' ' || is_graph(b); }},
    ByteClass{"punct", [](Byte b) { return is_graph(b) && !is_alnum(b); }},
    ByteClass{"space", [](Byte b) { return b == ' ' || b == '\t' || b == '\n' || b == '\r'; }},
    ByteClass{"upper", is_upper},
    ByteClass{"xdigit",
              [](Byte b) { return is_digit(b) || (b >= 'a' && b <= 'f') || (b >= 'A' && b <= 'F'); }},
};

class BracketParser {
 public:
  BracketParser(std::string_view pattern, std::size_t start) : pattern_(pattern), at_(start + 1) {}

  Bracket parse() {
    const bool negated = peek() == '!' || peek() == '^';
    if (negated) ++at_;
    // A ']' in the first place is an element, not the end.
    do element();
    while (peek() != ']');
    if (negated) result_.bytes.flip();
    result_.bytes.reset('/');
    result_.end = at_ + 1;
    return result_;
  }

 private:
  char peek() const {
    if (at_ >= pattern_.size())
      throw GlobError("has a \"[\" without a closing \"]\"; write \"\\[\" for the character itself");
    return pattern_[at_];
  }

  char take() {
    const char c = peek();
    ++at_;
    return c;
  }

  Byte take_escaped() { return static_cast<Byte>(take()); }

  void element() {
    const char c = take();
    if (c == '\\') return single(take_escaped());
    if (c == '-' && low_ && at_ < pattern_.size() && pattern_[at_] != ']') return range();
    if (c == '[' && at_ < pattern_.size() && pattern_[at_] == ':' && byte_class()) return;
    single(static_cast<Byte>(c));
  }

  void single(Byte byte) {
    result_.bytes.set(byte);
    low_ = byte;
  }

  void range() {
    const char c = take();
    const unsigned high = c == '\\' ? take_escaped() : static_cast<Byte>(c);
    for (unsigned byte = *low_; byte <= high; ++byte) result_.bytes.set(byte);
    low_.reset();
  }

  /// False when what follows "[:" is no class but plain elements ("[[:x]").
  bool byte_class() {
    const std::size_t begin = at_ + 1;
    const std::size_t close = pattern_.find(']', begin);
    if (close == std::string_view::npos) throw GlobError("has a \"[:\" without a closing \":]\"");
    if (close == begin || pattern_[close - 1] != ':') return false;
    add_class(pattern_.substr(begin, close - 1 - begin));
    at_ = close + 1;
    low_.reset();
    return true;
  }

  void add_class(std::string_view name) {
    for (const ByteClass& known : kClasses) {
      if (known.name != name) continue;
      for (unsigned byte = 0; byte < 256; ++byte)
        if (known.holds(static_cast<Byte>(byte))) result_.bytes.set(byte);
      return;
    }
    throw GlobError(
        fmt::format("names the unknown class \"[:{}:]\"; known are alnum, alpha, blank, cntrl, digit, graph, "
                    "lower, print, punct, "
                    "space, upper and xdigit",
                    printable(name)));
  }

  std::string_view pattern_;
  std::size_t at_;
  std::optional<Byte> low_;  ///< what a '-' would begin a range with
  Bracket result_;
};

}  // namespace

Bracket parse_bracket(std::string_view pattern, std::size_t start) {
  return BracketParser(pattern, start).parse();
}

}  // namespace outhaul
