#include "outhaul/odd_names.h"

#include <map>
#include <random>

#include "outhaul/names.h"
#include "outhaul/server_memory.h"
#include "support/catch.h"

using namespace outhaul;

namespace {

const OddNames kNone{}, kBytes{true, false, false}, kQuotes{false, true, false}, kSpaces{false, false, true};

}  // namespace

TEST_CASE("a name is odd by the bytes that are sent") {
  const auto [wire, kinds] = GENERATE(table<std::string, OddNames>({
      {"plain/two words/caf\xC3\xA9", kNone},
      {"lat\xE9", kBytes},
      {"cut\xE2\x82", kBytes},
      {"overlong\xC0\xAF", kBytes},
      {"surrogate\xED\xA0\x80", kBytes},
      {"beyond\xF4\x90\x80\x80", kBytes},
      {"last\xF4\x8F\xBF\xBF", kNone},
      {"x\"y", kQuotes},
      {" a", kSpaces},
      {"d/ a", kSpaces},
      {"d /a b", kNone},
      {" \"\xE9", kAllOddNames},
  }));
  CAPTURE(wire);
  CHECK(odd_names_in(wire) == kinds);
}

TEST_CASE("names that a server takes for one are equal when they are folded, and others are not") {
  const auto [a, b, fold] = GENERATE(table<std::string, std::string, NameFold>({
      {"lat\xE9", "lat\xE8", {false, kBytes}},
      {"lat\xE9", "lat\xEF\xBF\xBD", {false, kBytes}},
      {"d\xE9/x", "d\xE8/x", {false, kBytes}},
      {"x\"y", "xy", {false, kQuotes}},
      {"d/ x", "d/x", {false, kSpaces}},
      {"A\xE9", "a\xE8", {true, kBytes}},
      {"\" x", "x", {false, kAllOddNames}},
  }));
  CAPTURE(a, b);
  CHECK(folded(a, fold) == folded(b, fold));
  CHECK(folded(a, {}) != folded(b, {}));
  CHECK(folded("caf\xC3\xA9", fold) != folded("caf\xC3\xA8", fold));
}

TEST_CASE("what is written down of a set of kinds is read again") {
  for (int bits = 0; bits < 8; ++bits) {
    const OddNames kinds{(bits & 1) != 0, (bits & 2) != 0, (bits & 4) != 0};
    CHECK(odd_names_from(written(kinds)) == kinds);
    CHECK((kinds - kinds) == kNone);
    CHECK((kinds & kAllOddNames) == kinds);
  }
  CHECK(odd_names_from("quotes something_newer") == kQuotes);
}

TEST_CASE("what a server doesn't keep is escaped, and nothing else") {
  const auto [name, kinds, wire] = GENERATE(table<std::string, OddNames, std::string>({
      {"caf\xC3\xA9 lat\xE9", kBytes, "caf\xC3\xA9 lat%E9"},
      {"cut\xE2\x82", kBytes, "cut%E2%82"},
      {"x\"y", kQuotes, "x%22y"},
      {"  two", kSpaces, "%20 two"},
      {"  ", kSpaces, "%20%20"},
      {"x\"y \xE9", kNone, "x\"y \xE9"},
      {"%E9", kBytes, "%25E9"},
  }));
  NameRules rules;
  rules.escaped = kinds;
  CHECK(escape_name(name, rules) == wire);
  CHECK(unescape_name(wire, rules) == name);
  CHECK_FALSE((odd_names_in(wire) & kinds).any());
}

TEST_CASE("with an encoding, what is beyond ASCII is escaped where only UTF-8 is kept") {
  NameRules rules;
  rules.encoding = "CP1252";
  CHECK(escape_name("caf\xC3\xA9", rules) == "caf\xE9");
  rules.escaped = kBytes;
  CHECK(escape_name("caf\xC3\xA9", rules) == "caf%C3%A9");
  CHECK(unescape_name("caf%C3%A9", rules) == "caf\xC3\xA9");
}

TEST_CASE("no two names meet, whatever is escaped, and a server that keeps nothing odd keeps them apart") {
  std::mt19937 random(20);
  const std::string alphabet = std::string("%E9\" a") + "\xC3\xA9\xE9\xE8\xFF";
  std::uniform_int_distribution<std::size_t> pick(0, alphabet.size() - 1), length(1, 8);
  NameRules rules;
  rules.escaped = kAllOddNames;
  std::map<std::string, std::string> seen;
  for (int round = 0; round < 20000; ++round) {
    std::string name(length(random), ' ');
    for (char& c : name) c = alphabet[pick(random)];
    const std::string wire = escape_name(name, rules);
    REQUIRE(unescape_name(wire, rules) == name);
    const auto [at, fresh] = seen.emplace(folded(wire, {false, kAllOddNames}), name);
    REQUIRE((fresh || at->second == name));
  }
}

TEST_CASE("what a server keeps is remembered kind by kind") {
  ServerMemory memory;
  CHECK(kept_names(memory) == kNone);
  CHECK(lost_names(memory) == kNone);
  note_names(memory, kBytes | kQuotes, kQuotes);
  CHECK(kept_names(memory) == kQuotes);
  CHECK(lost_names(memory) == kBytes);
  CHECK(memory_from_facts(to_facts(memory)) == memory);
}
