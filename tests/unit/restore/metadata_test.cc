#include "restore/metadata.h"

#include <fcntl.h>
#include <pwd.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#include <cstdint>
#include <string>

#include "base/fd.h"
#include "support/catch.h"
#include "support/temp_dir.h"
#include "support/xattrs.h"

using namespace outhaul;
using namespace outhaul::test;
namespace fs = std::filesystem;

namespace {

constexpr std::int64_t kSecond = 1'000'000'000;
using Notes = std::vector<std::string>;

bool root() {
  return geteuid() == 0;
}

/// A file of ours with a time.
Entry file_entry(std::uint32_t mode = 0644) {
  Entry entry;
  entry.path = RelPath::parse("f");
  entry.mode = mode;
  entry.uid = geteuid();
  entry.gid = getegid();
  entry.mtime_ns = 1'700'000'000 * kSecond + 123'456'789;
  return entry;
}

struct stat look(const fs::path& path) {
  struct stat info {};
  REQUIRE(::lstat(path.c_str(), &info) == 0);
  return info;
}

Fd open_in(const AttributeDir& dir, const char* name) {
  Fd fd(::open((dir / name).c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600));
  REQUIRE(fd);
  return fd;
}

/// Of a fresh file.
Notes applied(const AttributeDir& dir, const Entry& entry, MetadataPolicy policy = {}) {
  const Fd fd = open_in(dir, "f");
  MetadataWriter writer(policy);
  Notes notes = writer.apply(fd.get(), entry);
  CHECK(writer.matches(fd.get(), entry));
  return notes;
}

std::int64_t mtime_ns(const fs::path& path) {
  const struct stat info = look(path);
  return std::int64_t{info.st_mtim.tv_sec} * kSecond + info.st_mtim.tv_nsec;
}

}  // namespace

TEST_CASE("all mode bits come back") {
  AttributeDir dir;
  for (const std::uint32_t mode : {0U, 0400U, 0644U, 0777U, 01755U, 02755U, 04755U, 06711U, 07777U}) {
    INFO(std::oct << mode);
    CHECK(applied(dir, file_entry(mode)) == Notes{});
    CHECK((look(dir / "f").st_mode & 07777) == mode);
    REQUIRE(::chmod((dir / "f").c_str(), 0600) == 0);
  }
}

TEST_CASE("times come back to the nanosecond before 1970 and after 2038") {
  AttributeDir dir;
  for (const std::int64_t ns : {std::int64_t{0}, std::int64_t{-1}, -kSecond, -1'000'000'000 * kSecond + 1,
                                4'000'000'000 * kSecond + 999'999'999, 1'700'000'000 * kSecond + 1}) {
    INFO(ns);
    Entry entry = file_entry();
    entry.mtime_ns = ns;
    CHECK(applied(dir, entry) == Notes{});
    CHECK(mtime_ns(dir / "f") == ns);
  }
}

TEST_CASE("a time that a file system can not hold is said") {
  AttributeDir dir;
  Entry entry = file_entry();
  entry.mtime_ns = INT64_MIN;  // 1677: ext4 begins in 1901 and xfs too; tmpfs holds it
  const Fd fd = open_in(dir, "f");
  const Notes notes = MetadataWriter(MetadataPolicy{}).apply(fd.get(), entry);
  CHECK(notes.size() == (mtime_ns(dir / "f") == INT64_MIN ? 0U : 1U));
}

TEST_CASE("an owner comes back by name and by number where the name is unknown") {
  AttributeDir dir;
  const passwd* other = ::getpwnam("nobody");
  if (other != nullptr && other->pw_uid == geteuid()) other = ::getpwnam("daemon");
  REQUIRE(other != nullptr);
  const uid_t other_uid = other->pw_uid;
  Entry entry = file_entry();
  entry.uid = 4242;
  entry.user = other->pw_name;
  const Fd fd = open_in(dir, "f");
  MetadataWriter by_name({}), by_number({true, true}), not_at_all({false, false});

  CHECK(not_at_all.apply(fd.get(), entry) == Notes{});
  CHECK(look(dir / "f").st_uid == geteuid());
  CHECK(not_at_all.losses().not_root == 0);

  CHECK(by_name.apply(fd.get(), entry) == Notes{});
  CHECK(look(dir / "f").st_uid == (root() ? other_uid : geteuid()));
  CHECK(by_name.losses().not_root == (root() ? 0U : 1U));
  CHECK(by_name.matches(fd.get(), entry));

  CHECK(by_number.apply(fd.get(), entry) == Notes{});
  CHECK(look(dir / "f").st_uid == (root() ? 4242U : geteuid()));

  entry.user = "nobody-of-this-name";
  entry.group = "no-group-of-this-name";
  CHECK(by_number.apply(fd.get(), entry) == Notes{});
  if (root())
    CHECK(by_name.apply(fd.get(), entry) ==
          Notes{"owner nobody-of-this-name: no such user here; uid 4242 was used",
                "group no-group-of-this-name: no such group here; gid " + std::to_string(entry.gid) +
                    " was used"});
  CHECK(by_name.apply(fd.get(), entry) == Notes{});  // once per name
  CHECK(look(dir / "f").st_uid == (root() ? 4242U : geteuid()));
}

TEST_CASE("set id bits are not given to another owner than the one they were meant for") {
  AttributeDir dir;
  Entry entry = file_entry(06755);
  const Notes both{"set-user-id bit: left out, since its owner is not the one it was meant for",
                   "set-group-id bit: left out, since its group is not the one it was meant for"};
  SECTION("a number that stands in for a name") {
    entry.user = "nobody-of-this-name";
    entry.group = "no-group-of-this-name";
    const Fd fd = open_in(dir, "f");
    MetadataWriter writer({});
    const Notes notes = writer.apply(fd.get(), entry);
    CHECK((look(dir / "f").st_mode & 07777) == 0755);
    CHECK(writer.matches(fd.get(), entry));
    CHECK(notes.size() == (root() ? 4U : 2U));
  }
  SECTION("owners aren't wanted") {
    entry.uid = 4242;
    entry.gid = 4243;
    CHECK(applied(dir, entry, {false, false}) == (root() ? both : Notes{}));
    CHECK((look(dir / "f").st_mode & 07777) == 0755);
  }
  SECTION("owners can't be given") {
    entry.uid = 4242;
    entry.gid = 4243;
    const Fd fd = open_in(dir, "f");
    REQUIRE((!root() || ::fchown(fd.get(), 65534, static_cast<gid_t>(-1)) == 0));
    const AsNobody nobody;
    MetadataWriter writer({});
    CHECK(writer.apply(fd.get(), entry) == Notes{});
    CHECK((look(dir / "f").st_mode & 07777) == 0755);
    CHECK(writer.apply(fd.get(), entry) == Notes{});
    CHECK(writer.losses().not_root == 2);
    CHECK(writer.matches(fd.get(), entry));
  }
}

TEST_CASE("attributes come back and those that do not belong there go") {
  AttributeDir dir;
  const bool users = dir.holds_users(), acls = dir.holds("system.posix_acl_access", acl_for(4242));
  const bool trusted = dir.holds("trusted.outhaul", "1"),
             capable = dir.holds("security.capability", capability());
  const Fd fd = open_in(dir, "f");
  if (users) set_xattr(dir / "f", "user.stale", "x");
  if (acls) set_xattr(dir / "f", "system.posix_acl_access", acl_for(1));
  if (trusted) set_xattr(dir / "f", "trusted.machine", "x");

  Entry entry = file_entry(0640);
  if (capable) entry.xattrs.push_back({"security.capability", capability()});
  if (trusted) entry.xattrs.push_back({"trusted.outhaul", "t"});
  if (users) {
    entry.xattrs.push_back({"user.big", std::string(2000, '\xff')});
    entry.xattrs.push_back({"user.empty", ""});
  }
  MetadataWriter writer({});
  CHECK_FALSE(writer.matches(fd.get(), entry));
  CHECK(writer.apply(fd.get(), entry) == Notes{});
  for (const Xattr& attribute : entry.xattrs) CHECK(xattr_of(dir / "f", attribute.name) == attribute.value);
  CHECK(xattr_of(dir / "f", "user.stale") == "(none)");
  CHECK(xattr_of(dir / "f", "system.posix_acl_access") == "(none)");
  CHECK(xattr_of(dir / "f", "trusted.machine") == (trusted ? "x" : "(none)"));
  CHECK(writer.losses().no_xattrs == 0);
  CHECK((look(dir / "f").st_mode & 07777) == 0640);
  CHECK(mtime_ns(dir / "f") == entry.mtime_ns);

  if (trusted) REQUIRE(::removexattr((dir / "f").c_str(), "trusted.machine") == 0);
  CHECK(writer.matches(fd.get(), entry));
  if (acls) {
    entry.xattrs.insert(entry.xattrs.begin() + (capable ? 1 : 0), {"system.posix_acl_access", acl_for(4242)});
    CHECK_FALSE(writer.matches(fd.get(), entry));
    CHECK(writer.apply(fd.get(), entry) == Notes{});
    CHECK(xattr_of(dir / "f", "system.posix_acl_access") == acl_for(4242));
    CHECK((look(dir / "f").st_mode & 07777) == 0640);
    CHECK(writer.matches(fd.get(), entry));
  }
}

TEST_CASE("attributes of a file that its owner may not write come back") {
  AttributeDir dir;
  Entry entry = file_entry(0444);
  Fd fd = open_in(dir, "f");
  REQUIRE((!root() || ::fchown(fd.get(), 65534, static_cast<gid_t>(-1)) == 0));
  REQUIRE(::fchmod(fd.get(), 0444) == 0);
  fd = Fd(::open((dir / "f").c_str(), O_RDONLY | O_CLOEXEC));
  const bool users = dir.holds_users();
  if (users) entry.xattrs.push_back({"user.a", "b"});
  const AsNobody nobody;
  entry.uid = geteuid();
  MetadataWriter writer({});
  CHECK(writer.apply(fd.get(), entry) == Notes{});
  CHECK(xattr_of(dir / "f", "user.a") == (users ? "b" : "(none)"));
  CHECK((look(dir / "f").st_mode & 07777) == 0444);
  CHECK(writer.matches(fd.get(), entry));
}

TEST_CASE("an attribute that only root may set is counted and not told for each file") {
  AttributeDir dir;
  Entry entry = file_entry();
  entry.xattrs = {{"security.capability", capability()}, {"trusted.outhaul", "1"}};
  const Fd fd = open_in(dir, "f");
  REQUIRE((!root() || ::fchown(fd.get(), 65534, static_cast<gid_t>(-1)) == 0));
  const AsNobody nobody;
  entry.uid = geteuid();
  MetadataWriter writer({});
  CHECK(writer.apply(fd.get(), entry) == Notes{});
  CHECK(writer.losses().not_root == 1);
  CHECK(writer.matches(fd.get(), entry));
}

TEST_CASE("a file system without attributes is told once and counted") {
  // /proc has no attributes that can be set; so has the pipe file system, which every kernel offers.
  int ends[2];
  REQUIRE(::pipe2(ends, O_CLOEXEC) == 0);
  const Fd reads(ends[0]), writes(ends[1]);
  Entry entry = file_entry(0600);
  entry.xattrs = {{"system.posix_acl_access", acl_for(1)}};
  MetadataWriter writer({});
  const Notes notes = writer.apply(reads.get(), entry);
  REQUIRE_FALSE(notes.empty());
  CHECK(notes.front() ==
        "attribute system.posix_acl_access: this file system can't hold such attributes, so they are left "
        "out of "
        "everything restored on it");
  const std::size_t other = notes.size() - 1;  // what else a pipe can't have
  CHECK(writer.apply(reads.get(), entry).size() == other);
  CHECK(writer.losses().no_xattrs == 2);
}

TEST_CASE("a directory gets its metadata like a file") {
  AttributeDir dir;
  fs::create_directory(dir / "d");
  const bool acls = dir.holds("system.posix_acl_default", acl_for(4242), true), users = dir.holds_users();
  Entry entry = file_entry(03750);
  entry.kind = EntryKind::directory;
  if (acls) entry.xattrs.push_back({"system.posix_acl_default", acl_for(4242)});
  if (users) entry.xattrs.push_back({"user.d", "1"});
  const Fd fd(::open((dir / "d").c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  MetadataWriter writer({});
  CHECK(writer.apply(fd.get(), entry) == Notes{});
  CHECK((look(dir / "d").st_mode & 07777) == 03750);
  CHECK(mtime_ns(dir / "d") == entry.mtime_ns);
  CHECK(xattr_of(dir / "d", "system.posix_acl_default") == (acls ? acl_for(4242) : "(none)"));
  CHECK(xattr_of(dir / "d", "user.d") == (users ? "1" : "(none)"));
  CHECK(writer.matches(fd.get(), entry));
}

TEST_CASE("an inherited acl does not open a restored file") {
  AttributeDir dir;
  fs::create_directory(dir / "d");
  if (dir.holds("system.posix_acl_default", acl_for(4242), true))
    set_xattr(dir / "d", "system.posix_acl_default", acl_for(4242));
  const Fd fd(::open((dir / "d/f").c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0666));
  MetadataWriter writer({});
  const Entry entry = file_entry(0640);
  CHECK(writer.apply(fd.get(), entry) == Notes{});
  CHECK(xattr_of(dir / "d/f", "system.posix_acl_access") == "(none)");
  CHECK((look(dir / "d/f").st_mode & 07777) == 0640);
}

TEST_CASE("a symlink gets its own owner and time and attributes and its target stays as it is") {
  AttributeDir dir;
  write_file(dir / "target", "x");
  fs::create_symlink("target", dir / "l");
  const struct stat before = look(dir / "target");
  const bool trusted = root() && [&] {
    fs::create_symlink("target", dir / "probe");
    try {
      set_xattr(dir / "probe", "trusted.probe", "1");
      return true;
    } catch (const std::runtime_error&) {
      return false;
    }
  }();
  Entry entry = file_entry(0777);
  entry.kind = EntryKind::symlink;
  entry.mtime_ns = -5 * kSecond + 42;
  entry.uid = root() ? 4242 : geteuid();
  if (trusted) entry.xattrs = {{"trusted.l", "1"}};
  const Fd at(::open(dir.path().c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  MetadataWriter writer({});
  CHECK(writer.apply_to_symlink(at.get(), "l", entry) == Notes{});
  CHECK(mtime_ns(dir / "l") == entry.mtime_ns);
  CHECK(look(dir / "l").st_uid == entry.uid);
  CHECK(xattr_of(dir / "l", "trusted.l") == (trusted ? "1" : "(none)"));
  const struct stat after = look(dir / "target");
  CHECK(after.st_ctim.tv_sec == before.st_ctim.tv_sec);
  CHECK(after.st_ctim.tv_nsec == before.st_ctim.tv_nsec);

  CHECK(writer.apply_to_symlink(at.get(), "target", entry) ==
        Notes{"it was replaced by something else, which was left as it is"});
  CHECK(writer.apply_to_symlink(at.get(), "gone", entry) ==
        Notes{"it could not be opened: No such file or directory"});
  CHECK(look(dir / "target").st_ctim.tv_nsec == before.st_ctim.tv_nsec);
}
