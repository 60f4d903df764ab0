// Directories of file systems that fail, or that tell less than ext4 does: the kernel's answer is changed on
// its way.
#include <dirent.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <string_view>

#include "base/cancel.h"
#include "outhaul/error.h"
#include "support/catch.h"
#include "tree.h"

namespace {

struct Faults {
  std::atomic<bool> hide_types{false};
  std::atomic<ino_t> failing_directory{0};
  std::atomic<bool> fail_at_once{false};
  std::atomic<int> error{0};
} faults;

bool is_failing(int fd) {
  struct stat info {};
  return faults.failing_directory != 0 && fstat(fd, &info) == 0 && info.st_ino == faults.failing_directory;
}

}  // namespace

/// Stands before the C library's for the whole test program.
extern "C" ssize_t getdents64(int fd, void* buffer, size_t size) noexcept {
  if (is_failing(fd) && (faults.fail_at_once || lseek(fd, 0, SEEK_CUR) != 0)) {
    errno = faults.error;
    return -1;
  }
  const ssize_t got = syscall(SYS_getdents64, fd, buffer, size);
  if (!faults.hide_types || got <= 0) return got;
  for (ssize_t at = 0; at < got;) {
    auto* record = reinterpret_cast<dirent64*>(static_cast<char*>(buffer) + at);
    record->d_type = DT_UNKNOWN;
    at += record->d_reclen;
  }
  return got;
}

using namespace outhaul;
using namespace outhaul::test;

namespace {

using Strings = std::vector<std::string>;

struct HiddenTypes {
  HiddenTypes() { faults.hide_types = true; }
  ~HiddenTypes() { faults.hide_types = false; }
};

struct FailingDirectory {
  FailingDirectory(const std::filesystem::path& path, int error, bool at_once) {
    struct stat info {};
    REQUIRE(stat(path.c_str(), &info) == 0);
    faults.error = error;
    faults.fail_at_once = at_once;
    faults.failing_directory = info.st_ino;
  }
  ~FailingDirectory() { faults.failing_directory = 0; }
};

}  // namespace

TEST_CASE("a file system that does not tell types is scanned and filtered the same") {
  TempTree tree;
  for (const char* file : {"a/x.tmp", "a/y", "a-b", "cache/z", "d.tmp/w", "e.tmp"}) tree.file(file);
  tree.link("s.tmp", "a");
  tree.link("t", "a");
  const Strings patterns = {"*.tmp", "!*.tmp/", "cache/"};
  const Strings known = scan_all(tree, patterns).order;
  CHECK(known == Strings{"a", "a-b", "a/y", "d.tmp", "d.tmp/w", "t"});
  const HiddenTypes hidden;
  CHECK(scan_all(tree, patterns).order == known);
  CHECK(scan_all(tree).order.size() == 11);
}

TEST_CASE("a directory whose listing breaks off midway is a doubt as a whole and none of it comes out") {
  TempTree tree;
  tree.file("a");
  tree.file("b/x");
  tree.file("b/y/z");
  tree.file("c");
  const FailingDirectory failing(tree / "b", EIO, GENERATE(true, false));
  const Scanned scanned = scan_all(tree);
  CHECK(scanned.order == Strings{"a", "b", "!b", "c"});
  CHECK(scanned.problems[0].kind == ScanProblem::Kind::unreadable_directory);
  CHECK(scanned.problems[0].message == "Input/output error");
}

TEST_CASE("a directory that was removed while it was open is gone and no problem") {
  TempTree tree;
  tree.file("b/x");
  const FailingDirectory failing(tree / "b", ENOENT, true);
  CHECK(scan_all(tree).order == Strings{"b"});
}

TEST_CASE("a source that can't be listed ends the scan with an error and not as an empty tree") {
  TempTree tree;
  tree.file("a");
  const FailingDirectory failing(tree.path(), EIO, GENERATE(true, false));
  const Filter filter;
  const CancelToken cancel;
  const auto stream = scan(ScanOptions{tree.path(), false, {}}, filter, cancel);
  ScanItem item;
  try {
    stream->next(item);
    FAIL("gave an item or an end");
  } catch (const Error& error) {
    CHECK(error.kind() == ErrorKind::source);
    CHECK(std::string_view(error.what()).find("can't be listed: Input/output error") !=
          std::string_view::npos);
  }
}
