#include "alarm/metrics.h"

#include "support/catch.h"

using namespace outhaul;

namespace {

constexpr std::int64_t kSecond = 1'000'000'000;

RunReport night() {
  RunReport run;
  run.profile = "web\"01\\";
  run.started_ns = 1'796'126'400 * kSecond;
  run.finished_ns = run.started_ns + 90'500'000'000;
  run.outcome = ExitCode::incomplete;
  JobReport job;
  job.done.files_uploaded = 3;
  job.done.bytes_uploaded = 4096;
  job.problem_count = 2;
  run.jobs = {job, job};
  return run;
}

}  // namespace

// Word for word: node_exporter drops a metric that comes with another HELP or TYPE from a second file.
TEST_CASE("the metrics are these and no others") {
  StatusReport status;
  status.last_success.emplace();
  status.last_success->finished_ns = 1'796'040'000 * kSecond;
  status.failures = 1;
  status.files = 21;
  status.bytes = 1'234'567'890'123;
  status.versions = 2;
  status.version_bytes = 77;
  CHECK(metrics_text(night(), status) ==
        R"(# HELP outhaul_last_run_timestamp_seconds When the last run ended, in seconds since 1970.
# TYPE outhaul_last_run_timestamp_seconds gauge
outhaul_last_run_timestamp_seconds{profile="web\"01\\"} 1796126490.5
# HELP outhaul_last_run_exit_code The exit code of the last run; 0 is a success.
# TYPE outhaul_last_run_exit_code gauge
outhaul_last_run_exit_code{profile="web\"01\\"} 3
# HELP outhaul_last_run_duration_seconds How long the last run took.
# TYPE outhaul_last_run_duration_seconds gauge
outhaul_last_run_duration_seconds{profile="web\"01\\"} 90.5
# HELP outhaul_last_run_uploaded_files Files that the last run stored.
# TYPE outhaul_last_run_uploaded_files gauge
outhaul_last_run_uploaded_files{profile="web\"01\\"} 6
# HELP outhaul_last_run_uploaded_bytes Bytes of the files that the last run stored.
# TYPE outhaul_last_run_uploaded_bytes gauge
outhaul_last_run_uploaded_bytes{profile="web\"01\\"} 8192
# HELP outhaul_last_run_problems Problems that the last run met.
# TYPE outhaul_last_run_problems gauge
outhaul_last_run_problems{profile="web\"01\\"} 4
# HELP outhaul_last_success_timestamp_seconds When the last successful run ended, in seconds since 1970.
# TYPE outhaul_last_success_timestamp_seconds gauge
outhaul_last_success_timestamp_seconds{profile="web\"01\\"} 1796040000
# HELP outhaul_consecutive_failures Runs that ended since the last success, none of them one.
# TYPE outhaul_consecutive_failures gauge
outhaul_consecutive_failures{profile="web\"01\\"} 1
# HELP outhaul_stored_files Files that the remote holds, without versions.
# TYPE outhaul_stored_files gauge
outhaul_stored_files{profile="web\"01\\"} 21
# HELP outhaul_stored_bytes Bytes of the files that the remote holds, without versions.
# TYPE outhaul_stored_bytes gauge
outhaul_stored_bytes{profile="web\"01\\"} 1234567890123
# HELP outhaul_versions Versions that are kept beside the current files.
# TYPE outhaul_versions gauge
outhaul_versions{profile="web\"01\\"} 2
# HELP outhaul_versions_bytes Bytes of the versions that are kept.
# TYPE outhaul_versions_bytes gauge
outhaul_versions_bytes{profile="web\"01\\"} 77
)");
}

TEST_CASE("a state that can't be asked leaves out what only it knows") {
  const std::string text = metrics_text(night(), std::nullopt);
  CHECK(text.find("outhaul_last_run_exit_code") != std::string::npos);
  CHECK(text.find("last_success") == std::string::npos);
  CHECK(text.find("outhaul_stored") == std::string::npos);
  CHECK(text.ends_with("\n"));
}
