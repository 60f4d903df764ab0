#include "restore/selection.h"

#include <algorithm>

#include "outhaul/error.h"
#include "support/catch.h"

using namespace outhaul;

namespace {

class Tree final : public EntryStream {
 public:
  /// A name with a slash at its end is a directory.
  explicit Tree(std::vector<std::string> names) : names_(std::move(names)) {
    std::sort(names_.begin(), names_.end(), [](std::string a, std::string b) {
      if (a.ends_with('/')) a.pop_back();
      if (b.ends_with('/')) b.pop_back();
      return a < b;
    });
  }
  bool next(Entry& entry) override {
    if (at_ == names_.size()) return false;
    std::string name = names_[at_++];
    entry = Entry{};
    if (name.ends_with('/')) {
      entry.kind = EntryKind::directory;
      name.pop_back();
    }
    entry.path = RelPath::trusted(name);
    return true;
  }

 private:
  std::vector<std::string> names_;
  std::size_t at_ = 0;
};

const std::vector<std::string> kTree = {
    "a/",      "a-b",   "a/x", "a/sub/", "a/sub/y.jpg", "a/sub/z",    "a/sub.d/", "a/sub.d/jpg", "b/",
    "b/q.jpg", "c.jpg", "d/",  "d/e/",   "d/e/f/",      "d/e/f/deep", "g[1]/",    "g[1]/in"};

std::vector<std::string> taken(std::vector<Wanted> wanted, std::vector<bool> found = {}) {
  Tree tree(kTree);
  std::vector<std::string> paths;
  const std::size_t count = wanted.size();
  Selection selection(std::move(wanted));
  selection.run(tree, [&](Entry&& entry) { paths.push_back(entry.path.bytes()); });
  if (!found.empty())
    for (std::size_t i = 0; i < count; ++i) CHECK(selection.found(i) == found[i]);
  return paths;
}

Wanted path(const std::string& text) {
  return Wanted::path(RelPath::parse(text));
}

std::vector<Wanted> list(Wanted one) {
  std::vector<Wanted> all;
  all.push_back(std::move(one));
  return all;
}

using Paths = std::vector<std::string>;

}  // namespace

TEST_CASE("nothing wanted takes everything in order") {
  const Paths all = taken({});
  CHECK(all.size() == kTree.size());
  CHECK(std::is_sorted(all.begin(), all.end()));
}

TEST_CASE("a path takes what is below it and the directories that lead there") {
  CHECK(taken(list(path("a/sub"))) == Paths{"a", "a/sub", "a/sub/y.jpg", "a/sub/z"});
  CHECK(taken(list(path("d/e/f/deep"))) == Paths{"d", "d/e", "d/e/f", "d/e/f/deep"});
  CHECK(taken(list(path("a-b"))) == Paths{"a-b"});
  CHECK(taken(list(path("g[1]"))) == Paths{"g[1]", "g[1]/in"});
  CHECK(taken(list(path("nowhere")), {false}).empty());
  CHECK(taken(list(path("a/s")), {false}).empty());
  CHECK(taken(list(Wanted::path({})), {true}).size() == kTree.size());
}

TEST_CASE("a pattern is gitignore's and takes what is below what it matches") {
  CHECK(taken(list(Wanted::pattern("*.jpg")), {true}) ==
        Paths{"a", "a/sub", "a/sub/y.jpg", "b", "b/q.jpg", "c.jpg"});
  CHECK(taken(list(Wanted::pattern("/*.jpg"))) == Paths{"c.jpg"});
  CHECK(taken(list(Wanted::pattern("a/s?b"))) == Paths{"a", "a/sub", "a/sub/y.jpg", "a/sub/z"});
  CHECK(taken(list(Wanted::pattern("d/**/deep"))) == Paths{"d", "d/e", "d/e/f", "d/e/f/deep"});
  CHECK(taken(list(Wanted::pattern("[b]/"))) == Paths{"b", "b/q.jpg"});
  CHECK(taken(list(Wanted::pattern("x*z")), {false}).empty());
  CHECK(taken(list(Wanted::pattern("!a*")), {false}).empty());  // a name, not a pattern turned round
}

TEST_CASE("several wanted things add up and each says whether it was found") {
  std::vector<Wanted> wanted;
  wanted.push_back(path("b"));
  wanted.push_back(path("nix"));
  wanted.push_back(Wanted::pattern("*.jpg"));
  CHECK(taken(std::move(wanted), {true, false, true}) ==
        Paths{"a", "a/sub", "a/sub/y.jpg", "b", "b/q.jpg", "c.jpg"});
}

TEST_CASE("what is no pattern is refused as the command line's fault") {
  for (const std::string text : {"[a", "a//*", "./*"}) {
    INFO(text);
    try {
      static_cast<void>(Wanted::pattern(text));
      FAIL("was taken");
    } catch (const Error& error) {
      CHECK(error.kind() == ErrorKind::usage);
    }
  }
  CHECK(looks_like_pattern("a*"));
  CHECK(looks_like_pattern("a?b"));
  CHECK(looks_like_pattern("[a]"));
  CHECK_FALSE(looks_like_pattern("a/b c"));
}
