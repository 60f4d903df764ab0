#include "profile/json_syntax.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdint>

#include "outhaul/odd_names.h"

namespace outhaul {
namespace {

bool is_continuation(char c) {
  return (static_cast<std::uint8_t>(c) & 0xC0) == 0x80;
}

/// The parser's reason without its position and without the text that it quotes.
std::string_view reason_of(std::string_view message) {
  if (const std::size_t dash = message.find(" - "); dash != std::string_view::npos)
    message.remove_prefix(dash + 3);
  return message.substr(0, message.find("; last read"));
}

std::string_view before(std::string_view text, std::size_t offset) {
  const std::string_view head = text.substr(0, offset);
  const std::size_t last = head.find_last_not_of(" \t\r\n");
  return last == std::string_view::npos ? std::string_view{} : head.substr(0, last + 1);
}

/// How far the start of what broke is behind the last byte read: an unexpected token is at its start, a
/// broken one where it broke. The parser counts the tokens of strings and numbers only.
std::size_t bytes_back(std::string_view reason, std::size_t token_size) {
  if (reason.starts_with("unexpected string") || reason.starts_with("unexpected number"))
    return std::max<std::size_t>(token_size, 1);
  if (reason.starts_with("unexpected true") || reason.starts_with("unexpected null")) return 4;
  return reason.starts_with("unexpected false") ? 5 : 1;
}

std::string hint_at(std::string_view text, std::size_t offset) {
  const char at = text[offset];
  const std::string_view head = before(text, offset);
  if ((at == '}' || at == ']') && head.ends_with(',')) return "remove the comma before the closing bracket";
  if (at == '/' || at == '#' || head.ends_with('/'))
    return "JSON has no comments; use a \"description\" key instead";
  if (at == '\'') return "JSON strings stand in double quotes";
  if (head.ends_with('"') || head.ends_with('}') || head.ends_with(']'))
    return "a comma may be missing before it";
  return {};
}

}  // namespace

Place place_of(std::string_view text, std::size_t offset) {
  const std::string_view head = text.substr(0, std::min(offset, text.size()));
  const std::size_t newline = head.rfind('\n');
  const std::string_view line = newline == std::string_view::npos ? head : head.substr(newline + 1);
  const auto characters = std::ranges::count_if(line, [](char c) { return !is_continuation(c); });
  return {static_cast<std::size_t>(std::ranges::count(head, '\n')) + 1,
          static_cast<std::size_t>(characters) + 1};
}

std::optional<std::size_t> first_invalid_utf8(std::string_view text) {
  for (std::size_t i = 0; i < text.size();) {
    const std::size_t length = utf8_length(text.substr(i));
    if (length == 0) return i;
    i += length;
  }
  return std::nullopt;
}

SyntaxFault explain_syntax_error(std::string_view text, std::size_t bytes_read, std::size_t token_size,
                                 std::string_view parser_message) {
  constexpr const char* kJson = "JSON (RFC 8259)";
  const auto located = [&](std::size_t offset, std::string_view what) {
    const Place place = place_of(text, offset);
    return fmt::format("line {}, column {}: {}", place.line, place.column, what);
  };
  if (text.find_first_not_of(" \t\r\n") == std::string_view::npos)
    return {"an empty file", "a profile", "write a first one with: outhaul init"};
  if (bytes_read > text.size())
    return {located(text.size(), "the file ends in the middle"), kJson,
            "a closing bracket or quote is missing, or the file was cut off"};
  if (parser_message.find("out_of_range") != std::string_view::npos)
    return {located(bytes_read - std::min(bytes_read, token_size), "a number that is too large"),
            "a number that a double can hold",
            {}};
  std::string_view reason = reason_of(parser_message);
  const std::size_t offset = bytes_read - std::min(bytes_read, bytes_back(reason, token_size));
  std::string_view expected = kJson;
  if (const std::size_t split = reason.find("; expected "); split != std::string_view::npos) {
    expected = reason.substr(split + std::string_view("; expected ").size());
    reason = reason.substr(0, split);
  }
  return {located(offset, reason), std::string(expected), hint_at(text, offset)};
}

}  // namespace outhaul
