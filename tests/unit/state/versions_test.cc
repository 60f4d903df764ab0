// Retired objects, snapshots, and what nobody needs any more.
#include "fixture.h"
#include "state/schema.h"
#include "support/catch.h"

using namespace outhaul;
using namespace outhaul::test;

namespace {

template <typename Work>
void in_transaction(StateFixture& f, Work work) {
  Transaction transaction = f.state.begin();
  work();
  transaction.commit();
}

/// Ends the fixture's run as a success and begins the next.
void next_run(StateFixture& f) {
  f.state.finish_run(f.run, 2, ExitCode::done, {}, 0, {}, {f.job});
  f.run = f.state.begin_run(static_cast<std::int64_t>(f.run) * 10);
}

RemotePath version(std::string_view name) {
  return RemotePath::parse(".outhaul/versions/" + std::string(name));
}

std::vector<ObjectId> ids(const std::vector<StoredObject>& objects) {
  std::vector<ObjectId> found;
  for (const StoredObject& object : objects) found.push_back(object.id);
  return found;
}

}  // namespace

TEST_CASE("a replaced object that was retired first stays a version under its new name") {
  StateFixture f;
  Entry before;
  in_transaction(f, [&] { before = store(f.state, f.job, f.run, file_entry("a", 7)); });
  next_run(f);
  Entry after;
  in_transaction(f, [&] {
    f.state.retire(before.object, f.run, version("2/www/a"));
    after = store(f.state, f.job, f.run, file_entry("a", 8));
  });
  const auto old = f.state.object(before.object);
  REQUIRE(old);
  CHECK(old->status == StoredObject::Status::retired);
  CHECK(old->remote_name == version("2/www/a"));
  CHECK(old->created_run == RunId{1});
  CHECK(old->retired_run == RunId{2});
  CHECK(f.state.object(after.object)->status == StoredObject::Status::live);
  const State::Totals totals = f.state.totals();
  CHECK(totals.files == 1);
  CHECK(totals.bytes == 8);
  CHECK(totals.versions == 1);
  CHECK(totals.version_bytes == 7);
  CHECK(f.state.versions(f.job) == std::vector<VersionGroup>{{RunId{1}, RunId{2}, 1, 7}});
  const auto then = all(f.state.entries_at(f.job, RunId{1}));
  REQUIRE(then.size() == 1);
  CHECK(then.front().object == before.object);
}

TEST_CASE("what is kept under a name is found there until it is retired") {
  StateFixture f;
  Entry entry;
  in_transaction(f, [&] {
    entry = store(f.state, f.job, f.run, file_entry("a"), "www/a");
    f.state.forget(f.job, f.run, entry.path);
    f.state.retire_object(entry.object, f.run, State::Fate::kept);
  });
  REQUIRE(f.state.kept_at(RemotePath::parse("www/a")));
  CHECK(f.state.kept_at(RemotePath::parse("www/a"))->id == entry.object);
  CHECK_FALSE(f.state.kept_at(RemotePath::parse("www/b")));
  in_transaction(f, [&] { f.state.retire(entry.object, f.run, version("1/www/a")); });
  CHECK_FALSE(f.state.kept_at(RemotePath::parse("www/a")));
}

TEST_CASE("only what is on the remote can be retired and only in a transaction") {
  StateFixture f;
  Entry entry;
  in_transaction(f, [&] {
    entry = store(f.state, f.job, f.run, file_entry("a"));
    f.state.retire_object(entry.object, f.run, State::Fate::gone);
  });
  for (const auto& error :
       {error_of([&] { in_transaction(f, [&] { f.state.retire(entry.object, f.run, version("1/a")); }); }),
        error_of([&] { f.state.retire(entry.object, f.run, version("1/a")); }),
        error_of([&] { f.state.add_snapshot(f.job, f.run); }),
        error_of([&] { f.state.forget_snapshots(f.job, f.run, {}); })}) {
    REQUIRE(error);
    CHECK(error->kind() == ErrorKind::internal);
  }
}

TEST_CASE("a part on its way can name the object that becomes a version") {
  StateFixture f;
  Entry old;
  ObjectId object = kNoObject;
  in_transaction(f, [&] {
    old = store(f.state, f.job, f.run, file_entry("a"));
    object = f.state.begin_object(f.job, f.run, old.path, RemotePath::parse("www/a"),
                                  RemotePath::parse(".outhaul/parts/1"), fingerprint_of(old));
    f.state.set_part_stage(object, Part::Stage::retiring, version("1/www/a"), old.object);
  });
  auto part = f.state.part_for(f.job, old.path);
  REQUIRE(part);
  CHECK(part->stage == Part::Stage::retiring);
  CHECK(part->aside_name == version("1/www/a"));
  CHECK(part->replaced == old.object);
  in_transaction(f, [&] { f.state.set_part_stage(object, Part::Stage::sending); });
  part = f.state.part_for(f.job, old.path);
  CHECK(part->aside_name.empty());
  CHECK(part->replaced == kNoObject);
  CHECK(error_of([&] {
    in_transaction(f, [&] { f.state.set_part_stage(object, Part::Stage::retiring, version("1/a")); });
  }));
}

TEST_CASE("runs that ended for a job are its snapshots until they are forgotten") {
  StateFixture f;
  next_run(f);
  next_run(f);
  CHECK(f.state.snapshots(f.job) == std::vector<Snapshot>{{RunId{1}, 1, false}, {RunId{2}, 10, false}});
  in_transaction(f, [&] {
    f.state.add_snapshot(f.job, f.run);
    f.state.add_snapshot(f.job, f.run);
    f.state.forget_snapshots(f.job, f.run, {RunId{1}});
  });
  CHECK(f.state.snapshots(f.job) ==
        std::vector<Snapshot>{{RunId{1}, 1, true}, {RunId{2}, 10, false}, {RunId{3}, 20, false}});
  CHECK(f.state.snapshots(f.state.job("other", RemotePath::parse("other"))).empty());
}

TEST_CASE("what only forgotten runs held is garbage and their past ends") {
  StateFixture f;
  std::vector<ObjectId> objects;
  for (int round = 0; round < 4; ++round) {  // run n holds "a" of size n
    in_transaction(f, [&] {
      if (!objects.empty()) f.state.retire(objects.back(), f.run, version(numbered("", round)));
      objects.push_back(
          store(f.state, f.job, f.run, file_entry("a", static_cast<std::uint64_t>(round + 1))).object);
    });
    next_run(f);
  }
  CHECK(f.state.garbage(f.job, kNoObject, 10).empty());
  in_transaction(f, [&] { f.state.forget_snapshots(f.job, f.run, {RunId{1}, RunId{3}}); });
  CHECK(ids(f.state.garbage(f.job, kNoObject, 10)) == std::vector{objects[0], objects[2]});
  CHECK(ids(f.state.garbage(f.job, kNoObject, 1)) == std::vector{objects[0]});
  CHECK(ids(f.state.garbage(f.job, objects[0], 10)) == std::vector{objects[2]});
  CHECK(all(f.state.entries_at(f.job, RunId{1})).empty());
  CHECK(all(f.state.entries_at(f.job, RunId{2})).front().size == 2);
  CHECK(all(f.state.entries_at(f.job, RunId{4})).front().size == 4);
}

TEST_CASE("two objects of one path can expire together") {
  StateFixture f;
  in_transaction(f, [&] {
    f.state.intend(f.job, f.run, {Intent::Kind::expire, {}, {}, version("1/a"), ObjectId{5}});
    f.state.intend(f.job, f.run, {Intent::Kind::expire, {}, {}, version("2/a"), ObjectId{6}});
    f.state.intend(f.job, f.run,
                   {Intent::Kind::retire, RelPath::parse("a"), {}, version("3/a"), ObjectId{7}});
  });
  const auto intents = f.state.intents(f.job);
  REQUIRE(intents.size() == 3);
  CHECK(intents[0].object == ObjectId{5});
  CHECK(intents[1].name == version("2/a"));
  CHECK(intents[2].kind == Intent::Kind::retire);
  CHECK(intents[2].object == ObjectId{7});
}

TEST_CASE("a state from before versions keeps its ledger and its journal") {
  sqlite::Database db = sqlite::Database::in_memory();
  migrate(db, migrations().first(4));
  db.exec(
      "INSERT INTO run (id, started_ns) VALUES (1, 1); INSERT INTO job VALUES (3, 'www', x'777777');"
      "INSERT INTO object (id, remote_name, size, status, created_run, job) VALUES (12, x'63', 5, "
      "'uploading', 1, 3);"
      "INSERT INTO part (object, job, path, part_name, aside_name, stage, inode, size, mtime_ns, ctime_ns, "
      "run, sent)"
      "  VALUES (12, 3, x'63', x'70', x'71', 'aside', 3, 5, 0, 0, 1, 4);"
      "INSERT INTO intent (job, path, kind, name, from_path, run) VALUES (3, x'61', 'move', x'62', x'63', "
      "1)");
  migrate(db, migrations());
  verify_schema(db);
  CHECK(db.string("SELECT stage || sent || hex(aside_name) || coalesce(replaced, '-') FROM part") ==
        "aside471-");
  CHECK(db.string("SELECT kind || hex(name) || hex(from_path) FROM intent") == "move6263");
}
