#include "base/whole_file.h"

#include <sys/stat.h>

#include <iterator>
#include <system_error>

#include "support/catch.h"
#include "support/temp_dir.h"

using namespace outhaul;
using namespace outhaul::test;
namespace fs = std::filesystem;

TEST_CASE("a file is replaced whole and has its permissions whatever the umask") {
  const TempDir dir;
  const mode_t before = ::umask(0077);
  replace_file(dir / "a.prom", "one\n", 0644);
  replace_file(dir / "a.prom", "two\n", 0644);
  ::umask(before);
  CHECK(read_file(dir / "a.prom") == "two\n");
  CHECK((fs::status(dir / "a.prom").permissions() & fs::perms::all) == fs::perms(0644));
  CHECK(std::distance(fs::directory_iterator(dir.path()), fs::directory_iterator()) == 1);
}

TEST_CASE("a place that can't be written has the errno and nothing is left beside it") {
  const TempDir dir;
  try {
    replace_file(dir / "absent/a.prom", "one\n", 0644);
    FAIL("it was written");
  } catch (const std::system_error& error) {
    CHECK(error.code().value() == ENOENT);
  }
  fs::create_directories(dir / "b.prom/in the way");
  CHECK_THROWS_AS(replace_file(dir / "b.prom", "one\n", 0644), std::system_error);
  CHECK_FALSE(fs::exists(dir / "b.prom.new"));
}
