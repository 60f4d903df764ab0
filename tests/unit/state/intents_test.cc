// The journal of directories, moves and removals.
#include "fixture.h"
#include "state/schema.h"
#include "support/catch.h"

using namespace outhaul;
using namespace outhaul::test;

namespace {

const Intent kMove{Intent::Kind::move, RelPath::parse("b"), RelPath::parse("a"), RemotePath::parse("www/b")};
const Intent kRemoval{Intent::Kind::remove, RelPath::parse("a"), {}, RemotePath::parse("www/a")};
const Intent kDir{Intent::Kind::make_dir, RelPath::parse("a/d"), {}, RemotePath::parse("www/a/d")};
const Intent kNoDir{Intent::Kind::remove_dir, RelPath::parse("a/d"), {}, RemotePath::parse("www/a/d")};

void intend(State& state, JobId job, RunId run, const std::vector<Intent>& intents) {
  Transaction tx = state.begin();
  for (const Intent& intent : intents) state.intend(job, run, intent);
  tx.commit();
}

std::string told(const std::vector<Intent>& intents) {
  std::string all;
  for (const Intent& intent : intents)
    all += std::to_string(static_cast<int>(intent.kind)) + " " + intent.path.bytes() + " at " +
           intent.name.wire() + (intent.from.bytes().empty() ? "" : " from " + intent.from.bytes()) + "\n";
  return all;
}

}  // namespace

TEST_CASE("what a job intends outlives the process and is told in order of the paths") {
  StateFixture f;
  intend(f.state, f.job, f.run, {kMove, kNoDir, kRemoval, kDir});
  CHECK(told(f.state.intents(f.job)) == told({kRemoval, kDir, kNoDir, kMove}));
  f.state = State::open(f.dir, kProfile, State::Open::must_exist);
  CHECK(told(f.state.intents(f.job)) == told({kRemoval, kDir, kNoDir, kMove}));
  CHECK(f.state.intents(f.state.job("other", RemotePath::parse("other"))).empty());
}

TEST_CASE("an intent that is said twice is one and the later one counts") {
  StateFixture f;
  Intent again = kMove;
  again.from = RelPath::parse("c");
  intend(f.state, f.job, f.run, {kMove});
  intend(f.state, f.job, f.run, {again});
  CHECK(told(f.state.intents(f.job)) == told({again}));
}

TEST_CASE("intents are cleared for their own job with the transaction that records them") {
  StateFixture f;
  const JobId other = f.state.job("other", RemotePath::parse("other"));
  intend(f.state, f.job, f.run, {kMove, kDir});
  intend(f.state, other, f.run, {kRemoval});
  {
    Transaction tx = f.state.begin();
    f.state.clear_intents(f.job);
  }
  CHECK(f.state.intents(f.job).size() == 2);  // rolled back
  Transaction tx = f.state.begin();
  f.state.clear_intents(f.job);
  tx.commit();
  CHECK(f.state.intents(f.job).empty());
  CHECK(f.state.intents(other).size() == 1);
}

TEST_CASE("the journal is written in transactions only") {
  StateFixture f;
  for (const auto& error : {error_of([&] { f.state.intend(f.job, f.run, kMove); }),
                            error_of([&] { f.state.clear_intents(f.job); })}) {
    REQUIRE(error);
    CHECK(error->kind() == ErrorKind::internal);
  }
}

TEST_CASE("an intent of a kind that is not known is damage and not a guess") {
  StateFixture f;
  intend(f.state, f.job, f.run, {kMove});
  tamper(f.file, "PRAGMA ignore_check_constraints = ON; UPDATE intent SET kind = 'paint'");
  const auto error = error_of([&] { f.state.intents(f.job); });
  REQUIRE(error);
  CHECK(error->kind() == ErrorKind::state);
}

TEST_CASE("a state from before there were intents keeps what it holds") {
  sqlite::Database db = sqlite::Database::in_memory();
  migrate(db, migrations().first(1));
  db.exec("INSERT INTO run (id, started_ns) VALUES (7, 1); INSERT INTO job VALUES (3, 'www', x'777777')");
  migrate(db, migrations());
  verify_schema(db);
  CHECK(db.integer("SELECT count(*) FROM intent") == 0);
  CHECK(db.string("SELECT name FROM job WHERE id = 3") == "www");
  CHECK(db.integer("SELECT id FROM run") == 7);
}
