#include "fixture.h"
#include "support/catch.h"

using namespace outhaul;
using namespace outhaul::test;
namespace fs = std::filesystem;

TEST_CASE("a state can be read while a run writes it") {
  StateFixture f;
  {
    Transaction tx = f.state.begin();
    f.state.record(f.job, f.run, directory_entry("committed"));
    tx.commit();
  }
  const Transaction tx = f.state.begin();
  f.state.record(f.job, f.run, directory_entry("not yet"));
  const std::string said = in_child([&]() -> std::string {
    const State reader = State::open(f.dir, kProfile, State::Open::read_only);
    const auto job = reader.find_job("www");
    std::string seen = job ? "" : "no job ";
    for (const std::string& path : paths(reader.entries(*job))) seen += path + ";";
    return seen + std::to_string(reader.runs(9).size());
  });
  CHECK(said == "committed;1");
}

TEST_CASE("a reader never writes") {
  StateFixture f;
  f.state = State::open(f.dir, kProfile, State::Open::read_only);
  for (const auto& work :
       std::vector<std::function<void()>>{[&] { f.state.begin(); }, [&] { f.state.begin_run(1); },
                                          [&] { f.state.job("new", RemotePath::parse("new")); },
                                          [&] { f.state.set_server_fact("s", "f", "v"); }}) {
    const auto error = error_of(work);
    REQUIRE(error);
    CHECK(error->kind() == ErrorKind::internal);
  }
  CHECK(f.state.job("www", RemotePath::parse("www")) == f.job);
}

TEST_CASE("a reader leaves the database byte for byte as it was") {
  const TempDir tmp;
  State::open(tmp / "state", kProfile, State::Open::create_if_missing).begin_run(1);
  const std::string before = read_file(tmp / "state/state.db");
  CHECK(State::open(tmp / "state", kProfile, State::Open::read_only).runs(9).size() == 1);
  CHECK(read_file(tmp / "state/state.db") == before);
}

TEST_CASE("a reader sees what a crashed run left in the log") {
  const TempDir tmp;
  State::open(tmp / "state", kProfile, State::Open::create_if_missing);
  CHECK(in_child([&]() -> std::string {
          auto state = std::make_unique<State>(State::open(tmp / "state", kProfile, State::Open::must_exist));
          state->begin_run(1);
          state.release();  // as a crash would: nothing is closed
          return "crashed";
        }) == "crashed");
  REQUIRE(fs::file_size(tmp / "state/state.db-wal") > 0);
  const std::string before = read_file(tmp / "state/state.db");
  CHECK(State::open(tmp / "state", kProfile, State::Open::read_only).runs(9).size() == 1);
  CHECK(read_file(tmp / "state/state.db") == before);
  CHECK(State::open(tmp / "state", kProfile, State::Open::must_exist).runs(9).size() == 1);
}

TEST_CASE("a state in a directory that can't be written can be read") {
  const TempDir tmp;
  const fs::path dir = tmp / "state";
  {
    State state = State::open(dir, kProfile, State::Open::create_if_missing);
    const RunId run = state.begin_run(1);
    const JobId job = state.job("www", RemotePath::parse("www"));
    Transaction tx = state.begin();
    state.record(job, run, directory_entry("a"));
    tx.commit();
  }
  give_to(dir, kNobody);
  fs::permissions(dir / "state.db", fs::perms(0400));
  fs::permissions(dir, fs::perms(0500));
  const std::string said = in_child(
      [&]() -> std::string {
        const State state = State::open(dir, kProfile, State::Open::read_only);
        return std::to_string(paths(state.entries(*state.find_job("www"))).size());
      },
      kNobody);
  CHECK(said == "1");
  CHECK(std::distance(fs::directory_iterator(dir), {}) == 1);
}

TEST_CASE("a writer that may not write is told so") {
  const TempDir tmp;
  const fs::path dir = tmp / "state";
  State::open(dir, kProfile, State::Open::create_if_missing);
  give_to(dir, kNobody);
  fs::permissions(dir / "state.db", fs::perms(0400));
  fs::permissions(dir, fs::perms(0500));
  const std::string said = in_child(
      [&]() -> std::string {
        const auto error =
            error_of([&] { State::open(dir, kProfile, State::Open::must_exist).begin_run(1); });
        if (!error) return "written";
        return error->kind() == ErrorKind::local_io && !error->advice().empty() ? error->what()
                                                                                : "wrong kind";
      },
      kNobody);
  CHECK(said.find((dir / "state.db").string()) != std::string::npos);
}

TEST_CASE("a second look at an open state doesn't take the first one's locks away") {
  StateFixture f;
  State::open(f.dir, kProfile, State::Open::read_only);
  // Were our locks gone, the child would take itself for the last one, and take the log with it.
  CHECK(in_child([&]() -> std::string {
          State::open(f.dir, kProfile, State::Open::must_exist).begin_run(2);
          return "closed";
        }) == "closed");
  CHECK(fs::exists(f.file.string() + "-wal"));
  f.state.begin_run(3);
  CHECK(State::open(f.dir, kProfile, State::Open::read_only).runs(9).size() == 3);
}
