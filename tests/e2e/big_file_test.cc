// One file beyond every 32-bit limit.
#include <sys/statvfs.h>

#include "site.h"
#include "support/catch.h"
#include "support/tree.h"

using namespace outhaul;
using namespace outhaul::test;

TEST_CASE("a sparse file of 5 GiB arrives whole") {
  constexpr std::uint64_t kSize = std::uint64_t{5} << 30;
  Site site(ServerKind::proftpd);
  make_sparse_file(site.source() / "sparse", kSize);
  struct statvfs disk {};
  REQUIRE(::statvfs(site.dir().c_str(), &disk) == 0);
  INFO("the server's copy needs 5 GiB below " << site.dir() << "; choose another place with TMPDIR");
  REQUIRE(disk.f_bavail * disk.f_frsize > kSize + (std::uint64_t{1} << 30));
  SpawnOptions options;
  options.timeout = std::chrono::minutes(5);
  const RunResult result = site.run({}, options);
  INFO(told(result));
  CHECK(result.exit.code == 0);
  CHECK(std::filesystem::file_size(site.stored() / "sparse") == kSize);
  CHECK(site.differences() == std::vector<std::string>{});  // byte for byte
  CHECK(site.parts().empty());
  const RunResult digest = run_program({"sha256sum", (site.stored() / "sparse").string()}, options);
  const RunResult listed = site.outhaul({"ls", site.profile().string(), "--json"});
  CHECK(holds(listed.out, {digest.out.substr(0, 64)}));
}
