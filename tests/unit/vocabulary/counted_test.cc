#include "outhaul/counted.h"

#include "support/catch.h"

using namespace outhaul;

TEST_CASE("counts have thousands separators and their noun agrees") {
  CHECK(grouped(0) == "0");
  CHECK(grouped(999) == "999");
  CHECK(grouped(1'000) == "1,000");
  CHECK(grouped(10'412'000) == "10,412,000");
  CHECK(counted(1, "file") == "1 file");
  CHECK(counted(0, "file") == "0 files");
  CHECK(counted(2'000, "directory", "directories") == "2,000 directories");
}
