// Random lives of a tree against a model: the current entries are the model's, and the past is what the model
// was.
#include <map>
#include <random>

#include "fixture.h"
#include "support/catch.h"

using namespace outhaul;
using namespace outhaul::test;

namespace {

using Tree = std::map<std::string, Entry>;  // std::string compares bytes as unsigned: the order of the state

std::vector<Entry> listed(const Tree& tree) {
  std::vector<Entry> entries;
  for (const auto& [path, entry] : tree) entries.push_back(entry);
  return entries;
}

class Life {
 public:
  explicit Life(unsigned seed) : random_(seed) {}

  void live_one_run() {
    const RunId run = f_.state.begin_run(1);
    for (int transaction = 0; transaction < 3; ++transaction) {
      const Tree before = tree_;
      Transaction tx = f_.state.begin();
      for (int step = 0; step < 12; ++step) act(run);
      if (pick(4) != 0)
        tx.commit();
      else
        tree_ = before;
    }
    history_.emplace_back(run, tree_);
  }

  void check() {
    CHECK(all(f_.state.entries(f_.job)) == listed(tree_));
    for (const auto& [run, tree] : history_) CHECK(all(f_.state.entries_at(f_.job, run)) == listed(tree));
    const RelPath top = RelPath::parse(random_path());
    std::vector<Entry> below;
    for (const auto& [path, entry] : tree_)
      if (entry.path.is_at_or_below(top)) below.push_back(entry);
    const auto found = all(f_.state.entries_below(f_.job, top));
    CHECK(found == below);
    check_objects();
  }

  /// Promised by design: the tree as of any run is one SELECT.
  void check_by_hand() {
    for (const auto& [run, tree] : history_) {
      sqlite::Database db(f_.file, sqlite::Access::read_only);
      sqlite::Query rows(db,
                         "SELECT path, mode FROM (SELECT job, path, mode FROM entry WHERE from_run <= ?1 "
                         "UNION ALL SELECT job, path, mode FROM past_entry "
                         "WHERE from_run <= ?1 AND ?1 < to_run) WHERE job = ?2 ORDER BY path",
                         run, f_.job);
      for (const auto& [path, entry] : tree) {
        REQUIRE(rows.next());
        CHECK(rows.row().bytes(0) == path);
        CHECK(rows.row().get<std::uint32_t>(1) == entry.mode);
      }
      CHECK_FALSE(rows.next());
    }
  }

 private:
  std::size_t pick(std::size_t below) { return random_() % below; }

  std::string random_path() {
    static constexpr std::string_view kNames[] = {"a", "a-b", "b", "\xFF", "c d"};
    std::string path(kNames[pick(5)]);
    for (std::size_t depth = pick(3); depth > 0; --depth) path.append("/").append(kNames[pick(5)]);
    return path;
  }

  void act(RunId run) {
    const std::string path = random_path();
    const auto found = tree_.find(path);
    switch (pick(6)) {
      case 0:
        return put(run, directory_entry(path));
      case 1:
        return put(run, symlink_entry(path, random_path()));
      case 2:
        return publish(run, path);
      case 3:
        return found == tree_.end() ? publish(run, path) : change_mode(run, found->second);
      case 4:
        return found == tree_.end() ? publish(run, path) : remove(run, found->second);
      default:
        return found == tree_.end() ? give_up(run, path) : move(run, found->second, random_path());
    }
  }

  void put(RunId run, const Entry& entry) {
    const auto found = tree_.find(entry.path.bytes());
    const ObjectId before = found == tree_.end() ? kNoObject : found->second.object;
    f_.state.record(f_.job, run, entry);
    if (before != kNoObject && before != entry.object) f_.state.retire_object(before, run, State::Fate::gone);
    tree_[entry.path.bytes()] = entry;
  }

  void publish(RunId run, const std::string& path) {
    tree_[path] = store(f_.state, f_.job, run, file_entry(path, pick(1000)));
  }

  void change_mode(RunId run, Entry entry) {
    entry.mode ^= 0100;
    put(run, entry);
  }

  void remove(RunId run, const Entry& entry) {
    f_.state.forget(f_.job, run, entry.path);
    if (entry.object != kNoObject)
      f_.state.retire_object(entry.object, run, pick(2) == 0 ? State::Fate::gone : State::Fate::kept);
    tree_.erase(entry.path.bytes());
  }

  void move(RunId run, Entry entry, const std::string& to) {
    if (to == entry.path.bytes()) return;
    tree_.erase(entry.path.bytes());
    if (entry.object != kNoObject) f_.state.rename_object(entry.object, RemotePath::parse("moved"));
    f_.state.forget(f_.job, run, entry.path);
    entry.path = RelPath::parse(to);
    put(run, entry);
  }

  void give_up(RunId run, const std::string& path) {
    const RelPath rel = RelPath::parse(path);
    const RemotePath name = RemotePath::parse("stored");
    f_.state.drop_part(f_.state.begin_object(f_.job, run, rel, name, name, {}));
  }

  void check_objects() {
    State::Totals expected;
    for (const auto& [path, entry] : tree_) {
      if (entry.object == kNoObject) continue;
      ++expected.files;
      expected.bytes += entry.size;
    }
    CHECK(f_.state.totals().files == expected.files);
    CHECK(f_.state.totals().bytes == expected.bytes);
    CHECK(f_.state.parts(f_.job).empty());
  }

  std::mt19937 random_;
  StateFixture f_;
  Tree tree_;
  std::vector<std::pair<RunId, Tree>> history_;
};

}  // namespace

TEST_CASE("the tree as of any run is one SELECT") {
  for (unsigned seed = 1; seed <= 6; ++seed) {
    INFO("seed " << seed);
    Life life(seed);
    for (int run = 0; run < 15; ++run) {
      life.live_one_run();
      life.check();
    }
    life.check_by_hand();
  }
}
