#include "filter/patterns.h"

#include "outhaul/error.h"
#include "support/catch.h"

using namespace outhaul;

namespace {

bool excluded(const std::string& pattern, std::string_view path, bool is_directory = false) {
  return Filter({pattern}).excludes(path, is_directory);
}

}  // namespace

TEST_CASE("a pattern decides as gitignore describes") {
  const auto [pattern, path, expected] = GENERATE(table<std::string, std::string, bool>({
      // Without a slash: the name at any depth.
      {"*.tmp", "a.tmp", true},
      {"*.tmp", "x/y/a.tmp", true},
      {"*.tmp", ".tmp", true},
      {"*.tmp", "a.tmp2", false},
      {"core", "x/core", true},
      {"core", "core2", false},
      {"cache*", "x/cache", true},
      {"cache*", "x/mycache", false},
      {"*", "anything/at/all", true},
      {"a*b*c", "aXbYbZc", true},
      {"a*b*c", "abcd", false},
      {"foo**bar", "x/fooXbar", true},
      // With a slash: from the source, and "*" stays within a segment.
      {"/core", "core", true},
      {"/core", "x/core", false},
      {"a/b", "a/b", true},
      {"a/b", "x/a/b", false},
      {"a/*", "a/b", true},
      {"a/*", "a/b/c", false},
      {"a/*.c", "a/x/y.c", false},
      {"a/?", "a/b", true},
      {"a?b", "a/b", false},
      {"/*.c", "x.c", true},
      {"/*.c", "d/x.c", false},
      // "**" as a whole segment.
      {"**/foo", "foo", true},
      {"**/foo", "a/b/foo", true},
      {"**/foo", "a/barfoo", false},
      {"**/a/b", "x/y/a/b", true},
      {"a/**", "a/b/c", true},
      {"a/**", "a", false},
      {"a/**/b", "a/b", true},
      {"a/**/b", "a/x/y/b", true},
      {"a/**/b", "a/x/yb", false},
      {"a/**/b/*.o", "a/b/b/x.o", true},
      {"/**", "a", true},
      {"a/***/b", "a/x/y/b", true},
      {"a/x**/b", "a/xy/b", true},
      {"a/x**/b", "a/xy/z/b", false},
      {"foo**/bar", "foobar", false},
      {"**/a*/**/*.c", "q/ab/r/s/t.c", true},
      {"**\\/b", "a/b", true},
      {"**\\/b", "b", false},
      // Brackets.
      {"[abc]", "b", true},
      {"[!abc]", "b", false},
      {"[^abc]", "d", true},
      {"[]-a]", "]", true},
      {"[]-a]", "^", true},
      {"[!]a]", "]", false},
      {"[a-]", "-", true},
      {"[a-c-e]", "d", false},
      {"[a-c-e]", "-", true},
      {"[\\]]", "]", true},
      {"[a-\\c]", "b", true},
      {"[[:digit:][:upper:]_]", "_", true},
      {"[[:digit:]-z]", "m", false},
      {"[[:x]", ":", true},
      {"[[:]", "[", true},
      {"[![:space:]]", " ", false},
      {"x/[!a]", "x/b", true},
      {"x[/]y", "x/y", false},
      {"x[!a]y", "x/y", false},
      {"[\x80-\xFF]", "\xE9", true},
      // Backslashes, "#", "!" and trailing spaces.
      {"\\*", "*", true},
      {"\\*", "x", false},
      {"\\!a", "!a", true},
      {"#a", "#a", true},
      {"\\#a", "#a", true},
      {"a\\ ", "a ", true},
      {"a  ", "a", true},
      {"a  ", "a  ", false},
      {"a\\  ", "a ", true},
      {" a", " a", true},
      {"a\\\\", "a\\", true},
      {"a\nb", "x/a\nb", true},
  }));
  INFO(printable(pattern) << " against " << printable(path));
  CHECK(excluded(pattern, path) == expected);
}

TEST_CASE("a trailing slash matches directories only and does not anchor") {
  CHECK(excluded("build/", "x/build", true));
  CHECK_FALSE(excluded("build/", "x/build", false));
  CHECK(excluded("a/build/", "a/build", true));
  CHECK_FALSE(excluded("a/build/", "x/a/build", true));
  CHECK(excluded("build/  ", "build", true));
}

TEST_CASE("the last pattern that matches decides") {
  const Filter filter({"*.log", "!keep.log", "/x/keep.log"});
  CHECK(filter.excludes("a.log", false));
  CHECK_FALSE(filter.excludes("keep.log", false));
  CHECK(filter.excludes("x/keep.log", false));
  CHECK_FALSE(filter.excludes("y/keep.log", false));
  CHECK_FALSE(filter.excludes("other", false));
}

TEST_CASE("nothing below an excluded directory can be included again and the ancestor is named") {
  const Filter filter({"/cache/", "!/cache/keep", "*.o", "!*.o"});
  const Filter::Decision below = filter.decide(RelPath::parse("cache/keep"), false);
  CHECK(below.excluded);
  CHECK(below.rule == std::optional<std::size_t>(0));
  CHECK(below.at == RelPath::parse("cache"));

  const Filter::Decision again = filter.decide(RelPath::parse("d/x.o"), false);
  CHECK_FALSE(again.excluded);
  CHECK(again.rule == std::optional<std::size_t>(3));
  CHECK(again.at == RelPath::parse("d/x.o"));

  CHECK_FALSE(filter.decide(RelPath::parse("plain"), false).rule.has_value());
  CHECK_FALSE(filter.decide(RelPath{}, true).excluded);
}

TEST_CASE("a filter without patterns excludes nothing") {
  const Filter filter;
  CHECK(filter.empty());
  CHECK_FALSE(filter.excludes("a/b", true));
  CHECK_FALSE(filter.decide(RelPath::parse("a/b"), false).excluded);
}

TEST_CASE("a pattern that can't match anything is refused with the reason") {
  const auto [pattern, reason] = GENERATE(table<std::string, std::string>({
      {"", "empty"},           {"   ", "empty"},
      {"!", "empty"},          {"/", "source itself"},
      {"!/", "source itself"}, {"[abc", "closing"},
      {"[]", "closing"},       {"[!]", "closing"},
      {"[a\\", "closing"},     {"[[:alpha:]", "closing"},
      {"[[:alpha", "closing"}, {"[[:letter:]]", "unknown class"},
      {"a\\", "lone"},         {"a\\/", "lone"},
      {"//a", "empty name"},   {"a//b", "empty name"},
      {"a//", "empty name"},   {"**//b", "empty name"},
      {"./a", "\".\""},        {"a/../b", "\".\""},
      {".", "\".\""},          {std::string("a\0b", 3), "NUL"},
  }));
  INFO(printable(pattern));
  CHECK(pattern_fault(pattern).find(reason) != std::string::npos);
  try {
    Filter filter({"fine", pattern});
    FAIL("accepted");
  } catch (const Error& error) {
    CHECK(error.kind() == ErrorKind::profile);
    CHECK(std::string(error.what()).find('"' + printable(pattern) + '"') != std::string::npos);
    CHECK_FALSE(error.advice().empty());
  }
}

TEST_CASE("what looks odd but means something is accepted") {
  for (const char* pattern :
       {"!a", "!!a", "**", "**/", "/**/", "*.*", "[z-a]", "...", ".*", "\\ ", "a/**/**/b", "..a"}) {
    INFO(pattern);
    CHECK(pattern_fault(pattern).empty());
  }
}

TEST_CASE("many stars against a long name do not explode") {
  std::string pattern, path(4000, 'a');
  for (int i = 0; i < 40; ++i) pattern += "*a";
  CHECK_FALSE(excluded(pattern + "b", path));
  std::string deep, tree = "x";
  for (int i = 0; i < 40; ++i) deep += "**/a*/";
  for (int i = 0; i < 300; ++i) tree += "/aa";
  CHECK_FALSE(excluded(deep + "b", tree));
}
