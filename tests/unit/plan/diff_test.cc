#include "plan/diff.h"

#include <fmt/format.h>

#include "outhaul/error.h"
#include "support/catch.h"
#include "unit/plan/trees.h"

using namespace outhaul;
using namespace outhaul::test;

namespace {

std::string_view word(Change::Kind kind) {
  switch (kind) {
    case Change::Kind::added:
      return "added";
    case Change::Kind::content:
      return "content";
    case Change::Kind::suspect:
      return "suspect";
    case Change::Kind::metadata:
      return "metadata";
    case Change::Kind::removed:
      return "removed";
    case Change::Kind::type_changed:
      return "type_changed";
    case Change::Kind::doubtful_removal:
      return "doubtful_removal";
  }
  return "";
}

struct Result {
  std::vector<Change> changes;
  std::vector<ScanProblem> problems;
  DiffCounts counts;
  /// "content a (size_changed)"
  Lines lines() const {
    Lines list;
    for (const Change& change : changes) {
      const Entry& entry = change.now.path.empty() ? change.before : change.now;
      list.push_back(
          fmt::format("{} {} ({})", word(change.kind), entry.path.bytes(), to_string(change.reason)));
    }
    return list;
  }
};

Result run_diff(std::vector<ScanItem> scan, std::vector<Entry> state, Compare compare = Compare::stat) {
  Result result;
  ListedScan scanned(std::move(scan));
  ListedState before(std::move(state));
  const ChangeSink sink{[&](Change&& change) { result.changes.push_back(std::move(change)); },
                        [&](ScanProblem&& problem) { result.problems.push_back(std::move(problem)); },
                        {}};
  result.counts = diff(scanned, before, removing(compare), sink);
  return result;
}

/// One edit of one attribute and what it counts as, for each way to compare.
struct Edit {
  const char* name;
  void (*apply)(Entry&);
  const char* under_stat;
  const char* under_mtime;
  const char* under_hash;
};

constexpr const char* kHash = "suspect e (hash_requested)";
constexpr const char* kMetadata = "metadata e (metadata_changed)";

std::string only_line(const Result& result) {
  const Lines lines = result.lines();
  if (lines.empty()) return "";
  return lines.size() == 1 ? lines.front() : "more than one";
}

void check_edit(const Entry& base, const Edit& edit) {
  INFO(edit.name);
  const Entry now = with(base, edit.apply);
  CHECK(only_line(run_diff({now}, {stored(base)}, Compare::stat)) == edit.under_stat);
  CHECK(only_line(run_diff({now}, {stored(base)}, Compare::mtime)) == edit.under_mtime);
  CHECK(only_line(run_diff({now}, {stored(base)}, Compare::hash)) == edit.under_hash);
}

using Kind = ScanProblem::Kind;

}  // namespace

TEST_CASE("pain 28: what counts as a change of a file") {
  constexpr const char* size = "content e (size_changed)";
  constexpr const char* mtime = "content e (mtime_changed)";
  constexpr const char* suspect = "suspect e (inode_or_ctime)";
  const Edit edits[] = {
      {"nothing", [](Entry&) {}, "", "", kHash},
      {"size", [](Entry& e) { e.size += 1; }, size, size, size},
      {"size down to nothing", [](Entry& e) { e.size = 0; }, size, size, size},
      {"mtime forward", [](Entry& e) { e.mtime_ns += 1; }, mtime, mtime, mtime},
      {"mtime backward", [](Entry& e) { e.mtime_ns -= 1'000'000'000; }, mtime, mtime, mtime},
      {"size and mtime", [](Entry& e) { e.size += 1, e.mtime_ns += 1; }, size, size, size},
      {"ctime", [](Entry& e) { e.ctime_ns += 1; }, suspect, "", kHash},
      {"inode", [](Entry& e) { e.inode += 1; }, suspect, "", kHash},
      {"dev", [](Entry& e) { e.dev += 1; }, "", "", kHash},
      {"mode and ctime", [](Entry& e) { e.mode = 0600, e.ctime_ns += 1; }, suspect, kMetadata, kHash},
      {"mode", [](Entry& e) { e.mode = 0600; }, kMetadata, kMetadata, kHash},
      {"uid", [](Entry& e) { e.uid = 7; }, kMetadata, kMetadata, kHash},
      {"gid", [](Entry& e) { e.gid = 7; }, kMetadata, kMetadata, kHash},
      {"user", [](Entry& e) { e.user = "bob"; }, kMetadata, kMetadata, kHash},
      {"group", [](Entry& e) { e.group = "bob"; }, kMetadata, kMetadata, kHash},
      {"links", [](Entry& e) { e.links = 2; }, kMetadata, kMetadata, kHash},
      {"sparse", [](Entry& e) { e.sparse = true; }, kMetadata, kMetadata, kHash},
      {"attributes",
       [](Entry& e) {
         e.xattrs = {{"user.a", "1"}};
       },
       kMetadata, kMetadata, kHash},
      {"attributes and ctime",
       [](Entry& e) {
         e.xattrs = {{"user.a", ""}}, e.ctime_ns += 1;
       },
       suspect, kMetadata, kHash},
  };
  for (const Edit& edit : edits) check_edit(file("e"), edit);
}

TEST_CASE("what counts as a change of a directory") {
  const Edit edits[] = {
      {"nothing", [](Entry&) {}, "", "", ""},
      {"size", [](Entry& e) { e.size = 4096; }, "", "", ""},
      {"ctime", [](Entry& e) { e.ctime_ns += 1; }, "", "", ""},
      {"inode", [](Entry& e) { e.inode += 1; }, "", "", ""},
      {"dev", [](Entry& e) { e.dev += 1; }, "", "", ""},
      {"mtime", [](Entry& e) { e.mtime_ns += 1; }, kMetadata, kMetadata, kMetadata},
      {"mode", [](Entry& e) { e.mode = 0700; }, kMetadata, kMetadata, kMetadata},
      {"uid", [](Entry& e) { e.uid = 7; }, kMetadata, kMetadata, kMetadata},
      {"gid", [](Entry& e) { e.gid = 7; }, kMetadata, kMetadata, kMetadata},
      {"user", [](Entry& e) { e.user = "bob"; }, kMetadata, kMetadata, kMetadata},
      {"attributes",
       [](Entry& e) {
         e.xattrs = {{"user.a", "1"}};
       },
       kMetadata, kMetadata, kMetadata},
  };
  for (const Edit& edit : edits) check_edit(dir("e"), edit);
}

TEST_CASE("what counts as a change of a symlink") {
  const Edit edits[] = {
      {"nothing", [](Entry&) {}, "", "", ""},
      {"ctime", [](Entry& e) { e.ctime_ns += 1; }, "", "", ""},
      {"inode", [](Entry& e) { e.inode += 1; }, "", "", ""},
      {"target", [](Entry& e) { e.link_target = "elsewhere"; }, kMetadata, kMetadata, kMetadata},
      {"mtime", [](Entry& e) { e.mtime_ns += 1; }, kMetadata, kMetadata, kMetadata},
      {"uid", [](Entry& e) { e.uid = 7; }, kMetadata, kMetadata, kMetadata},
  };
  for (const Edit& edit : edits) check_edit(symlink("e"), edit);
}

TEST_CASE("attributes that were there and are gone or have another value count as a change") {
  const Entry before = with(file("e"), [](Entry& e) { e.xattrs = {{"user.a", "1"}, {"user.b", "2"}}; });
  const Edit edits[] = {
      {"nothing", [](Entry&) {}, "", "", kHash},
      {"one gone", [](Entry& e) { e.xattrs.pop_back(); }, kMetadata, kMetadata, kHash},
      {"all gone", [](Entry& e) { e.xattrs.clear(); }, kMetadata, kMetadata, kHash},
      {"another value", [](Entry& e) { e.xattrs[0].value = "3"; }, kMetadata, kMetadata, kHash},
  };
  for (const Edit& edit : edits) check_edit(before, edit);
}

TEST_CASE("a name of an owner that is not known tonight is no change and is carried over") {
  const auto named = [](Entry& e) { e.user = "alice", e.group = "staff"; };
  for (const Entry& base : {file("e"), dir("e"), symlink("e")}) {
    CHECK(run_diff({base}, {stored(with(base, named))}).lines().empty());
    const auto chmod = [](Entry& e) { e.mode = 0700; };
    const Result changed = run_diff({with(base, chmod)}, {stored(with(base, named))});
    REQUIRE(changed.changes.size() == 1);
    CHECK(changed.changes[0].now.user == "alice");
    CHECK(changed.changes[0].now.group == "staff");
    const auto chown = [](Entry& e) { e.uid = e.gid = 77; };
    const Result given = run_diff({with(base, chown)}, {stored(with(base, named))});
    REQUIRE(given.changes.size() == 1);
    CHECK(given.changes[0].now.user.empty());
    CHECK(given.changes[0].now.group.empty());
  }
}

TEST_CASE("a stored file without an object is sent again whatever else is the same") {
  for (const Compare compare : {Compare::stat, Compare::mtime, Compare::hash}) {
    CHECK(run_diff({file("a")}, {file("a")}, compare).lines() == Lines{"content a (resend)"});
    CHECK(run_diff({with(file("a"), [](Entry& e) { e.size = 1; })}, {file("a")}, compare).lines() ==
          Lines{"content a (resend)"});
  }
}

TEST_CASE("another kind under the same name is a type change both ways") {
  const Entry kinds[] = {file("e"), dir("e"), symlink("e")};
  for (const Entry& before : kinds) {
    for (const Entry& now : kinds) {
      if (before.kind == now.kind) continue;
      const Result result = run_diff({now}, {stored(before)});
      REQUIRE(result.lines() == Lines{"type_changed e (type_changed)"});
      CHECK(result.changes[0].before == stored(before));
      CHECK(result.changes[0].now == now);
    }
  }
}

TEST_CASE("a changed entry carries the stored object and both sides of the change") {
  const Entry now = with(file("a"), [](Entry& e) { e.size = 5; });
  const Result result = run_diff({now}, {stored(file("a"))});
  REQUIRE(result.changes.size() == 1);
  CHECK(result.changes[0].now == with(now, [](Entry& e) { e.object = stored(file("a")).object; }));
  CHECK(result.changes[0].before == stored(file("a")));
}

TEST_CASE("added and removed entries come in path order between unchanged ones") {
  const Result result = run_diff(
      {dir("a"), file("a-b"), file("a/x"), file("b"), symlink("z")},
      {dir("a"), stored(file("a.old")), stored(file("a/w")), stored(file("a/x")), stored(file("c"))});
  CHECK(result.lines() == Lines{"added a-b (added)", "removed a.old (removed)", "removed a/w (removed)",
                                "added b (added)", "removed c (removed)", "added z (added)"});
  CHECK(result.changes[0].before == Entry{});
  CHECK(result.changes[1].now == Entry{});
  CHECK(result.counts.unchanged == 2);
}

TEST_CASE("what was seen and what was stored is counted") {
  const Result result =
      run_diff({dir("d"), file("d/a"), with(file("d/b"), [](Entry& e) { e.size = 11; }), symlink("s")},
               {dir("d"), stored(file("d/a")), stored(file("x")), file("y"), symlink("z")});
  CHECK(result.counts.scanned_files == 2);
  CHECK(result.counts.scanned_dirs == 1);
  CHECK(result.counts.scanned_symlinks == 1);
  CHECK(result.counts.scanned_bytes == 111);
  CHECK(result.counts.unchanged == 2);
  CHECK(result.counts.stored_files == 3);
}

TEST_CASE("nothing against nothing is no change") {
  const Result result = run_diff({}, {});
  CHECK(result.lines().empty());
  CHECK(result.counts.scanned_files + result.counts.stored_files + result.counts.unchanged == 0);
}

TEST_CASE("a doubt covers its whole subtree although other names lie between a directory and its content") {
  const std::vector<Entry> state{dir("a"),   stored(file("a-b")),   stored(file("a/x")),
                                 dir("a/y"), stored(file("a/y/z")), stored(file("a0"))};
  const Lines expected{"removed a-b (removed)", "doubtful_removal a/x (under_doubt)",
                       "doubtful_removal a/y (under_doubt)", "doubtful_removal a/y/z (under_doubt)",
                       "removed a0 (removed)"};
  CHECK(run_diff({dir("a"), problem("a", Kind::unreadable_directory)}, state).lines() == expected);
  // The scanner may notice only when it comes to the content.
  CHECK(
      run_diff({dir("a"), file("a,"), problem("a", Kind::unreadable_directory), file("b")}, state).lines() ==
      Lines{"added a, (added)", expected[0], expected[1], expected[2], expected[3], expected[4],
            "added b (added)"});
}

TEST_CASE("doubts that nest between one another's content are all kept") {
  const std::vector<Entry> state{dir("a"),
                                 dir("a-"),
                                 dir("a--"),
                                 stored(file("a--/x")),
                                 stored(file("a-/x")),
                                 stored(file("a/x")),
                                 stored(file("b"))};
  const std::vector<ScanItem> scan{dir("a"),   problem("a", Kind::unreadable_directory),
                                   dir("a-"),  problem("a-", Kind::unreadable_directory),
                                   dir("a--"), problem("a--", Kind::unreadable_directory)};
  CHECK(run_diff(scan, state).lines() == Lines{"doubtful_removal a--/x (under_doubt)",
                                               "doubtful_removal a-/x (under_doubt)",
                                               "doubtful_removal a/x (under_doubt)", "removed b (removed)"});
}

TEST_CASE("a path that could not be examined is doubtful itself with all below it") {
  const std::vector<Entry> state{dir("d"), stored(file("d/x")), stored(file("f"))};
  CHECK(
      run_diff({problem("d", Kind::unreadable_entry), problem("f", Kind::unreadable_entry)}, state).lines() ==
      Lines{"doubtful_removal d (under_doubt)", "doubtful_removal d/x (under_doubt)",
            "doubtful_removal f (under_doubt)"});
}

TEST_CASE("an unmounted file system is doubt for what the state holds below it") {
  CHECK(run_diff({dir("m"), problem("m", Kind::other_file_system)},
                 {dir("m"), stored(file("m/x")), stored(file("n"))})
            .lines() == Lines{"doubtful_removal m/x (under_doubt)", "removed n (removed)"});
}

TEST_CASE("a mount point that nobody can look at stands where it stood") {
  const Result result =
      run_diff({problem("m", Kind::other_file_system), problem("n", Kind::other_file_system), dir("o")},
               {dir("m"), stored(file("m/x")), dir("n"), dir("o")});
  CHECK(result.lines() == Lines{"doubtful_removal m/x (under_doubt)"});
  CHECK(result.counts.unchanged == 3);
}

TEST_CASE("a source that can't be read at all removes nothing") {
  const Result result = run_diff({problem("", Kind::unreadable_directory)}, {dir("a"), stored(file("a/x"))});
  CHECK(result.lines() == Lines{"doubtful_removal a (under_doubt)", "doubtful_removal a/x (under_doubt)"});
}

TEST_CASE("a socket where a file was is no doubt: the file is gone") {
  const Result result = run_diff({problem("f", Kind::special)}, {stored(file("f"))});
  CHECK(result.lines() == Lines{"removed f (removed)"});
  REQUIRE(result.problems.size() == 1);
  CHECK(result.problems[0].path.bytes() == "f");
  CHECK(result.problems[0].message == "Permission denied");
}

TEST_CASE("another device number is learned from what is otherwise the same and told once") {
  const auto moved = [](Entry& e) { e.dev = 9; };
  const auto rewritten = [](Entry& e) { e.dev = 5, e.ctime_ns += 1; };
  const Result result = run_diff({with(dir("a"), moved), with(file("b"), moved), with(file("c"), rewritten)},
                                 {dir("a"), stored(file("b")), stored(file("c"))});
  CHECK(result.counts.devices == std::vector<DeviceChange>{{1, 9}});
  CHECK(result.counts.unchanged == 2);

  const auto replaced = [](Entry& e) { e.dev = 9, e.inode += 1; };
  CHECK(run_diff({with(dir("a"), replaced)}, {dir("a")}).counts.devices.empty());
}

TEST_CASE("a stream out of order is our bug and refused because it would look like removals") {
  CHECK_THROWS_AS(run_diff({file("b"), file("a")}, {}), Error);
  CHECK_THROWS_AS(run_diff({}, {stored(file("b")), stored(file("a"))}), Error);
  CHECK_THROWS_AS(run_diff({dir("a"), file("a/x"), file("a-b")}, {}), Error);
  try {
    run_diff({file("b\n"), file("a")}, {});
    FAIL("not refused");
  } catch (const Error& error) {
    CHECK(error.kind() == ErrorKind::internal);
    CHECK(std::string(error.what()).find("the scan gave \"a\" after \"b\\x0A\"") != std::string::npos);
    CHECK_FALSE(error.advice().empty());
  }
}

TEST_CASE("bytes above ASCII are ordered as bytes") {
  CHECK(run_diff({file("a"), file("\xC3\xA9"), file("\xFF")},
                 {stored(file("a")), stored(file("\xC3\xA9")), stored(file("\xFF"))})
            .lines()
            .empty());
}

TEST_CASE("a name that the directory gave twice counts once") {
  const Result result = run_diff({file("a"), file("a"), file("b")}, {stored(file("a"))});
  CHECK(result.lines() == Lines{"added b (added)"});
  CHECK(result.counts.scanned_files == 2);
}

TEST_CASE("progress is told on the way and at the end") {
  std::vector<ScanItem> scan;
  for (int i = 0; i < 10000; ++i) scan.push_back(file(fmt::format("{:05}", i)));
  ListedScan scanned(std::move(scan));
  ListedState before({});
  std::vector<std::uint64_t> seen;
  const ChangeSink sink{[](Change&&) {}, [](ScanProblem&&) {},
                        [&](const DiffCounts& counts) { seen.push_back(counts.scanned_files); }};
  diff(scanned, before, removing(), sink);
  REQUIRE(seen.size() == 3);
  CHECK(seen.back() == 10000);
}
