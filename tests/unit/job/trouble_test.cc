// Sources and servers that misbehave for good.
#include <fcntl.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <fstream>

#include "nightly.h"
#include "state/lock.h"
#include "state/state.h"
#include "support/catch.h"
#include "unprivileged.h"

using namespace outhaul;
using namespace outhaul::test;

namespace {

/// Files can't grow beyond this while it lives: to SQLite that is a full disk.
class NarrowDisk {
 public:
  explicit NarrowDisk(rlim_t bytes) : before_(::signal(SIGXFSZ, SIG_IGN)) {
    REQUIRE(::getrlimit(RLIMIT_FSIZE, &limit_) == 0);
    const rlimit narrow{bytes, limit_.rlim_max};
    REQUIRE(::setrlimit(RLIMIT_FSIZE, &narrow) == 0);
  }
  ~NarrowDisk() {
    CHECK(::setrlimit(RLIMIT_FSIZE, &limit_) == 0);
    ::signal(SIGXFSZ, before_);
  }
  NarrowDisk(const NarrowDisk&) = delete;
  NarrowDisk& operator=(const NarrowDisk&) = delete;

 private:
  sighandler_t before_;
  rlimit limit_{};
};

}  // namespace

TEST_CASE("an unreadable file is reported and its old copy stays and nothing around it is deleted") {
  Nightly night;
  night.write("d/secret", "old");
  night.write("d/other", "o");
  night.write("elsewhere/gone", "g");
  night.write("elsewhere/stays", "s");
  REQUIRE(night.run().outcome == ExitCode::done);
  night.write("d/secret", "newer");
  night.remove("d/other");
  night.remove("elsewhere/gone");
  hand_over(night);
  REQUIRE(::chmod((night.source() / "d/secret").c_str(), 0) == 0);
  RunReport report;
  {
    const Unprivileged nobody;
    report = night.run();
  }
  INFO(night.events.problems());
  CHECK(report.outcome == ExitCode::incomplete);
  CHECK(night.stored().at("t/d/secret") == "old");
  CHECK(night.stored().count("t/d/other") == 1);         // may be the unreadable file's new name
  CHECK(night.stored().count("t/elsewhere/gone") == 0);  // doubt is scoped
  CHECK(says(night, "can't read \"d/secret\": Permission denied"));
  REQUIRE(::chmod((night.source() / "d/secret").c_str(), 0600) == 0);
  CHECK(night.run().outcome == ExitCode::done);
  CHECK(night.stored() == night.expected());
}

TEST_CASE("a run that is refused or lost is told by what ended it and not by what the scan met") {
  Nightly night;
  night.write("d/a", "a");
  night.write("f", "1");
  REQUIRE(night.run().outcome == ExitCode::done);
  night.write("f", "2");
  hand_over(night);
  REQUIRE(::chmod((night.source() / "d").c_str(), 0) == 0);
  night.server.set_faults([](const FakeCall& call) -> std::optional<Fault> {
    if (call.point != FakePoint::connect) return std::nullopt;
    return Fault{Fault::Effect::refused, FailureClass::stop_run, 530};
  });
  RunReport report;
  {
    const Unprivileged nobody;
    report = night.run();
  }
  REQUIRE(::chmod((night.source() / "d").c_str(), 0700) == 0);
  CAPTURE(report.message, night.events.problems());
  CHECK(report.outcome == ExitCode::remote_unusable);
  CHECK(says(night, "can't be read"));
  CHECK(report.message.find("can't be read") == std::string::npos);
}

TEST_CASE("an unreadable directory casts doubt on everything below it and is remembered") {
  Nightly night;
  night.write("d/sub/a", "a");
  night.write("e/b", "b");
  REQUIRE(night.run().outcome == ExitCode::done);
  night.remove("e");
  night.write("e2/c", "c");
  hand_over(night);
  REQUIRE(::chmod((night.source() / "d").c_str(), 0) == 0);
  RunReport report;
  {
    const Unprivileged nobody;
    report = night.run();
  }
  CHECK(report.outcome == ExitCode::incomplete);
  CHECK(night.stored().count("t/d/sub/a") == 1);
  CHECK(night.stored().count("t/e/b") == 1);  // it may have been moved to where nobody could look
  const State state = State::open(night.state_root() / "nightly", "nightly", State::Open::read_only);
  CHECK(state.doubts(*state.find_job("data")).size() == 1);
  REQUIRE(::chmod((night.source() / "d").c_str(), 0700) == 0);
}

TEST_CASE("a state that can't be written any more ends a run that tells what it stored until then") {
  Nightly night;
  night.profile.remote.connections = 2;
  Job& second = night.add_job("second");
  write_file(second.source / "s", "s");
  for (int i = 0; i < 3000; ++i) night.write("d/f" + std::to_string(i), std::to_string(i));
  RunReport report;
  {
    const NarrowDisk disk(1'500'000);
    report = night.run();
  }
  CHECK(report.outcome == ExitCode::failed);
  REQUIRE(report.jobs.size() == 1);
  const JobReport& job = report.jobs[0];
  CHECK(job.done.files_uploaded > 0);
  CHECK(job.done.files_uploaded < 3000);
  CHECK(job.left.files == 3000 - job.done.files_uploaded);
  CHECK(night.state().totals().files == job.done.files_uploaded);
  CHECK(says(night, "the state can't be written"));
  CHECK(report.message.find("the state can't be written") != std::string::npos);

  CHECK(night.run().outcome == ExitCode::done);
  CHECK(night.state().totals().files == 3001);
  CHECK(night.ledger() == 0);
}

TEST_CASE("a full server stops the storing and says so and the next run with room finishes") {
  FakeOptions small;
  small.capacity = 1500;
  Nightly night(small);
  for (int i = 0; i < 4; ++i) night.write("f" + std::to_string(i), std::string(1000, 'x'));
  const RunReport report = night.run();
  CHECK(report.outcome == ExitCode::incomplete);
  CHECK(says(night, "no space"));
  night.server.change({});
  CHECK(night.run().outcome == ExitCode::done);
  CHECK(night.stored() == night.expected());
  CHECK(night.leftovers().empty());
}

TEST_CASE("what looked for a full disk is removed even if the line breaks before it can be") {
  for (const int breaks : {1, 1000}) {
    CAPTURE(breaks);
    Nightly night;
    night.profile.remote.connections = 2;
    night.write("f", std::string(1000, 'x'));
    int left = breaks, probes = 0;
    night.server.set_faults([&](const FakeCall& call) -> std::optional<Fault> {
      if (call.what.starts_with("STORED .outhaul/parts/probe-")) ++probes;
      if (call.what.starts_with("DELE .outhaul/parts/probe-") && left-- > 0)
        return Fault{Fault::Effect::lost, FailureClass::reconnect};
      const bool sending = call.what.starts_with("SENDING .outhaul/parts/1-");
      if (sending && (breaks > 1 || probes == 0))
        return Fault{Fault::Effect::lost, FailureClass::reconnect, 426};
      return std::nullopt;
    });
    const RunReport report = night.run();
    INFO(night.events.problems());
    CHECK(probes > 0);
    CHECK((report.outcome == ExitCode::done) == (breaks == 1));
    CHECK(night.leftovers().empty() == (breaks == 1));
    night.server.set_faults({});
    CHECK(night.run().outcome == ExitCode::done);
    CHECK(night.leftovers().empty());
  }
}

TEST_CASE("pain 19: a server that can't rename over an existing name still gets the new version") {
  FakeOptions options;
  options.replaces = false;
  Nightly night(options);
  night.write("f", "one");
  REQUIRE(night.run().outcome == ExitCode::done);
  night.write("f", "two, longer");
  const RunReport report = night.run();
  INFO(night.events.problems());
  CHECK(report.outcome == ExitCode::done);
  CHECK(night.stored().at("t/f") == "two, longer");
  CHECK(night.leftovers().empty());
}

TEST_CASE("pain 9: a provider that allows one connection gets one") {
  FakeOptions options;
  options.max_connections = 1;
  Nightly night(options);
  night.profile.remote.connections = 4;
  for (int i = 0; i < 30; ++i) night.write("d/f" + std::to_string(i), "x");
  const RunReport report = night.run();
  INFO(night.events.problems());
  CHECK(report.outcome == ExitCode::done);
  CHECK(night.stored() == night.expected());
}

TEST_CASE("pain 9: a provider that allows fewer connections than asked for gets that many") {
  FakeOptions options;
  options.max_connections = 3;
  Nightly night(options);
  night.profile.remote.connections = 8;
  for (int i = 0; i < 100; ++i) night.write("d/f" + std::to_string(i), "x");
  const RunReport report = night.run();
  INFO(night.events.problems());
  CHECK(report.outcome == ExitCode::done);
  CHECK(night.stored() == night.expected());
}

TEST_CASE("a wrong password is tried once") {
  Nightly night;
  for (int i = 0; i < 10; ++i) night.write("f" + std::to_string(i), "x");
  int connects = 0;
  night.server.set_faults([&](const FakeCall& call) -> std::optional<Fault> {
    if (call.point != FakePoint::connect) return std::nullopt;
    ++connects;
    return Fault{Fault::Effect::refused, FailureClass::stop_run, 530};
  });
  CHECK(night.run().outcome == ExitCode::remote_unusable);
  CHECK(connects == 1);
}

TEST_CASE("pain 2: an upload that the server cut short is not called stored") {
  Nightly night;
  night.write("f", std::string(1000, 'x'));
  bool cut = false;
  night.server.set_faults([&](const FakeCall& call) -> std::optional<Fault> {
    // The server says 226, and then the size is wrong: the part is replaced behind everybody's back.
    if (cut || !call.what.starts_with("SIZE .outhaul/parts/")) return std::nullopt;
    cut = true;
    return Fault{Fault::Effect::refused, FailureClass::skip_file, 550};
  });
  const RunReport report = night.run();
  CHECK(cut);
  CHECK(report.outcome == ExitCode::done);
  CHECK(report.jobs.at(0).done.retries >= 1);
  CHECK(night.stored() == night.expected());
}

TEST_CASE("a file that vanishes after the scan is no failure") {
  Nightly night;
  night.write("stays", "1");
  night.write("vanishes", "2");
  night.open_remote = [&](const RemoteSettings&, const ServerMemory&) {
    night.remove("vanishes");
    return night.server.remote();
  };
  const RunReport report = night.run();
  CHECK(report.outcome == ExitCode::done);
  CHECK(night.stored() == night.expected());
  CHECK(night.ledger() <= 1);
  night.write("another", "3");
  CHECK(night.run().outcome == ExitCode::done);
  CHECK(night.ledger() == 0);
}

TEST_CASE("pain 26: a file that changes between scan and upload is stored and recorded as it was read") {
  Nightly night;
  night.write("log", "first");
  night.open_remote = [&](const RemoteSettings&, const ServerMemory&) {
    night.write("log", "first and second");
    return night.server.remote();
  };
  CHECK(night.run().outcome == ExitCode::done);
  CHECK(night.stored().at("t/log") == "first and second");
  CHECK(night.plan().empty());
}

TEST_CASE("a file that is replaced by a symlink after the scan is not followed") {
  Nightly night;
  night.write("d/passwd", "mine");
  night.open_remote = [&](const RemoteSettings&, const ServerMemory&) {
    night.remove("d");
    std::filesystem::create_symlink("/etc", night.source() / "d");
    return night.server.remote();
  };
  CHECK(night.run().outcome == ExitCode::done);
  CHECK(night.stored().empty());
}

TEST_CASE("a second run at the same time is refused and names the holder") {
  Nightly night;
  night.write("f", "1");
  REQUIRE(night.run().outcome == ExitCode::done);
  const StateLock lock = StateLock::take(night.state_root() / "nightly", "run nightly");
  try {
    night.run();
    FAIL("two runs at the same time");
  } catch (const Error& error) {
    CHECK(error.kind() == ErrorKind::locked);
    CHECK(std::string(error.what()).find(std::to_string(::getpid())) != std::string::npos);
  }
}

TEST_CASE("a secret that can't be resolved ends the run before anything is sent") {
  Nightly night;
  night.write("f", "1");
  night.open_remote = [](const RemoteSettings&, const ServerMemory&) -> std::unique_ptr<Remote> {
    throw Error(ErrorKind::profile, "password: the variable FTP_PASSWORD is not set");
  };
  const RunReport report = night.run();
  CHECK(report.outcome == ExitCode::usage);
  CHECK(says(night, "FTP_PASSWORD is not set"));
}

TEST_CASE("a request to stop leaves the ledger and the next run finishes") {
  Nightly night;
  for (int i = 0; i < 50; ++i) night.write("f" + std::to_string(i), std::string(1000, 'x'));
  night.server.set_faults([&](const FakeCall& call) -> std::optional<Fault> {
    if (call.point == FakePoint::put_reply && call.number > 20) night.cancel.cancel(2);
    return std::nullopt;
  });
  CHECK(night.run().outcome == ExitCode::interrupted);
}

TEST_CASE("a parts directory that somebody removed is made again") {
  Nightly night;
  night.let_the_catalog_be("it goes with the directory");
  night.write("a", "1");
  REQUIRE(night.run().outcome == ExitCode::done);
  night.server.remove(".outhaul");
  night.write("b", "2");
  CHECK(night.run().outcome == ExitCode::done);
  CHECK(night.stored() == night.expected());
}

TEST_CASE("a directory that somebody removed on the server is made again for the files that go there") {
  Nightly night;
  night.write("d/a", "1");
  REQUIRE(night.run().outcome == ExitCode::done);
  night.server.remove("t/d");
  night.write("d/b", "2");
  CHECK(night.run().outcome == ExitCode::done);
  CHECK(night.server.file("t/d/b") == "2");
}

namespace {

/// Appends to a file of the source whenever something is on its way.
void keep_writing(Nightly& night, const std::string& path, std::size_t& sendings) {
  night.server.set_faults([&night, &sendings, path](const FakeCall& call) -> std::optional<Fault> {
    if (call.point != FakePoint::put_middle) return std::nullopt;
    ++sendings;
    std::ofstream(night.source() / path, std::ios::app) << "one more line\n";
    return std::nullopt;
  });
}

}  // namespace

TEST_CASE("a log that is always written to is stored as it was read and is a problem unless it is declared") {
  Nightly night;
  night.have_no_catalog("what is sent is counted");
  night.profile.remote.connections = 1;
  const bool declared = GENERATE(true, false);
  CAPTURE(declared);
  if (declared) night.profile.jobs[0].changing = {"*.log"};
  night.write("d/app.log", "the first line\n");
  std::size_t sendings = 0;
  keep_writing(night, "d/app.log", sendings);
  const RunReport report = night.run();
  INFO(night.events.problems());
  CHECK(report.outcome == (declared ? ExitCode::done : ExitCode::incomplete));
  CHECK(sendings == (declared ? 1 : 4));
  CHECK(says(night, "\"changing\""));
  CHECK(says(night, "stored as read: d/app.log") == declared);
  const std::string stored = night.stored().at("t/d/app.log");
  CHECK(read_file(night.source() / "d/app.log").starts_with(stored));
  if (declared) CHECK(stored == "the first line\n");

  night.server.set_faults({});
  CHECK(night.run().outcome == ExitCode::done);
  CHECK(night.stored() == night.expected());
}

TEST_CASE("a file that was rewritten under the reader is looked at again though it looks the same") {
  Nightly night;
  night.profile.jobs[0].changing = {"*"};
  night.write("f", "before");
  struct stat seen = {};
  REQUIRE(::stat((night.source() / "f").c_str(), &seen) == 0);
  bool rewritten = false;
  night.server.set_faults([&](const FakeCall& call) -> std::optional<Fault> {
    if (call.point != FakePoint::put_middle || rewritten) return std::nullopt;
    rewritten = true;
    std::fstream(night.source() / "f", std::ios::in | std::ios::out) << "after!";
    const timespec times[2] = {seen.st_atim, seen.st_mtim};
    ::utimensat(AT_FDCWD, (night.source() / "f").c_str(), times, 0);
    return std::nullopt;
  });
  REQUIRE(night.run().outcome == ExitCode::done);
  REQUIRE(rewritten);
  CHECK(night.plan() == std::vector<std::string>{"compare f"});
  CHECK(night.run().outcome == ExitCode::done);
  CHECK(night.stored() == night.expected());
  CHECK(night.plan().empty());
}

TEST_CASE("a log that is always written to keeps no version of anything") {
  Nightly night;
  night.profile.jobs[0].on_removal = OnRemoval::retire;
  night.profile.jobs[0].versions.last = 2;
  night.write("app.log", "x");
  std::size_t sendings = 0;
  keep_writing(night, "app.log", sendings);
  for (int n = 1; n <= 5; ++n) {
    night.write("a", std::to_string(n));
    CHECK(night.run().outcome == ExitCode::incomplete);
  }
  CHECK(night.versions().size() == 2);  // the newest run's log and "a" from before
}

TEST_CASE("a directory that can't be read is as old as it was when it has another name") {
  Nightly night;
  night.profile.jobs[0].on_removal = OnRemoval::retire;
  night.profile.jobs[0].versions = {.last = 1};
  night.write("x/f", "the only one");
  REQUIRE(night.run().outcome == ExitCode::done);
  night.rename("x", "y");
  hand_over(night);
  REQUIRE(::chmod((night.source() / "y").c_str(), 0) == 0);
  const Unprivileged nobody;
  CHECK(night.run().outcome == ExitCode::incomplete);
  night.rename("y", "z");
  CHECK(night.run().outcome == ExitCode::incomplete);
  CHECK(night.versions().size() == 1);  // it may lie there
  REQUIRE(::chmod((night.source() / "z").c_str(), 0700) == 0);
}

TEST_CASE("a restore of a backup whose only file could never be read is no success") {
  Nightly night;
  night.write("secret", "s");
  hand_over(night);
  REQUIRE(::chmod((night.source() / "secret").c_str(), 0) == 0);
  const Unprivileged nobody;
  CHECK(night.run().outcome == ExitCode::incomplete);
  CHECK(night.restore().outcome == ExitCode::failed);
}
