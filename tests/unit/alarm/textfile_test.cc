#include "alarm/textfile.h"

#include <sys/stat.h>

#include "outhaul/error.h"
#include "support/catch.h"
#include "support/temp_dir.h"

using namespace outhaul;
using namespace outhaul::test;
namespace fs = std::filesystem;

TEST_CASE("a text file is replaced whole and readable by all whatever the umask") {
  const TempDir dir;
  const mode_t before = ::umask(0077);
  replace_textfile(dir / "a.prom", "one\n");
  replace_textfile(dir / "a.prom", "two\n");
  ::umask(before);
  CHECK(read_file(dir / "a.prom") == "two\n");
  CHECK((fs::status(dir / "a.prom").permissions() & fs::perms::all) == fs::perms(0644));
  CHECK(std::distance(fs::directory_iterator(dir.path()), fs::directory_iterator()) == 1);
}

TEST_CASE("a place that can't be written leaves nothing behind and says what to look at") {
  const TempDir dir;
  try {
    replace_textfile(dir / "absent/a.prom", "one\n");
    FAIL("it was written");
  } catch (const Error& error) {
    CHECK(error.kind() == ErrorKind::local_io);
    CHECK(std::string(error.what()).find("absent/a.prom") != std::string::npos);
    CHECK_FALSE(error.advice().empty());
  }
  fs::create_directories(dir / "b.prom/in the way");
  CHECK_THROWS_AS(replace_textfile(dir / "b.prom", "one\n"), Error);
  CHECK_FALSE(fs::exists(dir / "b.prom.new"));
}
