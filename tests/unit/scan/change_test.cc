// A source that changes, or is changed on purpose, while it is scanned.
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <atomic>
#include <cstdio>
#include <thread>

#include "base/cancel.h"
#include "support/catch.h"
#include "tree.h"

using namespace outhaul;
using namespace outhaul::test;
namespace fs = std::filesystem;

namespace {

using Kind = ScanProblem::Kind;

/// Calls `change` again and again on a thread of its own while it lives.
template <typename Change>
class Meanwhile {
 public:
  explicit Meanwhile(Change change)
      : thread_([this, change] {
          while (!stop_) change();
        }) {}
  Meanwhile(Meanwhile&&) = delete;
  ~Meanwhile() {
    stop_ = true;
    thread_.join();
  }

 private:
  std::atomic<bool> stop_{false};
  std::thread thread_;
};

void exchange(const fs::path& a, const fs::path& b) {
  if (renameat2(AT_FDCWD, a.c_str(), AT_FDCWD, b.c_str(), RENAME_EXCHANGE) != 0)
    throw std::runtime_error("renameat2");
}

/// A scan that stands between the entry "m" of a directory and its content: more files lie between than it
/// may run ahead.
struct HeldBeforeContent {
  HeldBeforeContent() {
    tree.file("m/inside");
    for (int i = 0; i < 3000; ++i) tree.file(fmt::format("m-{:04}", i));
    decoy.file("secret");
    stream = scan(ScanOptions{tree.path(), false, {}}, filter, cancel);
    ScanItem item;
    REQUIRE(stream->next(item));
    REQUIRE(std::get<Entry>(item).path.bytes() == "m");
    REQUIRE(std::get<Entry>(item).kind == EntryKind::directory);
  }
  /// What comes behind the files.
  Scanned rest() {
    Scanned all;
    drain(*stream, all);
    all.order.erase(all.order.begin(), all.order.begin() + 3000);
    return all;
  }

  TempTree tree, decoy, aside;
  Filter filter;
  CancelToken cancel;
  std::unique_ptr<ScanStream> stream;
};

using Strings = std::vector<std::string>;

}  // namespace

TEST_CASE("a directory that becomes a symlink before it is entered is not followed but doubted") {
  HeldBeforeContent held;
  fs::rename(held.tree / "m", held.aside / "m");
  held.tree.link("m", held.decoy.path().string());
  const Scanned rest = held.rest();
  CHECK(rest.order == Strings{"!m"});
  CHECK(rest.problems[0].kind == Kind::unreadable_entry);
}

TEST_CASE("a directory that becomes a file before it is entered is doubted") {
  HeldBeforeContent held;
  fs::remove_all(held.tree / "m");
  held.tree.file("m");
  CHECK(held.rest().order == Strings{"!m"});
}

TEST_CASE("a directory that vanishes before it is entered is simply gone") {
  HeldBeforeContent held;
  fs::remove_all(held.tree / "m");
  CHECK(held.rest().order.empty());
}

TEST_CASE("a directory that another one replaces before it is entered is read as it is now") {
  HeldBeforeContent held;
  fs::rename(held.tree / "m", held.aside / "m");
  held.tree.file("m/new");
  CHECK(held.rest().order == Strings{"m/new"});
}

TEST_CASE("an entry that vanishes after it was listed is no problem") {
  TempTree tree;
  for (int i = 0; i < 3000; ++i) tree.file(fmt::format("f{:04}", i));
  tree.file("z/x");
  const Filter filter;
  const CancelToken cancel;
  const auto stream = scan(ScanOptions{tree.path(), false, {}}, filter, cancel);
  ScanItem item;
  REQUIRE(stream->next(item));
  fs::remove_all(tree / "z");
  fs::remove(tree / "f2999");
  Scanned rest;
  drain(*stream, rest);
  CHECK(rest.problems.empty());
  CHECK(rest.order.back() == "f2998");
}

TEST_CASE("a file that becomes a directory after it was listed is an entry in doubt") {
  TempTree tree;
  for (int i = 0; i < 3000; ++i) tree.file(fmt::format("f{:04}", i));
  tree.file("z");
  const Filter filter;
  const CancelToken cancel;
  const auto stream = scan(ScanOptions{tree.path(), false, {}}, filter, cancel);
  ScanItem item;
  REQUIRE(stream->next(item));
  fs::remove(tree / "z");
  tree.file("z/below");
  Scanned rest;
  drain(*stream, rest);
  REQUIRE(rest.problems.size() == 1);
  CHECK(rest.problems[0].kind == Kind::unreadable_directory);
  CHECK(rest.order[rest.order.size() - 2] == "!z");
  CHECK(rest.entries.back().path.bytes() == "z");
  CHECK(rest.entries.back().kind == EntryKind::directory);
}

TEST_CASE("a directory swapped with a symlink in a loop never leads out of the source") {
  TempTree decoy;
  decoy.file("secret");
  decoy.file("e/secret");
  TempTree tree, aside;
  tree.file("d/ok");
  tree.file("d/e/ok");
  tree.file("d-next");
  aside.link("link", decoy.path().string());
  aside.link("inner", (decoy / "e").string());
  const fs::path outer = tree / "d", inner = tree / "d/e";
  const Meanwhile swapping([&] {
    exchange(inner, aside / "inner");
    exchange(outer, aside / "link");
    exchange(outer, aside / "link");
    exchange(inner, aside / "inner");
  });
  for (int round = 0; round < 1500; ++round) {
    const Scanned scanned = scan_all(tree);
    for (const Entry& entry : scanned.entries) REQUIRE(entry.path.name() != "secret");
    for (const ScanProblem& problem : scanned.problems) {
      REQUIRE(problem.path.is_at_or_below(RelPath::parse("d")));
      // Listed as a symlink and examined as a directory, or the other way round: a doubt either way.
      const bool doubt = problem.kind == Kind::unreadable_entry || problem.kind == Kind::unreadable_directory;
      REQUIRE(doubt);
    }
    REQUIRE(scanned.find("d-next") != nullptr);
  }
}

TEST_CASE("files and directories that come and go during scans are no problem and break no order") {
  TempTree tree;
  for (int i = 0; i < 200; ++i) tree.file(fmt::format("steady-{}", i));
  std::atomic<unsigned> turn{0};
  const Meanwhile churning([&] {
    const unsigned n = turn++ % 50;
    const fs::path file = tree / fmt::format("come-and-go-{}", n), dir = tree / fmt::format("dir-{}", n);
    std::fclose(std::fopen(file.c_str(), "w"));
    mkdir(dir.c_str(), 0755);
    symlink("target", (dir / "link").c_str());
    unlink(file.c_str());
    unlink((dir / "link").c_str());
    rmdir(dir.c_str());
    rename((tree / "steady-0").c_str(), (tree / "steady-0x").c_str());
    rename((tree / "steady-0x").c_str(), (tree / "steady-0").c_str());
  });
  for (int round = 0; round < 300; ++round) {
    const Scanned scanned = scan_all(tree);
    CHECK(scanned.problems.empty());
    std::size_t steady = 0;
    for (const Entry& entry : scanned.entries) steady += entry.path.bytes().starts_with("steady-");
    REQUIRE(steady >= 199);
  }
}
