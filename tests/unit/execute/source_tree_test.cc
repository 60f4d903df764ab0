#include "execute/source_tree.h"

#include <fcntl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "support/catch.h"
#include "unit/execute/disk.h"

using namespace outhaul;
using namespace outhaul::test;
namespace fs = std::filesystem;

namespace {

/// "vanished", "other_kind", "content", "source", or "opened".
std::string what_becomes_of(const Disk& disk, const std::string& path) {
  try {
    disk.tree().open(rel(path));
    return "opened";
  } catch (const SourceChanged& changed) {
    return changed.how() == SourceChanged::How::vanished     ? "vanished"
           : changed.how() == SourceChanged::How::other_kind ? "other_kind"
                                                             : "content";
  } catch (const Error& error) {
    CHECK(error.kind() == ErrorKind::source);
    return "source";
  }
}

}  // namespace

TEST_CASE("only regular files are opened and never through a symlink") {
  Disk disk;
  disk.write("d/f", "1");
  fs::create_symlink("f", disk.path() / "d/link");
  fs::create_symlink("/etc/hostname", disk.path() / "out");
  fs::create_directory_symlink("d", disk.path() / "dirlink");
  REQUIRE(::mkfifo((disk.path() / "fifo").c_str(), 0600) == 0);
  const int fd = ::socket(AF_UNIX, SOCK_STREAM, 0);
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  const std::string name = (disk.path() / "sock").native();
  REQUIRE(name.size() < sizeof address.sun_path);
  name.copy(address.sun_path, name.size());
  REQUIRE(::bind(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0);
  ::close(fd);
  const std::pair<const char*, const char*> table[] = {
      {"d/f", "opened"},           {"d/link", "other_kind"},    {"out", "other_kind"},
      {"dirlink/f", "other_kind"}, {"d", "other_kind"},         {"fifo", "other_kind"},
      {"sock", "other_kind"},      {"missing", "vanished"},     {"d/missing", "vanished"},
      {"missing/f", "vanished"},   {"d/f/below", "other_kind"},
  };
  for (const auto& [path, expected] : table) {
    INFO(path);
    CHECK(what_becomes_of(disk, path) == expected);
  }
}

TEST_CASE("a path that is longer than the kernel takes at once is opened") {
  Disk disk;
  std::string path;
  const std::string segment(200, 's');
  const int start = ::open(".", O_RDONLY | O_DIRECTORY);
  REQUIRE(::chdir(disk.path().c_str()) == 0);
  for (int i = 0; i < 30; ++i) {
    REQUIRE(::mkdir(segment.c_str(), 0700) == 0);
    REQUIRE(::chdir(segment.c_str()) == 0);
    path += segment + '/';
  }
  write_file("deep", "down");
  REQUIRE(::fchdir(start) == 0);
  ::close(start);
  SourceFile file = disk.tree().open(rel(path + "deep"));
  CHECK(read_all(file) == "down");
}

TEST_CASE("an unreadable file is an error of the source and not one that changed") {
  Disk disk;
  disk.write("f", "1");
  REQUIRE(::chmod(disk.path().c_str(), 0755) == 0);
  REQUIRE(::chmod((disk.path() / "f").c_str(), 0) == 0);
  const bool root = ::geteuid() == 0;
  if (root) REQUIRE(::seteuid(65534) == 0);
  const std::string found = what_becomes_of(disk, "f");
  if (root) REQUIRE(::seteuid(0) == 0);
  CHECK(found == "source");
}

TEST_CASE("a missing source is named") {
  try {
    const SourceTree tree("/nonexistent/source");
    FAIL("opened");
  } catch (const Error& error) {
    CHECK(error.kind() == ErrorKind::source);
    CHECK(std::string(error.what()).find("/nonexistent/source") != std::string::npos);
  }
}

TEST_CASE("a file is read and hashed up to the size that it had when it was opened") {
  Disk disk;
  const std::string content(700'000, 'c');
  disk.write("f", content);
  SourceFile file = disk.tree().open(rel("f"));
  write_file(disk.path() / "f", content + "grown");
  CHECK(read_all(file) == content);
  CHECK(to_hex(file.digest()) == sha256_of(content));
  CHECK_FALSE(file.unchanged());
}

TEST_CASE("a file that becomes shorter while it is read says so") {
  Disk disk;
  disk.write("f", std::string(10'000, 'c'));
  SourceFile file = disk.tree().open(rel("f"));
  std::vector<std::byte> buffer(1000);
  CHECK(file.read(buffer) == 1000);
  fs::resize_file(disk.path() / "f", 1500);
  CHECK(file.read(buffer) == 500);
  try {
    file.read(buffer);
    FAIL("it read on");
  } catch (const SourceChanged& changed) {
    CHECK(changed.how() == SourceChanged::How::content);
  }
}

TEST_CASE("hashing up to a point and reading on gives the digest of the whole") {
  Disk disk;
  std::string content;
  for (int i = 0; i < 200'000; ++i) content += static_cast<char>('a' + i % 23);
  disk.write("f", content);
  for (const std::uint64_t offset : {0u, 1u, 99'999u, 200'000u}) {
    SourceFile file = disk.tree().open(rel("f"));
    file.advance_to(offset);
    file.advance_to(offset / 2);  // only forwards: this does nothing
    CHECK(read_all(file) == content.substr(offset));
    CHECK(to_hex(file.digest()) == sha256_of(content));
  }
}

TEST_CASE("looking at a piece of a file moves nothing") {
  Disk disk;
  disk.write("f", "0123456789");
  SourceFile file = disk.tree().open(rel("f"));
  std::vector<std::byte> piece(4);
  CHECK(file.peek(6, piece));
  CHECK(static_cast<char>(piece[0]) == '6');
  CHECK_FALSE(file.peek(7, piece));
  CHECK(read_all(file) == "0123456789");
  CHECK(file.unchanged());
}

TEST_CASE("a changed mode counts as a change while the file is read") {
  Disk disk;
  disk.write("f", "1");
  SourceFile file = disk.tree().open(rel("f"));
  CHECK(file.unchanged());
  REQUIRE(::chmod((disk.path() / "f").c_str(), 0640) == 0);  // moves ctime
  struct stat st = {};
  REQUIRE(::stat((disk.path() / "f").c_str(), &st) == 0);
  if (st.st_ctim.tv_sec * 1'000'000'000 + st.st_ctim.tv_nsec != file.entry().ctime_ns)
    CHECK_FALSE(file.unchanged());
}

TEST_CASE("a time beyond what nanoseconds hold is the same to the scan and to whoever opens the file") {
  Disk disk;
  disk.write("f", "1");
  for (const std::int64_t wanted : {32'503'680'000LL, 9'223'372'037LL, -11'676'096'000LL, -1LL}) {
    const timespec times[2] = {{0, UTIME_OMIT}, {wanted, 5}};
    REQUIRE(::utimensat(AT_FDCWD, (disk.path() / "f").c_str(), times, 0) == 0);
    struct stat st {};
    REQUIRE(::stat((disk.path() / "f").c_str(), &st) == 0);  // the file system may clamp, too
    const long double exact = static_cast<long double>(st.st_mtim.tv_sec) * 1e9L + st.st_mtim.tv_nsec;
    const std::int64_t held = exact >= 0x1p63L    ? INT64_MAX
                              : exact <= -0x1p63L ? INT64_MIN
                                                  : static_cast<std::int64_t>(exact);
    INFO(wanted);
    CHECK(disk.tree().open(rel("f")).entry().mtime_ns == held);
  }
}

TEST_CASE("an opened file has what the scan knows of it while it is the same file") {
  Disk disk;
  disk.write("f", "1");
  Entry scanned = disk.tree().open(rel("f")).entry();
  scanned.user = "alice";
  scanned.group = "staff";
  scanned.xattrs = {{"user.seen", "by the scan"}};
  CHECK(disk.tree().open(scanned).entry() == scanned);

  scanned.ctime_ns -= 1;
  const Entry changed = disk.tree().open(scanned).entry();
  CHECK(changed.user == "alice");
  CHECK(changed.xattrs.empty());
  scanned.uid += 1;
  scanned.gid += 1;
  CHECK(disk.tree().open(scanned).entry().user.empty());
  CHECK(disk.tree().open(scanned).entry().group.empty());
}

TEST_CASE("the attributes of a file that changed since the scan are read again if they are wanted") {
  Disk disk;
  disk.write("f", "1");
  const Entry scanned = disk.tree().open(rel("f")).entry();
  const bool held = ::setxattr((disk.path() / "f").c_str(), "user.new", "1", 1, 0) == 0;
  REQUIRE(::chmod((disk.path() / "f").c_str(), 0600) == 0);
  Entry before = scanned;
  before.ctime_ns -= 1;
  CHECK(disk.tree().open(before).entry().xattrs ==
        (held ? std::vector<Xattr>{{"user.new", "1"}} : std::vector<Xattr>{}));
  CHECK(SourceTree(disk.path(), false).open(before).entry().xattrs.empty());
}
