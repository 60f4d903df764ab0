#include "fixture.h"
#include "support/catch.h"

using namespace outhaul;
using namespace outhaul::test;

TEST_CASE("a job keeps its id over runs of the program") {
  StateFixture f;
  CHECK(f.state.job("www", RemotePath::parse("www")) == f.job);
  const JobId etc = f.state.job("etc", RemotePath{});
  CHECK(etc != f.job);
  f.state = State::open(f.dir, kProfile, State::Open::must_exist);
  CHECK(f.state.find_job("etc") == etc);
  CHECK(f.state.job("etc", RemotePath{}) == etc);
  CHECK_FALSE(f.state.find_job("mail"));
  CHECK(f.state.job_names() == std::vector<std::string>{"www", "etc"});
}

TEST_CASE("a job that holds nothing takes another target and one that may hold something doesn't") {
  const auto elsewhere = RemotePath::parse("elsewhere");
  StateFixture f;
  const auto begin = [&](StateFixture& g) {
    return g.state.begin_object(g.job, g.run, RelPath::parse("f"), RemotePath::parse("www/f"),
                                RemotePath::parse("part"), {});
  };
  SECTION("nothing but a symlink and a directory and a file on its way") {
    Transaction transaction = f.state.begin();
    f.state.record(f.job, f.run, symlink_entry("l", "t"));
    f.state.record(f.job, f.run, directory_entry("made"));
    begin(f);
    f.state.intend(f.job, f.run,
                   {Intent::Kind::make_dir, RelPath::parse("d"), {}, RemotePath::parse("www/d")});
    transaction.commit();
    CHECK(f.state.find_job("www", elsewhere) == f.job);
    CHECK(f.state.job("www", elsewhere) == f.job);
    CHECK(query(f.file, "SELECT target FROM job") == "elsewhere");
    CHECK(paths(f.state.entries(f.job)) == std::vector<std::string>{"l"});
    return;
  }
  SECTION("a file") {
    Transaction transaction = f.state.begin();
    store(f.state, f.job, f.run, file_entry("f"));
    transaction.commit();
  }
  SECTION("a file that may have been renamed into its place") {
    Transaction transaction = f.state.begin();
    f.state.set_part_stage(begin(f), Part::Stage::publishing);
    transaction.commit();
  }
  SECTION("a file that once was") {
    Transaction transaction = f.state.begin();
    store(f.state, f.job, f.run, file_entry("f"));
    f.state.forget(f.job, f.run, RelPath::parse("f"));
    transaction.commit();
  }
  CHECK_THROWS_AS(f.state.find_job("www", elsewhere), Error);
  CHECK_THROWS_AS(f.state.job("www", elsewhere), Error);
}

TEST_CASE("a job whose target changed is refused with both targets and the way out") {
  StateFixture f;
  {
    Transaction transaction = f.state.begin();
    store(f.state, f.job, f.run, file_entry("f"));
    transaction.commit();
  }
  const auto error = error_of([&] { f.state.job("www", RemotePath::parse("elsewhere")); });
  REQUIRE(error);
  CHECK(error->kind() == ErrorKind::state);
  const std::string what = error->what();
  CHECK(what.find("\"www\"") != std::string::npos);
  CHECK(what.find("\"elsewhere\"") != std::string::npos);
  CHECK(error->advice().find("\"target\": \"www\"") != std::string::npos);
  CHECK(f.state.job("www", RemotePath::parse("www")) == f.job);
}

TEST_CASE("doubts are replaced as a whole and come in the order of their paths") {
  StateFixture f;
  f.state.set_doubts(
      f.job, f.run,
      {{RelPath::parse("b\xFF"), "Permission denied"}, {RelPath::parse("a"), "Input/output error"}});
  const auto doubts = f.state.doubts(f.job);
  REQUIRE(doubts.size() == 2);
  CHECK(doubts[0].path.bytes() == "a");
  CHECK(doubts[1].path.bytes() == "b\xFF");
  CHECK(doubts[1].reason == "Permission denied");
  f.state.set_doubts(f.job, f.run, {{RelPath{}, "first"}, {RelPath{}, "said twice"}});
  REQUIRE(f.state.doubts(f.job).size() == 1);
  CHECK(f.state.doubts(f.job)[0].path.empty());
  f.state.set_doubts(f.job, f.run, {});
  CHECK(f.state.doubts(f.job).empty());
}

TEST_CASE("the doubts of one job are not those of another") {
  StateFixture f;
  const JobId etc = f.state.job("etc", RemotePath::parse("etc"));
  f.state.set_doubts(f.job, f.run, {{RelPath::parse("a"), "x"}});
  f.state.set_doubts(etc, f.run, {});
  CHECK(f.state.doubts(f.job).size() == 1);
}

TEST_CASE("what was learned of a server is remembered per server and can be corrected") {
  StateFixture f;
  CHECK_FALSE(f.state.server_fact("ftp://host:21", "mtime"));
  f.state.set_server_fact("ftp://host:21", "mtime", "MFMT");
  f.state.set_server_fact("ftp://other:21", "mtime", "");
  f.state.set_server_fact("ftp://host:21", "mtime", "MDTM");
  f.state = State::open(f.dir, kProfile, State::Open::must_exist);
  CHECK(f.state.server_fact("ftp://host:21", "mtime") == "MDTM");
  CHECK(f.state.server_fact("ftp://other:21", "mtime") == "");
  f.state.set_server_fact("ftp://host:21", "mlsd", "no");
  CHECK(f.state.server_facts("ftp://host:21") ==
        std::map<std::string, std::string>{{"mtime", "MDTM"}, {"mlsd", "no"}});
  f.state.forget_server_fact("ftp://host:21", "mtime");
  CHECK(f.state.server_facts("ftp://host:21") == std::map<std::string, std::string>{{"mlsd", "no"}});
  CHECK(f.state.server_facts("ftp://other:21").size() == 1);
  CHECK(f.state.server_facts("ftp://third:21").empty());
}

TEST_CASE("open problems keep the run that met them first and a size that changes counts once more") {
  StateFixture f;
  const auto next_run = [&] {
    const RunId run = f.state.begin_run(1);
    f.state.finish_run(run, 2, ExitCode::incomplete, {}, 0, "", {f.job});
    return run;
  };
  f.state.finish_run(f.run, 2, ExitCode::done, {}, 0, "", {f.job});
  const RunId first = next_run();
  const RelPath a = RelPath::parse("a"), b = RelPath::parse("b"), d = RelPath::parse("d");
  f.state.set_unstored(f.job, first, {{a, 10, "no"}, {b, {}, "neither"}});
  f.state.set_doubts(f.job, first, {{d, "locked"}});
  const RunId second = next_run();
  f.state.set_unstored(f.job, second, {{a, 20, "no"}, {b, {}, "still"}});
  f.state.set_doubts(f.job, second, {{d, "locked for ever"}});
  const std::vector<OpenProblem> problems = f.state.open_problems(f.job);
  CHECK(problems == std::vector<OpenProblem>{{a, 10, first, "no"},
                                             {b, {}, first, "still"},
                                             {d, {}, first, "locked for ever"},
                                             {a, 20, second, "no"}});
  f.state.set_unstored(f.job, second, {});
  f.state.set_doubts(f.job, second, {});
  CHECK(f.state.open_problems(f.job).empty());
}

TEST_CASE("what a run meets after others that did not end may have begun in any of them") {
  StateFixture f;
  const RunId ended = f.state.begin_run(1);
  f.state.finish_run(ended, 2, ExitCode::done, {}, 0, "", {f.job});
  const RunId killed = f.state.begin_run(3);
  f.state.begin_run(4);
  const RunId now = f.state.begin_run(5);
  f.state.set_unstored(f.job, now, {{RelPath::parse("a"), 10, "no"}});
  CHECK(f.state.open_problems(f.job).at(0).since == killed);
}
