// The source itself, and how a scan ends.
#include <fmt/format.h>

#include "base/cancel.h"
#include "outhaul/error.h"
#include "support/catch.h"
#include "tree.h"

using namespace outhaul;
using namespace outhaul::test;

namespace {

/// The message and advice with which a scan of `source` is refused.
std::string refusal(const std::filesystem::path& source) {
  const Filter filter;
  const CancelToken cancel;
  try {
    scan(ScanOptions{source, false, {}}, filter, cancel);
  } catch (const Error& error) {
    CHECK(error.kind() == ErrorKind::source);
    CHECK_FALSE(error.advice().empty());
    return error.what();
  }
  return "not refused";
}

bool contains(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

}  // namespace

TEST_CASE("a source that can't be scanned is refused before the first item") {
  TempTree tree;
  tree.file("plain\n", "x");
  tree.file("locked/x");
  tree.file("listed/x");
  tree.link("dangling", "nowhere");
  std::filesystem::permissions(tree / "locked", std::filesystem::perms::none);
  std::filesystem::permissions(tree / "listed", std::filesystem::perms(0444));
  CHECK(contains(refusal(tree / "missing"), "missing does not exist"));
  CHECK(contains(refusal(tree / "dangling"), "dangling does not exist"));
  CHECK(contains(refusal(tree / "plain\n"), "plain\\x0A is not a directory"));
  CHECK(contains(refusal(tree / "plain\n/below"), "is not a directory"));
  CHECK(contains(refusal(""), "does not exist"));
  const AsNobody nobody;
  CHECK(contains(refusal(tree / "locked"), "locked can't be read: Permission denied"));
  CHECK(contains(refusal(tree / "listed"), "listed can't be read: Permission denied"));
}

TEST_CASE("a source that is a symlink to a directory is followed because the operator named it") {
  TempTree tree;
  tree.file("real/x");
  tree.link("alias", "real");
  CHECK(scan_all(ScanOptions{tree / "alias", false, {}}).order == std::vector<std::string>{"x"});
  CHECK(scan_all(ScanOptions{tree / "alias/", false, {}}).order == std::vector<std::string>{"x"});
}

TEST_CASE("a cancelled scan throws from the next call and ends its thread") {
  TempTree tree;
  for (int i = 0; i < 3000; ++i) tree.file(fmt::format("f{}", i));
  const Filter filter;
  CancelToken cancel;
  const auto stream = scan(ScanOptions{tree.path(), false, {}}, filter, cancel);
  ScanItem item;
  REQUIRE(stream->next(item));
  cancel.cancel();
  try {
    stream->next(item);
    FAIL("went on");
  } catch (const Error& error) {
    CHECK(error.kind() == ErrorKind::cancelled);
  }
}

TEST_CASE("a scan that nobody reads to its end stops with its stream") {
  TempTree tree;
  for (int i = 0; i < 3000; ++i) tree.file(fmt::format("f{}", i));
  const Filter filter;
  const CancelToken cancel;
  for (int round = 0; round < 10; ++round) {
    const auto stream = scan(ScanOptions{tree.path(), false, {}}, filter, cancel);
    ScanItem item;
    for (int i = 0; i < round * 300; ++i) REQUIRE(stream->next(item));
  }
}
