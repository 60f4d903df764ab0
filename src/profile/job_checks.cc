#include "profile/job_checks.h"

#include <fmt/format.h>

#include "filter/patterns.h"

namespace outhaul {
namespace {

/// For messages: the job's name, or its place when it has none.
std::string called(const ReadJob& read) {
  return read.has_name ? fmt::format("job \"{}\"", read.job.name)
                       : fmt::format("the job at {}", read.node.pointer());
}

std::string shown(const RemotePath& target) {
  return target.empty() ? "the remote's directory itself" : fmt::format("\"{}\"", printable(target.wire()));
}

void check_name(const ReadJob& earlier, const ReadJob& later) {
  if (!earlier.has_name || !later.has_name || earlier.job.name != later.job.name) return;
  later.node.find("name")->fault_found(
      fmt::format("the name \"{}\" a second time, after {}", later.job.name, earlier.node.pointer()),
      "a name of its own for every job", "the state remembers jobs by their names: rename one of the two");
}

void check_targets(const ReadJob& earlier, const ReadJob& later) {
  if (!earlier.has_target || !later.has_target) return;
  const RemotePath& a = earlier.job.target;
  const RemotePath& b = later.job.target;
  std::string relation;
  if (a == b)
    relation = "the same as";
  else if (b.is_at_or_below(a))
    relation = "inside";
  else if (a.is_at_or_below(b))
    relation = "around";
  else
    return;
  later.node.find("target")->fault_found(
      fmt::format("{}, which is {} the target of {}{}", shown(b), relation, called(earlier),
                  a == b ? std::string{} : fmt::format(", {}", shown(a))),
      "targets side by side", "two jobs in one directory would overwrite and delete each other's files");
}

std::filesystem::path without_trailing_slash(const std::filesystem::path& path) {
  std::filesystem::path normal = path.lexically_normal();
  return normal.has_filename() || normal == normal.root_path() ? normal : normal.parent_path();
}

/// `inner` relative to `outer`, by their letters; none when it is outside, empty when they are the same.
std::optional<RelPath> below(const std::filesystem::path& inner, const std::filesystem::path& outer) {
  const std::string relative = inner.lexically_relative(outer).string();
  if (relative == ".") return RelPath{};
  if (relative.empty() || relative == ".." || relative.starts_with("../")) return std::nullopt;
  return RelPath::parse(relative);
}

/// A remote on a mounted disk below the source is fine as long as the scan doesn't go there.
bool is_left_out(const Job& job, const RelPath& path) {
  if (path.empty()) return false;
  if (job.one_file_system) return true;  // a mounted disk is another file system
  return Filter(job.exclude).decide(path, true).excluded;
}

void check_file_remote(const ReadJob& read, const RemoteSettings& remote) {
  if (!read.has_source) return;
  if (const std::optional<OwnCopy> fault = own_copy(read.job, read.has_target, remote))
    read.node.find("source")->fault_found(fault->found, fault->expected, fault->hint);
}

void check_proof(const ReadJob& read, const RemoteSettings& remote) {
  const bool never = remote.scheme == Scheme::file || remote.scheme == Scheme::sftp;
  if (!never || read.job.proof != Proof::hash) return;
  const auto own = read.node.find("proof");
  (own ? *own : read.node)
      .fault_found("\"hash\" for a remote that computes no digests", "\"size\" or \"read_back\"",
                   "digests are what some FTP servers offer; \"read_back\" fetches every file again instead");
}

/// Where nothing can be deleted, nothing can be promised to be.
void check_append_only(const ReadJob& read) {
  if (!read.job.append_only) return;
  const auto contradiction = [&](const char* key, std::string what, const char* instead) {
    const auto own = read.node.find(key);
    (own ? *own : read.node)
        .fault_found(
            std::move(what), instead,
            "\"append_only\" is for accounts that may neither rename nor delete: everything that was "
            "ever stored stays, and is a version once it leaves the source");
  };
  if (read.job.on_removal == OnRemoval::remove)
    contradiction("on_removal", "\"on_removal\": \"delete\" together with \"append_only\"", "\"retire\"");
  if (read.job.on_removal == OnRemoval::keep)
    contradiction("on_removal", "\"on_removal\": \"keep\" together with \"append_only\"", "\"retire\"");
  if (!read.job.versions.empty())
    contradiction("versions", "\"versions\" together with \"append_only\"",
                  "no \"versions\": nothing is forgotten, because nothing can be deleted");
}

}  // namespace

std::optional<OwnCopy> own_copy(const Job& job, bool with_target, const RemoteSettings& remote) {
  if (remote.scheme != Scheme::file || remote.base.empty()) return std::nullopt;
  const auto source = without_trailing_slash(job.source);
  const auto base = without_trailing_slash(remote.base);
  if (const auto inside = below(base, source); inside && !is_left_out(job, *inside))
    return OwnCopy{
        fmt::format("\"{}\", which holds the remote, {}", printable(source.string()), printable(base.string())),
        "a source that doesn't hold its own copy",
        inside->empty()
            ? "choose another directory for the copy"
            : fmt::format(
                  "exclude it: \"exclude\": [\"/{}/\"], or set \"one_file_system\" when it is a mounted disk",
                  printable(inside->bytes()))};
  if (!with_target) return std::nullopt;
  const auto target = without_trailing_slash(base / job.target.wire());
  if (!below(source, target)) return std::nullopt;
  return OwnCopy{fmt::format("\"{}\", which lies in its own target, {}", printable(source.string()),
                             printable(target.string())),
                 "a source outside of the remote", "choose another directory for the copy"};
}

void check_jobs(const std::vector<ReadJob>& jobs, const RemoteSettings& remote) {
  for (std::size_t later = 0; later < jobs.size(); ++later) {
    for (std::size_t earlier = 0; earlier < later; ++earlier) {
      check_name(jobs[earlier], jobs[later]);
      check_targets(jobs[earlier], jobs[later]);
    }
    if (remote.scheme == Scheme::file) check_file_remote(jobs[later], remote);
    check_proof(jobs[later], remote);
    check_append_only(jobs[later]);
  }
}

}  // namespace outhaul
