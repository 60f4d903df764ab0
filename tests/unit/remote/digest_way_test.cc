#include "remote/digest_way.h"

#include <vector>

#include "support/catch.h"

namespace outhaul {
namespace {

DigestWays ways(const std::vector<std::string>& feat) {
  DigestWays all = 0;
  for (const std::string& line : feat) all |= digest_ways_in(line);
  return all;
}

std::string best(const std::vector<std::string>& feat) {
  const DigestWay* way = best_digest_way(ways(feat));
  return way == nullptr ? "none" : std::string(way->verb) + " " + std::string(to_string(way->kind));
}

TEST_CASE("the strongest digest that FEAT offers is chosen") {
  CHECK(best({}) == "none");
  CHECK(best({" SIZE", " MLST type*;size*;", " HASH"}) == "none");
  CHECK(best({" HASH CRC32;MD5;SHA-1*;SHA-256;SHA-512;", " XCRC", " XSHA256"}) == "HASH SHA-256");
  CHECK(best({" HASH SHA-1*;MD5", " XSHA256"}) == "XSHA256 SHA-256");
  CHECK(best({"HASH sha512;crc-32"}) == "HASH SHA-512");
  CHECK(best({" XCRC", " XMD5"}) == "XMD5 MD5");
  CHECK(best({" XCRC filename;start;end"}) == "XCRC CRC32");
  CHECK(best({" XCRC2", " MD5"}) == "none");
}

TEST_CASE("a way that doesn't work is followed by the next best") {
  const DigestWays offered = ways({" HASH SHA-256;MD5", " XSHA256", " XCRC"});
  DigestWays left = offered;
  std::vector<std::string> order;
  while (const DigestWay* way = best_digest_way(left)) {
    order.push_back(std::string(way->verb) + std::string(to_string(way->kind)));
    left &= static_cast<DigestWays>(~bit_of(*way));
  }
  CHECK(order == std::vector<std::string>{"HASHSHA-256", "XSHA256SHA-256", "HASHMD5", "XCRCCRC32"});
}

TEST_CASE("a path with a space is quoted where a range could follow it") {
  const DigestWay hash{DigestKind::sha256, "HASH"}, x{DigestKind::sha256, "XSHA256"};
  CHECK(choose_line(hash) == "OPTS HASH SHA-256");
  CHECK(ask_line(hash, "a b") == "HASH a b");
  CHECK(ask_line(x, "a b") == "XSHA256 \"a b\"");
  CHECK(ask_line(x, "ab") == "XSHA256 ab");
}

TEST_CASE("digests are found in what servers say around them") {
  struct Row {
    DigestWay way;
    std::vector<std::string> lines;
    const char* digest;  // empty: none
  };
  const std::string md5 = "62F012671B55A645D4AB5FFC25DB1973", lower = "62f012671b55a645d4ab5ffc25db1973";
  const DigestWay hash_md5{DigestKind::md5, "HASH"}, xmd5{DigestKind::md5, "XMD5"},
      xcrc{DigestKind::crc32, "XCRC"}, hash_crc{DigestKind::crc32, "HASH"};
  const std::vector<Row> rows{
      {hash_md5, {"MD5 0-49 " + md5 + " a/b c"}, lower.c_str()},
      {hash_md5, {"Computing MD5 digest", "MD5 0-50 " + lower + " f"}, lower.c_str()},  // ProFTPD
      {hash_md5, {"md5 " + lower}, lower.c_str()},
      {hash_md5, {"SHA-1 0-49 " + lower + " f"}, ""},  // OPTS HASH wasn't heard
      {hash_md5, {"MD5 0-49 abc f"}, ""},
      {hash_md5, {"MD5 0-49 - f " + lower}, ""},  // a name is no digest
      {hash_md5, {}, ""},
      {xmd5, {"Computing MD5 digest", md5}, lower.c_str()},
      {xmd5, {"XMD5 " + md5}, lower.c_str()},
      {xmd5, {"\"" + md5 + "\""}, lower.c_str()},
      {xmd5, {"command successful"}, ""},
      {xcrc, {"AC628A03"}, "ac628a03"},
      {xcrc, {"0xAC628A03"}, "ac628a03"},
      {xcrc, {"XCRC 628a03"}, "00628a03"},
      {hash_crc, {"CRC32 0-50 ac628a03 f"}, "ac628a03"},
  };
  for (const Row& row : rows) {
    CAPTURE(row.lines);
    CHECK(digest_in(row.way, Reply{213, row.lines}).value_or("") == row.digest);
  }
}

TEST_CASE("the server is given time for digests only") {
  CHECK(asks_for_digest("HASH a"));
  CHECK(asks_for_digest("XCRC a"));
  CHECK_FALSE(asks_for_digest("OPTS HASH MD5"));
  CHECK_FALSE(asks_for_digest("SIZE HASH"));
}

TEST_CASE("the digests of nothing and of abc are the published ones") {
  const auto digest = [](DigestKind kind, std::string_view text) {
    Digester digester(kind);
    for (const char c : text) digester.update(std::as_bytes(std::span(&c, 1)));
    return digester.finish();
  };
  CHECK(digest(DigestKind::crc32, "") == "00000000");
  CHECK(digest(DigestKind::crc32, "123456789") == "cbf43926");
  CHECK(digest(DigestKind::md5, "abc") == "900150983cd24fb0d6963f7d28e17f72");
  CHECK(digest(DigestKind::sha1, "abc") == "a9993e364706816aba3e25717850c26c9cd0d89d");
  CHECK(digest(DigestKind::sha256, "abc") ==
        "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  for (const DigestKind kind : {DigestKind::crc32, DigestKind::md5, DigestKind::sha1, DigestKind::sha512})
    CHECK(digest(kind, "x").size() == hex_digits(kind));
}

}  // namespace
}  // namespace outhaul
