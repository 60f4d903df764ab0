#include "filter/patterns.h"

#include <fmt/format.h>

#include "filter/glob.h"
#include "outhaul/error.h"

namespace outhaul {
namespace {

/// gitignore(5): trailing spaces do not count unless a backslash quotes them.
std::string_view without_trailing_spaces(std::string_view pattern) {
  std::size_t end = 0;
  for (std::size_t i = 0; i < pattern.size(); ++i) {
    if (pattern[i] == '\\' && i + 1 < pattern.size()) {
      end = ++i + 1;
    } else if (pattern[i] != ' ') {
      end = i + 1;
    }
  }
  return pattern.substr(0, end);
}

bool take_prefix(std::string_view& text, char c) {
  if (!text.starts_with(c)) return false;
  text.remove_prefix(1);
  return true;
}

struct Rule {
  bool negated;
  bool directories_only;
  bool by_name;  ///< compares the last segment only
  Glob glob;

  bool matches(std::string_view path, std::string_view name, bool is_directory) const noexcept {
    if (directories_only && !is_directory) return false;
    return glob.matches(by_name ? name : path);
  }
};

/// Throws GlobError.
Rule parse_rule(std::string_view pattern) {
  if (pattern.find('\0') != std::string_view::npos) throw GlobError("holds a NUL byte, which no name has");
  std::string_view text = without_trailing_spaces(pattern);
  const bool negated = take_prefix(text, '!');
  const bool directories_only = text.ends_with('/');
  if (directories_only) text.remove_suffix(1);
  if (text.empty() && directories_only)
    throw GlobError("is the source itself, which can't be left out; \"/*\" is everything in it");
  if (text.empty()) throw GlobError("is empty");
  const bool by_name = text.find('/') == std::string_view::npos;
  take_prefix(text, '/');
  Rule rule{negated, directories_only, by_name, Glob(text)};
  if (by_name) rule.glob.expect_names_only();
  return rule;
}

std::string_view name_in(std::string_view path) {
  const std::size_t slash = path.rfind('/');
  return slash == std::string_view::npos ? path : path.substr(slash + 1);
}

}  // namespace

struct Filter::Impl {
  std::vector<std::string> patterns;
  std::vector<Rule> rules;

  /// The last rule that matches `path` itself.
  std::optional<std::size_t> last_match(std::string_view path, bool is_directory) const noexcept {
    const std::string_view name = name_in(path);
    for (std::size_t i = rules.size(); i-- > 0;)
      if (rules[i].matches(path, name, is_directory)) return i;
    return std::nullopt;
  }
};

Filter::Filter() : Filter(std::vector<std::string>{}) {}
Filter::Filter(Filter&&) noexcept = default;
Filter& Filter::operator=(Filter&&) noexcept = default;
Filter::~Filter() = default;

Filter::Filter(std::vector<std::string> patterns) {
  auto impl = std::make_unique<Impl>();
  impl->patterns = std::move(patterns);
  impl->rules.reserve(impl->patterns.size());
  for (const std::string& pattern : impl->patterns) {
    try {
      impl->rules.push_back(parse_rule(pattern));
    } catch (const GlobError& fault) {
      throw Error(ErrorKind::profile,
                  fmt::format("exclude pattern \"{}\" {}", printable(pattern), fault.what()),
                  "patterns are written as in .gitignore: see gitignore(5)");
    }
  }
  impl_ = std::move(impl);
}

bool Filter::empty() const noexcept {
  return impl_->rules.empty();
}

const std::string& Filter::pattern(std::size_t index) const {
  return impl_->patterns.at(index);
}

bool Filter::excludes(std::string_view path, bool is_directory) const {
  const std::optional<std::size_t> rule = impl_->last_match(path, is_directory);
  return rule && !impl_->rules[*rule].negated;
}

Filter::Decision Filter::decide(const RelPath& path, bool is_directory) const {
  const std::string_view bytes = path.bytes();
  for (std::size_t slash = bytes.find('/'); slash != std::string_view::npos;
       slash = bytes.find('/', slash + 1)) {
    const std::string_view ancestor = bytes.substr(0, slash);
    const std::optional<std::size_t> rule = impl_->last_match(ancestor, true);
    if (rule && !impl_->rules[*rule].negated) return {true, rule, RelPath::trusted(std::string(ancestor))};
  }
  const std::optional<std::size_t> rule =
      path.empty() ? std::nullopt : impl_->last_match(bytes, is_directory);
  return {rule && !impl_->rules[*rule].negated, rule, path};
}

std::string pattern_fault(std::string_view pattern) {
  try {
    parse_rule(pattern);
    return {};
  } catch (const GlobError& fault) {
    return fault.what();
  }
}

}  // namespace outhaul
