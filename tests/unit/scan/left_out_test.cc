// What is left out by size, by markers and by a flag, on real trees.
#include "scan/left_out.h"

#include <fcntl.h>
#include <linux/fs.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fd.h"
#include "filter/leave_out.h"
#include "support/catch.h"
#include "tree.h"

using namespace outhaul;
using namespace outhaul::test;

namespace {

using Strings = std::vector<std::string>;

Strings scanned(const TempTree& tree, const LeaveOut& rules, const Strings& patterns = {}) {
  ScanOptions options{tree.path(), false, {}};
  options.rules = rules;
  return scan_all(options, patterns).order;
}

std::string tag() {
  return std::string(kCacheSignature) + "\n# made by a test\n";
}

/// False where the file system has no such flag.
bool set_nodump(const std::filesystem::path& path) {
  const Fd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  int flags = 0;
  if (::ioctl(fd.get(), FS_IOC_GETFLAGS, &flags) != 0) return false;
  flags |= FS_NODUMP_FL;
  return ::ioctl(fd.get(), FS_IOC_SETFLAGS, &flags) == 0;
}

}  // namespace

TEST_CASE("files that are too large are left out and nothing else is") {
  TempTree tree;
  tree.file("at the limit", std::string(1000, 'x'));
  tree.file("beyond", std::string(1001, 'x'));
  tree.file("d/beyond", std::string(5000, 'x'));
  tree.link("link", std::string(200, 'x'));
  CHECK(scanned(tree, {.larger_than = 1000}) == Strings{"at the limit", "d", "link"});
  CHECK(scanned(tree, {}).size() == 5);
  const LeaveOut rules{.larger_than = 1000};
  CHECK(left_out_because(tree.path(), RelPath::parse("d/beyond"), rules) ==
        "it has 5000 bytes (\"exclude_larger_than\" is 1000)");
  CHECK(left_out_because(tree.path(), RelPath::parse("at the limit"), rules).empty());
  CHECK(left_out_because(tree.path(), RelPath::parse("missing"), rules).empty());
}

TEST_CASE("of a marked directory only the directory and its marker are stored or not even that") {
  TempTree tree;
  tree.file("kept/x");
  tree.file("m/.nobackup");
  tree.file("m/a");
  tree.file("m/sub/b");
  tree.dir("by-dir/.nobackup");
  tree.file("by-dir/.nobackup/inside");
  tree.file("by-dir/c");
  tree.file("by-link/d");
  tree.link("by-link/.nobackup", "nowhere");
  tree.file("other/.nobackup2");
  LeaveOut rules{.if_present = {".skip", ".nobackup"}};
  CHECK(scanned(tree, rules) == Strings{"by-dir", "by-dir/.nobackup", "by-link", "by-link/.nobackup", "kept",
                                        "kept/x", "m", "m/.nobackup", "other", "other/.nobackup2"});
  const auto why = [&](const char* path) {
    return left_out_because(tree.path(), RelPath::parse(path), rules);
  };
  CHECK(why("m/sub/b") == "its directory \"m\" holds \".nobackup\" (\"exclude_if_present\")");
  CHECK(why("by-dir/.nobackup/inside") ==
        "its directory \"by-dir\" holds \".nobackup\" (\"exclude_if_present\")");
  CHECK(why("m/.nobackup").empty());
  CHECK(why("m").empty());
  CHECK(why("kept/x").empty());
  // A pattern has its say over what is left.
  CHECK(scanned(tree, rules, {".nobackup"}) ==
        Strings{"by-dir", "by-link", "kept", "kept/x", "m", "other", "other/.nobackup2"});
  rules.keep_tags = false;
  CHECK(scanned(tree, rules) ==
        Strings{"by-dir", "by-link", "kept", "kept/x", "m", "other", "other/.nobackup2"});
  CHECK(why("m/.nobackup") == "its directory \"m\" holds \".nobackup\" (\"exclude_if_present\")");
}

TEST_CASE("the source itself can be marked") {
  TempTree tree;
  tree.file(".nobackup");
  tree.file("a/b");
  const LeaveOut rules{.if_present = {".nobackup"}};
  CHECK(scanned(tree, rules) == Strings{".nobackup"});
  CHECK(left_out_because(tree.path(), RelPath::parse("a"), rules) ==
        "the source holds \".nobackup\" (\"exclude_if_present\")");
}

TEST_CASE("a cache directory is one by its tag's signature alone") {
  TempTree tree;
  const std::string signature(kCacheSignature);
  tree.file("cache/CACHEDIR.TAG", tag());
  tree.file("cache/x");
  tree.file("bare/CACHEDIR.TAG", signature);
  tree.file("bare/x");
  tree.file("empty/CACHEDIR.TAG");
  tree.file("empty/x");
  tree.file("late/CACHEDIR.TAG", "\n" + signature);
  tree.file("late/x");
  tree.file("short/CACHEDIR.TAG", signature.substr(1));
  tree.file("short/x");
  tree.file("link/x");
  tree.link("link/CACHEDIR.TAG", "../cache/CACHEDIR.TAG");
  tree.dir("pipe");
  REQUIRE(::mkfifo((tree / "pipe/CACHEDIR.TAG").c_str(), 0600) == 0);
  tree.file("pipe/x");
  CHECK(scanned(tree, {.caches = true}) ==
        Strings{"bare", "bare/CACHEDIR.TAG", "cache", "cache/CACHEDIR.TAG", "empty", "empty/CACHEDIR.TAG",
                "empty/x", "late", "late/CACHEDIR.TAG", "late/x", "link", "link/CACHEDIR.TAG", "link/x",
                "pipe", "!pipe/CACHEDIR.TAG", "pipe/x", "short", "short/CACHEDIR.TAG", "short/x"});
  CHECK(left_out_because(tree.path(), RelPath::parse("cache/x"), {.caches = true}) ==
        "its directory \"cache\" holds \"CACHEDIR.TAG\" (\"exclude_caches\")");
}

TEST_CASE("a tag that can't be read marks nothing") {
  TempTree tree;
  tree.file("cache/CACHEDIR.TAG", tag());
  tree.file("cache/x");
  std::filesystem::permissions(tree / "cache/CACHEDIR.TAG", std::filesystem::perms::none);
  const AsNobody nobody;
  CHECK(scanned(tree, {.caches = true}) == Strings{"cache", "cache/CACHEDIR.TAG", "cache/x"});
}

TEST_CASE("what has the flag nodump is left out with all that is below it") {
  TempTree tree;
  tree.file("a");
  tree.file("b");
  tree.file("d/x");
  tree.file("e/y");
  if (!set_nodump(tree / "b") || !set_nodump(tree / "d")) return;  // tmpfs before Linux 6.6, overlays
  const Fd dir(::open(tree.path().c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!has_nodump(dir.get(), "b")) return;  // nor does it tell
  CHECK(scanned(tree, {.nodump = true}) == Strings{"a", "e", "e/y"});
  CHECK(scanned(tree, {}).size() == 6);
  CHECK(left_out_because(tree.path(), RelPath::parse("d/x"), {.nodump = true}) ==
        "its directory \"d\" has the flag \"nodump\"");
  CHECK(left_out_because(tree.path(), RelPath::parse("b"), {.nodump = true}) == "it has the flag \"nodump\"");
}
