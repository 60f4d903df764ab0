// What the scan reads is what the restore gives back.
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <fstream>

#include "base/cancel.h"
#include "base/fd.h"
#include "filter/patterns.h"
#include "restore/metadata.h"
#include "restore/sparse_file.h"
#include "scan/scanner.h"
#include "support/catch.h"
#include "support/xattrs.h"

using namespace outhaul;
using namespace outhaul::test;
namespace fs = std::filesystem;

namespace {

std::vector<Entry> scanned(const fs::path& source) {
  const Filter filter(std::vector<std::string>{});
  const CancelToken cancel;
  const auto stream = scan({source, false, {}}, filter, cancel);
  std::vector<Entry> entries;
  for (ScanItem item; stream->next(item);) entries.push_back(std::get<Entry>(item));
  return entries;
}

/// What only one of two copies can have.
Entry without_identity(Entry entry) {
  entry.inode = entry.dev = 0;
  entry.ctime_ns = 0;
  entry.links = 1;
  return entry;
}

void copy_content(const fs::path& from, const fs::path& to, const Entry& entry) {
  const std::string content = read_file(from);
  const Fd fd(::open(to.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600));
  REQUIRE(fd);
  SparseFile file(fd.get(), 0, entry.sparse);
  file.write(std::as_bytes(std::span(content)));
  file.finish(entry.size);
}

/// As a restore does it: directories first and open to us, their metadata last and from below.
void restore(const fs::path& from, const fs::path& to, const std::vector<Entry>& entries) {
  MetadataWriter writer({});
  const Fd top(::open(to.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  for (const Entry& entry : entries) {
    const fs::path at = to / entry.path.bytes();
    INFO(at);
    if (entry.kind == EntryKind::directory) {
      REQUIRE(::mkdir(at.c_str(), 0700) == 0);
    } else if (entry.kind == EntryKind::symlink) {
      fs::create_symlink(entry.link_target, at);
      const Fd parent(::open(at.parent_path().c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
      CHECK(writer.apply_to_symlink(parent.get(), at.filename(), entry).empty());
    } else {
      copy_content(from / entry.path.bytes(), at, entry);
      const Fd fd(::open(at.c_str(), O_RDONLY | O_CLOEXEC));
      CHECK(writer.apply(fd.get(), entry).empty());
      CHECK(writer.matches(fd.get(), entry));
    }
  }
  for (auto entry = entries.rbegin(); entry != entries.rend(); ++entry) {
    if (entry->kind != EntryKind::directory) continue;
    const Fd fd(::open((to / entry->path.bytes()).c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    CHECK(writer.apply(fd.get(), *entry).empty());
    CHECK(writer.matches(fd.get(), *entry));
  }
  CHECK(writer.losses().not_root == 0);
  CHECK(writer.losses().no_xattrs == 0);
}

void set_time(const fs::path& path, std::int64_t seconds, long nanoseconds) {
  const timespec times[2] = {{0, UTIME_OMIT}, {seconds, nanoseconds}};
  REQUIRE(::utimensat(AT_FDCWD, path.c_str(), times, AT_SYMLINK_NOFOLLOW) == 0);
}

void make_sparse(const fs::path& path, bool start, bool middle, bool end) {
  const std::string block(64 * 1024, 'x');
  std::ofstream file(path, std::ios::binary);
  const auto gap = [&](bool hole) {
    if (hole)
      file.seekp(1 << 20, std::ios::cur);
    else
      file << block;
  };
  gap(start);
  file << block;
  gap(middle);
  file << block;
  const auto size = static_cast<std::uintmax_t>(file.tellp());
  file.close();
  if (end) fs::resize_file(path, size + (1 << 20));
}

/// Every kind of thing with every kind of metadata that this user and this file system can have.
void make_tree(const AttributeDir& dir, const fs::path& top) {
  const bool root = geteuid() == 0;
  fs::create_directories(top / "dir/deep");
  fs::create_directory(top / "sticky");
  for (const char* name : {"plain", "suid", "sgid", "old", "late", "dir/acl", "dir/deep/users", "caps"})
    write_file(top / name, name);
  make_sparse(top / "hole-start", true, false, false);
  make_sparse(top / "hole-middle", false, true, false);
  make_sparse(top / "hole-end", false, false, true);
  make_sparse(top / "hole-all", true, true, true);
  fs::create_symlink("plain", top / "link");
  fs::create_symlink("/nowhere/at all", top / "dir/dangling");

  if (root) {
    REQUIRE(::chown((top / "suid").c_str(), 4242, 4243) == 0);
    REQUIRE(::chown((top / "dir").c_str(), 4242, 4243) == 0);
    REQUIRE(::lchown((top / "link").c_str(), 4244, 4245) == 0);
  }
  const auto give = [&](const char* path, const std::string& name, const std::string& value) {
    if (dir.holds(name, value, fs::is_directory(top / path))) set_xattr(top / path, name, value);
  };
  give("dir/acl", "system.posix_acl_access", acl_for(4242));
  give("dir", "system.posix_acl_default", acl_for(4243));
  give("dir/deep", "user.dir", "1");
  give("dir/deep/users", "user.empty", "");
  give("dir/deep/users", "user.binary", std::string("\0\xff\n", 3));
  give("dir/deep/users", "trusted.t", "1");
  give("caps", "security.capability", capability());
  if (dir.holds("trusted.t", "1")) set_xattr(top / "link", "trusted.link", "1");

  REQUIRE(::chmod((top / "suid").c_str(), 04711) == 0);
  REQUIRE(::chmod((top / "sgid").c_str(), 02755) == 0);
  REQUIRE(::chmod((top / "sticky").c_str(), 01777) == 0);
  REQUIRE(::chmod((top / "plain").c_str(), 0400) == 0);
  set_time(top / "old", -86'400LL * 365 * 20, 1);
  set_time(top / "late", 4'102'444'800LL, 999'999'999);
  set_time(top / "link", -1, 999'999'999);
  set_time(top / "sticky", 0, 0);
  set_time(top / "dir", 1'000'000'000, 7);
}

}  // namespace

TEST_CASE("what the scan reads of a tree is what a restored one has") {
  AttributeDir dir;
  const fs::path source = dir / "source", target = dir / "target";
  fs::create_directory(source);
  fs::create_directory(target);
  make_tree(dir, source);
  const std::vector<Entry> before = scanned(source);
  REQUIRE(before.size() == 17);
  for (const Entry& entry : before) {
    INFO(entry.path.bytes());
    CHECK(entry.sparse == entry.path.bytes().starts_with("hole"));
    CHECK((dir.holds_users() || entry.path.bytes() != "dir/deep/users" ||
           std::none_of(entry.xattrs.begin(), entry.xattrs.end(),
                        [](const Xattr& attribute) { return attribute.name.starts_with("user."); })));
  }
  restore(source, target, before);
  const std::vector<Entry> after = scanned(target);
  REQUIRE(after.size() == before.size());
  for (std::size_t i = 0; i < before.size(); ++i) {
    INFO(before[i].path.bytes());
    CHECK(without_identity(after[i]) == without_identity(before[i]));
    if (before[i].kind == EntryKind::file)
      CHECK(read_file(target / after[i].path.bytes()) == read_file(source / before[i].path.bytes()));
  }
}
