// What the scan could not see or will not store.
#include <fcntl.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include <thread>

#include "support/catch.h"
#include "tree.h"

using namespace outhaul;
using namespace outhaul::test;

namespace {

using Strings = std::vector<std::string>;
using Kind = ScanProblem::Kind;

}  // namespace

TEST_CASE("sockets and pipes are reported as special and cast no doubt") {
  TempTree tree;
  REQUIRE(mkfifo((tree / "pipe").c_str(), 0600) == 0);
  REQUIRE(mknod((tree / "sock").c_str(), S_IFSOCK | 0600, 0) == 0);
  tree.file("z");
  const Scanned scanned = scan_all(tree);
  CHECK(scanned.order == Strings{"!pipe", "!sock", "z"});
  CHECK(scanned.problems[0].kind == Kind::special);
  CHECK(scanned.problems[0].message == "is a named pipe");
  CHECK(scanned.problems[1].kind == Kind::special);
  CHECK(scanned.problems[1].message == "is a socket");
  CHECK(scan_all(tree, {"pipe", "sock"}).problems.empty());
}

TEST_CASE("a device is reported as special") {
  const Scanned scanned = scan_all(ScanOptions{"/dev", false, {}}, {"/*", "!/null"});
  REQUIRE(scanned.problems.size() == 1);
  CHECK(scanned.entries.empty());
  CHECK(scanned.problems[0].path.bytes() == "null");
  CHECK(scanned.problems[0].message == "is a character device");
}

TEST_CASE("another file system is named at its mount point and not entered when asked so") {
  const Strings only_proc = {"/*", "!/proc/", "/proc/*", "!/proc/version"};
  const Scanned within = scan_all(ScanOptions{"/", true, {}}, only_proc);
  CHECK(within.order == Strings{"!proc", "proc"});
  CHECK(within.problems[0].kind == Kind::other_file_system);
  CHECK(scan_all(ScanOptions{"/", false, {}}, only_proc).order == Strings{"proc", "proc/version"});
}

TEST_CASE("a dead mount is another file system where those are left out and else can't be read") {
  TempTree tree;
  tree.file("a");
  tree.dir("dead");
  tree.file("z");
  const auto scanned_with = [&](bool one_file_system) {
    Scanned scanned;
    // A mount namespace is its thread's own, and so is the FUSE file system whose program is gone at once.
    std::thread([&] {
      if (unshare(CLONE_FS | CLONE_NEWNS) != 0 ||
          mount("none", "/", nullptr, MS_REC | MS_PRIVATE, nullptr) != 0)
        return;
      const int device = open("/dev/fuse", O_RDWR | O_CLOEXEC);
      const std::string options = "fd=" + std::to_string(device) + ",rootmode=40000,user_id=0,group_id=0";
      const bool mounted =
          device >= 0 && mount("none", (tree / "dead").c_str(), "fuse", 0, options.c_str()) == 0;
      if (device >= 0) close(device);
      if (!mounted) return;
      scanned = scan_all(ScanOptions{tree.path(), one_file_system, {}});
    }).join();
    return scanned;
  };
  const Scanned apart = scanned_with(true);
  if (apart.order.empty()) return;  // the kernel lets us mount nothing: base/mounts_test.cc has the table
  CHECK(apart.order == Strings{"a", "!dead", "z"});
  CHECK(apart.problems[0].kind == Kind::other_file_system);
  CHECK(apart.problems[0].message ==
        "is on another file system, which doesn't answer (Transport endpoint is not connected)");
  const Scanned together = scanned_with(false);
  CHECK(together.order == Strings{"a", "!dead", "z"});
  CHECK(together.problems[0].kind == Kind::unreadable_entry);
}

TEST_CASE("a directory that can't be listed is a doubt and the rest goes on") {
  TempTree tree;
  tree.file("a");
  tree.file("locked/inside");
  tree.file("locked-too");
  tree.file("z/y");
  std::filesystem::permissions(tree / "locked", std::filesystem::perms::none);
  const AsNobody nobody;
  const Scanned scanned = scan_all(tree);
  CHECK(scanned.order == Strings{"a", "locked", "locked-too", "!locked", "z", "z/y"});
  CHECK(scanned.problems[0].kind == Kind::unreadable_directory);
  CHECK(scanned.problems[0].message == "Permission denied");
}

TEST_CASE("a directory that can be listed but not searched is one doubt and not one per entry") {
  TempTree tree;
  tree.file("d/x");
  tree.file("d/y/z");
  std::filesystem::permissions(tree / "d", std::filesystem::perms(0444));
  const AsNobody nobody;
  const Scanned scanned = scan_all(tree);
  CHECK(scanned.order == Strings{"d", "!d"});
  CHECK(scanned.problems[0].kind == Kind::unreadable_directory);
}

TEST_CASE("an excluded directory is not even opened") {
  TempTree tree;
  tree.file("cache/x");
  std::filesystem::permissions(tree / "cache", std::filesystem::perms::none);
  const AsNobody nobody;
  CHECK(scan_all(tree, {"/cache/"}).order.empty());
  CHECK(scan_all(tree, {"cache/*"}).order == Strings{"cache", "!cache"});
}

TEST_CASE("a file that others may not read is still an entry") {
  TempTree tree;
  tree.file("shadow", "secret");
  std::filesystem::permissions(tree / "shadow", std::filesystem::perms::none);
  const AsNobody nobody;
  const Scanned scanned = scan_all(tree);
  CHECK(scanned.order == Strings{"shadow"});
  CHECK(scanned.entries[0].size == 6);
}
