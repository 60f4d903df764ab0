#include "support/tree.h"

#include "outhaul/names.h"
#include "support/catch.h"
#include "support/temp_dir.h"

using namespace outhaul;
using namespace outhaul::test;
namespace fs = std::filesystem;

namespace {

// What a perfect run would leave on the server's disk.
void copy_escaped(const fs::path& source, const fs::path& remote, const RemotePath& target) {
  for (const auto& entry : fs::recursive_directory_iterator(source)) {
    const std::string path = entry.path().native().substr(source.native().size() + 1);
    const fs::path to = remote / remote_path_for(target, RelPath::parse(path), {}).wire();
    if (entry.is_symlink()) continue;
    if (entry.is_directory()) fs::create_directories(to);
    if (entry.is_regular_file()) write_file(to, read_file(entry.path()));
  }
}

}  // namespace

TEST_CASE("a tree of nasty names equals its escaped copy and every change shows") {
  const TempDir source, remote;
  make_nasty_tree(source.path());
  CHECK_FALSE(differences(source.path(), remote.path()).empty());
  copy_escaped(source.path(), remote.path(), {});
  CHECK(differences(source.path(), remote.path()) == std::vector<std::string>{});
  fs::create_directories(remote / ".outhaul/parts");
  CHECK(differences(source.path(), remote.path()) == std::vector<std::string>{});
  write_file(remote / "sizes/4096.bin", std::string(4096, 'x'));
  fs::remove(remote / ".dotfile");
  write_file(remote / "stray", "");
  CHECK(differences(source.path(), remote.path()).size() == 3);
}

TEST_CASE("a job's target is compared without its neighbours") {
  const TempDir source, remote;
  write_file(source / "f", "x");
  const RemotePath target = RemotePath::parse("some/target");
  fs::create_directories(remote / "some/target");
  write_file(remote / "neighbour", "y");
  copy_escaped(source.path(), remote.path(), target);
  CHECK(differences(source.path(), remote.path(), target) == std::vector<std::string>{});
}

TEST_CASE("sparse files are made of marks and compared by bytes") {
  const TempDir dir;
  make_sparse_file(dir / "a", 100'000'000);
  make_sparse_file(dir / "b", 100'000'000);
  CHECK(fs::file_size(dir / "a") == 100'000'000);
  CHECK(same_bytes(dir / "a", dir / "b"));
  make_sparse_file(dir / "b", 99'999'999);
  CHECK_FALSE(same_bytes(dir / "a", dir / "b"));
}
