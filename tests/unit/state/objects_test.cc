#include "fixture.h"
#include "support/catch.h"

using namespace outhaul;
using namespace outhaul::test;

namespace {

const RemotePath kName = RemotePath::parse("www/a");
const RemotePath kPart = RemotePath::parse(".outhaul/parts/1");

std::string status_of(const StateFixture& f, ObjectId object) {
  const std::string sql = "SELECT coalesce((SELECT status FROM object WHERE id = " +
                          std::to_string(static_cast<std::int64_t>(object)) + "), 'no such object')";
  return query(f.file, sql.c_str());
}

ObjectId begin(StateFixture& f, const char* path) {
  Transaction tx = f.state.begin();
  const ObjectId object = f.state.begin_object(f.job, f.run, RelPath::parse(path), kName, kPart,
                                               fingerprint_of(file_entry(path)));
  tx.commit();
  return object;
}

void in_transaction(StateFixture& f, const std::function<void()>& work) {
  Transaction tx = f.state.begin();
  work();
  tx.commit();
}

}  // namespace

TEST_CASE("the ledger holds a part from before its first byte until it is published") {
  StateFixture f;
  const ObjectId object = begin(f, "a");
  CHECK(status_of(f, object) == "uploading");
  CHECK(f.state.totals().files == 0);
  const auto part = f.state.part_for(f.job, RelPath::parse("a"));
  REQUIRE(part);
  CHECK(part->object == object);
  CHECK(part->path.bytes() == "a");
  CHECK(part->final_name == kName);
  CHECK(part->part_name == kPart);
  CHECK(part->aside_name.empty());
  CHECK(part->source == fingerprint_of(file_entry("a")));
  CHECK_FALSE(part->sha256);
  CHECK(part->stage == Part::Stage::sending);
  CHECK(part->run == f.run);

  in_transaction(f, [&] { f.state.publish(f.job, f.run, object, digest_of(9), file_entry("a", 42)); });
  CHECK(status_of(f, object) == "live");
  CHECK_FALSE(f.state.part_for(f.job, RelPath::parse("a")));
  CHECK(f.state.parts(f.job).empty());
  REQUIRE(f.state.entry(f.job, RelPath::parse("a")));
  CHECK(f.state.entry(f.job, RelPath::parse("a"))->object == object);
  REQUIRE(f.state.object(object));
  CHECK(f.state.object(object)->remote_name == kName);
  CHECK(f.state.object(object)->size == 42);
  CHECK(f.state.object(object)->sha256 == digest_of(9));
  CHECK(f.state.totals().files == 1);
  CHECK(f.state.totals().bytes == 42);
}

TEST_CASE("a part goes through its stages and keeps its digest") {
  StateFixture f;
  const ObjectId object = begin(f, "a");
  in_transaction(f, [&] { f.state.begin_publication(object, digest_of(3)); });
  CHECK(f.state.part_for(f.job, RelPath::parse("a"))->stage == Part::Stage::publishing);
  CHECK(f.state.part_for(f.job, RelPath::parse("a"))->sha256 == digest_of(3));
  const RemotePath aside = RemotePath::parse(".outhaul/parts/1.old");
  in_transaction(f, [&] { f.state.set_part_stage(object, Part::Stage::aside, aside); });
  CHECK(f.state.parts(f.job)[0].stage == Part::Stage::aside);
  CHECK(f.state.parts(f.job)[0].aside_name == aside);
  in_transaction(f, [&] { f.state.set_part_stage(object, Part::Stage::publishing); });
  CHECK(f.state.parts(f.job)[0].aside_name.empty());
  const auto error =
      error_of([&] { in_transaction(f, [&] { f.state.set_part_stage(object, Part::Stage::aside); }); });
  REQUIRE(error);
  CHECK(error->kind() == ErrorKind::internal);
}

TEST_CASE("a dropped part takes its object with it and the id never comes back") {
  StateFixture f;
  const ObjectId dropped = begin(f, "a");
  in_transaction(f, [&] { f.state.drop_part(dropped); });
  CHECK(status_of(f, dropped) == "no such object");
  CHECK(f.state.parts(f.job).empty());
  CHECK(begin(f, "a") != dropped);
  in_transaction(f, [&] { f.state.drop_part(dropped); });
  CHECK(f.state.parts(f.job).size() == 1);
}

TEST_CASE("dropping never takes an object that was published") {
  StateFixture f;
  Entry entry;
  in_transaction(f, [&] { entry = store(f.state, f.job, f.run, file_entry("a")); });
  in_transaction(f, [&] { f.state.drop_part(entry.object); });
  CHECK(status_of(f, entry.object) == "live");
}

TEST_CASE("the newest part of a path is the one that counts") {
  StateFixture f;
  begin(f, "a");
  const ObjectId second = begin(f, "a");
  begin(f, "b");
  CHECK(f.state.part_for(f.job, RelPath::parse("a"))->object == second);
  CHECK(f.state.parts(f.job).size() == 3);
}

TEST_CASE("publishing over a file lets the object before go") {
  StateFixture f;
  Entry before, after;
  in_transaction(f, [&] { before = store(f.state, f.job, f.run, file_entry("a", 10)); });
  const RunId second = f.state.begin_run(2);
  in_transaction(f, [&] { after = store(f.state, f.job, second, file_entry("a", 11)); });
  CHECK(status_of(f, before.object) == "gone");
  CHECK(status_of(f, after.object) == "live");
  CHECK(f.state.totals().files == 1);
  CHECK(f.state.totals().bytes == 11);
  CHECK(all(f.state.entries_at(f.job, f.run)) == std::vector<Entry>{before});
}

TEST_CASE("an object is published once") {
  StateFixture f;
  Entry entry;
  in_transaction(f, [&] { entry = store(f.state, f.job, f.run, file_entry("a")); });
  const auto error = error_of(
      [&] { in_transaction(f, [&] { f.state.publish(f.job, f.run, entry.object, digest_of(1), entry); }); });
  REQUIRE(error);
  CHECK(error->kind() == ErrorKind::internal);
  CHECK(f.state.object(entry.object)->sha256 == digest_of(7));
}

TEST_CASE("a moved object keeps its content under its new name") {
  StateFixture f;
  Entry entry;
  in_transaction(f, [&] { entry = store(f.state, f.job, f.run, file_entry("a"), "www/a"); });
  const RunId second = f.state.begin_run(2);
  Entry moved = entry;
  moved.path = RelPath::parse("b");
  in_transaction(f, [&] {
    f.state.rename_object(entry.object, RemotePath::parse("www/b"));
    f.state.forget(f.job, second, entry.path);
    f.state.record(f.job, second, moved);
  });
  CHECK(f.state.object(entry.object)->remote_name == RemotePath::parse("www/b"));
  CHECK(status_of(f, entry.object) == "live");
  CHECK(all(f.state.entries(f.job)) == std::vector<Entry>{moved});
  CHECK(all(f.state.entries_at(f.job, f.run)) == std::vector<Entry>{entry});
}

TEST_CASE("a removed object is gone and a kept one is not counted") {
  StateFixture f;
  Entry a, b, c;
  in_transaction(f, [&] {
    a = store(f.state, f.job, f.run, file_entry("a", 1));
    b = store(f.state, f.job, f.run, file_entry("b", 2));
    c = store(f.state, f.job, f.run, file_entry("c", 4));
  });
  in_transaction(f, [&] {
    f.state.forget(f.job, f.run, a.path);
    f.state.retire_object(a.object, f.run, State::Fate::gone);
    f.state.forget(f.job, f.run, b.path);
    f.state.retire_object(b.object, f.run, State::Fate::kept);
    f.state.retire_object(b.object, f.run, State::Fate::kept);
  });
  CHECK(status_of(f, a.object) == "gone");
  CHECK(status_of(f, b.object) == "kept");
  CHECK(f.state.totals().files == 1);
  CHECK(f.state.totals().bytes == 4);
}

TEST_CASE("a gone object can't be kept and one that is on its way can't be retired") {
  StateFixture f;
  Entry a;
  in_transaction(f, [&] { a = store(f.state, f.job, f.run, file_entry("a")); });
  in_transaction(f, [&] { f.state.retire_object(a.object, f.run, State::Fate::gone); });
  in_transaction(f, [&] { f.state.retire_object(a.object, f.run, State::Fate::gone); });
  const ObjectId uploading = begin(f, "b");
  for (const auto& [object, fate] : {std::pair{a.object, State::Fate::kept},
                                     {uploading, State::Fate::gone},
                                     {ObjectId{4711}, State::Fate::gone}}) {
    const auto error = error_of(
        [&, id = object, end = fate] { in_transaction(f, [&] { f.state.retire_object(id, f.run, end); }); });
    REQUIRE(error);
    CHECK(error->kind() == ErrorKind::internal);
  }
}

TEST_CASE("a kept object is gone once something else takes its name") {
  StateFixture f;
  Entry published_over, moved_over, other;
  in_transaction(f, [&] {
    published_over = store(f.state, f.job, f.run, file_entry("a"), "www/a");
    moved_over = store(f.state, f.job, f.run, file_entry("b"), "www/b");
    other = store(f.state, f.job, f.run, file_entry("c"), "www/c");
    for (const Entry& entry : {published_over, moved_over}) {
      f.state.forget(f.job, f.run, entry.path);
      f.state.retire_object(entry.object, f.run, State::Fate::kept);
    }
  });
  in_transaction(f, [&] {
    store(f.state, f.job, f.run, file_entry("a"), "www/a");
    f.state.rename_object(other.object, RemotePath::parse("www/b"));
  });
  CHECK(status_of(f, published_over.object) == "gone");
  CHECK(status_of(f, moved_over.object) == "gone");
  CHECK(status_of(f, other.object) == "live");
}

TEST_CASE("an entry can only name an object that is live") {
  StateFixture f;
  const ObjectId uploading = begin(f, "a");
  for (const ObjectId object : {uploading, ObjectId{4711}}) {
    Entry entry = file_entry("a");
    entry.object = object;
    const auto error = error_of([&] { in_transaction(f, [&] { f.state.record(f.job, f.run, entry); }); });
    REQUIRE(error);
    CHECK(error->kind() == ErrorKind::internal);
  }
  CHECK(all(f.state.entries(f.job)).empty());
}

TEST_CASE("the database itself refuses to forget an object that was live") {
  StateFixture f;
  in_transaction(f, [&] { store(f.state, f.job, f.run, file_entry("a")); });
  CHECK(error_of([&] { tamper(f.file, "DELETE FROM object"); }));
  CHECK(query(f.file, "SELECT count(*) FROM object") == "1");
}
