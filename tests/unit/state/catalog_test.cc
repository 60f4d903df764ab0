// The catalog's base and changesets give the state back, on another machine and with nothing else.
#include <sqlite3.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <random>

#include "fixture.h"
#include "state/changes.h"
#include "state/schema.h"
#include "support/catch.h"

using namespace outhaul;
using namespace outhaul::test;
namespace fs = std::filesystem;

namespace {

constexpr const char* kTables[] = {"run",        "job",      "object", "entry",
                                   "past_entry", "snapshot", "doubt",  "server_fact"};

/// Every row of what a catalog holds, as SQLite quotes it.
std::string dump(const fs::path& file) {
  const sqlite::Database db(file, sqlite::Access::read_only);
  std::string text;
  for (const char* table : kTables) {
    const std::string columns =
        db.string(("SELECT group_concat('quote(' || name || ')', '|| '','' ||') FROM pragma_table_info('" +
                   std::string(table) + "')")
                      .c_str());
    const bool objects = std::string_view(table) == "object";
    sqlite::Statement rows = db.prepare(("SELECT " + columns + " FROM " + table +
                                         (objects ? " WHERE status <> 'uploading'" : "") + " ORDER BY 1")
                                            .c_str());
    while (rows.step()) text.append(table).append(": ").append(rows.bytes(0)).append("\n");
  }
  return text;
}

/// A state that is edited at random, and the catalog that a run would put on the remote.
class Catalogued {
 public:
  explicit Catalogued(unsigned seed = 1) : random_(seed) {}

  void live_one_run() {
    const RunId run = newest = f.state.begin_run(1);
    for (int transaction = 0; transaction < 3; ++transaction) {
      Transaction tx = f.state.begin();
      for (int step = 0; step < 10; ++step) act(run);
      if (pick(4) != 0) tx.commit();
    }
    f.state.set_server_fact("ftp://host:21", "mlsd", pick(2) == 0 ? "yes" : "no");
    f.state.finish_run(run, 2, ExitCode::done, {}, 0, "");
  }

  void begin() {
    fs::remove(base);
    chain = {.base = base, .base_run = newest, .base_digest = f.state.write_catalog_base(base), .links = {}};
    const std::int64_t generation = f.state.begin_catalog_generation(*chain.base_digest);
    f.state.set_catalog_file({generation, 0, f.run, RemotePath::parse("base"), 1, 1, digest_of(1), true, {}});
  }

  void publish() {
    const PendingChanges pending = f.state.pending_changes();
    if (pending.changeset.empty()) return;
    chain.links.push_back({pending.changeset, newest, pending.digest});
    f.state.drop_changes(pending.last);
  }

  std::size_t rebuild() {
    return rebuild_state(elsewhere, kProfile, chain, f.state.catalog(), {newest, 77}).applied;
  }
  std::string fault() {
    const fs::path scratch = f.tmp / "scratch.db";
    fs::remove(scratch);
    fs::copy_file(base, scratch);
    CatalogChain copy = chain;
    copy.base = scratch;
    return chain_fault(kProfile, copy, f.state.pending_changes(), f.state.digest());
  }

  ObjectId begin_upload(const std::string& path) {
    Transaction tx = f.state.begin();
    const ObjectId object = f.state.begin_object(f.job, f.run, RelPath::parse(path), RemotePath::parse(path),
                                                 RemotePath::parse("p-" + path), {});
    tx.commit();
    return object;
  }

  StateFixture f;
  fs::path base = f.tmp / "base.db";
  fs::path elsewhere = f.tmp / "elsewhere";
  CatalogChain chain;
  RunId newest{};

 private:
  std::size_t pick(std::size_t below) { return random_() % below; }

  void act(RunId run) {
    const RelPath path = RelPath::parse(numbered("file", static_cast<std::int64_t>(pick(20))));
    const std::optional<Entry> known = f.state.entry(f.job, path);
    if (!known || pick(3) == 0) {
      store(f.state, f.job, run, file_entry(path.bytes(), pick(1000)));
    } else if (pick(2) == 0) {
      f.state.forget(f.job, run, path);
      f.state.retire_object(known->object, run, State::Fate::gone);
    } else {
      Entry changed = *known;
      changed.mode ^= 0100;
      f.state.record(f.job, run, changed);
    }
    if (pick(8) == 0)
      f.state.begin_object(f.job, run, path, RemotePath::parse("x"), RemotePath::parse("p"), {});
    if (pick(4) == 0) end_an_upload(run);
  }

  /// Of those that stand open, whenever they were begun.
  void end_an_upload(RunId run) {
    const std::vector<Part> parts = f.state.parts(f.job);
    if (parts.empty()) return;
    const Part& part = parts[pick(parts.size())];
    if (pick(3) == 0) return f.state.drop_part(part.object);
    if (pick(3) == 0) return f.state.abandon_part(part.object);
    f.state.publish(f.job, run, part.object, digest_of(7), file_entry(part.path.bytes(), pick(1000)));
  }

  std::mt19937 random_;
};

}  // namespace

TEST_CASE("a base and the changes of later runs give the state back row by row") {
  for (unsigned seed = 1; seed <= 5; ++seed) {
    INFO("seed " << seed);
    Catalogued c(seed);
    c.live_one_run();
    c.begin();
    for (int run = 0; run < 8; ++run) {
      c.live_one_run();
      CHECK(c.f.state.pending_changes().digest == c.f.state.digest());
      CHECK(c.fault() == "");
      if (run % 3 != 1) c.publish();  // one that could not be published is in the next
      if (run == 4) c.begin();
    }
    c.publish();
    CHECK(c.fault() == "");
    CHECK(c.rebuild() == c.chain.links.size());
    CHECK(dump(c.elsewhere / "state.db") == dump(c.f.file));
    const State rebuilt = State::open(c.elsewhere, kProfile, State::Open::must_exist);
    CHECK(rebuilt.id().size() == 32);
    CHECK(rebuilt.id() != c.f.state.id());
    CHECK(rebuilt.parts(c.f.job).empty());
  }
}

TEST_CASE("the changes of a chain add up to the digests that were recorded only when none is missing or moved") {
  Catalogued c(3);
  c.live_one_run();
  c.begin();
  for (int run = 0; run < 4; ++run) {
    c.live_one_run();
    c.publish();
  }
  REQUIRE(c.chain.links.size() == 4);
  CHECK(adds_up(c.chain));
  CatalogChain shorter = c.chain;
  shorter.links.erase(shorter.links.begin() + 1);
  CHECK_FALSE(adds_up(shorter));
  CatalogChain moved = c.chain;
  std::swap(moved.links[1], moved.links[2]);
  CHECK_FALSE(adds_up(moved));
  CatalogChain other_base = c.chain;
  ++other_base.base_digest->low;
  CHECK_FALSE(adds_up(other_base));
  CatalogChain unknown = c.chain;
  unknown.links[3].digest.reset();
  CHECK_FALSE(adds_up(unknown));
  CatalogChain no_changeset = c.chain;
  no_changeset.links[0].changeset = "no changeset";
  CHECK_FALSE(adds_up(no_changeset));
}

TEST_CASE("changes are kept with the transaction that made them and survive the process") {
  Catalogued c;
  c.begin();
  c.live_one_run();
  const std::string before = c.f.state.pending_changes().changeset;
  {
    Transaction given_up = c.f.state.begin();
    store(c.f.state, c.f.job, c.f.run, file_entry("never"));
  }
  CHECK(c.f.state.pending_changes().changeset == before);
  c.f.state = State::open(c.f.dir, kProfile, State::Open::must_exist);
  CHECK(c.f.state.pending_changes().changeset == before);
  c.live_one_run();
  c.publish();
  CHECK(c.rebuild() == 1);
  CHECK(dump(c.elsewhere / "state.db") == dump(c.f.file));
}

TEST_CASE("a run that found everything as it was is no change of the tree") {
  Catalogued c;
  c.live_one_run();
  c.begin();
  CHECK(c.f.state.pending_changes().changeset.empty());
  c.f.state.finish_run(c.f.state.begin_run(5), 6, ExitCode::done, {}, 0, "");
  CHECK_FALSE(c.f.state.pending_changes().changeset.empty());
  CHECK_FALSE(c.f.state.pending_changes().of_the_tree);
  {
    Transaction tx = c.f.state.begin();
    store(c.f.state, c.f.job, c.f.run, file_entry("new"));
    tx.commit();
  }
  CHECK(c.f.state.pending_changes().of_the_tree);
}

TEST_CASE("nothing is recorded before there is a base or once the changes outgrow it") {
  Catalogued c;
  c.live_one_run();
  CHECK_FALSE(c.f.state.catalog().recording);
  CHECK(c.f.state.pending_changes().changeset.empty());
  c.begin();
  CHECK(c.f.state.catalog().recording);
  Transaction tx = c.f.state.begin();
  std::string deep(400, 'd');
  deep[200] = deep[399] = '/';
  for (int i = 0; i < 8000; ++i) store(c.f.state, c.f.job, c.f.run, file_entry(deep + numbered("f", i)));
  tx.commit();
  CHECK_FALSE(c.f.state.catalog().recording);
  CHECK(c.f.state.pending_changes().changeset.empty());
  c.begin();
  CHECK(c.f.state.catalog().recording);
  CHECK(c.f.state.catalog().generation == 2);
}

TEST_CASE("changes that were rolled back together with the end of recording are recorded again") {
  Catalogued c;
  c.begin();
  try {
    Transaction tx = c.f.state.begin();
    store(c.f.state, c.f.job, c.f.run, file_entry("given-up"));
    throw 1;
  } catch (int) {
  }
  c.live_one_run();
  c.publish();
  CHECK(c.rebuild() == 1);
  CHECK(dump(c.elsewhere / "state.db") == dump(c.f.file));
}

TEST_CASE("a changeset that does not follow on the one before ends what can be given back") {
  Catalogued c;
  c.begin();
  std::vector<std::string> dumps;
  for (int run = 0; run < 4; ++run) {
    c.live_one_run();
    c.publish();
  }
  REQUIRE(c.chain.links.size() == 4);
  SECTION("one is missing") {
    c.chain.links.erase(c.chain.links.begin() + 1);
    CHECK(c.rebuild() == 1);
  }
  SECTION("one is not a changeset at all") {
    c.chain.links[2].changeset = "this was a web page";
    CHECK(c.rebuild() == 2);
  }
  SECTION("one was cut short") {
    c.chain.links[3].changeset.resize(c.chain.links[3].changeset.size() / 2);
    CHECK(c.rebuild() == 3);
  }
  State::open(c.elsewhere, kProfile, State::Open::must_exist);
}

TEST_CASE("an upload that stands open when a base is written can come to any end") {
  Catalogued c;
  const ObjectId published = c.begin_upload("published"), dropped = c.begin_upload("dropped");
  c.begin_upload("still-open");
  c.begin();
  {
    Transaction tx = c.f.state.begin();
    c.f.state.publish(c.f.job, c.f.run, published, digest_of(1), file_entry("published"));
    c.f.state.drop_part(dropped);
    tx.commit();
  }
  c.publish();
  CHECK(c.fault() == "");
  CHECK(c.rebuild() == 1);
  CHECK(dump(c.elsewhere / "state.db") == dump(c.f.file));
  CHECK(query(c.elsewhere / "state.db", "SELECT count(*) FROM object") == "1");
}

TEST_CASE("a rebuilt state knows which runs it does not know") {
  Catalogued c;
  c.begin();
  for (int run = 0; run < 3; ++run) {
    c.live_one_run();
    c.publish();
  }
  REQUIRE(c.chain.links.size() == 3);
  const RunId known = c.chain.links[1].run;
  SECTION("all of them") {
    CHECK(c.rebuild() == 3);
    State rebuilt = State::open(c.elsewhere, kProfile, State::Open::must_exist);
    CHECK_FALSE(rebuilt.gap());
    CHECK(rebuilt.begin_run(1) > c.newest);
  }
  SECTION("a link that gives something else than it should ends the chain") {
    c.chain.links[2].digest->low ^= 1;
    CHECK(c.rebuild() == 2);
    State rebuilt = State::open(c.elsewhere, kProfile, State::Open::must_exist);
    CHECK(rebuilt.gap() == Gap{known, c.newest, 77});
    CHECK(rebuilt.begin_run(1) > c.newest);
    rebuilt.close_gap();
    CHECK_FALSE(rebuilt.gap());
  }
  SECTION("a base that is not as it was written is no base") {
    tamper(c.base, "UPDATE run SET message = 'x'");
    CHECK(error_of([&] { c.rebuild(); }));
    CHECK(c.fault().find("doesn't hold what was written") != std::string::npos);
  }
}

TEST_CASE("changes that SQLite applies without a word to the wrong tables are not taken") {
  Catalogued c;
  c.begin();
  c.live_one_run();
  c.publish();
  tamper(c.base, "DROP TABLE doubt");
  c.chain.base_digest.reset();  // as of an older outhaul
  c.chain.links[0].digest.reset();
  {
    Transaction tx = c.f.state.begin();
    c.f.state.set_doubts(c.f.job, c.newest, {{RelPath::parse("x"), "unreadable"}});
    tx.commit();
  }
  c.publish();
  c.chain.links[1].digest.reset();
  CHECK(c.fault().find("don't follow") != std::string::npos);
}

TEST_CASE("what is written by somebody who does not record it is found out") {
  Catalogued c;
  c.live_one_run();
  c.begin();
  c.live_one_run();
  CHECK(c.f.state.pending_changes().digest == c.f.state.digest());
  tamper(c.f.file, "UPDATE run SET message = 'by hand' WHERE id = 1");
  CHECK_FALSE(c.f.state.pending_changes().digest == c.f.state.digest());
  CHECK(c.fault() == "it gives something else than the state");
}

TEST_CASE("a recording that was lost and found goes on without a gap") {
  Catalogued c;
  c.begin();
  {
    Transaction tx = c.f.state.begin();
    store(c.f.state, c.f.job, c.f.run, file_entry("given-up"));
    sqlite3_hard_heap_limit64(1);  // nothing can be recorded anew while this is rolled back
  }
  sqlite3_hard_heap_limit64(0);
  c.live_one_run();
  CHECK(c.f.state.pending_changes().digest == c.f.state.digest());
  CHECK(c.fault() == "");
}

TEST_CASE("a state that was recorded by an older outhaul gets a new base") {
  Catalogued c;
  c.live_one_run();
  c.begin();
  c.live_one_run();
  const StateDigest before = c.f.state.digest();
  SECTION("its tables are of another version") {
    tamper(c.f.file, "UPDATE catalog SET schema = schema - 1");
  }
  SECTION("it knew no digest") {
    tamper(c.f.file, "UPDATE catalog SET digest = NULL");
  }
  c.f.state = State::open(c.f.dir, kProfile, State::Open::must_exist);
  CHECK_FALSE(c.f.state.catalog().recording);
  CHECK(c.f.state.digest() == before);
  c.begin();
  c.live_one_run();
  CHECK(c.fault() == "");
}

TEST_CASE("rows from before a column was added can be changed after a base") {
  TempDir dir;
  const fs::path file = dir / "state.db";
  {
    sqlite::Database db = sqlite::Database::create(file);
    db.exec(("PRAGMA application_id = " + std::to_string(kApplicationId)).c_str());
    db.exec("PRAGMA journal_mode = WAL");
    migrate(db, migrations().first(3));
    db.exec(
        "INSERT INTO identity VALUES (1, 'web01');"
        "INSERT INTO run (id, started_ns, finished_ns, outcome) VALUES (2, 3, 4, 0);"
        "INSERT INTO job VALUES (3, 'www', x'777777');"
        "INSERT INTO object (id, remote_name, size, status, created_run) VALUES (10, x'61', 5, 'live', 2);"
        "INSERT INTO entry (job, path, kind, size, mtime_ns, ctime_ns, inode, dev, mode, uid, gid, object, "
        "from_run) VALUES (3, x'61', 1, 5, 0, 0, 1, 1, 420, 0, 0, 10, 2)");
  }
  State state = State::open(dir.path(), "web01", State::Open::must_exist);
  const fs::path base = dir / "base.db";
  CatalogChain chain{.base = base, .base_digest = state.write_catalog_base(base), .links = {}};
  state.begin_catalog_generation(*chain.base_digest);
  const RunId run = state.begin_run(5);
  {
    Transaction tx = state.begin();
    state.forget(JobId{3}, run, RelPath::parse("a"));
    state.retire_object(ObjectId{10}, run, State::Fate::gone);
    tx.commit();
  }
  CHECK(chain_fault("web01", chain, state.pending_changes(), state.digest()) == "");
}

TEST_CASE("a base that can not be trusted makes no state") {
  Catalogued c;
  c.live_one_run();
  c.begin();
  std::string_view why;
  SECTION("it is of another profile") {
    tamper(c.base, "UPDATE identity SET profile = 'other'");
    why = "profile \"other\"";
  }
  SECTION("it holds code") {
    tamper(c.base, "CREATE TRIGGER t AFTER INSERT ON run BEGIN DELETE FROM entry; END");
    why = "more than tables";
  }
  SECTION("it is newer") {
    tamper(c.base, "PRAGMA user_version = 99");
    why = "newer";
  }
  SECTION("it lacks a table") {
    tamper(c.base, "DROP TABLE past_entry");
    why = "can't be used";
  }
  SECTION("it is cut short") {
    fs::resize_file(c.base, fs::file_size(c.base) / 2);
    why = "state";
  }
  SECTION("it is something else") {
    std::ofstream(c.base, std::ios::trunc) << std::string(8192, 'x');
    why = "state";
  }
  const auto error = error_of([&] { c.rebuild(); });
  REQUIRE(error);
  CHECK(error->kind() == ErrorKind::state);
  INFO(error->what());
  CHECK(std::string(error->what()).find(why) != std::string::npos);
  CHECK_FALSE(error->advice().empty());
  CHECK_FALSE(fs::exists(c.elsewhere / "state.db"));
  CHECK_FALSE(fs::exists(c.elsewhere / "state.db.new"));
}

TEST_CASE("a state that is there is never replaced by a catalog") {
  Catalogued c;
  c.begin();
  c.elsewhere = c.f.dir;
  const auto error = error_of([&] { c.rebuild(); });
  REQUIRE(error);
  CHECK(std::string(error->what()).find("there is a state already") != std::string::npos);
  CHECK(query(c.f.file, "SELECT count(*) FROM job") == "1");
}

TEST_CASE("the log of a catalog keeps what is stored and forgets what was on its way") {
  StateFixture f;
  CHECK(f.state.begin_catalog_generation({}) == 1);
  const CatalogFile base{1,
                         0,
                         f.run,
                         RemotePath::parse(".outhaul/catalog/base"),
                         10,
                         20,
                         digest_of(7),
                         true,
                         StateDigest{1, ~std::uint64_t{0}, -3}};
  const CatalogFile changes{
      1, 1, f.run, RemotePath::parse(".outhaul/catalog/changes"), 1, 2, digest_of(8), false, {}};
  f.state.set_catalog_file(base);
  f.state.set_catalog_file(changes);
  CHECK(f.state.catalog().files == std::vector<CatalogFile>{base, changes});
  CHECK_FALSE(f.state.catalog().announced);
  f.state.set_catalog_announced();
  CHECK(f.state.catalog().announced);
  CHECK(f.state.begin_catalog_generation({}) == 2);
  CHECK(f.state.catalog().files == std::vector<CatalogFile>{base});
  f.state.drop_catalog_files(2);
  CHECK(f.state.catalog().files.empty());
}
