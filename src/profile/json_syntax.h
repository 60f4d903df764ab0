// Where and why a JSON text broke, in a person's words. Pure.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace outhaul {

struct Place {
  std::size_t line = 1;
  std::size_t column = 1;  ///< of characters, not bytes
};
Place place_of(std::string_view text, std::size_t offset);

/// Offset of the first byte that is not part of valid UTF-8 (RFC 3629).
std::optional<std::size_t> first_invalid_utf8(std::string_view text);

struct SyntaxFault {
  std::string found;  ///< "line 3, column 5: unexpected '}'"
  std::string expected;
  std::string hint;  ///< what people do wrong there most often, or empty
};
/// `bytes_read` and `token_size` as the parser counted them, `parser_message` is its own account, of which
/// only the reason is used: the rest quotes the text.
SyntaxFault explain_syntax_error(std::string_view text, std::size_t bytes_read, std::size_t token_size,
                                 std::string_view parser_message);

}  // namespace outhaul
