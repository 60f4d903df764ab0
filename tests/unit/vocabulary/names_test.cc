#include "outhaul/names.h"

#include <random>

#include "support/catch.h"

using namespace outhaul;

TEST_CASE("only what servers can't hold is escaped") {
  const auto [name, wire] = GENERATE(table<std::string, std::string>({
      {"plain.txt", "plain.txt"},
      {"with space inside", "with space inside"},
      {"trailing space ", "trailing space%20"},
      {"-dash ~ [x]{y}?#;", "-dash ~ [x]{y}?#;"},
      {"star*", "star%2A"},
      {"new\nline", "new%0Aline"},
      {"tab\tcr\r", "tab%09cr%0D"},
      {"back\\slash", "back%5Cslash"},
      {"del\x7F", "del%7F"},
      {"iac\xFF", "iac%FF"},
      {"latin\xE9", "latin\xE9"},
      {"100%", "100%"},
      {"50%0Apricot", "50%250Apricot"},
      {"%zz %0a", "%zz %0a"},
      {"%\n", "%%0A"},
  }));
  CHECK(escape_name(name) == wire);
  CHECK(unescape_name(wire) == name);
}

TEST_CASE("escaping is injective on random names made of awkward bytes") {
  std::mt19937 random(7);
  const std::string alphabet = std::string("%0AF5a \\\n\x7F\xFF-*") + "\xC3\xA9";
  std::uniform_int_distribution<std::size_t> pick(0, alphabet.size() - 1), length(1, 12);
  for (int round = 0; round < 20000; ++round) {
    std::string name(length(random), ' ');
    for (char& c : name) c = alphabet[pick(random)];
    REQUIRE(unescape_name(escape_name(name)) == name);
    REQUIRE_NOTHROW(RemotePath::parse(escape_name(name)));
  }
}

TEST_CASE("a source entry named like our control directory gets another name at the top of the remote only") {
  CHECK(remote_path_for({}, RelPath::parse(".outhaul/x")).wire() == "%2Eouthaul/x");
  CHECK(remote_path_for({}, RelPath::parse("a/.outhaul")).wire() == "a/.outhaul");
  CHECK(remote_path_for(RemotePath::parse("t"), RelPath::parse(".outhaul")).wire() == "t/.outhaul");
}

TEST_CASE("a name that only its escape makes too long is found") {
  const std::string name(255, '\n');
  const RemotePath path = remote_path_for(RemotePath::parse("t"), RelPath::parse("d/" + name));
  CHECK(too_long(path).size() == 765);
  CHECK(too_long(remote_path_for({}, RelPath::parse(std::string(255, 'x')))).empty());
}

TEST_CASE("a path that no command line can hold is too long as a whole") {
  std::string path = "d";
  while (path.size() + 100 < kMaxRemotePath) path += '/' + std::string(99, 'd');
  path += '/' + std::string(kMaxRemotePath - path.size() - 1, 'd');
  CHECK(too_long(RemotePath::parse(path)).empty());
  path += 'd';
  CHECK(too_long(RemotePath::parse(path)) == path);
}
