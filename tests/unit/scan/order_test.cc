// What comes out of a tree at rest: order, names, metadata, filters.
#include <fmt/format.h>
#include <sys/stat.h>

#include <algorithm>
#include <random>

#include "support/catch.h"
#include "tree.h"

using namespace outhaul;
using namespace outhaul::test;
namespace fs = std::filesystem;

namespace {

using Strings = std::vector<std::string>;

const Strings kAwkward = {"a",
                          "a-b",
                          "a.txt",
                          "a0",
                          "a b",
                          "a!",
                          "-rf",
                          "~",
                          "#x",
                          "%41",
                          "a\nb",
                          "\xFF\xFE",
                          "caf\xC3\xA9",
                          ".hidden",
                          "..x",
                          "*",
                          "[x]",
                          "back\\slash",
                          "longprefix",
                          "longprefix-1",
                          "longprefix.2",
                          "longprefi",
                          "longpref",
                          "longpre",
                          "tail ",
                          "\x01",
                          std::string(255, 'n'),
                          std::string(254, 'n')};

void plant(const fs::path& dir, std::mt19937& random, int depth, int& budget) {
  for (int i = 0; i < 8 && budget > 0; ++i) {
    const fs::path path = dir / kAwkward[random() % kAwkward.size()];
    if (path.native().size() > 3500 || fs::exists(fs::symlink_status(path))) continue;
    --budget;
    const auto dice = random() % 10;
    if (dice < 4 && depth < 6) {
      fs::create_directory(path);
      plant(path, random, depth + 1, budget);
    } else if (dice == 4) {
      fs::create_symlink(std::string(1 + random() % 300, 't'), path);
    } else {
      std::FILE* file = std::fopen(path.c_str(), "w");
      std::fwrite("0123456789", 1, random() % 10, file);
      std::fclose(file);
    }
  }
}

/// By the standard library, sorted afterwards.
Strings all_below(const fs::path& root, const Filter& filter) {
  Strings paths;
  for (const fs::directory_entry& found : fs::recursive_directory_iterator(root)) {
    const std::string path = found.path().native().substr(root.native().size() + 1);
    const bool is_directory = found.symlink_status().type() == fs::file_type::directory;
    if (!filter.decide(RelPath::parse(path), is_directory).excluded) paths.push_back(path);
  }
  std::sort(paths.begin(), paths.end());
  return paths;
}

std::int64_t ns(const timespec& time) {
  return time.tv_sec * std::int64_t{1'000'000'000} + time.tv_nsec;
}

void check_against_lstat(const fs::path& root, const Entry& entry) {
  struct stat info {};
  const fs::path path = root / entry.path.bytes();
  REQUIRE(lstat(path.c_str(), &info) == 0);
  CHECK(entry.inode == info.st_ino);
  CHECK(entry.dev == info.st_dev);
  CHECK(entry.mode == (info.st_mode & 07777));
  CHECK(entry.uid == info.st_uid);
  CHECK(entry.gid == info.st_gid);
  CHECK(entry.mtime_ns == ns(info.st_mtim));
  CHECK(entry.ctime_ns == ns(info.st_ctim));
  CHECK((entry.kind == EntryKind::directory) == S_ISDIR(info.st_mode));
  CHECK((entry.kind == EntryKind::symlink) == S_ISLNK(info.st_mode));
  CHECK(entry.size == (S_ISREG(info.st_mode) ? static_cast<std::uint64_t>(info.st_size) : 0));
  CHECK(entry.link_target == (S_ISLNK(info.st_mode) ? fs::read_symlink(path).native() : std::string()));
  CHECK(entry.object == kNoObject);
}

}  // namespace

TEST_CASE("a directory comes at its name and its content at its name with a slash") {
  TempTree tree;
  for (const char* file : {"a/x", "a-b", "a.txt", "a0", "a/b/c", "a/b-", "a/b.d/e"}) tree.file(file);
  CHECK(scan_all(tree).order ==
        Strings{"a", "a-b", "a.txt", "a/b", "a/b-", "a/b.d", "a/b.d/e", "a/b/c", "a/x", "a0"});
}

TEST_CASE("an empty source has no entries and the source itself is none") {
  TempTree tree;
  CHECK(scan_all(tree).order.empty());
}

TEST_CASE("random trees come out whole and in byte order with the metadata of lstat") {
  std::mt19937 random(20260401);
  for (int round = 0; round < 12; ++round) {
    TempTree tree;
    int budget = 120;
    plant(tree.path(), random, 0, budget);
    const Scanned scanned = scan_all(tree);
    REQUIRE(scanned.paths() == all_below(tree.path(), Filter()));
    CHECK(scanned.problems.empty());
    for (const Entry& entry : scanned.entries) check_against_lstat(tree.path(), entry);
  }
}

TEST_CASE("random trees under patterns come out as the filter decides path by path") {
  std::mt19937 random(77);
  const Strings patterns = {"a*",        "!a-b",    "longprefix/", "/[[:punct:]]*",
                            "**/-rf/**", "a.txt/*", "!*.2",        "\xFF*"};
  for (int round = 0; round < 12; ++round) {
    TempTree tree;
    int budget = 120;
    plant(tree.path(), random, 0, budget);
    Strings some;
    for (const std::string& pattern : patterns)
      if (random() % 2 == 0) some.push_back(pattern);
    REQUIRE(scan_all(tree, some).paths() == all_below(tree.path(), Filter(some)));
  }
}

TEST_CASE("a directory of many thousand names is complete and sorted") {
  TempTree tree;
  Strings names;
  for (int i = 0; i < 3000; ++i) names.push_back(fmt::format("file-with-a-common-start-{}", i * 7919 % 3000));
  for (const std::string& name : names) tree.file(name);
  std::sort(names.begin(), names.end());
  CHECK(scan_all(tree).paths() == names);
}

TEST_CASE("symlinks are recorded and never followed") {
  TempTree outside;
  outside.file("secret");
  TempTree tree;
  tree.link("to-dir", outside.path().string());
  tree.link("loop", "loop");
  tree.link("up", "..");
  tree.link("long", std::string(4000, 'x'));
  const Scanned scanned = scan_all(tree);
  CHECK(scanned.paths() == Strings{"long", "loop", "to-dir", "up"});
  CHECK(scanned.find("to-dir")->link_target == outside.path().string());
  CHECK(scanned.find("long")->link_target.size() == 4000);
  CHECK(scanned.find("up")->kind == EntryKind::symlink);
}

TEST_CASE("a symlink whose size is given as zero is read whole") {
  const Scanned scanned = scan_all(ScanOptions{"/proc/self/ns", false, {}});
  const Entry* mount = scanned.find("mnt");
  REQUIRE(mount != nullptr);
  CHECK(mount->link_target == fs::read_symlink("/proc/self/ns/mnt").native());
}

TEST_CASE("the directory that is to be left out is known by identity and not by its text") {
  TempTree tree;
  tree.file("state/x/db");
  tree.file("state.txt");
  tree.file("other/db");
  TempTree elsewhere;
  elsewhere.link("alias", (tree / "state").string());
  CHECK(scan_all(ScanOptions{tree.path(), false, elsewhere / "alias"}).order ==
        Strings{"other", "other/db", "state.txt"});
  CHECK(scan_all(ScanOptions{tree.path(), false, tree / "state/x"}).order ==
        Strings{"other", "other/db", "state", "state.txt"});
  CHECK(scan_all(ScanOptions{tree.path(), false, tree / "not-there"}).entries.size() == 6);
  CHECK(scan_all(ScanOptions{tree.path(), false, elsewhere.path()}).entries.size() == 6);
}
