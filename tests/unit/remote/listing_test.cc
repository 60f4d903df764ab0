#include "remote/listing.h"

#include <fmt/format.h>

#include "support/catch.h"

namespace outhaul {
namespace {

using Kind = RemoteEntry::Kind;

constexpr std::int64_t kNow = 1'795'250'760;  // 2026-11-21 08:06:00 UTC

struct Line {
  const char* text;
  const char* name;
  Kind kind;
  std::optional<std::uint64_t> size;
  std::optional<std::int64_t> mtime_s;
};

void check(const std::optional<RemoteEntry>& entry, const Line& line) {
  CAPTURE(line.text);
  REQUIRE(entry);
  CHECK(entry->name == line.name);
  CHECK(entry->kind == line.kind);
  CHECK(entry->size == line.size);
  CHECK(entry->mtime_s == line.mtime_s);
}

TEST_CASE("facts of MLSD are understood") {
  const std::vector<Line> table = {
      {"type=file;size=4096;modify=20170714024000; f0", "f0", Kind::file, 4096, 1'500'000'000},
      {"Type=file;Size=7;Modify=20170714024000.123;UNIX.mode=0644; a b  c ", "a b  c ", Kind::file, 7,
       1'500'000'000},
      {"type=dir;sizd=4096;modify=20170714024000;UNIX.mode=0755; d;x", "d;x", Kind::directory, std::nullopt,
       1'500'000'000},
      {"type=OS.unix=symlink;modify=20170714024000; l", "l", Kind::symlink, std::nullopt, 1'500'000'000},
      {"type=OS.unix=slink:/a/b;size=3; l", "l", Kind::symlink, 3, std::nullopt},
      {"type=OS.unix=chr-1/3;size=0; null", "null", Kind::other, 0, std::nullopt},
      {"modify=20240229123456;type=file;size=5368709120; big", "big", Kind::file, 5'368'709'120,
       1'709'210'096},
      {"type=file;size=nonsense; odd", "odd", Kind::file, std::nullopt, std::nullopt},
      {"type=file;  leading", " leading", Kind::file, std::nullopt, std::nullopt},
  };
  for (const Line& line : table) check(parse_facts(line.text), line);
}

TEST_CASE("lines that are no facts are not entries") {
  for (const char* text :
       {"", "nothing", "type=file;size=3;", "type=file;size=3; ", "-rw-r--r-- 1 0 0 3 Jan 1 2020 a"}) {
    CAPTURE(text);
    CHECK_FALSE(parse_facts(text));
  }
}

TEST_CASE("lines of LIST are understood") {
  const std::vector<Line> table = {
      {"-rw-r--r--    1 65534    65534        4096 Jul 14  2017 f0", "f0", Kind::file, 4096, 1'499'990'400},
      {"-rw-r--r--   1 backup   65534        1151 Nov 21 07:46 cert.pem", "cert.pem", Kind::file, 1151,
       1'795'247'160},
      {"drwxrwxrwx   2 0        0            4096 Nov 20 07:46 dir", "dir", Kind::directory, std::nullopt,
       1'795'160'760},
      {"-rw-r--r-- 1 u g 3 Nov 21 07:46  two blanks ", " two blanks ", Kind::file, 3, 1'795'247'160},
      {"-rw-r--r-- 1 u g 3 Feb 29 12:34 leap", "leap", Kind::file, 3, 1'709'210'040},
      {"-rw-r--r-- 1 u g 3 Dec 24 18:00 last year", "last year", Kind::file, 3, 1'766'599'200},
      {"-rw-r--r-- 1 u 3 Jul 14 2017 no group", "no group", Kind::file, 3, 1'499'990'400},
      {"-rw-r--r--+ 1 domain users g 3 Jul 14 2017 acl", "acl", Kind::file, 3, 1'499'990'400},
      {"-rw-r--r-- 1 u g 3 14 Jul 2017 swapped", "swapped", Kind::file, 3, 1'499'990'400},
      {"-rw-r--r-- 1 u g 3 2017-07-14 02:40 iso", "iso", Kind::file, 3, 1'500'000'000},
      {"-rw-r--r-- 1 u g 3 Jul 14 2017 Jul 14 2017", "Jul 14 2017", Kind::file, 3, 1'499'990'400},
      {"lrwxrwxrwx 1 u g 5 Jul 14 2017 l -> a -> b", "l -> a", Kind::symlink, 1, std::nullopt},
      {"crw-rw-rw- 1 0 0 1, 3 Jul 14 2017 null", "null", Kind::other, std::nullopt, 1'499'990'400},
      {"11-21-26  07:46AM       <DIR>          new folder", "new folder", Kind::directory, std::nullopt,
       1'795'247'160},
      {"07-14-17  02:40PM                 4096 a b.txt", "a b.txt", Kind::file, 4096, 1'500'043'200},
      {"07-14-2017  12:40AM                 1 midnight", "midnight", Kind::file, 1, 1'499'992'800},
      {"07-14-17  02:40                 4096 24h", "24h", Kind::file, 4096, 1'500'000'000},
  };
  for (Line line : table) {
    if (std::string_view(line.name) == "l -> a") {  // the target's length says which arrow counts
      line = {"lrwxrwxrwx 1 u g 1 Jul 14 2017 l -> a -> b", "l -> a", Kind::symlink, 1, 1'499'990'400};
    }
    check(parse_list_line(line.text, kNow), line);
  }
  check(parse_list_line("lrwxrwxrwx 1 u g 6 Jul 14 2017 l -> a -> b", kNow),
        {"6", "l", Kind::symlink, 6, 1'499'990'400});
}

TEST_CASE("lines that are not understood are not guessed at") {
  for (const char* text :
       {"", "total 8", "-rw-r--r-- 1 u g 3 Foo 14 2017 x", "-rw-r--r-- 1 u g 3 Jul 14 2017",
        "-rw-r--r-- 1 u g 3 Jul 14 2017 ", "+i8388621.29609,m824255902,/,\tdev", "0 bytes free",
        "99-99-99  07:46AM 3 x", "ls: cannot access 'x': Permission denied"}) {
    CAPTURE(text);
    CHECK_FALSE(parse_list_line(text, kNow));
  }
}

Listing parse(ListingFormat format, std::string_view text, std::string_view reply = "Transfer complete",
              std::size_t cut = 5) {
  ListingParser parser{format, kNow};
  for (std::size_t at = 0; at < text.size(); at += cut) parser.feed(text.substr(at, cut));
  return parser.finish(reply);
}

TEST_CASE("a listing is sorted and leaves itself and its parent out") {
  const auto facts = parse(ListingFormat::mlsd,
                           "type=cdir;modify=20170714024000; .\r\ntype=pdir; ..\r\ntype=file;size=1; b\r\n"
                           "type=dir; a\r\n");
  REQUIRE(facts.entries.size() == 2);
  CHECK(facts.entries[0].name == "a");
  CHECK(facts.entries[1].name == "b");
  CHECK(facts.untrusted.empty());

  const auto lines =
      parse(ListingFormat::list,
            "total 12\r\ndrwxr-xr-x 2 0 0 4096 Nov 21 07:46 .\r\ndrwxr-xr-x 2 0 0 4096 Nov 21 07:46 ..\r\n"
            "-rw-r--r-- 1 0 0 1 Nov 21 07:46 .hidden\r\n");
  REQUIRE(lines.entries.size() == 1);
  CHECK(lines.entries[0].name == ".hidden");
  CHECK(lines.untrusted.empty());
}

TEST_CASE("a current directory that goes by its own name is not an entry") {
  ListingParser parser{ListingFormat::mlsd, kNow};
  parser.feed("type=cdir;modify=20170714024000; /web/a\r\n");
  CHECK(parser.saw_itself());
  const auto listing = parser.finish("");
  CHECK(listing.entries.empty());
  CHECK(listing.untrusted.empty());
}

TEST_CASE("pain 13: a line that is not understood makes the listing untrusted and keeps the others") {
  const auto listing = parse(ListingFormat::list, "-rw-r--r-- 1 0 0 1 Nov 21 07:46 good\r\nwhat is this\r\n");
  CHECK(listing.entries.size() == 1);
  CHECK(listing.untrusted.find("what is this") != std::string::npos);
}

TEST_CASE("names that can not be are dropped and reported") {
  for (const std::string& name :
       {std::string("a/b"), std::string(".."), std::string("a\rb"), std::string("a\0b", 3)}) {
    const auto listing =
        parse(ListingFormat::mlsd, "type=file;size=1; " + name + "\r\ntype=file;size=1; ok\r\n");
    CAPTURE(name);
    CHECK(listing.entries.size() == 1);
    CHECK_FALSE(listing.untrusted.empty());
  }
}

TEST_CASE("a server that admits to have left entries out is not trusted") {
  const auto listing =
      parse(ListingFormat::mlsd, "type=file;size=1; a\r\n", "Output truncated to 10000 matches");
  CHECK(listing.untrusted.find("truncated") != std::string::npos);
}

TEST_CASE("pain 14: round numbers of entries are not trusted") {
  for (const int count : {999, 1000, 1001, 2000, 9998, 10000}) {
    CAPTURE(count);
    std::string text;
    for (int i = 0; i < count; ++i) text += fmt::format("type=file;size=1; f{}\r\n", i);
    const auto listing = parse(ListingFormat::mlsd, text, "done", 4096);
    CHECK(listing.entries.size() == static_cast<std::size_t>(count));
    CHECK(listing.untrusted.empty() == (count == 999 || count == 1001));
  }
}

TEST_CASE("a line without end does not fill the memory") {
  ListingParser parser{ListingFormat::mlsd, kNow};
  const std::string piece(64 * 1024, 'x');
  for (int i = 0; i < 8; ++i) CHECK(parser.feed(piece));
  parser.feed("\r\ntype=file;size=1; a\r\n");
  const auto listing = parser.finish("");
  CHECK(listing.entries.size() == 1);
  CHECK_FALSE(listing.untrusted.empty());
}

TEST_CASE("a listing beyond its limits is given up and not trusted") {
  const ListingLimits limits{.line = 100, .entries = 50, .bytes = 10'000, .nonsense = 1000};
  const auto [line, why] = GENERATE(table<std::string, std::string>({
      {"type=file;size=1; f\r\n", "50 entries"},
      {"type=cdir; .\r\n", "10000 bytes"},
      {"junk\r\n", "belong to no entry"},
      {"\n", "belong to no entry"},
      {"type=file;size=1; a/b\r\n", "belong to no entry"},
      {std::string(200, 'x'), "belong to no entry"},
  }));
  CAPTURE(line, why);
  ListingParser parser{ListingFormat::mlsd, kNow, limits};
  int fed = 0;
  while (parser.feed(line) && fed < 20'000) ++fed;
  CHECK(fed < 2000);
  CHECK_FALSE(parser.feed("type=file;size=1; late\r\n"));
  const Listing listing = parser.finish("");
  CHECK(listing.entries.size() <= 51);
  CHECK_FALSE(listing.untrusted.empty());
  if (why != "belong to no entry") CHECK(listing.untrusted.find(why) != std::string::npos);
}

TEST_CASE("a listing reads the same however it is cut") {
  const std::string text = "type=file;size=1; a\r\ntype=dir; b\r\ntype=file;size=3; c";
  for (std::size_t cut = 1; cut < text.size(); ++cut) {
    CAPTURE(cut);
    CHECK(parse(ListingFormat::mlsd, text, "", cut).entries.size() == 3);
  }
}

}  // namespace
}  // namespace outhaul
