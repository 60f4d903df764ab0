#include "doctor/advice.h"

#include <algorithm>

#include "support/catch.h"

namespace outhaul {
namespace {

using Verdict = DoctorCheck::Verdict;

Profile profile_with(int connections, Proof proof = Proof::size) {
  Profile profile;
  profile.remote.scheme = Scheme::ftp;
  profile.remote.connections = connections;
  profile.jobs.resize(1);
  profile.jobs[0].proof = proof;
  return profile;
}

const DoctorCheck* find(const std::vector<DoctorCheck>& checks, std::string_view name) {
  const auto at =
      std::find_if(checks.begin(), checks.end(), [&](const DoctorCheck& c) { return c.name == name; });
  return at == checks.end() ? nullptr : &*at;
}

}  // namespace

TEST_CASE("a server that suits the profile gets no advice") {
  DoctorReport report;
  report.latency_ms = 0.3;
  report.memory.connections = 4;
  report.memory.case_sensitive = true;
  report.memory.hash = "none";
  report.memory.clock_offset_s = 3;
  CHECK(advise(report, profile_with(4)).empty());
}

TEST_CASE("fewer connections than the profile asks for is advice with the number to set") {
  DoctorReport report;
  report.memory.connections = 3;
  const auto advice = advise(report, profile_with(8));
  const DoctorCheck* connections = find(advice, "connections");
  REQUIRE(connections);
  CHECK(connections->found == "the server allows 3 at a time, the profile asks for 8");
  CHECK(connections->advice.find("\"connections\": 3") != std::string::npos);
}

TEST_CASE("a slow line with few connections is told to try more") {
  DoctorReport report;
  report.latency_ms = 45;
  CHECK(find(advise(report, profile_with(2)), "connections"));
  CHECK_FALSE(find(advise(report, profile_with(4)), "connections"));
  report.latency_ms = 5;
  CHECK_FALSE(find(advise(report, profile_with(2)), "connections"));
}

TEST_CASE("proof by hash fails where the server computes none and is offered where it does") {
  DoctorReport report;
  CHECK(advise(report, profile_with(4, Proof::hash)).empty());  // nobody knows yet
  report.memory.hash = "none";
  const auto fails = advise(report, profile_with(4, Proof::hash));
  REQUIRE(find(fails, "proof"));
  CHECK(find(fails, "proof")->verdict == Verdict::fails);
  report.memory.hash = "HASH SHA-256";
  CHECK(advise(report, profile_with(4, Proof::hash)).empty());
  const auto offer = advise(report, profile_with(4, Proof::size));
  REQUIRE(find(offer, "proof"));
  CHECK(find(offer, "proof")->verdict == Verdict::advice);
}

TEST_CASE("a server that refuses SIZE is said to be slower and not to be broken") {
  DoctorReport report;
  report.memory.size = false;
  const auto advice = advise(report, profile_with(1));
  REQUIRE(find(advice, "size"));
  CHECK(find(advice, "size")->verdict == Verdict::advice);
}

TEST_CASE("plaintext and unverified certificates and odd clocks are named") {
  DoctorReport report;
  Profile profile = profile_with(4);
  profile.remote.tls.off = true;
  CHECK(find(advise(report, profile), "plaintext"));
  profile.remote.tls.off = false;
  profile.remote.tls.verify = false;
  CHECK(find(advise(report, profile), "unverified"));
  report.memory.clock_offset_s = -7200;
  const auto advice = advise(report, profile);
  REQUIRE(find(advice, "clock"));
  CHECK(find(advice, "clock")->found == "the server's clock is 120 min behind ours");
}

TEST_CASE("refused Windows names lead to the setting that escapes them") {
  DoctorReport report;
  report.checks.push_back({"windows_names", "", Verdict::degraded, {}, {}});
  Profile profile = profile_with(4);
  CHECK(find(advise(report, profile), "names"));
  profile.remote.names.windows = true;
  CHECK_FALSE(find(advise(report, profile), "names"));
}

TEST_CASE("the outcome is the gravest check") {
  DoctorReport report;
  CHECK(outcome_of(report) == ExitCode::done);
  report.checks.push_back({"mtime", "", Verdict::degraded, {}, {}});
  CHECK(outcome_of(report) == ExitCode::done);
  report.checks.push_back({"rename", "", Verdict::fails, {}, {}});
  CHECK(outcome_of(report) == ExitCode::failed);
  report.checks.insert(report.checks.begin(), {"login", "", Verdict::fails, {}, {}});
  CHECK(outcome_of(report) == ExitCode::remote_unusable);
}

}  // namespace outhaul
