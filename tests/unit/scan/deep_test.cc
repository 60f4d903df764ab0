// Trees deeper than PATH_MAX and than the descriptors that a process may have.
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>

#include "base/cancel.h"
#include "base/fd.h"
#include "support/catch.h"
#include "tree.h"

using namespace outhaul;
using namespace outhaul::test;
namespace fs = std::filesystem;

namespace {

void make_file_at(const Fd& dir, const char* name) {
  const Fd file(openat(dir.get(), name, O_CREAT | O_WRONLY | O_CLOEXEC, 0644));
  REQUIRE(file);
}

/// `levels` directories named `name`, one in the other; in each of them a file before and one behind the
/// next. The descriptor of the deepest.
Fd nest(const fs::path& root, const std::string& name, int levels) {
  Fd at(open(root.c_str(), O_DIRECTORY | O_CLOEXEC));
  for (int level = 0; level < levels; ++level) {
    make_file_at(at, "a");
    make_file_at(at, "zz");
    REQUIRE(mkdirat(at.get(), name.c_str(), 0755) == 0);
    at = Fd(openat(at.get(), name.c_str(), O_DIRECTORY | O_CLOEXEC));
    REQUIRE(at);
  }
  return at;
}

std::vector<std::string> nested_paths(const std::string& name, int levels) {
  std::vector<std::string> paths;
  std::string at;
  for (int level = 0; level < levels; ++level) {
    paths.push_back(at + "a");
    paths.push_back(at + "zz");
    paths.push_back(at + name);
    at += name + '/';
  }
  std::sort(paths.begin(), paths.end());
  return paths;
}

/// Lowers the limit on open files while it lives.
class FewDescriptors {
 public:
  explicit FewDescriptors(rlim_t limit) {
    getrlimit(RLIMIT_NOFILE, &before_);
    const rlimit low{limit, before_.rlim_max};
    setrlimit(RLIMIT_NOFILE, &low);
  }
  FewDescriptors(FewDescriptors&&) = delete;
  ~FewDescriptors() { setrlimit(RLIMIT_NOFILE, &before_); }

 private:
  rlimit before_{};
};

std::string levels(const std::string& name, int count) {
  std::string path;
  for (int i = 0; i < count; ++i) path += (i == 0 ? "" : "/") + name;
  return path;
}

/// Many more items than the scan may run ahead, so that the walk stays in this directory until we read on.
constexpr int kManyFiles = 3000;

/// A scan that is held in the deepest of 300 directories; most of the upper ones are closed by then.
struct HeldDeep {
  HeldDeep() {
    const Fd deepest = nest(tree.path(), "m", 300);
    for (int i = 0; i < kManyFiles; ++i) make_file_at(deepest, fmt::format("f{:04}", i).c_str());
    const std::string first = levels("m", 300) + "/f0000";
    stream = scan(ScanOptions{tree.path(), false, {}}, filter, cancel);
    for (ScanItem item; read(item);)
      if (const auto* entry = std::get_if<Entry>(&item); entry != nullptr && entry->path.bytes() == first)
        break;
  }
  bool read(ScanItem& item) {
    const bool more = stream->next(item);
    REQUIRE(more);
    return more;
  }

  TempTree tree, elsewhere;
  Filter filter;
  CancelToken cancel;
  std::unique_ptr<ScanStream> stream;
};

}  // namespace

TEST_CASE("paths longer than PATH_MAX are scanned") {
  TempTree tree;
  const std::string name(200, 'p');
  make_file_at(nest(tree.path(), name, 30), "bottom");
  const Scanned scanned = scan_all(tree);
  CHECK(scanned.problems.empty());
  CHECK(scanned.entries.size() == 30 * 3 + 1);
  CHECK(scanned.find(levels(name, 30) + "/bottom") != nullptr);
}

TEST_CASE("a tree of 700 levels needs no more than some 200 descriptors and misses nothing") {
  TempTree tree;
  nest(tree.path(), "m", 700);
  const FewDescriptors few(230);
  const Scanned scanned = scan_all(tree);
  CHECK(scanned.problems.empty());
  CHECK(scanned.paths() == nested_paths("m", 700));
}

TEST_CASE("a directory that moves while the walk is deep below it loses nothing of what stayed") {
  HeldDeep held;
  fs::rename(held.tree / levels("m", 50), held.elsewhere / "moved");
  Scanned rest;
  drain(*held.stream, rest);
  CHECK(rest.problems.empty());
  // Everything behind the walk is still in the directories that it holds, moved or not.
  CHECK(rest.find("zz") != nullptr);
  CHECK(rest.find(levels("m", 49) + "/zz") != nullptr);
  CHECK(rest.find(levels("m", 50) + "/zz") != nullptr);
  CHECK(rest.entries.size() == static_cast<std::size_t>(kManyFiles - 1 + 300));
}

TEST_CASE("a directory that the walk can't come back to is doubted entry by entry") {
  HeldDeep held;
  fs::rename(held.tree / levels("m", 50), held.elsewhere / "lower");
  fs::rename(held.tree / levels("m", 20), held.elsewhere / "upper");
  Scanned rest;
  drain(*held.stream, rest);
  // Levels 20 to 49 are reached neither from below, which was moved, nor from above, which was moved too.
  REQUIRE(rest.problems.size() == 30);
  for (const ScanProblem& problem : rest.problems) {
    CHECK(problem.kind == ScanProblem::Kind::unreadable_entry);
    CHECK(problem.path.name() == "zz");
  }
  CHECK(rest.problems.front().path.bytes() == levels("m", 49) + "/zz");
  CHECK(rest.problems.back().path.bytes() == levels("m", 20) + "/zz");
  CHECK(rest.find(levels("m", 50) + "/zz") != nullptr);
  CHECK(rest.find(levels("m", 19) + "/zz") != nullptr);
}
