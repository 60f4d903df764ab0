#include "filter/glob.h"

#include "filter/bracket.h"

namespace outhaul {

Glob::Glob(std::string_view pattern) {
  for (std::size_t at = 0; at < pattern.size();) {
    switch (pattern[at]) {
      case '*':
        at = compile_stars(pattern, at);
        break;
      case '[':
        at = compile_set(pattern, at);
        break;
      case '?':
        ops_.push_back({.kind = Kind::any});
        ++at;
        break;
      case '\\':
        if (at + 1 == pattern.size())
          throw GlobError("ends in a lone \"\\\"; write \"\\\\\" for the character itself");
        append_literal(pattern[at + 1]);
        at += 2;
        break;
      default:
        append_literal(pattern[at++]);
    }
  }
  refuse_what_no_path_matches();
  classify();
}

void Glob::append_literal(char byte) {
  if (ops_.empty() || ops_.back().kind != Kind::literal)
    ops_.push_back({.kind = Kind::literal, .first = static_cast<std::uint32_t>(literals_.size())});
  literals_ += byte;
  ++ops_.back().count;
  ops_.back().crosses_slash |= byte == '/';
}

/// gitignore(5): two stars mean more than one only as a whole segment; elsewhere they are a "*".
std::size_t Glob::compile_stars(std::string_view pattern, std::size_t at) {
  std::size_t end = pattern.find_first_not_of('*', at);
  if (end == std::string_view::npos) end = pattern.size();
  const bool whole_from = at == 0 || pattern[at - 1] == '/';
  const std::string_view rest = pattern.substr(end);
  if (end - at < 2 || !whole_from) {
    ops_.push_back({.kind = Kind::star});
  } else if (rest.starts_with('/')) {
    ops_.push_back({.kind = Kind::dirs});
    return end + 1;
  } else if (rest.empty() || rest.starts_with("\\/")) {
    ops_.push_back({.kind = Kind::tree});
  } else {
    ops_.push_back({.kind = Kind::star});
  }
  return end;
}

std::size_t Glob::compile_set(std::string_view pattern, std::size_t at) {
  Bracket bracket = parse_bracket(pattern, at);
  ops_.push_back({.kind = Kind::set, .first = static_cast<std::uint32_t>(sets_.size())});
  sets_.push_back(bracket.bytes);
  return bracket.end;
}

/// A pattern with an empty, "." or ".." segment excludes nothing, ever: its author meant something else.
void Glob::refuse_what_no_path_matches() const {
  std::string outline;
  for (const Op& op : ops_) {
    if (op.kind == Kind::literal) {
      outline.append(literals_, op.first, op.count);
    } else {
      outline += op.kind == Kind::dirs ? "*/" : "*";
    }
  }
  for (std::size_t start = 0; start <= outline.size();) {
    const std::size_t slash = std::min(outline.find('/', start), outline.size());
    const std::string_view segment = std::string_view(outline).substr(start, slash - start);
    if (segment.empty()) throw GlobError("has an empty name between two \"/\", which no path has");
    if (segment == "." || segment == "..")
      throw GlobError(
          "holds the name \".\" or \"..\", which no path below the source has; begin it with \"/\" to anchor "
          "it at the source");
    start = slash + 1;
  }
}

void Glob::classify() noexcept {
  const auto is = [&](std::size_t i, Kind kind) { return ops_[i].kind == kind; };
  if (ops_.size() == 1 && is(0, Kind::literal)) shape_ = Shape::literal;
  if (ops_.size() == 2 && is(0, Kind::literal) && is(1, Kind::tree)) shape_ = Shape::prefix;
}

void Glob::expect_names_only() noexcept {
  const auto is = [&](std::size_t i, Kind kind) { return ops_[i].kind == kind; };
  const auto starry = [&](std::size_t i) { return is(i, Kind::star) || is(i, Kind::tree); };
  if (ops_.size() == 1 && starry(0)) shape_ = Shape::suffix;  // of the empty literal: everything
  if (ops_.size() != 2) return;
  if (starry(0) && is(1, Kind::literal)) shape_ = Shape::suffix;
  if (is(0, Kind::literal) && starry(1)) shape_ = Shape::prefix;
}

bool Glob::consume(const Op& op, std::string_view text, std::size_t& pos) const noexcept {
  if (op.kind == Kind::literal) {
    if (text.substr(pos, op.count) != std::string_view(literals_).substr(op.first, op.count)) return false;
    pos += op.count;
    return true;
  }
  if (pos == text.size()) return false;
  const auto byte = static_cast<std::uint8_t>(text[pos]);
  if (op.kind == Kind::any ? byte == '/' : !sets_[op.first].test(byte)) return false;
  ++pos;
  return true;
}

/// False when the first or the last thing of the pattern rules `text` out: most texts, and no walk is needed.
bool Glob::ends_fit(std::string_view text) const noexcept {
  const Op& first = ops_.front();
  const Op& last = ops_.back();
  const auto literal = [&](const Op& op) { return std::string_view(literals_).substr(op.first, op.count); };
  if (first.kind == Kind::literal && !text.starts_with(literal(first))) return false;
  if (last.kind == Kind::literal) return text.ends_with(literal(last));
  if (last.kind == Kind::set)
    return !text.empty() && sets_[last.first].test(static_cast<std::uint8_t>(text.back()));
  return true;
}

/// Where to go on after a mismatch: the op behind a star, and what the star has swallowed up to.
struct Glob::Retry {
  bool open = false;
  Kind kind = Kind::star;
  std::size_t op = 0, pos = 0;

  /// Lets the star swallow one step more; false when it can't.
  bool widen(std::string_view text) noexcept {
    if (!open) return false;
    if (kind == Kind::dirs) {
      const std::size_t slash = text.find('/', pos);
      pos = slash == std::string_view::npos ? text.size() + 1 : slash + 1;
    } else {
      pos = pos < text.size() && (kind == Kind::tree || text[pos] != '/') ? pos + 1 : text.size() + 1;
    }
    open = pos <= text.size();
    return open;
  }
};

/// The earliest match of everything before a star is as good as any later one, because the star can swallow
/// the difference; so one open star per segment and one open "**" are all that a mismatch needs to go back
/// to.
bool Glob::walk(std::string_view text) const noexcept {
  Retry star, deep;
  for (std::size_t op = 0, pos = 0;;) {
    if (op < ops_.size() && ops_[op].kind >= Kind::star) {
      const Kind kind = ops_[op].kind;
      if (kind == Kind::tree && op + 1 == ops_.size()) return true;
      if (kind != Kind::star) star.open = false;
      (kind == Kind::star ? star : deep) = {.open = true, .kind = kind, .op = op + 1, .pos = pos};
      ++op;
      continue;
    }
    if (op < ops_.size() && consume(ops_[op], text, pos)) {
      if (ops_[op].crosses_slash) star.open = false;
      ++op;
      continue;
    }
    if (op == ops_.size() && pos == text.size()) return true;
    Retry& again = star.widen(text) ? star : deep;
    if (&again == &deep && !deep.widen(text)) return false;
    op = again.op;
    pos = again.pos;
  }
}

}  // namespace outhaul
