#include "job/explain.h"

#include <fmt/format.h>
#include <sys/stat.h>

#include <cerrno>
#include <system_error>

#include "filter/patterns.h"
#include "job/name_rules.h"
#include "outhaul/increment.h"
#include "outhaul/names.h"
#include "scan/left_out.h"
#include "state/state.h"

namespace outhaul {
namespace {

const char* kind_word(mode_t mode) {
  if (S_ISDIR(mode)) return "a directory";
  if (S_ISREG(mode)) return "a file";
  if (S_ISLNK(mode)) return "a symlink";
  if (S_ISSOCK(mode)) return "a socket, which is never stored";
  if (S_ISFIFO(mode)) return "a FIFO, which is never stored";
  return "a device, which is never stored";
}

std::string rule_line(const Job& job, const RelPath& path, bool is_directory) {
  const Filter filter(job.exclude);
  const Filter::Decision decision = filter.decide(path, is_directory);
  if (!decision.excluded)
    if (const std::string why = left_out_because(job.source, path, job.leave_out); !why.empty())
      return "excluded: " + why;
  if (!decision.rule)
    return job.leave_out == LeaveOut{} ? "included: no exclude pattern matches it"
                                       : "included: nothing excludes it";
  const std::string& pattern = filter.pattern(*decision.rule);
  const std::string at = decision.at == path
                             ? std::string("it")
                             : fmt::format("its directory \"{}\"", printable(decision.at.bytes()));
  return decision.excluded ? fmt::format("excluded: pattern \"{}\" matches {}", printable(pattern), at)
                           : fmt::format("included: pattern \"{}\" takes {} back in", printable(pattern), at);
}

std::string state_line(const Profile& profile, const JobPath& wanted,
                       const std::filesystem::path& state_dir) {
  if (!has_state(state_dir)) return "not on the remote: the profile has never run here";
  const State state = State::open(state_dir, profile.name, State::Open::read_only);
  const auto job = state.find_job(wanted.job->name);
  const auto entry = job ? state.entry(*job, wanted.path) : std::nullopt;
  if (!entry) return "not on the remote, as far as the state knows";
  if (entry->kind == EntryKind::symlink) return "recorded in the state (FTP can't store symlinks)";
  if (entry->kind == EntryKind::directory) return "on the remote: the directory";
  return fmt::format("on the remote: {} byte{}", entry->size, entry->size == 1 ? "" : "s");
}

Job as_stored(const Profile& profile, const Job& job, const std::filesystem::path& state_dir) {
  if (!has_state(state_dir)) return job;
  return with_known_names(State::open(state_dir, profile.name, State::Open::read_only), job);
}

/// The longest one of an append-only job, whose runs each have a directory.
RemotePath remote_path_of(const Job& job, const RelPath& path) {
  if (!job.append_only) return remote_path_for(job.target, path, job.names);
  return longest_increment_dir(job.target) / remote_path_for({}, path, job.names);
}

std::string shown(const Job& job, const RelPath& path) {
  const RemotePath target = job.append_only ? job.target / RemotePath::parse("run-NUMBER-TIME") : job.target;
  const RemotePath remote = job.append_only ? target / remote_path_for({}, path, job.names)
                                            : remote_path_for(target, path, job.names);
  return remote.empty() ? "(the base directory)" : printable(remote.wire());
}

}  // namespace

std::string explain_path(const Profile& profile, const JobPath& wanted,
                         const std::filesystem::path& state_dir) {
  const std::filesystem::path local =
      wanted.path.empty() ? wanted.job->source : wanted.job->source / wanted.path.bytes();
  struct stat st = {};
  const bool there = ::lstat(local.c_str(), &st) == 0;
  const int reason = there ? 0 : errno;
  std::string text = fmt::format("{}\n  job:     {}\n", printable(local.native()), wanted.job->name);
  text +=
      fmt::format("  source:  {}\n", there ? kind_word(st.st_mode) : std::generic_category().message(reason));
  if (!wanted.path.empty()) {
    text += fmt::format("  filter:  {}\n", rule_line(*wanted.job, wanted.path, there && S_ISDIR(st.st_mode)));
    text += fmt::format("  state:   {}\n", state_line(profile, wanted, state_dir));
  }
  const Job job = as_stored(profile, *wanted.job, state_dir);
  const RemotePath remote = remote_path_of(job, wanted.path);
  text += fmt::format("  remote:  {}\n", shown(job, wanted.path));
  if (const auto segment = too_long(remote); !segment.empty())
    text += fmt::format("  warning: the {} on the remote would have {} bytes; at most {} can be stored\n",
                        segment.size() > kMaxRemotePath ? "path" : "name", segment.size(),
                        segment.size() > kMaxRemotePath ? kMaxRemotePath : kMaxRemoteName);
  return text;
}

}  // namespace outhaul
