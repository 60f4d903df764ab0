#include "fixture.h"
#include "support/catch.h"

using namespace outhaul;
using namespace outhaul::test;

TEST_CASE("an entry comes back exactly as it was recorded") {
  StateFixture f;
  Transaction tx = f.state.begin();
  const Entry dir = directory_entry("d");
  const Entry file = store(f.state, f.job, f.run, file_entry("d/\xFF\n name"));
  const Entry link = symlink_entry("link", "../\xFE\n");
  const Entry empty_link = symlink_entry("link2", "");
  for (const Entry& entry : {dir, file, link, empty_link}) f.state.record(f.job, f.run, entry);
  tx.commit();
  CHECK(f.state.entry(f.job, dir.path) == dir);
  CHECK(f.state.entry(f.job, file.path) == file);
  CHECK(f.state.entry(f.job, link.path) == link);
  CHECK(f.state.entry(f.job, empty_link.path) == empty_link);
  CHECK_FALSE(f.state.entry(f.job, RelPath::parse("d/none")));
  CHECK(all(f.state.entries(f.job)) == std::vector<Entry>{dir, file, link, empty_link});
}

TEST_CASE("the source itself can be an entry") {
  StateFixture f;
  Transaction tx = f.state.begin();
  f.state.record(f.job, f.run, directory_entry(""));
  tx.commit();
  CHECK(f.state.entry(f.job, RelPath{}) == directory_entry(""));
  CHECK(paths(f.state.entries_below(f.job, RelPath{})) == std::vector<std::string>{""});
}

TEST_CASE("entries come in plain byte order") {
  StateFixture f;
  Transaction tx = f.state.begin();
  for (const char* path : {"b", "a/x", "\xFF", "a-b", "a", "a0", "a/\x01", "A", "\xC3\xA9"})
    f.state.record(f.job, f.run, directory_entry(path));
  tx.commit();
  CHECK(paths(f.state.entries(f.job)) ==
        std::vector<std::string>{"A", "a", "a-b", "a/\x01", "a/x", "a0", "b", "\xC3\xA9", "\xFF"});
}

TEST_CASE("what is below a path is neither its namesakes nor its neighbours") {
  StateFixture f;
  Transaction tx = f.state.begin();
  for (const char* path : {"a", "a-b", "a/x", "a/x/y", "a/\xFF", "a0", "a.b", "b", "A", "a%", "a%/x"})
    f.state.record(f.job, f.run, directory_entry(path));
  tx.commit();
  const auto below = [&](const char* path) {
    return paths(f.state.entries_below(f.job, RelPath::parse(path)));
  };
  CHECK(below("a") == std::vector<std::string>{"a", "a/x", "a/x/y", "a/\xFF"});
  CHECK(below("a/x") == std::vector<std::string>{"a/x", "a/x/y"});
  CHECK(below("a%") == std::vector<std::string>{"a%", "a%/x"});
  CHECK(below("none").empty());
  CHECK(below("").size() == 11);
}

TEST_CASE("the entries of one job are not those of another") {
  StateFixture f;
  const JobId etc = f.state.job("etc", RemotePath::parse("etc"));
  Transaction tx = f.state.begin();
  f.state.record(f.job, f.run, directory_entry("a"));
  f.state.record(etc, f.run, directory_entry("b"));
  f.state.forget(etc, f.run, RelPath::parse("a"));
  tx.commit();
  CHECK(paths(f.state.entries(f.job)) == std::vector<std::string>{"a"});
  CHECK(paths(f.state.entries(etc)) == std::vector<std::string>{"b"});
}

TEST_CASE("a stream shows the tree as of the call whatever is written meanwhile") {
  StateFixture f;
  {
    Transaction tx = f.state.begin();
    for (int i = 0; i < 500; ++i) f.state.record(f.job, f.run, directory_entry(numbered("d", 1000 + i)));
    tx.commit();
  }
  const auto stream = f.state.entries(f.job);
  Entry entry;
  REQUIRE(stream->next(entry));
  {
    Transaction tx = f.state.begin();
    for (int i = 0; i < 500; i += 2) f.state.forget(f.job, f.run, RelPath::parse(numbered("d", 1000 + i)));
    f.state.record(f.job, f.run, directory_entry("d1000-new"));
    tx.commit();
  }
  std::size_t seen = 1;
  while (stream->next(entry)) ++seen;
  CHECK(seen == 500);
  CHECK_FALSE(stream->next(entry));
  CHECK(paths(f.state.entries(f.job)).size() == 251);
}

TEST_CASE("several streams can be read side by side") {
  StateFixture f;
  Transaction tx = f.state.begin();
  for (const char* path : {"a", "b", "c"}) f.state.record(f.job, f.run, directory_entry(path));
  tx.commit();
  const auto first = f.state.entries(f.job);
  const auto second = f.state.entries(f.job);
  Entry one, two;
  while (first->next(one)) {
    REQUIRE(second->next(two));
    CHECK(one == two);
  }
  CHECK_FALSE(second->next(two));
}

TEST_CASE("a stream may outlive its state") {
  auto f = std::make_unique<StateFixture>();
  {
    Transaction tx = f->state.begin();
    for (const char* path : {"a", "b", "c"}) f->state.record(f->job, f->run, directory_entry(path));
    tx.commit();
  }
  auto stream = f->state.entries(f->job);
  { const State gone = std::move(f->state); }
  CHECK(paths(std::move(stream)) == std::vector<std::string>{"a", "b", "c"});
}

TEST_CASE("a stream inside a transaction shows what was written in it") {
  StateFixture f;
  Transaction tx = f.state.begin();
  f.state.record(f.job, f.run, directory_entry("a"));
  CHECK(paths(f.state.entries(f.job)) == std::vector<std::string>{"a"});
  CHECK(paths(f.state.entries_below(f.job, RelPath::parse("a"))) == std::vector<std::string>{"a"});
}

TEST_CASE("an entry that is recorded again unchanged leaves no past behind") {
  StateFixture f;
  Transaction tx = f.state.begin();
  const Entry file = store(f.state, f.job, f.run, file_entry("a"));
  tx.commit();
  const RunId second = f.state.begin_run(2);
  Transaction again = f.state.begin();
  f.state.record(f.job, second, file);
  again.commit();
  CHECK(query(f.file, "SELECT count(*) FROM past_entry") == "0");
  CHECK(query(f.file, "SELECT from_run FROM entry") == std::to_string(static_cast<std::int64_t>(f.run)));
}

TEST_CASE("an entry that differs in any one thing ends in the past") {
  StateFixture f;
  Transaction tx = f.state.begin();
  const Entry file = store(f.state, f.job, f.run, file_entry("a"));
  tx.commit();
  const auto changes = std::vector<std::function<void(Entry&)>>{[](Entry& e) { e.size++; },
                                                                [](Entry& e) { e.mtime_ns++; },
                                                                [](Entry& e) { e.ctime_ns++; },
                                                                [](Entry& e) { e.inode++; },
                                                                [](Entry& e) { e.dev++; },
                                                                [](Entry& e) { e.mode = 0600; },
                                                                [](Entry& e) { e.uid = 1; },
                                                                [](Entry& e) { e.gid = 2; },
                                                                [](Entry& e) { e.object = kNoObject; },
                                                                [](Entry& e) {
                                                                  e.kind = EntryKind::symlink;
                                                                  e.link_target.assign(1, char{116});
                                                                }};
  Entry now = file;
  std::size_t past = 0;
  for (const auto& change : changes) {
    const RunId run = f.state.begin_run(2);
    Transaction next = f.state.begin();
    change(now);
    f.state.record(f.job, run, now);
    next.commit();
    CHECK(f.state.entry(f.job, now.path) == now);
    CHECK(query(f.file, "SELECT count(*) FROM past_entry") == std::to_string(++past));
  }
}

TEST_CASE("what changed twice in one run is remembered only as the run left it") {
  StateFixture f;
  const RunId second = f.state.begin_run(2);
  Transaction tx = f.state.begin();
  Entry entry = directory_entry("a");
  f.state.record(f.job, second, entry);
  entry.mode = 0700;
  f.state.record(f.job, second, entry);
  f.state.record(f.job, second, directory_entry("b"));
  f.state.forget(f.job, second, RelPath::parse("b"));
  tx.commit();
  CHECK(query(f.file, "SELECT count(*) FROM past_entry") == "0");
  CHECK(all(f.state.entries_at(f.job, second)) == std::vector<Entry>{entry});
  CHECK(all(f.state.entries_at(f.job, f.run)).empty());
}

TEST_CASE("forgetting what isn't there changes nothing") {
  StateFixture f;
  Transaction tx = f.state.begin();
  f.state.forget(f.job, f.run, RelPath::parse("nothing"));
  tx.commit();
  CHECK(all(f.state.entries(f.job)).empty());
  CHECK(query(f.file, "SELECT count(*) FROM past_entry") == "0");
}
