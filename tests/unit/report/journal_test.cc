#include "report/journal.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>

#include "support/catch.h"

using namespace outhaul;

TEST_CASE("the journal gets a priority for each line, and what is indented has that of the line before") {
  CHECK(with_priorities("error: www: d/x: 553\n  Rename it.\nwww  1 file\n") ==
        "<3>error: www: d/x: 553\n<3>  Rename it.\n<6>www  1 file\n");
  CHECK(with_priorities("warning: a\nnote: b\n") == "<4>warning: a\n<5>note: b\n");
  CHECK(with_priorities("outhaul: warning: a\n") == "<4>outhaul: warning: a\n");
  CHECK(with_priorities("outhaul: locked\n  Wait.\n") == "<3>outhaul: locked\n<3>  Wait.\n");
  CHECK(with_priorities("REMOTE UNUSABLE: web01 run 3: no route\n").starts_with("<3>"));
  CHECK(with_priorities("NOT FINISHED: web01\n").starts_with("<4>"));
  CHECK(with_priorities("done: web01 run 3: 1 file\n").starts_with("<6>"));
  CHECK(with_priorities("").empty());
  CHECK(with_priorities("error: no end") == "<3>error: no end");
}

TEST_CASE("only the journal's own stream counts as the journal") {
  const int fd = ::open("/dev/null", O_RDONLY | O_CLOEXEC);
  REQUIRE(fd >= 0);
  struct stat seen {};
  REQUIRE(::fstat(fd, &seen) == 0);
  const auto told = [&](const std::string& stream) {
    ::setenv("JOURNAL_STREAM", stream.c_str(), 1);
    return is_journal(fd);
  };
  CHECK(told(fmt::format("{}:{}", seen.st_dev, seen.st_ino)));
  CHECK_FALSE(told(fmt::format("{}:{}", seen.st_dev, seen.st_ino + 1)));
  CHECK_FALSE(told(fmt::format("{}:{}x", seen.st_dev, seen.st_ino)));
  CHECK_FALSE(told(""));
  CHECK_FALSE(told("8"));
  ::unsetenv("JOURNAL_STREAM");
  CHECK_FALSE(is_journal(fd));
  ::close(fd);
}
