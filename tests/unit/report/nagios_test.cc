#include "report/nagios.h"

#include "support/catch.h"

using namespace outhaul;

namespace {

constexpr std::int64_t kHour = 3'600'000'000'000;
constexpr std::int64_t kNow = 1'000'000 * kHour;

StatusReport healthy(const std::string& name) {
  StatusReport report;
  report.profile = name;
  report.healthy = true;
  report.verdict = "the remote holds everything the source held at the last run";
  report.last_run.emplace();
  report.last_run->run = RunId{17};
  report.last_run->started_ns = kNow - 4 * kHour;
  report.last_run->finished_ns = kNow - 3 * kHour;
  report.last_run->outcome = ExitCode::done;
  report.last_success = report.last_run;
  report.files = 21;
  report.bytes = 4096;
  report.versions = 3;
  return report;
}

StatusReport failed(const std::string& name, ExitCode outcome) {
  StatusReport report = healthy(name);
  report.healthy = false;
  report.verdict = "the newest run did not succeed";
  report.last_run->outcome = outcome;
  report.failures = 2;
  return report;
}

std::string text(const std::vector<StatusReport>& reports) {
  return nagios_text(reports, nagios_state(reports), kNow);
}

}  // namespace

TEST_CASE("a healthy profile is OK with its numbers behind the bar") {
  CHECK(text({healthy("web01")}) ==
        "OUTHAUL OK: web01: the remote holds everything the source held at the last run (last success 3 h "
        "ago) | "
        "'age'=10800s 'failures'=0 'files'=21 'bytes'=4096B 'versions'=3\n");
  CHECK(nagios_state({healthy("web01")}) == NagiosState::ok);
}

TEST_CASE("an incomplete run is a warning and every other failure critical") {
  CHECK(nagios_state({failed("a", ExitCode::incomplete)}) == NagiosState::warning);
  CHECK(nagios_state({failed("a", ExitCode::remote_unusable)}) == NagiosState::critical);
  StatusReport old = failed("a", ExitCode::incomplete);
  old.verdict = "the last success is older than 26 hours";
  CHECK(nagios_state({old}) == NagiosState::critical);
  StatusReport never;
  never.profile = "a";
  CHECK(nagios_state({never}) == NagiosState::critical);
  CHECK(nagios_state({}) == NagiosState::unknown);
}

TEST_CASE("of several profiles the worst stands in the first line and each has one of its own") {
  const std::string all =
      text({healthy("a"), failed("b", ExitCode::guard_refused), failed("c", ExitCode::incomplete)});
  CHECK(
      all.starts_with("OUTHAUL CRITICAL: 2 of 3 profiles need attention: b: the newest run did not succeed"));
  CHECK(all.find("'a.age'=10800s") != std::string::npos);
  CHECK(all.find("'b.failures'=2") != std::string::npos);
  CHECK(all.find("\nOK a: ") != std::string::npos);
  CHECK(all.find("\nCRITICAL b: ") != std::string::npos);
  CHECK(all.find("\nWARNING c: ") != std::string::npos);
  CHECK(text({healthy("a"), healthy("b")}).starts_with("OUTHAUL OK: all 2 profiles are healthy | "));
}

TEST_CASE("what a message holds begins no numbers and no further line") {
  StatusReport odd = failed("a", ExitCode::failed);
  odd.verdict = "a | b\nc";
  const std::string said = text({odd});
  CHECK(std::count(said.begin(), said.end(), '|') == 1);
  CHECK(std::count(said.begin(), said.end(), '\n') == 1);
}

TEST_CASE("a profile that never succeeded has no age") {
  StatusReport never;
  never.profile = "a";
  never.verdict = "it has never run here";
  CHECK(text({never}) ==
        "OUTHAUL CRITICAL: a: it has never run here | 'failures'=0 'files'=0 'bytes'=0B 'versions'=0\n");
}
