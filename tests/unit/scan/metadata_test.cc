// What an entry has beside its content: names of owners, links, holes, attributes.
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <fstream>

#include "base/accounts.h"
#include "base/fd.h"
#include "scan/attributes.h"
#include "support/catch.h"
#include "support/xattrs.h"
#include "tree.h"

using namespace outhaul;
using namespace outhaul::test;
namespace fs = std::filesystem;

namespace {

using Attributes = std::vector<Xattr>;

/// Attributes that are asked for on the way are those that are asked for later.
Scanned scan_of(const AttributeDir& dir, bool xattrs = true) {
  ScanOptions options{dir.path(), false, {}, xattrs};
  Scanned scanned = scan_all(options);
  options.xattrs_later = true;
  const Scanned later = scan_all(options);
  CHECK(later.entries == scanned.entries);
  CHECK(later.order == scanned.order);
  return scanned;
}

Attributes attributes_of(const Scanned& scanned, std::string_view path) {
  const Entry* entry = scanned.find(path);
  REQUIRE(entry != nullptr);
  return entry->xattrs;
}

/// Sets it where the file system can hold it, and gives what the scan shall find.
Attributes attribute(const AttributeDir& dir, const std::string& path, const std::string& name,
                     const std::string& value) {
  if (!dir.holds(name, value, fs::is_directory(dir / path))) return {};
  set_xattr(dir / path, name, value);
  return {{name, value}};
}

}  // namespace

TEST_CASE("owners have the names that this machine knows") {
  const TempTree tree;
  tree.file("mine");
  tree.file("others");
  if (geteuid() == 0) REQUIRE(::chown((tree / "others").c_str(), 4'000'123, 4'000'124) == 0);
  const Scanned scanned = scan_all(tree);
  Accounts accounts;
  CHECK(scanned.find("mine")->user == accounts.user_name(geteuid()));
  CHECK(scanned.find("mine")->group == accounts.group_name(scanned.find("mine")->gid));
  CHECK((geteuid() != 0 || scanned.find("mine")->user == "root"));
  CHECK((geteuid() != 0 || scanned.find("others")->user.empty()));
  CHECK((geteuid() != 0 || scanned.find("others")->group.empty()));
}

TEST_CASE("files say how many names they have and directories do not") {
  const TempTree tree;
  tree.file("a");
  tree.file("one");
  tree.dir("d/e");
  fs::create_hard_link(tree / "a", tree / "d/b");
  const Scanned scanned = scan_all(tree);
  CHECK(scanned.find("a")->links == 2);
  CHECK(scanned.find("d/b")->links == 2);
  CHECK(scanned.find("one")->links == 1);
  CHECK(scanned.find("d")->links == 1);
}

TEST_CASE("files with holes are known") {
  const TempTree tree;
  tree.file("dense", std::string(200'000, 'x'));
  tree.file("small", "x");
  tree.file("empty");
  tree.file("hole");
  REQUIRE(::truncate((tree / "hole").c_str(), 1 << 20) == 0);
  const Scanned scanned = scan_all(tree);
  CHECK(scanned.find("hole")->sparse);
  CHECK_FALSE(scanned.find("dense")->sparse);
  CHECK_FALSE(scanned.find("small")->sparse);
  CHECK_FALSE(scanned.find("empty")->sparse);
}

TEST_CASE("a page that is missing makes a hole and less does not") {
  CHECK_FALSE(has_holes(0, 0));
  CHECK_FALSE(has_holes(100, 0));  // kept in the inode
  CHECK_FALSE(has_holes(4095, 0));
  CHECK(has_holes(4096, 0));
  CHECK_FALSE(has_holes(8192, 16));
  CHECK_FALSE(has_holes(8192, 9));
  CHECK(has_holes(8192, 8));
  CHECK_FALSE(has_holes(1, 8));
  CHECK(has_holes(UINT64_MAX, 1));
}

TEST_CASE("attributes of files and directories come with their entries") {
  AttributeDir dir;
  fs::create_directories(dir / "a");
  // Between "a" and its content, so that the walk changes directories back and forth.
  for (const char* name : {"a-b", "a/x", "a/y", "b"}) write_file(dir / name, name);
  const Attributes on_dir = attribute(dir, "a", "user.of", "a");
  const Attributes on_between = attribute(dir, "a-b", "user.of", "a-b");
  Attributes on_x = attribute(dir, "a/x", "system.posix_acl_access", acl_for(4242));
  const Attributes also_x = attribute(dir, "a/x", "user.of", std::string("a\0x\xff", 4));
  on_x.insert(on_x.end(), also_x.begin(), also_x.end());
  const Attributes on_b = attribute(dir, "b", "security.capability", capability());
  const fs::path before = fs::current_path();

  const Scanned scanned = scan_of(dir);
  CHECK(scanned.problems.empty());
  CHECK(attributes_of(scanned, "a") == on_dir);
  CHECK(attributes_of(scanned, "a-b") == on_between);
  CHECK(attributes_of(scanned, "a/x") == on_x);
  CHECK(attributes_of(scanned, "a/y").empty());
  CHECK(attributes_of(scanned, "b") == on_b);
  CHECK(fs::current_path() == before);

  for (const Entry& entry : scan_of(dir, false).entries) CHECK(entry.xattrs.empty());
}

TEST_CASE("a symlink has its own attributes and never those of its target") {
  AttributeDir dir;
  write_file(dir / "target", "x");
  attribute(dir, "target", "user.of", "target");
  fs::create_symlink("target", dir / "link");
  Attributes on_link;
  if (dir.holds("trusted.of", "1")) {
    set_xattr(dir / "link", "trusted.of", "link");
    on_link = {{"trusted.of", "link"}};
  }
  CHECK(attributes_of(scan_of(dir), "link") == on_link);
}

TEST_CASE("attributes are found below more directories than are held open") {
  AttributeDir dir;
  constexpr int kLevels = 230;
  std::string path = "d";
  for (int level = 1; level < kLevels; ++level) path += "/d";
  fs::create_directories(dir / path);
  write_file(dir / (path + "/f"), "x");
  write_file(dir / "z", "x");
  const Attributes deep = attribute(dir, path + "/f", "user.of", "deep");
  const Attributes top = attribute(dir, "z", "user.of", "top");
  const Scanned scanned = scan_of(dir);
  CHECK(attributes_of(scanned, path + "/f") == deep);
  CHECK(attributes_of(scanned, "z") == top);
}

TEST_CASE("an attribute that may not be read is told and the entry comes without it") {
  AttributeDir dir;
  write_file(dir / "f", "x");
  const bool held = !attribute(dir, "f", "user.secret", "1").empty();
  REQUIRE(::chmod((dir / "f").c_str(), 0) == 0);
  const AsNobody nobody;
  const Scanned scanned = scan_of(dir);
  CHECK(attributes_of(scanned, "f").empty());
  if (!held) {
    CHECK(scanned.problems.empty());
    return;
  }
  CHECK(scanned.order == std::vector<std::string>{"!f", "f"});
  CHECK(scanned.problems.at(0).kind == ScanProblem::Kind::unreadable_xattr);
  CHECK(scanned.problems.at(0).message == "its attribute user.secret can't be read: Permission denied");
}

TEST_CASE("attributes are read where a thread may have no working directory of its own") {
  AttributeDir dir;
  write_file(dir / "f", "x");
  const Attributes on_f = attribute(dir, "f", "user.of", "f");
  const Fd at(::open(dir.path().c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  AttributeReader reader(true);  // and never begin()
  reader.enter(at.get());
  Attributes found{{"old", "value"}};
  std::vector<std::string> faults;
  const auto fault = [&](std::string&& what) { faults.push_back(std::move(what)); };
  reader.read("f", 1, found, fault);
  CHECK(found == on_f);
  reader.read("gone", 1, found, fault);
  CHECK(found.empty());
  CHECK(faults.empty());
}

TEST_CASE("attributes that are left for later are asked of the very thing that was scanned") {
  AttributeDir dir;
  fs::create_directory(dir / "d");
  for (const char* name : {"d/gone", "d/replaced", "d/stays", "other"}) write_file(dir / name, name);
  for (const char* name : {"d/gone", "d/replaced", "other"}) attribute(dir, name, "user.of", "no");
  const Attributes on_stays = attribute(dir, "d/stays", "user.of", "stays");
  ScanOptions options{dir.path(), false, {}, true, true};
  const Filter filter(std::vector<std::string>{});
  const CancelToken cancel;
  const auto stream = scan(options, filter, cancel);
  std::vector<Entry> entries;
  for (ScanItem item; stream->next(item);) entries.push_back(std::get<Entry>(item));
  REQUIRE(entries.size() == 5);
  fs::remove(dir / "d/gone");
  fs::rename(dir / "other", dir / "d/replaced");
  std::size_t problems = 0;
  for (Entry& entry : entries) {
    CHECK(entry.xattrs.empty());
    stream->complete(entry, [&](ScanProblem&&) { ++problems; });
  }
  CHECK(entries[1].xattrs.empty());      // d/gone
  CHECK(entries[2].xattrs.empty());      // d/replaced
  CHECK(entries[3].xattrs == on_stays);  // d/stays
  CHECK(problems == 0);
  stream->complete(entries[3], [&](ScanProblem&&) { ++problems; });
  fs::rename(dir / "d", dir / "moved");
  fs::create_directory_symlink("moved", dir / "d");
  stream->complete(entries[3], [&](ScanProblem&&) { ++problems; });
  CHECK(entries[3].xattrs == on_stays);  // through the directory that is open already
  stream->complete(entries[0], [&](ScanProblem&&) { ++problems; });
  stream->complete(entries[3], [&](ScanProblem&&) { ++problems; });
  CHECK(entries[3].xattrs.empty());  // never through a symlink
  CHECK(problems == 0);
}
