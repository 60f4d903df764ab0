#include "filter/leave_out.h"

#include <set>

#include "support/catch.h"

using namespace outhaul;

namespace {

using Names = std::vector<std::string>;

Names marks(const LeaveOut& rules, const std::set<std::string, std::less<>>& held, bool is_cache = false) {
  return marks_of(
      rules, [&](std::string_view name) { return held.contains(name); }, [&] { return is_cache; });
}

}  // namespace

TEST_CASE("a file is too large when it has more bytes than the limit") {
  CHECK_FALSE(is_too_large({}, UINT64_MAX));
  CHECK_FALSE(is_too_large({.larger_than = 1000}, 1000));
  CHECK(is_too_large({.larger_than = 1000}, 1001));
}

TEST_CASE("a directory is marked by the names that are asked for and by a real cache tag") {
  const LeaveOut names{.if_present = {".nobackup", "x"}}, caches{.caches = true};
  const LeaveOut both{.if_present = {".nobackup"}, .caches = true};
  CHECK_FALSE(LeaveOut{}.marks());
  CHECK(names.marks());
  CHECK(caches.marks());
  CHECK(marks(names, {"a", ".nobackup"}) == Names{".nobackup"});
  CHECK(marks(names, {"x", ".nobackup"}) == Names{".nobackup", "x"});
  CHECK(marks(names, {".nobackup2", ".NOBACKUP"}).empty());
  CHECK(marks(names, {"CACHEDIR.TAG"}, true).empty());
  CHECK(marks(caches, {"CACHEDIR.TAG"}, true) == Names{"CACHEDIR.TAG"});
  CHECK(marks(caches, {"CACHEDIR.TAG"}, false).empty());
  CHECK(marks(caches, {"cachedir.tag"}, true).empty());
  CHECK(marks(both, {"CACHEDIR.TAG", ".nobackup"}, true) == Names{".nobackup", "CACHEDIR.TAG"});
}

TEST_CASE("a marker is a name") {
  for (const std::string name : {".nobackup", "...", "a b", "-", "\xFF"}) CHECK(marker_fault(name).empty());
  for (const std::string& name : {std::string(), std::string("."), std::string(".."), std::string("a/b"),
                                  std::string("/a"), std::string("a\0b", 3), std::string(256, 'x')}) {
    INFO(name);
    CHECK_FALSE(marker_fault(name).empty());
  }
}
