#include "alarm/metrics.h"

#include <fmt/format.h>

#include <string_view>

namespace outhaul {
namespace {

/// A label's value: the three bytes that mean something in it (exposition formats).
std::string quoted(std::string_view value) {
  std::string text;
  for (const char c : value) {
    if (c == '\\' || c == '"')
      text += {'\\', c};
    else if (c == '\n')
      text += "\\n";
    else
      text += c;
  }
  return text;
}

class Metrics {
 public:
  explicit Metrics(std::string_view profile) : label_(quoted(profile)) {}

  void gauge(std::string_view name, std::string_view help, double value) {
    text_ +=
        fmt::format("# HELP outhaul_{0} {1}\n# TYPE outhaul_{0} gauge\nouthaul_{0}{{profile=\"{2}\"}} {3}\n",
                    name, help, label_, value);
  }
  void gauge(std::string_view name, std::string_view help, std::uint64_t value) {
    gauge(name, help, static_cast<double>(value));
  }
  std::string take() { return std::move(text_); }

 private:
  std::string label_, text_;
};

}  // namespace

std::string metrics_text(const RunReport& run, const std::optional<StatusReport>& status) {
  JobCounters done;
  std::uint64_t problems = 0;
  for (const JobReport& job : run.jobs) {
    add_to(done, job.done);
    problems += job.problem_count;
  }
  Metrics metrics(run.profile);
  metrics.gauge("last_run_timestamp_seconds", "When the last run ended, in seconds since 1970.",
                static_cast<double>(run.finished_ns / 1'000'000) / 1000);
  metrics.gauge("last_run_exit_code", "The exit code of the last run; 0 is a success.",
                static_cast<double>(static_cast<int>(run.outcome)));
  metrics.gauge("last_run_duration_seconds", "How long the last run took.",
                static_cast<double>((run.finished_ns - run.started_ns) / 1'000'000) / 1000);
  metrics.gauge("last_run_uploaded_files", "Files that the last run stored.", done.files_uploaded);
  metrics.gauge("last_run_uploaded_bytes", "Bytes of the files that the last run stored.",
                done.bytes_uploaded);
  metrics.gauge("last_run_problems", "Problems that the last run met.", problems);
  if (!status) return metrics.take();
  if (status->last_success && status->last_success->finished_ns)
    metrics.gauge("last_success_timestamp_seconds",
                  "When the last successful run ended, in seconds since 1970.",
                  static_cast<double>(*status->last_success->finished_ns / 1'000'000) / 1000);
  metrics.gauge("consecutive_failures", "Runs that ended since the last success, none of them one.",
                status->failures);
  metrics.gauge("stored_files", "Files that the remote holds, without versions.", status->files);
  metrics.gauge("stored_bytes", "Bytes of the files that the remote holds, without versions.", status->bytes);
  metrics.gauge("versions", "Versions that are kept beside the current files.", status->versions);
  metrics.gauge("versions_bytes", "Bytes of the versions that are kept.", status->version_bytes);
  return metrics.take();
}

}  // namespace outhaul
