// Bringing back what runs have stored, on the fake.
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include "nightly.h"
#include "restore/destination.h"
#include "state/sqlite.h"
#include "support/catch.h"
#include "support/sweep.h"
#include "support/tree.h"
#include "support/walk.h"

using namespace outhaul;
using namespace outhaul::test;
namespace fs = std::filesystem;

namespace {

using Lines = std::vector<std::string>;

/// A bit of everything that a tree can hold.
void plant(Nightly& night) {
  night.write("a.txt", "alpha");
  night.write("big", std::string(700'000, 'b'));
  night.write("dir/sub/deep", "deep");
  night.write("dir/private", "secret");
  ::chmod((night.source() / "dir/private").c_str(), 0600);
  night.write("empty", "");
  fs::create_directories(night.source() / "hollow/inner");
  ::chmod((night.source() / "hollow").c_str(), 0750);
  fs::create_symlink("../nowhere", night.source() / "dir/dangling");
  night.write("script", "#!/bin/sh\n");
  ::chmod((night.source() / "script").c_str(), 0755);
}

Lines lines_of(const RestoreReport& report) {
  Lines lines;
  for (const RestoreJobReport& job : report.jobs)
    for (const Problem& problem : job.problems)
      if (problem.severity == Problem::Severity::error)
        lines.push_back(problem.path + ": " + problem.message);
  return lines;
}

void tamper(const Nightly& night, const std::string& sql) {
  sqlite::Database db(night.state_dir() / "state.db", sqlite::Access::read_write);
  db.exec(sql.c_str());
}

RestoreOptions with(Overwrite overwrite) {
  RestoreOptions options;
  options.overwrite = overwrite;
  return options;
}

bool has_parts(const fs::path& dir) {
  for (const auto& entry : fs::recursive_directory_iterator(dir))
    if (entry.path().filename().native().starts_with(".outhaul-restore-")) return true;
  return false;
}

}  // namespace

TEST_CASE("a restore brings everything back and a second one finds nothing to do") {
  Nightly night;
  plant(night);
  REQUIRE(night.run().outcome == ExitCode::done);
  const RestoreReport first = night.restore();
  INFO(night.events.problems());
  CHECK(first.outcome == ExitCode::done);
  CHECK(walk_differences(night.source(), night.beside("back")) == Lines{});
  CHECK(first.jobs.at(0).done.files_fetched == 5);
  CHECK(first.jobs.at(0).done.empty_files == 1);
  CHECK_FALSE(has_parts(night.beside("back")));
  night.server.forget_calls();
  const RestoreReport second = night.restore();
  CHECK(second.outcome == ExitCode::done);
  CHECK(second.jobs.at(0).done.files_fetched == 0);
  CHECK(second.jobs.at(0).done.files_equal == 6);
  CHECK(night.server.count("") == 0);
  CHECK(walk_differences(night.source(), night.beside("back")) == Lines{});
}

TEST_CASE("the tree of a time before is brought back by run") {
  Nightly night;
  night.profile.jobs.front().on_removal = OnRemoval::keep;
  night.write("stays", "s");
  night.write("goes", "g");
  REQUIRE(night.run().outcome == ExitCode::done);
  night.remove("goes");
  night.write("comes", "c");
  REQUIRE(night.run().outcome == ExitCode::done);
  RestoreOptions options;
  options.at = "1";
  CHECK(night.restore(options).outcome == ExitCode::done);
  CHECK(read_file(night.beside("back") / "goes") == "g");
  CHECK_FALSE(fs::exists(night.beside("back") / "comes"));
  options.at = "2026-01-01";
  options.to = night.beside("other");
  const RestoreReport early = night.restore(options);
  CHECK(early.outcome == ExitCode::incomplete);
  REQUIRE(lines_of(early).size() == 1);
  CHECK(lines_of(early).front().find("from before run 1 (") != std::string::npos);
}

TEST_CASE("a run that there hasn't been yet brings nothing back") {
  Nightly night;
  night.write("a", "1");
  REQUIRE(night.run().outcome == ExitCode::done);
  for (const char* slip : {"2", "20260101"}) {
    RestoreOptions options;
    options.at = slip;
    try {
      night.restore(options);
      FAIL("it was restored");
    } catch (const Error& error) {
      CHECK(error.kind() == ErrorKind::usage);
      CHECK(std::string(error.what()).find("the newest is run 1") != std::string::npos);
    }
    CHECK_FALSE(fs::exists(night.beside("back") / "a"));
  }
}

TEST_CASE("only what was asked for comes back with the directories that lead there") {
  Nightly night;
  plant(night);
  REQUIRE(night.run().outcome == ExitCode::done);
  RestoreOptions options;
  options.paths = {"dir/sub", "*.txt"};
  CHECK(night.restore(options).outcome == ExitCode::done);
  Lines found;
  for (const auto& entry : fs::recursive_directory_iterator(night.beside("back")))
    found.push_back(entry.path().lexically_relative(night.beside("back")).native());
  std::sort(found.begin(), found.end());
  CHECK(found == Lines{"a.txt", "dir", "dir/sub", "dir/sub/deep"});
}

TEST_CASE("a path that is not there is named with the run that has it and the rest comes back") {
  Nightly night;
  night.profile.jobs.front().on_removal = OnRemoval::keep;
  night.write("old", "o");
  night.write("stays", "s");
  REQUIRE(night.run().outcome == ExitCode::done);
  night.remove("old");
  REQUIRE(night.run().outcome == ExitCode::done);
  RestoreOptions options;
  options.paths = {"stays", "old", "never", "n*x", "[a"};
  const RestoreReport report = night.restore(options);
  CHECK(report.outcome == ExitCode::incomplete);
  CHECK(read_file(night.beside("back") / "stays") == "s");
  const Lines told = lines_of(report);
  REQUIRE(told.size() == 4);
  CHECK(told[3].starts_with("[a: it is not in the newest tree, and as a pattern it has a \"[\" without"));
  CHECK(told[0].starts_with("old: it is not in the newest tree; it was there until run 1 ("));
  CHECK(told[1] == "never: it is not in the newest tree");
  CHECK(told[2] == "n*x: nothing in the newest tree matches it");
}

TEST_CASE("what differs stays unless it may be replaced") {
  Nightly night;
  plant(night);
  REQUIRE(night.run().outcome == ExitCode::done);
  REQUIRE(night.restore().outcome == ExitCode::done);
  const fs::path back = night.beside("back");
  struct stat before {};
  REQUIRE(::stat((back / "a.txt").c_str(), &before) == 0);
  write_file(back / "a.txt", "ALPHA");  // the same size
  const timespec times[2] = {before.st_atim, before.st_mtim};
  ::utimensat(AT_FDCWD, (back / "a.txt").c_str(), times, 0);  // and the same time: only reading tells
  write_file(back / "dir/sub/deep", "longer than before");
  fs::remove(back / "dir/dangling");
  fs::create_symlink("elsewhere", back / "dir/dangling");
  ::chmod((back / "script").c_str(), 0700);
  SECTION("never") {
    const RestoreReport report = night.restore();
    CHECK(report.outcome == ExitCode::incomplete);
    CHECK(lines_of(report).size() == 4);
    CHECK(read_file(back / "a.txt") == "ALPHA");
    CHECK(fs::read_symlink(back / "dir/dangling") == "elsewhere");
  }
  SECTION("changed") {
    const RestoreReport report = night.restore(with(Overwrite::changed));
    INFO(night.events.problems());
    CHECK(report.outcome == ExitCode::done);
    CHECK(report.jobs.at(0).done.files_fetched == 2);
    CHECK(report.jobs.at(0).done.metadata == 1);
    CHECK(walk_differences(night.source(), back) == Lines{});
  }
  SECTION("always") {
    const RestoreReport report = night.restore(with(Overwrite::always));
    CHECK(report.outcome == ExitCode::done);
    CHECK(report.jobs.at(0).done.files_fetched == 5);
    CHECK(walk_differences(night.source(), back) == Lines{});
  }
}

TEST_CASE("a directory and something else never take each other's place") {
  Nightly night;
  night.write("d/inside", "i");
  night.write("f", "f");
  REQUIRE(night.run().outcome == ExitCode::done);
  const fs::path back = night.beside("back");
  fs::create_directories(back / "f");
  write_file(back / "f/mine", "m");
  write_file(back / "d", "mine");
  const RestoreReport report = night.restore(with(Overwrite::always));
  CHECK(report.outcome == ExitCode::incomplete);
  CHECK(lines_of(report).size() == 2);
  CHECK(read_file(back / "f/mine") == "m");
  CHECK(read_file(back / "d") == "mine");
}

TEST_CASE("symlinks in the directory that is restored to lead nowhere") {
  Nightly night;
  night.write("d/inside", "i");
  night.write("e/f/inside", "i");
  REQUIRE(night.run().outcome == ExitCode::done);
  const fs::path back = night.beside("back"), outside = night.beside("outside");
  fs::create_directories(outside / "f");
  fs::create_directories(back / "e");
  fs::create_symlink(outside, back / "d");
  fs::create_symlink(outside / "f", back / "e/f");
  const RestoreReport report = night.restore(with(GENERATE(Overwrite::never, Overwrite::always)));
  CHECK(report.outcome == ExitCode::incomplete);
  CHECK(lines_of(report).size() == 2);
  CHECK(walk(outside).size() == 1);  // f, as empty as it was
  CHECK(fs::is_empty(outside / "f"));
}

TEST_CASE("a state that names places outside is refused there and the rest comes back") {
  Nightly night;
  for (const std::string name : {"aa", "bb", "cc", "dd", "good"}) night.write(name, name);
  fs::create_directory(night.source() / "zz");
  REQUIRE(night.run().outcome == ExitCode::done);
  const std::string outside = night.beside("outside").native();
  tamper(night, "UPDATE entry SET path = CAST('../outside' AS BLOB) WHERE path = CAST('aa' AS BLOB)");
  tamper(night, "UPDATE entry SET path = CAST('" + outside + "' AS BLOB) WHERE path = CAST('bb' AS BLOB)");
  tamper(night, "UPDATE entry SET path = CAST('x/../../outside' AS BLOB) WHERE path = CAST('cc' AS BLOB)");
  tamper(night, "UPDATE entry SET path = CAST('a//b' AS BLOB) WHERE path = CAST('dd' AS BLOB)");
  const RestoreReport report = night.restore(with(Overwrite::always));
  CHECK(report.outcome == ExitCode::incomplete);
  CHECK(lines_of(report).size() == 4);
  CHECK_FALSE(fs::exists(outside));
  CHECK(read_file(night.beside("back") / "good") == "good");
}

TEST_CASE("a symlink that the state itself plants is no way out") {
  Nightly night;
  night.write("d/inside", "i");
  REQUIRE(night.run().outcome == ExitCode::done);
  const fs::path outside = night.beside("outside");
  fs::create_directory(outside);
  tamper(night, "UPDATE entry SET kind = 3, link_target = CAST('" + outside.native() +
                    "' AS BLOB) WHERE path = CAST('d' AS BLOB)");
  const RestoreReport report = night.restore(with(Overwrite::always));
  CHECK(report.outcome == ExitCode::incomplete);
  CHECK(fs::is_empty(outside));
}

TEST_CASE("an object that is missing or damaged is named and everything else comes back") {
  Nightly night;
  for (const std::string name : {"gone", "good", "longer", "other", "shorter"})
    night.write(name, "the content of " + name);
  REQUIRE(night.run().outcome == ExitCode::done);
  night.server.remove("t/gone");
  night.server.put_file("t/other", "THE CONTENT OF OTHER");
  night.server.put_file("t/shorter", "the content");
  night.server.put_file("t/longer", "something else entirely, and longer");
  const RestoreReport report = night.restore();
  CHECK(report.outcome == ExitCode::incomplete);
  Lines told = lines_of(report);
  std::sort(told.begin(), told.end());
  REQUIRE(told.size() == 4);
  CHECK(told[0].find("gone: object \"t/gone\": it is not on the remote") == 0);
  CHECK(told[1].find("longer: object \"t/longer\": ") == 0);
  CHECK(told[2].find("other: object \"t/other\": its content is not what was stored") == 0);
  CHECK(told[3].find("shorter: object \"t/shorter\": it has not the 22 bytes") == 0);
  CHECK(read_file(night.beside("back") / "good") == "the content of good");
  CHECK_FALSE(fs::exists(night.beside("back") / "other"));
  CHECK_FALSE(has_parts(night.beside("back")));
}

TEST_CASE("a file without a digest in the state is judged by its size and that is said") {
  Nightly night;
  for (const std::string name : {"good", "longer", "shorter"}) night.write(name, "the content of " + name);
  REQUIRE(night.run().outcome == ExitCode::done);
  tamper(night, "UPDATE object SET sha256 = NULL");
  night.server.put_file("t/shorter", "the content");
  night.server.put_file("t/longer", "the content of longer, and more");
  const RestoreReport report = night.restore();
  CHECK(report.outcome == ExitCode::incomplete);
  CHECK(lines_of(report).size() == 2);
  CHECK(night.events.problems().find("1 of the restored files have no SHA-256") != std::string::npos);
  CHECK(read_file(night.beside("back") / "good") == "the content of good");
  CHECK(walk(night.beside("back")).size() == 1);
}

TEST_CASE("an unfinished file goes on where it stopped and a wrong beginning is fetched anew") {
  Nightly night;
  std::string content(900'000, 'x');
  for (std::size_t i = 0; i < content.size(); ++i) content[i] = static_cast<char>(i * 31 + i / 251);
  night.write("big", content);
  night.profile.remote.connections = 1;
  night.profile.remote.retries = 0;
  REQUIRE(night.run().outcome == ExitCode::done);
  const fs::path back = night.beside("back");
  // What is left of a line that breaks: a beginning, under the name that the next one looks for.
  night.server.set_faults([](const FakeCall& call) -> std::optional<Fault> {
    if (!call.what.starts_with("GET ")) return std::nullopt;
    return Fault{Fault::Effect::lost_after, FailureClass::reconnect, 0};
  });
  CHECK(night.restore().outcome == ExitCode::incomplete);
  night.server.set_faults({});
  fs::path part;
  for (const auto& entry : fs::directory_iterator(back)) part = entry.path();
  REQUIRE(fs::file_size(part) == 450'000);
  SECTION("a right beginning") {
    write_file(part, content.substr(0, 500'000));
    const RestoreReport report = night.restore();
    INFO(night.events.problems());
    CHECK(report.outcome == ExitCode::done);
    // At whole blocks, since these can be written past the page cache.
    CHECK(report.jobs.at(0).done.resumed_bytes == 500'000 / 4096 * 4096);
    CHECK(report.jobs.at(0).done.bytes_received == 900'000 - 500'000 / 4096 * 4096);
  }
  SECTION("a wrong beginning") {
    write_file(part, std::string(500'000, 'z'));
    const RestoreReport report = night.restore();
    CHECK(report.outcome == ExitCode::done);
    CHECK(report.jobs.at(0).done.resumed_bytes == 0);
  }
  SECTION("all of it") {
    write_file(part, content);
    const RestoreReport report = night.restore();
    CHECK(report.outcome == ExitCode::done);
    CHECK(report.jobs.at(0).done.bytes_received == 0);
  }
  SECTION("less than a block") {
    write_file(part, content.substr(0, 4095));
    const RestoreReport report = night.restore();
    CHECK(report.outcome == ExitCode::done);
    CHECK(report.jobs.at(0).done.resumed_bytes == 0);
  }
  SECTION("more than there is") {
    write_file(part, content + "more");
    CHECK(night.restore().outcome == ExitCode::done);
  }
  CHECK(read_file(back / "big") == content);
  CHECK_FALSE(has_parts(back));
}

TEST_CASE("whoever has no state is told how to get it back") {
  Nightly night;
  const auto advice_of = [](const auto& act) {
    try {
      act();
    } catch (const Error& error) {
      CHECK(error.kind() == ErrorKind::usage);
      return error.advice();
    }
    return std::string("nothing was refused");
  };
  CHECK(advice_of([&] { night.restore(); }).find("outhaul recover") != std::string::npos);
  CHECK(advice_of([&] { night.verify(); }).find("outhaul recover") != std::string::npos);
  CHECK_FALSE(fs::exists(night.beside("back")));
}

TEST_CASE("a remote that gives nothing at all is unusable and says what is left") {
  Nightly night;
  night.write("a", "1");
  night.write("b", "22");
  REQUIRE(night.run().outcome == ExitCode::done);
  night.server.set_faults([](const FakeCall& call) -> std::optional<Fault> {
    if (call.point != FakePoint::connect) return std::nullopt;
    return Fault{Fault::Effect::refused, FailureClass::reconnect, 0};
  });
  const RestoreReport report = night.restore();
  CHECK(report.outcome == ExitCode::remote_unusable);
  CHECK(report.jobs.at(0).left.files == 2);
  CHECK(report.jobs.at(0).left.bytes == 3);
}

TEST_CASE("any single fault of the line is survived within the restore or by the next one") {
  const auto effect = GENERATE(Fault::Effect::lost, Fault::Effect::lost_after, Fault::Effect::refused);
  const int connections = GENERATE(1, 3);
  Nightly night;
  night.profile.remote.connections = connections;
  plant(night);
  REQUIRE(night.run().outcome == ExitCode::done);
  bool struck = true;
  for (Moments moments; struck; moments.next()) {
    const std::uint64_t n = moments.now();
    const std::uint64_t before = night.server.moments();
    night.server.fail_nth(
        n, {effect, effect == Fault::Effect::refused ? FailureClass::retry : FailureClass::reconnect, 0});
    RestoreOptions options;
    options.to = night.beside(fmt::format("back{}", n));
    const RestoreReport first = night.restore(options);
    struck = night.server.moments() - before >= n;
    night.server.set_faults({});
    INFO("moment " << n << ": " << night.events.problems());
    if (first.outcome == ExitCode::done) CHECK(walk_differences(night.source(), options.to) == Lines{});
    CHECK(night.restore(options).outcome == ExitCode::done);
    CHECK(walk_differences(night.source(), options.to) == Lines{});
    CHECK_FALSE(has_parts(options.to));
    REQUIRE(n < 100);
  }
}

TEST_CASE("a final refusal of one file costs that file only until the next restore") {
  Nightly night;
  plant(night);
  REQUIRE(night.run().outcome == ExitCode::done);
  night.server.set_faults([](const FakeCall& call) -> std::optional<Fault> {
    if (call.what != "GET t/a.txt") return std::nullopt;
    return Fault{Fault::Effect::refused, FailureClass::skip_file, 550};
  });
  const RestoreReport report = night.restore();
  CHECK(report.outcome == ExitCode::incomplete);
  REQUIRE(lines_of(report).size() == 1);
  night.server.set_faults({});
  CHECK(night.restore().outcome == ExitCode::done);
  CHECK(walk_differences(night.source(), night.beside("back")) == Lines{});
}

TEST_CASE("a server that allows fewer connections is asked by fewer") {
  FakeOptions options;
  options.max_connections = 1;
  Nightly night;
  for (int i = 0; i < 40; ++i) night.write(fmt::format("f{:02}", i), fmt::format("content {}", i));
  REQUIRE(night.run().outcome == ExitCode::done);
  night.server.change(options);
  const RestoreReport report = night.restore();
  INFO(night.events.problems());
  CHECK(report.outcome == ExitCode::done);
  CHECK(walk_differences(night.source(), night.beside("back")) == Lines{});
}

TEST_CASE("a file that a run moves while it is restored is found under its new name") {
  Nightly night;
  night.write("a", "content");
  REQUIRE(night.run().outcome == ExitCode::done);
  bool moved = false;
  night.server.set_faults([&](const FakeCall& call) -> std::optional<Fault> {
    if (moved || call.what != "GET t/a") return std::nullopt;
    moved = true;
    tamper(night, "UPDATE object SET remote_name = CAST('t/b' AS BLOB)");
    return Fault{Fault::Effect::refused, FailureClass::skip_file, 550};
  });
  night.server.put_file("t/b", "content");
  const RestoreReport report = night.restore();
  INFO(night.events.problems());
  CHECK(report.outcome == ExitCode::done);
  CHECK(read_file(night.beside("back") / "a") == "content");
}

TEST_CASE("several jobs get a directory each and one job alone gets none") {
  Nightly night;
  night.write("a", "1");
  Job& other = night.add_job("other");
  write_file(other.source / "b", "2");
  REQUIRE(night.run().outcome == ExitCode::done);
  CHECK(night.restore().outcome == ExitCode::done);
  CHECK(read_file(night.beside("back") / "data/a") == "1");
  CHECK(read_file(night.beside("back") / "other/b") == "2");
  RestoreOptions options;
  options.job = "other";
  options.to = night.beside("one");
  CHECK(night.restore(options).outcome == ExitCode::done);
  CHECK(read_file(night.beside("one") / "b") == "2");
  options.job = {};
  options.paths = {"[ab]"};  // a pattern looks in all of them
  options.to = night.beside("two");
  CHECK(night.restore(options).outcome == ExitCode::done);
  CHECK(fs::exists(night.beside("two") / "data/a"));
  CHECK(fs::exists(night.beside("two") / "other/b"));
  options.paths = {"b*"};  // enough if one has it
  options.to = night.beside("three");
  CHECK(night.restore(options).outcome == ExitCode::done);
}

TEST_CASE("places to which nobody restores on purpose are refused before anything is written") {
  Nightly night;
  plant(night);
  REQUIRE(night.run().outcome == ExitCode::done);
  const auto refused = [&](RestoreOptions options) {
    try {
      night.restore(options);
    } catch (const Error& error) {
      CHECK(error.kind() == ErrorKind::usage);
      return std::string(error.what());
    }
    return std::string("was taken");
  };
  RestoreOptions options;
  options.to = night.source();
  CHECK(refused(options).find("is the source of job \"data\" itself") != std::string::npos);
  options.to = night.state_dir() / "x";
  CHECK(refused(options).find("lies in the directory of the state") != std::string::npos);
  options.to = night.beside("missing") / "below";
  CHECK(refused(options).find("does not exist") != std::string::npos);
  CHECK_FALSE(fs::exists(night.beside("missing")));
  options.to = night.source() / "a.txt";
  options.at = "once";
  CHECK(refused(options).find("--at: \"once\"") != std::string::npos);
  options.at = "latest";
  options.job = "nix";
  CHECK(refused(options).find("has no job \"nix\"") != std::string::npos);
}

TEST_CASE("the source itself is restored over when that is said") {
  Nightly night;
  plant(night);
  REQUIRE(night.run().outcome == ExitCode::done);
  const Lines before = walk(night.source());
  write_file(night.source() / "a.txt", "ransom");
  fs::remove_all(night.source() / "dir");
  RestoreOptions options = with(Overwrite::changed);
  options.to = night.source();
  CHECK(night.restore(options).outcome == ExitCode::done);
  CHECK(walk(night.source()) == before);
}

TEST_CASE("a dry run writes nothing and asks nobody") {
  Nightly night;
  plant(night);
  REQUIRE(night.run().outcome == ExitCode::done);
  night.server.forget_calls();
  const int opened = night.remotes_opened;
  RestoreOptions options;
  options.dry_run = true;
  const RestoreReport report = night.restore(options);
  CHECK(report.outcome == ExitCode::done);
  CHECK(report.jobs.at(0).planned.fetch_files == 5);
  CHECK(report.jobs.at(0).planned.make_dirs == 4);
  CHECK(report.jobs.at(0).planned.symlinks == 1);
  CHECK_FALSE(fs::exists(night.beside("back")));
  CHECK(night.remotes_opened == opened);
}

TEST_CASE("a restore that was cancelled says what is left and the next one goes on") {
  Nightly night;
  for (int i = 0; i < 20; ++i) night.write(fmt::format("f{:02}", i), std::string(1000, 'x'));
  night.profile.remote.connections = 1;
  REQUIRE(night.run().outcome == ExitCode::done);
  int gets = 0;
  night.server.set_faults([&](const FakeCall& call) -> std::optional<Fault> {
    if (call.what.starts_with("GET ") && ++gets == 5) night.cancel.cancel(2);
    return std::nullopt;
  });
  const RestoreReport report = night.restore();
  CHECK(report.outcome == ExitCode::interrupted);
  CHECK(report.jobs.at(0).left.files >= 15);
  CHECK_FALSE(report.advice.empty());
}

TEST_CASE("two restores into one directory keep out of each other's way") {
  Nightly night;
  night.write("a", "1");
  REQUIRE(night.run().outcome == ExitCode::done);
  fs::create_directory(night.beside("back"));
  const Destination other = Destination::open(night.beside("back"), false);
  other.lock();
  try {
    night.restore();
    FAIL("was not locked");
  } catch (const Error& error) {
    CHECK(error.kind() == ErrorKind::locked);
  }
}
