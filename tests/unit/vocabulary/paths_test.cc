#include "outhaul/paths.h"

#include "outhaul/error.h"
#include "support/catch.h"

using namespace outhaul;

TEST_CASE("a relative path refuses what could leave the source") {
  for (const char* bad : {"/abs", "a//b", "a/", "..", "a/../b", "./a", "a/."}) {
    INFO(bad);
    CHECK_THROWS_AS(RelPath::parse(bad), Error);
  }
  CHECK_THROWS_AS(RelPath::parse(std::string_view("a\0b", 3)), Error);
  CHECK(RelPath::parse("a\nb/..c").bytes() == "a\nb/..c");
}

TEST_CASE("pain 16: a remote path can't hold a byte that would start another command") {
  for (const std::string bad : {"a\r\nDELE b", "a\nb", "x\x7F", "iac\xFF", "back\\slash", "/abs", "a/../b"}) {
    INFO(printable(bad));
    CHECK_THROWS_AS(RemotePath::parse(bad), Error);
  }
}

TEST_CASE("at or below is decided by segments, not by letters") {
  const RelPath dir = RelPath::parse("a/b");
  CHECK(RelPath::parse("a/b").is_at_or_below(dir));
  CHECK(RelPath::parse("a/b/c").is_at_or_below(dir));
  CHECK_FALSE(RelPath::parse("a/bc").is_at_or_below(dir));
  CHECK(dir.is_at_or_below(RelPath{}));
}

TEST_CASE("what is printed can't move the cursor or turn the text around") {
  CHECK(printable("a\x1B[2Jb\n") == "a\\x1B[2Jb\\x0A");
  CHECK(printable("caf\xC3\xA9 \xE9") == "caf\xC3\xA9 \\xE9");
  CHECK(printable("\xE2\x80\xAEtxt.exe") == "\\xE2\\x80\\xAEtxt.exe");
  CHECK(printable("\xC2\x9B") == "\\xC2\\x9B");
}
