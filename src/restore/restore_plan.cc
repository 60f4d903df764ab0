#include "restore/restore_plan.h"

#include <fmt/format.h>

#include <utility>

#include "base/nanoseconds.h"

namespace outhaul {
namespace {

using Kind = RestoreStep::Kind;
using Severity = Problem::Severity;

Kind kind_of(Decision::Step step) {
  switch (step) {
    case Decision::Step::make_dir:
      return Kind::make_dir;
    case Decision::Step::keep_dir:
      return Kind::keep_dir;
    case Decision::Step::make_file:
      return Kind::make_file;
    case Decision::Step::compare:
      return Kind::compare;
    case Decision::Step::make_symlink:
      return Kind::make_symlink;
    default:
      return Kind::fetch;
  }
}

std::string_view noun(EntryKind kind) {
  switch (kind) {
    case EntryKind::directory:
      return "a directory";
    case EntryKind::symlink:
      return "a symlink";
    case EntryKind::file:
      break;
  }
  return "a file";
}

}  // namespace

RestorePlanner::RestorePlanner(const Destination& to, Overwrite overwrite,
                               std::function<RemoteCopy(const Entry&)> copy_of)
    : to_(to), overwrite_(overwrite), copy_of_(std::move(copy_of)) {}

void RestorePlanner::problem(Severity severity, const Entry& entry, std::string message, std::string advice) {
  plan_.problems.push_back(
      {severity, {}, printable(entry.path.bytes()), std::move(message), std::move(advice)});
}

void RestorePlanner::add(Entry&& entry) {
  try {
    check_path(entry.path);
    if (entry.path.empty()) check_path(RelPath::trusted("/"));
  } catch (const PathError& error) {
    ++plan_.counts.unavailable;
    return problem(Severity::error, entry, error.what(), error.advice());
  }
  if (!parent_is_usable(entry)) {
    ++plan_.counts.in_the_way;
    if (entry.kind == EntryKind::directory) blocked_.insert(entry.path.bytes());
    return;  // one message, for what blocks it, is enough
  }
  place(std::move(entry), false);
}

/// A directory that the tree doesn't name, but has something in, is made without metadata.
bool RestorePlanner::parent_is_usable(const Entry& entry) {
  const std::string parent(entry.path.parent());
  if (parent.empty() || dirs_.contains(parent)) return true;
  if (blocked_.contains(parent)) return false;
  Entry missing;
  missing.path = RelPath::trusted(parent);
  missing.kind = EntryKind::directory;
  if (!parent_is_usable(missing)) return false;
  place(std::move(missing), true);
  return dirs_.contains(parent);
}

std::optional<Standing> RestorePlanner::look(const Entry& entry) const {
  if (new_dirs_.contains(std::string(entry.path.parent()))) return std::nullopt;
  return to_.look(entry.path);
}

void RestorePlanner::tell_difference(const Entry& entry, const Standing& there) {
  problem(Severity::error, entry,
          fmt::format("left as it is: {} that differs from the backup's {} stands there",
                      describe(there.kind), noun(entry.kind).substr(2)),
          "--overwrite changed replaces what differs; or restore to an empty directory.");
}

void RestorePlanner::tell_obstacle(const Entry& entry, const Standing& there) {
  const bool dir = entry.kind == EntryKind::directory;
  problem(Severity::error, entry,
          fmt::format("not restored{}: {} stands where {} is wanted", dir ? ", nor what is below it" : "",
                      describe(there.kind), noun(entry.kind)),
          there.kind == Standing::Kind::symlink
              ? "Symlinks are not followed. Remove it, or restore to an empty directory."
              : "Directories are never replaced, nor anything by one. Move it away and restore again.");
}

void RestorePlanner::place(Entry&& entry, bool bare) {
  RestoreStep step;
  step.entry = std::move(entry);
  step.bare = bare;
  std::optional<Standing> there;
  try {
    there = look(step.entry);
  } catch (const PathError& error) {
    ++plan_.counts.in_the_way;
    if (step.entry.kind == EntryKind::directory) blocked_.insert(step.entry.path.bytes());
    return problem(Severity::error, step.entry, error.what(), error.advice());
  }
  const Decision decision = decide(step.entry, there, overwrite_);
  if (decision.step == Decision::Step::in_the_way || decision.step == Decision::Step::differs) {
    ++plan_.counts.in_the_way;
    if (step.entry.kind == EntryKind::directory) blocked_.insert(step.entry.path.bytes());
    return decision.step == Decision::Step::differs ? tell_difference(step.entry, *there)
                                                    : tell_obstacle(step.entry, *there);
  }
  if (decision.step == Decision::Step::leave) {
    ++plan_.counts.equal;
    return;
  }
  step.kind = kind_of(decision.step);
  step.replaces = decision.replaces;
  if (step.entry.kind == EntryKind::file) return take_file(std::move(step));
  if (step.entry.kind == EntryKind::directory) {
    dirs_.insert(step.entry.path.bytes());
    if (step.kind == Kind::make_dir) new_dirs_.insert(step.entry.path.bytes());
  }
  count(step);
  plan_.steps.push_back(std::move(step));
}

/// Several names of one file are restored once. Each has an object of its own: only the content says that
/// they were one file when they were read.
void RestorePlanner::take_file(RestoreStep&& step) {
  step.copy = copy_of_(step.entry);
  if (step.kind != Kind::compare && step.kind != Kind::make_file && !step.copy.missing.empty()) {
    ++plan_.counts.unavailable;
    return problem(Severity::error, step.entry, step.copy.missing,
                   "Restore another version of it with --at, if there is one.");
  }
  if (step.entry.links > 1 && step.copy.sha256) {
    const Inode inode{step.entry.dev, step.entry.inode, step.entry.size, *step.copy.sha256};
    const auto [leader, first] = leaders_.try_emplace(inode, plan_.steps.size());
    if (!first && (step.kind != Kind::compare || overwrite_ != Overwrite::never)) {
      step.replaces = step.replaces || step.kind == Kind::compare;
      step.kind = Kind::link;
      step.leader = leader->second;
    }
  }
  count(step);
  plan_.steps.push_back(std::move(step));
}

void RestorePlanner::count(const RestoreStep& step) {
  RestorePlanned& counts = plan_.counts;
  counts.replaces += step.replaces ? 1 : 0;
  switch (step.kind) {
    case Kind::make_dir:
      ++counts.make_dirs;
      break;
    case Kind::keep_dir:
      ++counts.equal;
      break;
    case Kind::make_file:
      ++counts.empty_files;
      break;
    case Kind::fetch:
      ++counts.fetch_files;
      counts.fetch_bytes = clamped_sum(counts.fetch_bytes, step.copy.size);
      break;
    case Kind::compare:
      ++counts.compare_files;
      counts.compare_bytes = clamped_sum(counts.compare_bytes, step.copy.size);
      break;
    case Kind::make_symlink:
      ++counts.symlinks;
      break;
    case Kind::link:
      ++counts.links;
      break;
  }
}

}  // namespace outhaul
