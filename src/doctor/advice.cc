#include "doctor/advice.h"

#include <fmt/format.h>

#include <algorithm>

namespace outhaul {
namespace {

using Verdict = DoctorCheck::Verdict;

constexpr double kSlowRoundTrip = 20.0;  // ms: from here on waiting costs more than sending for small files

bool any_job_wants(const Profile& profile, Proof proof) {
  return std::any_of(profile.jobs.begin(), profile.jobs.end(),
                     [&](const Job& job) { return job.proof == proof; });
}

void on_plaintext(const Profile& profile, std::vector<DoctorCheck>& advice) {
  const RemoteSettings& remote = profile.remote;
  if (remote.scheme == Scheme::ftp && remote.tls.off)
    advice.push_back({"plaintext", "privacy", Verdict::advice,
                      "\"tls\": \"off\": everybody on the way can read the password and the files",
                      "Remove the key \"tls\" if this server offers TLS; `outhaul doctor` tells at once."});
  else if (!remote.tls.verify && remote.tls.pins.empty() && remote.scheme != Scheme::file)
    advice.push_back({"unverified", "privacy", Verdict::advice, "the server's certificate is not checked",
                      "Set \"tls\": {\"pin\": …}."});
}

void on_connections(const DoctorReport& report, const Profile& profile, std::vector<DoctorCheck>& advice) {
  const int wanted = profile.remote.connections;
  const auto& cap = report.memory.connections;
  if (cap && *cap < wanted) {
    advice.push_back(
        {"connections", "connections", Verdict::advice,
         fmt::format("the server allows {} at a time, the profile asks for {}", *cap, wanted),
         fmt::format("Set \"connections\": {}; a run finds that out too, but begins with a refusal.", *cap)});
  } else if (report.latency_ms.value_or(0) >= kSlowRoundTrip && wanted < 4) {
    advice.push_back({"connections", "connections", Verdict::advice,
                      fmt::format("a round trip takes {:.0f} ms, and the profile allows {} connection{}",
                                  *report.latency_ms, wanted, wanted == 1 ? "" : "s"),
                      "Many small files go faster over more: try \"connections\": 4 or more, as far as the "
                      "provider allows it."});
  }
}

void on_proof(const DoctorReport& report, const Profile& profile, std::vector<DoctorCheck>& advice) {
  const bool offered = report.memory.hash && *report.memory.hash != "none";
  if (any_job_wants(profile, Proof::hash) && report.memory.hash && !offered)
    advice.push_back({"proof", "proof by hash", Verdict::fails,
                      "the profile asks for \"proof\": \"hash\", and this server computes none",
                      "Set \"proof\" to \"read_back\" (fetches every file once more) or to \"size\"."});
  else if (offered && any_job_wants(profile, Proof::size))
    advice.push_back({"proof", "proof by hash", Verdict::advice,
                      fmt::format("the server can compute digests ({})", *report.memory.hash),
                      "\"proof\": \"hash\" has it compare each upload's content, not only its size."});
}

void on_sizes(const DoctorReport& report, std::vector<DoctorCheck>& advice) {
  if (report.memory.size == false)
    advice.push_back({"size", "sizes of files", Verdict::advice,
                      "the server refuses SIZE, so uploads are proven by MLST or by listings",
                      "That works, and is slower. Ask the provider to allow SIZE (RFC 3659)."});
}

void on_names(const DoctorReport& report, const Profile& profile, std::vector<DoctorCheck>& advice) {
  if (report.memory.case_sensitive == false)
    advice.push_back(
        {"case", "names", Verdict::advice, "the server takes \"A\" and \"a\" for the same name",
         "Of two files whose names differ in case alone only one is stored; the run names both."});
  const auto odd = std::find_if(report.checks.begin(), report.checks.end(), [](const DoctorCheck& check) {
    return check.name == "windows_names" && check.verdict != Verdict::works;
  });
  if (odd != report.checks.end() && !profile.remote.names.windows)
    advice.push_back({"names", "names", Verdict::advice, "the server refuses names that Windows can't hold",
                      "Set \"names\": \"windows\": such names are then stored in an escaped form."});
}

void on_clock(const DoctorReport& report, std::vector<DoctorCheck>& advice) {
  const auto& offset = report.memory.clock_offset_s;
  if (offset && std::abs(*offset) > 120)
    advice.push_back({"clock", "clock", Verdict::advice,
                      fmt::format("the server's clock is {} min {} ours", (std::abs(*offset) + 30) / 60,
                                  *offset > 0 ? "ahead of" : "behind"),
                      "That is harmless: nothing is decided by the server's times."});
}

}  // namespace

std::vector<DoctorCheck> advise(const DoctorReport& report, const Profile& profile) {
  std::vector<DoctorCheck> advice;
  on_proof(report, profile, advice);
  on_sizes(report, advice);
  on_plaintext(profile, advice);
  on_names(report, profile, advice);
  on_connections(report, profile, advice);
  on_clock(report, advice);
  std::stable_sort(advice.begin(), advice.end(),
                   [](const DoctorCheck& a, const DoctorCheck& b) { return a.verdict > b.verdict; });
  return advice;
}

ExitCode outcome_of(const DoctorReport& report) noexcept {
  for (const DoctorCheck& check : report.checks)
    if (check.verdict == Verdict::fails)
      return check.name == "login" ? ExitCode::remote_unusable : ExitCode::failed;
  return ExitCode::done;
}

}  // namespace outhaul
