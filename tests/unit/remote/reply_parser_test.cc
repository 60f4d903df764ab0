#include "remote/reply_parser.h"

#include <string>
#include <vector>

#include "remote/command_channel.h"
#include "remote/endpoint.h"
#include "support/catch.h"

namespace outhaul {
namespace {

std::vector<Reply> parse(std::string_view bytes, std::size_t fragment) {
  ReplyParser parser;
  std::vector<Reply> replies;
  for (std::size_t at = 0; at < bytes.size(); at += fragment) {
    parser.feed(bytes.substr(at, fragment));
    while (auto reply = parser.next()) replies.push_back(std::move(*reply));
  }
  CHECK_FALSE(parser.bad());
  CHECK_FALSE(parser.pending());
  return replies;
}

struct Case {
  const char* bytes;
  std::vector<int> codes;
  std::vector<std::vector<std::string>> lines;
};

const std::vector<Case>& cases() {
  static const std::vector<Case> table = {
      {"220 ready\r\n", {220}, {{"ready"}}},
      {"200\r\n", {200}, {{""}}},
      {"226-Options: -l \r\n226 3 matches total\r\n", {226}, {{"Options: -l ", "3 matches total"}}},
      {"211-Features:\r\n MDTM\r\n MLST type*;size*;\r\n211 End\r\n",
       {211},
       {{"Features:", " MDTM", " MLST type*;size*;", "End"}}},
      // A code inside a multi-line reply ends it only when it is the same one and a space follows (RFC 959
      // §4.2).
      {"230-Welcome\r\n530 people served\r\n230-more\r\n230 done\r\n",
       {230},
       {{"Welcome", "530 people served", "more", "done"}}},
      {"250-a\r\n\r\n250 b\r\n", {250}, {{"a", "", "b"}}},
      {"350 go on\r\n250 renamed\r\n550 no\r\n", {350, 250, 550}, {{"go on"}, {"renamed"}, {"no"}}},
      {"213 4096\n", {213}, {{"4096"}}},
  };
  return table;
}

TEST_CASE("replies are the same however the bytes are cut") {
  for (const Case& c : cases())
    for (const std::size_t fragment :
         {std::size_t{1}, std::size_t{2}, std::size_t{3}, std::size_t{7}, std::size_t{4096}}) {
      CAPTURE(c.bytes, fragment);
      const auto replies = parse(c.bytes, fragment);
      REQUIRE(replies.size() == c.codes.size());
      for (std::size_t i = 0; i < replies.size(); ++i) {
        CHECK(replies[i].code == c.codes[i]);
        CHECK(replies[i].lines == c.lines[i]);
      }
    }
}

TEST_CASE("what is not a reply spoils the stream for good") {
  for (const std::string_view garbage :
       {"hello\r\n", "\r\n", "99 x\r\n", "2x0 x\r\n", "700 x\r\n", "2200 x\r\n"}) {
    CAPTURE(garbage);
    ReplyParser parser;
    parser.feed(garbage);
    CHECK_FALSE(parser.next());
    CHECK(parser.bad());
    parser.feed("220 fine\r\n");
    CHECK_FALSE(parser.next());
    CHECK_FALSE(parser.why_bad().empty());
  }
}

TEST_CASE("a reply line without end is bounded") {
  ReplyParser parser;
  const std::string piece(1000, 'x');
  parser.feed("220 ");
  for (int i = 0; i < 70 && !parser.bad(); ++i) {
    parser.feed(piece);
    CHECK_FALSE(parser.next());
  }
  CHECK(parser.bad());
}

TEST_CASE("a multi-line reply without end is bounded") {
  ReplyParser parser;
  parser.feed("211-Features\r\n");
  const std::string line = " " + std::string(1000, 'x') + "\r\n";
  for (int i = 0; i < 1100 && !parser.bad(); ++i) {
    parser.feed(line);
    CHECK_FALSE(parser.next());
  }
  CHECK(parser.bad());
}

TEST_CASE("half a reply and an extra reply are pending") {
  ReplyParser parser;
  parser.feed("250 done\r\n250");
  REQUIRE(parser.next());
  CHECK(parser.pending());
  parser.feed("-more\r\n");
  CHECK_FALSE(parser.next());
  CHECK(parser.pending());
  parser.feed("250 done\r\n");
  CHECK(parser.next());
  CHECK_FALSE(parser.pending());
}

TEST_CASE("the text of a reply is printable and short") {
  Reply reply{550, {"a\tb\x01", "", std::string(400, 'y')}};
  CHECK(reply.text().starts_with("a\\x09b\\x01; yyy"));
  CHECK(reply.text().size() <= 303);
}

TEST_CASE("FEAT is read whatever the case and the indentation") {
  const auto features =
      Features::from({211, {"Features:", " mlst type*;size*;modify*;", " MFMT", " UTF8", "End"}});
  CHECK(features.mlst);
  CHECK(features.mfmt);
  CHECK(features.utf8);
  CHECK_FALSE(Features::from({211, {"Extensions supported:", " MDTM", " MFCT", "End"}}).mfmt);
  CHECK_FALSE(Features::from({500, {" MLST", " MFMT"}}).mlst);
}

TEST_CASE("a reply that can not belong to a command shows that they are out of step") {
  CHECK(plausible_reply("SIZE a", 213));
  CHECK(plausible_reply("SIZE a", 550));
  CHECK_FALSE(plausible_reply("SIZE a", 250));
  CHECK(plausible_reply("RNFR a", 350));
  CHECK_FALSE(plausible_reply("RNFR a", 250));
  CHECK_FALSE(plausible_reply("RNTO a", 350));
  CHECK_FALSE(plausible_reply("DELE a", 257));
  CHECK_FALSE(plausible_reply("DELE a", 213));
  CHECK_FALSE(plausible_reply("DELE a", 226));
  CHECK_FALSE(plausible_reply("MKD a", 150));
  CHECK(plausible_reply("MKD a", 257));
  CHECK(plausible_reply("MFMT 20200101000000 a", 213));
  CHECK(plausible_reply("MDTM 20200101000000 a", 253));
}

}  // namespace
}  // namespace outhaul
