#include "job/remote_identity.h"

#include <fmt/format.h>

#include <algorithm>
#include <vector>

#include "outhaul/error.h"

namespace outhaul {
namespace {

constexpr std::string_view kProfileScope = "profile";
constexpr std::string_view kRemoteFact = "remote";

}  // namespace

std::string remote_identity(const RemoteSettings& remote) {
  if (remote.scheme == Scheme::file) return "file://" + remote.base;
  constexpr int kFtp = 21, kSsh = 22, kImplicitTls = 990;
  const bool usual = remote.port == 0 ||
                     (remote.scheme == Scheme::sftp ? remote.port == kSsh
                                                    : remote.port == kFtp || remote.port == kImplicitTls);
  return fmt::format("{}@{}{}/{}{}", remote.user.empty() ? "anonymous" : remote.user, remote.host,
                     usual ? std::string{} : fmt::format(":{}", remote.port), remote.absolute ? "/" : "",
                     remote.base);
}

bool has_stored(const State& state, JobId job) {
  const auto entries = state.entries(job);
  for (Entry entry; entries->next(entry);)
    if (entry.kind == EntryKind::file) return true;
  return std::ranges::any_of(state.parts(job),
                             [](const Part& p) { return p.stage != Part::Stage::sending; }) ||
         std::ranges::any_of(state.intents(job),
                             [](const Intent& i) { return i.kind != Intent::Kind::make_dir; });
}

bool has_stored(const State& state) {
  const State::Totals totals = state.totals();
  if (totals.files + totals.versions + totals.all_bytes() != 0) return true;
  if (std::ranges::any_of(state.catalog().files, &CatalogFile::stored)) return true;
  return std::ranges::any_of(state.job_names(), [&](const std::string& name) {
    const std::optional<JobId> job = state.find_job(name);
    return job && has_stored(state, *job);
  });
}

void check_remote(const State& state, const RemoteSettings& remote) {
  const std::optional<std::string> known = state.server_fact(kProfileScope, kRemoteFact);
  const std::string now = remote_identity(remote);
  if (!known || *known == now || !has_stored(state)) return;
  throw Error(
      ErrorKind::state,
      fmt::format(
          "the state speaks of another remote: it knows what is at \"{}\", but the profile says \"{}\"",
          printable(*known), printable(now)),
      "If it is the same space under a new address, run once with --remote-moved. If it is another space, "
      "give "
      "the profile a new name, or move its state directory away: then everything is sent there.");
}

bool remember_remote(State& state, const RemoteSettings& remote) {
  const std::string now = remote_identity(remote);
  const std::optional<std::string> before = state.server_fact(kProfileScope, kRemoteFact);
  if (before == now) return false;
  state.set_server_fact(kProfileScope, kRemoteFact, now);
  return before.has_value();
}

void forget_directories(State& state, RunId run) {
  for (const std::string& name : state.job_names()) {
    const JobId job = state.find_job(name).value();
    std::vector<RelPath> paths;
    const auto entries = state.entries(job);
    for (Entry entry; entries->next(entry);)
      if (entry.kind == EntryKind::directory) paths.push_back(entry.path);
    if (paths.empty()) continue;
    Transaction transaction = state.begin();
    for (const RelPath& path : paths) state.forget(job, run, path);
    transaction.commit();
  }
}

}  // namespace outhaul
