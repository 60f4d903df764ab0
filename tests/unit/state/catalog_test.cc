// The catalog's base and changesets give the state back, on another machine and with nothing else.
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
    const RunId run = f.state.begin_run(1);
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
    f.state.write_catalog_base(base);
    const std::int64_t generation = f.state.begin_catalog_generation();
    f.state.set_catalog_file({generation, 0, f.run, RemotePath::parse("base"), 1, 1, digest_of(1), true});
    changesets.clear();
  }

  void publish() {
    const PendingChanges pending = f.state.pending_changes();
    if (pending.changeset.empty()) return;
    changesets.push_back(pending.changeset);
    f.state.drop_changes(pending.last);
  }

  std::size_t rebuild() { return rebuild_state(elsewhere, kProfile, base, changesets, f.state.catalog()); }

  StateFixture f;
  fs::path base = f.tmp / "base.db";
  fs::path elsewhere = f.tmp / "elsewhere";
  std::vector<std::string> changesets;

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
      if (run % 3 != 1) c.publish();  // one that could not be published is in the next
      if (run == 4) c.begin();
    }
    c.publish();
    CHECK(c.rebuild() == c.changesets.size());
    CHECK(dump(c.elsewhere / "state.db") == dump(c.f.file));
    const State rebuilt = State::open(c.elsewhere, kProfile, State::Open::must_exist);
    CHECK(rebuilt.id().size() == 32);
    CHECK(rebuilt.id() != c.f.state.id());
    CHECK(rebuilt.parts(c.f.job).empty());
  }
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
  REQUIRE(c.changesets.size() == 4);
  SECTION("one is missing") {
    c.changesets.erase(c.changesets.begin() + 1);
    CHECK(c.rebuild() == 1);
  }
  SECTION("one is not a changeset at all") {
    c.changesets[2] = "this was a web page";
    CHECK(c.rebuild() == 2);
  }
  SECTION("one was cut short") {
    c.changesets[3].resize(c.changesets[3].size() / 2);
    CHECK(c.rebuild() == 3);
  }
  State::open(c.elsewhere, kProfile, State::Open::must_exist);
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
  CHECK(f.state.begin_catalog_generation() == 1);
  const CatalogFile base{1, 0, f.run, RemotePath::parse(".outhaul/catalog/base"), 10, 20, digest_of(7), true};
  const CatalogFile changes{1, 1, f.run,        RemotePath::parse(".outhaul/catalog/changes"),
                            1, 2, digest_of(8), false};
  f.state.set_catalog_file(base);
  f.state.set_catalog_file(changes);
  CHECK(f.state.catalog().files == std::vector<CatalogFile>{base, changes});
  CHECK_FALSE(f.state.catalog().announced);
  f.state.set_catalog_announced();
  CHECK(f.state.catalog().announced);
  CHECK(f.state.begin_catalog_generation() == 2);
  CHECK(f.state.catalog().files == std::vector<CatalogFile>{base});
  f.state.drop_catalog_files(2);
  CHECK(f.state.catalog().files.empty());
}
