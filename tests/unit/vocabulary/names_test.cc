#include "outhaul/names.h"

#include <map>
#include <random>
#include <vector>

#include "outhaul/charset.h"
#include "outhaul/error.h"
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

TEST_CASE("what Windows can't hold is escaped when the profile says so") {
  const auto [name, wire] = GENERATE(table<std::string, std::string>({
      {"plain.txt", "plain.txt"},
      {"a:b<c>d\"e|f?g", "a%3Ab%3Cc%3Ed%22e%7Cf%3Fg"},
      {"dot.", "dot%2E"},
      {"dots...", "dots..%2E"},
      {".hidden", ".hidden"},
      {"space ", "space%20"},
      {"dot. ", "dot.%20"},
      {"CON", "%43ON"},
      {"con.txt", "%63on.txt"},
      {"nul .tar.gz", "%6Eul .tar.gz"},
      {"Com1", "%43om1"},
      {"lpt9.log", "%6Cpt9.log"},
      {"COM\xC2\xB9", "%43OM\xC2\xB9"},
      {"COM", "COM"},
      {"COM10", "COM10"},
      {"console", "console"},
      {"aux", "%61ux"},
      {"conin$", "%63onin$"},
      {"50%3Ax", "50%253Ax"},
  }));
  const NameRules windows{true, {}};
  CHECK(escape_name(name, windows) == wire);
  CHECK(unescape_name(wire, windows) == name);
}

TEST_CASE("names are converted to the server's character set and what it lacks is escaped") {
  const auto [charset, name, wire] = GENERATE(table<std::string, std::string, std::string>({
      {"ISO-8859-1", "plain", "plain"},
      {"ISO-8859-1", "caf\xC3\xA9", "caf\xE9"},
      {"ISO-8859-1", "\xE2\x82\xAC", "%E2%82%AC"},  // no euro sign there
      {"ISO-8859-15", "\xE2\x82\xAC", "\xA4"},      // but here
      {"ISO-8859-1", "\xC3\xBF", "%C3%BF"},         // 0xFF is telnet's
      {"ISO-8859-1", "latin\xE9", "latin%E9"},      // was no UTF-8
      {"ISO-8859-1", "\xE2\xC3\xA9", "%E2\xE9"},    // half a character and a whole one
      {"ISO-8859-1", "%C3%A9", "%25C3%25A9"},       // looks escaped
      {"UTF-8", "caf\xC3\xA9", "caf\xC3\xA9"},
      {"UTF-8", "caf\xE9", "caf%E9"},
      {"SHIFT_JIS", "\xE8\xA1\xA8", "%E8%A1%A8"},  // ends in a backslash there
      {"SHIFT_JIS", "\xE6\xBC\xA2", "\x8A\xBF"},
      {"CP1258", "\xC3\xA9x\xCC\x81", "\xE9x\xEC"},
      {"CP1258", "\xE1\xBA\xA5", "%E1%BA%A5"},  // two characters there, one in the name
  }));
  CAPTURE(charset, name);
  const NameRules rules{false, charset};
  CHECK(escape_name(name, rules) == wire);
  CHECK(unescape_name(wire, rules) == name);
}

TEST_CASE("every set of rules gives every name a name of its own") {
  const std::string charset = GENERATE(as<std::string>(), "", "UTF-8", "ISO-8859-1", "CP1252", "KOI8-R",
                                       "SHIFT_JIS", "GB18030", "BIG5", "EUC-KR", "CP1258", "ISO-2022-JP");
  const NameRules rules{GENERATE(false, true), charset};
  CAPTURE(charset, rules.windows);
  std::mt19937 random(17);
  const std::vector<std::string> pieces{"%",
                                        "0",
                                        "A",
                                        "C3",
                                        "con",
                                        "COM1",
                                        ".",
                                        " ",
                                        ":",
                                        "?",
                                        "\\",
                                        "\xC3",
                                        "\xA9",
                                        "\xE9",
                                        "\xC3\xA9",
                                        "\xE2\x82\xAC",
                                        "\xE6\xBC\xA2",
                                        "\xCC\x81",
                                        "e",
                                        "\n",
                                        "\xFF",
                                        "\xC2\xA5",
                                        "\xE1\xBA\xA5",
                                        "\xF0\x9F\x98\x80",
                                        "\xE8\xA1\xA8",
                                        "|",
                                        "~"};
  std::uniform_int_distribution<std::size_t> pick(0, pieces.size() - 1), length(1, 6);
  std::map<std::string, std::string> taken;
  for (int round = 0; round < 1500; ++round) {
    std::string name;
    for (std::size_t left = length(random); left > 0; --left) name += pieces[pick(random)];
    if (name == "." || name == "..") continue;  // no entry's name
    const std::string wire = escape_name(name, rules);
    REQUIRE(unescape_name(wire, rules) == name);
    REQUIRE(taken.try_emplace(wire, name).first->second == name);
    REQUIRE_NOTHROW(RemotePath::parse(wire));
  }
}

TEST_CASE("a character set that can't hold names is refused") {
  CHECK(charset_fault("CP1252").empty());
  CHECK(charset_fault("utf-8").empty());
  CHECK(charset_fault("klingon") == "which this system's iconv doesn't know");
  CHECK(charset_fault("UTF-16") == "in which ASCII characters are not ASCII bytes");
  CHECK(charset_fault("IBM037") == "in which ASCII characters are not ASCII bytes");
  CHECK(charset_fault("CP1252//TRANSLIT") == "which is no character set's name");
  CHECK(charset_fault("") == "which is no character set's name");
  CHECK_THROWS_AS(Charset("klingon"), Error);
}

TEST_CASE("a source entry named like our control directory gets another name at the top of the remote only") {
  CHECK(remote_path_for({}, RelPath::parse(".outhaul/x"), {}).wire() == "%2Eouthaul/x");
  CHECK(remote_path_for({}, RelPath::parse("a/.outhaul"), {}).wire() == "a/.outhaul");
  CHECK(remote_path_for(RemotePath::parse("t"), RelPath::parse(".outhaul"), {}).wire() == "t/.outhaul");
  CHECK(remote_path_for({}, RelPath::parse(".OUThaul"), {}).wire() == ".OUThaul");
  CHECK(remote_path_for({}, RelPath::parse(".OUThaul"), {true, {}}).wire() == "%2EOUThaul");
}

TEST_CASE("a source entry named like the server's name of our control directory gets another one") {
  NameRules rules;
  rules.own.dir = "_outhaul";
  const auto wire = [&](const char* target, const char* path) {
    return remote_path_for(RemotePath::parse(target), RelPath::parse(path), rules).wire();
  };
  CHECK(wire("", "_outhaul/x") == "%5Fouthaul/x");
  CHECK(wire("", ".outhaul/x") == "%2Eouthaul/x");
  CHECK(wire("", "_Outhaul/x") == "_Outhaul/x");
  CHECK(wire("", "a/_outhaul") == "a/_outhaul");
  CHECK(wire("www", "_outhaul") == "www/_outhaul");
  rules.windows = true;
  CHECK(wire("", "_Outhaul/x") == "%5FOuthaul/x");
  CHECK(unescape_name("%5Fouthaul", rules) == "_outhaul");
}

TEST_CASE("a name that only its escape makes too long is found") {
  const std::string name(255, '\n');
  const RemotePath path = remote_path_for(RemotePath::parse("t"), RelPath::parse("d/" + name), {});
  CHECK(too_long(path).size() == 765);
  CHECK(too_long(remote_path_for({}, RelPath::parse(std::string(255, 'x')), {})).empty());
}

TEST_CASE("a path that no command line can hold is too long as a whole") {
  std::string path = "d";
  while (path.size() + 100 < kMaxRemotePath) path += '/' + std::string(99, 'd');
  path += '/' + std::string(kMaxRemotePath - path.size() - 1, 'd');
  CHECK(too_long(RemotePath::parse(path)).empty());
  path += 'd';
  CHECK(too_long(RemotePath::parse(path)) == path);
}
