// The doctor against a server in memory: what it notices, and that it leaves nothing behind.
#include <algorithm>

#include "doctor/doctor.h"
#include "support/catch.h"
#include "support/fake_remote.h"

namespace outhaul::test {
namespace {

using Verdict = DoctorCheck::Verdict;

/// Waits for nothing.
class Stopwatch final : public Clock {
 public:
  std::int64_t now_ns() const override { return system_.now_ns(); }
  std::chrono::steady_clock::time_point steady() const override { return system_.steady(); }
  bool wait(std::chrono::milliseconds, const CancelToken& cancel) override { return !cancel.cancelled(); }

 private:
  SystemClock system_;
};

struct Practice {
  explicit Practice(FakeOptions options = {}) : server(options) {
    profile.name = "nightly";
    profile.remote.scheme = Scheme::ftp;
    profile.remote.connections = 4;
    profile.jobs.resize(1);
    server.put_file("etc/passwd", "root");
  }
  DoctorReport examine() {
    const auto remote = server.remote();
    return outhaul::examine(*remote, profile, clock, cancel, 300 * 1024);
  }

  FakeServer server;
  Profile profile;
  Stopwatch clock;
  CancelToken cancel;
};

const DoctorCheck& the(const DoctorReport& report, std::string_view name) {
  const auto at = std::find_if(report.checks.begin(), report.checks.end(),
                               [&](const DoctorCheck& check) { return check.name == name; });
  INFO("check " << name);
  REQUIRE(at != report.checks.end());
  return *at;
}

bool only_ours_is_left(const FakeServer& server) {
  const auto files = server.files();
  return files.size() == 1 && files.count("etc/passwd") == 1 && !server.is_dir(std::string(kDoctorDir));
}

}  // namespace

TEST_CASE("a healthy server passes every check and keeps nothing of the doctor's") {
  Practice practice;
  const DoctorReport report = practice.examine();
  for (const DoctorCheck& check : report.checks) {
    INFO(check.name << ": " << check.found);
    CHECK(check.verdict == Verdict::works);
  }
  CHECK(report.outcome == ExitCode::done);
  CHECK(report.checks.size() >= 17);
  CHECK(report.latency_ms);
  CHECK(report.up_bytes_per_s);
  CHECK(report.down_bytes_per_s);
  CHECK(report.memory.rename_over == true);
  CHECK(report.memory.case_sensitive == true);
  CHECK(report.memory.hidden_files == true);
  CHECK(only_ours_is_left(practice.server));
  CHECK(practice.server.most_connections() <= 4);
}

TEST_CASE("an append-only profile is examined without renaming or removing or replacing anything") {
  FakeOptions options;
  options.drop_box = GENERATE(DropBox::resume, DropBox::strict);
  Practice practice(options);
  practice.profile.jobs[0].append_only = true;
  const DoctorReport report = practice.examine();
  for (const DoctorCheck& check : report.checks) {
    INFO(check.name << ": " << check.found);
    CHECK((check.verdict == Verdict::works || check.name == "resume"));
  }
  CHECK(report.outcome == ExitCode::done);
  CHECK(the(report, "append_only").found.find("small files stay in .outhaul/doctor-") != std::string::npos);
  CHECK(practice.server.count("RNFR") + practice.server.count("DELE") + practice.server.count("RMD") == 0);
}

namespace {

/// The server has nothing against anything but what begins so.
void forbid(FakeServer& server, std::string call) {
  server.set_faults([call = std::move(call)](const FakeCall& made) -> std::optional<Fault> {
    if (!made.what.starts_with(call)) return std::nullopt;
    return Fault{Fault::Effect::refused, FailureClass::skip_file, 550};
  });
}

}  // namespace

TEST_CASE("a server that forbids names that end in .part needs another suffix, says the doctor") {
  Practice practice;
  forbid(practice.server, "PUT .outhaul/doctor/probe.part");
  const DoctorReport report = practice.examine();
  CHECK(report.outcome == ExitCode::failed);
  CHECK(the(report, "part").verdict == Verdict::fails);
  CHECK(the(report, "part").advice.find("\"part_suffix\"") != std::string::npos);
  CHECK(only_ours_is_left(practice.server));
}

TEST_CASE("a server that forbids names that begin with a dot needs another directory, says the doctor") {
  Practice practice;
  forbid(practice.server, "MKD .outhaul");
  const DoctorReport report = practice.examine();
  CHECK(the(report, "make_dir").verdict == Verdict::fails);
  CHECK(the(report, "make_dir").advice.find("\"control_dir\"") != std::string::npos);
  CHECK_FALSE(practice.server.is_dir("outhaul-doctor"));
}

TEST_CASE("an account that may make no directory is not told of names by the doctor") {
  Practice practice;
  forbid(practice.server, "MKD ");
  const DoctorReport report = practice.examine();
  CHECK(the(report, "make_dir").verdict == Verdict::fails);
  CHECK(the(report, "make_dir").advice.find("\"control_dir\"") == std::string::npos);
}

TEST_CASE("a server that sets no permissions is told of unless the profile leaves them to it") {
  FakeOptions options;
  options.has_modes = false;
  Practice practice(options);
  const DoctorReport report = practice.examine();
  CHECK(the(report, "mode").verdict == Verdict::degraded);
  CHECK(the(report, "mode").advice.find("\"remote_modes\": \"server\"") != std::string::npos);
  CHECK(report.outcome == ExitCode::done);

  practice.profile.jobs[0].remote_modes.rule = RemoteModes::Rule::by_server;
  const DoctorReport left_alone = practice.examine();
  CHECK(std::ranges::none_of(left_alone.checks, [](const DoctorCheck& check) { return check.name == "mode"; }));
}

TEST_CASE("a server that can't rename over a name is remembered and a run does without") {
  FakeOptions options;
  options.replaces = false;
  Practice practice(options);
  const DoctorReport report = practice.examine();
  CHECK(the(report, "rename_over").verdict == Verdict::degraded);
  CHECK(report.memory.rename_over == false);
  CHECK(report.outcome == ExitCode::done);
  CHECK(only_ours_is_left(practice.server));
}

TEST_CASE("what is found out about resuming is remembered either way") {
  using enum FakeOptions::Resumes;
  const FakeOptions::Resumes resumes = GENERATE(rightly, zeroes_head, replaces, refuses, loses, empties);
  FakeOptions options;
  options.resumes = resumes;
  Practice practice(options);
  const DoctorReport report = practice.examine();
  CHECK(the(report, "resume").verdict == (resumes == rightly ? Verdict::works : Verdict::degraded));
  CHECK(report.memory.resume == (resumes == rightly));
  CHECK(report.memory.resume_seen_ns > 0);
  if (resumes != rightly)
    CHECK(the(report, "resume").advice.find("Runs don't resume on this server") != std::string::npos);
  CHECK(report.outcome == ExitCode::done);
  CHECK(only_ours_is_left(practice.server));
}

TEST_CASE("a line that breaks while resuming is tried says nothing about the server") {
  Practice practice;
  practice.server.set_faults([](const FakeCall& call) -> std::optional<Fault> {
    static constexpr std::string_view kSending = "SENDING .outhaul/doctor/resumed";
    static int sendings;
    if (call.number == 1) sendings = 0;
    if (call.what != kSending || ++sendings != 2) return std::nullopt;
    return Fault{Fault::Effect::lost, FailureClass::reconnect, 0};
  });
  CHECK_FALSE(practice.examine().memory.resume.has_value());
}

TEST_CASE("a server without sizes and times is examined to the end") {
  FakeOptions options;
  options.has_size = false;
  options.has_mtime = false;
  Practice practice(options);
  const DoctorReport report = practice.examine();
  CHECK(the(report, "store").verdict == Verdict::works);
  CHECK(the(report, "mtime").verdict == Verdict::degraded);
  CHECK(report.memory.case_sensitive == true);
  CHECK(report.outcome == ExitCode::done);
  CHECK(only_ours_is_left(practice.server));
}

TEST_CASE("digests are compared with ours where the server offers any and not spoken of elsewhere") {
  FakeOptions options;
  options.digest = DigestKind::crc32;
  Practice practice(options);
  CHECK(the(practice.examine(), "digest").verdict == Verdict::works);

  const DoctorReport without = Practice().examine();
  CHECK(
      std::ranges::none_of(without.checks, [](const DoctorCheck& check) { return check.name == "digest"; }));

  options.corrupt = [](std::string stored) {
    if (!stored.empty()) stored.back() ^= 1;
    return stored;
  };
  Practice corrupting(options);
  const DoctorReport report = corrupting.examine();
  CHECK(report.outcome == ExitCode::failed);
  CHECK(the(report, "store").found.find("what comes back differs") != std::string::npos);
}

TEST_CASE("the doctor finds how many connections the server allows") {
  FakeOptions options;
  options.max_connections = 2;
  Practice practice(options);
  const DoctorReport report = practice.examine();
  CHECK(the(report, "connections").verdict == Verdict::degraded);
  CHECK(report.memory.connections == 2);
  CHECK(report.memory.connections_seen_ns > 0);
  CHECK(report.outcome == ExitCode::done);
  CHECK(only_ours_is_left(practice.server));
}

TEST_CASE("an incomplete listing is said to be one") {
  FakeOptions options;
  options.listing_untrusted = "the server cut it short";
  Practice practice(options);
  const DoctorReport report = practice.examine();
  CHECK(the(report, "list").verdict == Verdict::degraded);
  CHECK(the(report, "list").found.find("the server cut it short") != std::string::npos);
}

TEST_CASE("a refused login ends the examination with the server's words") {
  Practice practice;
  practice.server.set_faults([](const FakeCall& call) -> std::optional<Fault> {
    if (call.point != FakePoint::connect) return std::nullopt;
    return Fault{Fault::Effect::refused, FailureClass::stop_run, 530};
  });
  const DoctorReport report = practice.examine();
  CHECK(the(report, "login").verdict == Verdict::fails);
  CHECK(report.outcome == ExitCode::remote_unusable);
  CHECK(practice.server.count("CONNECT") == 1);
}

TEST_CASE("a full server fails the check that a run needs") {
  FakeOptions options;
  options.capacity = 1024;
  Practice practice(options);
  const DoctorReport report = practice.examine();
  CHECK(the(report, "store").verdict == Verdict::fails);
  CHECK(report.outcome == ExitCode::failed);
  CHECK(only_ours_is_left(practice.server));
}

TEST_CASE("whatever breaks once in an examination the next one leaves nothing behind") {
  Practice measure;
  measure.examine();
  const std::uint64_t moments = measure.server.moments();
  for (const Fault::Effect effect : {Fault::Effect::refused, Fault::Effect::lost, Fault::Effect::lost_after})
    for (std::uint64_t n = 1; n <= moments; n += 3) {
      INFO("moment " << n);
      Practice practice;
      const FailureClass failure =
          effect == Fault::Effect::refused ? FailureClass::skip_file : FailureClass::reconnect;
      practice.server.fail_nth(n, {effect, failure, effect == Fault::Effect::refused ? 550 : 0});
      practice.examine();
      practice.examine();
      CHECK(only_ours_is_left(practice.server));
    }
}

TEST_CASE("a cancelled examination stops as cancelled") {
  Practice practice;
  practice.cancel.cancel(2);
  try {
    practice.examine();
    FAIL("it went on");
  } catch (const RemoteError& error) {
    CHECK(error.failure() == FailureClass::cancelled);
  }
}

}  // namespace outhaul::test
