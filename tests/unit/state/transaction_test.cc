#include "fixture.h"
#include "support/catch.h"

using namespace outhaul;
using namespace outhaul::test;

TEST_CASE("a transaction that isn't committed never was") {
  StateFixture f;
  {
    Transaction tx = f.state.begin();
    f.state.record(f.job, f.run, directory_entry("a"));
    store(f.state, f.job, f.run, file_entry("b"));
  }
  CHECK(all(f.state.entries(f.job)).empty());
  CHECK(f.state.totals().files == 0);
  Transaction next = f.state.begin();
  f.state.record(f.job, f.run, directory_entry("c"));
  next.commit();
  CHECK(paths(f.state.entries(f.job)) == std::vector<std::string>{"c"});
}

TEST_CASE("a transaction inside another one is a bug and is named so") {
  StateFixture f;
  const Transaction tx = f.state.begin();
  for (const auto& work :
       std::vector<std::function<void()>>{[&] { f.state.begin(); }, [&] { f.state.begin_run(1); },
                                          [&] { f.state.finish_run(f.run, 2, ExitCode::done, {}, 0, ""); }}) {
    const auto error = error_of(work);
    REQUIRE(error);
    CHECK(error->kind() == ErrorKind::internal);
  }
  f.state.record(f.job, f.run, directory_entry("still open"));
}

TEST_CASE("writing outside a transaction is a bug and is named so") {
  StateFixture f;
  const ObjectId object{1};
  const RelPath path = RelPath::parse("a");
  const RemotePath name = RemotePath::parse("a");
  for (const auto& work : std::vector<std::function<void()>>{
           [&] { f.state.record(f.job, f.run, directory_entry("a")); },
           [&] { f.state.forget(f.job, f.run, path); },
           [&] { f.state.retire_object(object, f.run, State::Fate::gone); },
           [&] { f.state.rename_object(object, name); },
           [&] { f.state.begin_object(f.job, f.run, path, name, name, {}); },
           [&] { f.state.set_part_stage(object, Part::Stage::publishing); },
           [&] { f.state.begin_publication(object, digest_of(1)); },
           [&] { f.state.publish(f.job, f.run, object, digest_of(1), file_entry("a")); },
           [&] { f.state.drop_part(object); }}) {
    const auto error = error_of(work);
    REQUIRE(error);
    CHECK(error->kind() == ErrorKind::internal);
  }
}

TEST_CASE("a transaction can be committed only once") {
  StateFixture f;
  Transaction tx = f.state.begin();
  tx.commit();
  const auto error = error_of([&] { tx.commit(); });
  REQUIRE(error);
  CHECK(error->kind() == ErrorKind::internal);
}

TEST_CASE("a transaction that was moved away is still one") {
  StateFixture f;
  {
    Transaction first = f.state.begin();
    f.state.record(f.job, f.run, directory_entry("a"));
    Transaction second = std::move(first);
    second.commit();
  }
  CHECK(all(f.state.entries(f.job)).size() == 1);
}

TEST_CASE("jobs and doubts and facts join an open transaction") {
  StateFixture f;
  {
    const Transaction tx = f.state.begin();
    f.state.job("etc", RemotePath::parse("etc"));
    f.state.set_doubts(f.job, f.run, {{RelPath::parse("a"), "x"}});
    f.state.set_server_fact("s", "f", "v");
  }
  CHECK_FALSE(f.state.find_job("etc"));
  CHECK(f.state.doubts(f.job).empty());
  CHECK_FALSE(f.state.server_fact("s", "f"));
}

TEST_CASE("what was committed is there for the next process") {
  StateFixture f;
  CHECK(in_child([&]() -> std::string {
          State state = State::open(f.dir, kProfile, State::Open::must_exist);
          Transaction tx = state.begin();
          state.record(f.job, f.run, directory_entry("from the child"));
          tx.commit();
          return "committed";
        }) == "committed");
  CHECK(paths(f.state.entries(f.job)) == std::vector<std::string>{"from the child"});
}
