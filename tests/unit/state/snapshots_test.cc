#include "fixture.h"
#include "support/catch.h"

using namespace outhaul;
using namespace outhaul::test;

namespace {

std::int64_t number(RunId run) {
  return static_cast<std::int64_t>(run);
}

RunId night(StateFixture& f, std::int64_t started_ns, ExitCode outcome,
            const std::function<void(RunId)>& work) {
  const RunId run = f.state.begin_run(started_ns);
  Transaction tx = f.state.begin();
  work(run);
  tx.commit();
  const bool whole = outcome == ExitCode::done || outcome == ExitCode::incomplete;
  f.state.finish_run(run, started_ns + 1, outcome, {}, 0, "",
                     whole ? std::vector{f.job} : std::vector<JobId>{});
  return run;
}

}  // namespace

TEST_CASE("runs that brought a job to its end are its snapshots and no others") {
  StateFixture f;
  f.state.finish_run(f.run, 2, ExitCode::done, {}, 0, "");  // before the job had anything
  const auto nothing = [](RunId) {};
  night(f, 10, ExitCode::done, [&](RunId run) { f.state.record(f.job, run, directory_entry("a")); });
  night(f, 20, ExitCode::remote_unusable, nothing);
  night(f, 30, ExitCode::incomplete, nothing);
  f.state.begin_run(40);  // goes on, or crashed
  std::vector<std::pair<std::int64_t, std::int64_t>> found;
  for (const Snapshot& snapshot : f.state.snapshots(f.job)) {
    CHECK_FALSE(snapshot.forgotten);
    found.emplace_back(number(snapshot.run), snapshot.started_ns);
  }
  CHECK(found == std::vector<std::pair<std::int64_t, std::int64_t>>{{2, 10}, {4, 30}});
}

TEST_CASE("what is written down of snapshots counts and a forgotten one says so") {
  StateFixture f;
  const RunId first =
      night(f, 10, ExitCode::done, [&](RunId run) { f.state.record(f.job, run, directory_entry("a")); });
  const RunId second = night(f, 20, ExitCode::done, [](RunId) {});
  tamper(f.file, "UPDATE snapshot SET forgotten_run = 3 WHERE run = 2");
  const std::vector<Snapshot> found = f.state.snapshots(f.job);
  REQUIRE(found.size() == 2);
  CHECK(found[0].run == first);
  CHECK(found[0].forgotten);
  CHECK(found[1].run == second);
  CHECK_FALSE(found[1].forgotten);
}

TEST_CASE("the presence of a path joins its changes and leaves out when it was gone") {
  StateFixture f;
  const RelPath path = RelPath::parse("a");
  Entry entry = directory_entry("a");
  const RunId made = night(f, 10, ExitCode::done, [&](RunId run) { f.state.record(f.job, run, entry); });
  entry.mode = 0700;
  night(f, 20, ExitCode::done, [&](RunId run) { f.state.record(f.job, run, entry); });
  const RunId gone = night(f, 30, ExitCode::done, [&](RunId run) { f.state.forget(f.job, run, path); });
  const RunId back = night(f, 40, ExitCode::done, [&](RunId run) { f.state.record(f.job, run, entry); });
  const std::vector<TimeInTree> found = f.state.presence(f.job, path);
  REQUIRE(found.size() == 2);
  CHECK(found[0].from == made);
  CHECK(found[0].to == gone);
  CHECK(found[1].from == back);
  CHECK_FALSE(found[1].to);
  CHECK(f.state.presence(f.job, RelPath::parse("b")).empty());
}

TEST_CASE("an object says what became of it") {
  StateFixture f;
  Transaction tx = f.state.begin();
  const ObjectId object = f.state.begin_object(f.job, f.run, RelPath::parse("a"), RemotePath::parse("www/a"),
                                               RemotePath::parse("p"), {});
  CHECK(f.state.object(object)->status == StoredObject::Status::uploading);
  Entry entry = file_entry("a");
  entry.object = object;
  f.state.publish(f.job, f.run, object, digest_of(1), entry);
  CHECK(f.state.object(object)->status == StoredObject::Status::live);
  f.state.forget(f.job, f.run, entry.path);
  f.state.retire_object(object, f.run, State::Fate::kept);
  CHECK(f.state.object(object)->status == StoredObject::Status::kept);
  f.state.retire_object(object, f.run, State::Fate::gone);
  CHECK(f.state.object(object)->status == StoredObject::Status::gone);
}
