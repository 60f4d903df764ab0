#include "execute/tally.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace outhaul {
namespace {

int gravity(FailureClass failure) {
  switch (failure) {
    case FailureClass::none:
      return 0;
    case FailureClass::cancelled:
      return 1;
    case FailureClass::no_space:
      return 2;
    case FailureClass::stop_job:
      return 3;
    default:
      return 4;  // the remote itself is lost
  }
}

}  // namespace

void Tally::did(ActionKind kind, const RelPath& path, std::uint64_t bytes) {
  events_.on(ActionDone{kind, path.bytes(), bytes});
}

void Tally::problem(Problem::Severity severity, const RelPath& path, std::string message,
                    std::string advice) {
  Problem problem{severity, report_.job, printable(path.bytes()), std::move(message), std::move(advice)};
  events_.on(ProblemFound{problem});
  ++report_.problem_count;
  if (severity == Problem::Severity::error && report_.outcome == ExitCode::done)
    report_.outcome = ExitCode::incomplete;
  if (report_.problems.size() < JobReport::kMaxProblems) report_.problems.push_back(std::move(problem));
}

void Tally::changed(const RelPath& path) {
  constexpr std::uint64_t kNamed = 3;
  if (++changed_count_ > kNamed) return;
  changed_names_ += (changed_count_ == 1 ? "" : ", ") + printable(path.bytes());
}

void Tally::tell_changed() {
  if (changed_count_ == 0) return;
  const bool more = changed_names_.empty() || changed_count_ > 3;
  problem(Problem::Severity::note, {},
          fmt::format("{} changed while {} read, as \"changing\" allows, and {} stored as read: {}{}",
                      changed_count_ == 1 ? "1 file" : fmt::format("{} files", changed_count_),
                      changed_count_ == 1 ? "it was" : "they were", changed_count_ == 1 ? "is" : "are",
                      changed_names_, more ? ", …" : ""));
}

void Tally::mode_not_set(const RelPath& path, const std::string& reply) {
  if (++modes_not_set_ == 1) first_without_mode_ = printable(path.bytes());
  if (words_about_modes_.empty()) words_about_modes_ = reply;
}

/// Everything is stored: a note.
void Tally::tell_modes() {
  if (modes_not_set_ == 0) return;
  const bool one = modes_not_set_ == 1;
  problem(Problem::Severity::note, {},
          fmt::format("{} not the permissions that \"remote_modes\" asks for, because the server doesn't change "
                      "them: others may be able to read what is private here{}{}",
                      one ? fmt::format("\"{}\" has", first_without_mode_)
                          : fmt::format("{} files and directories (\"{}\", …) have", modes_not_set_,
                                        first_without_mode_),
                      words_about_modes_.empty() ? "" : "; it said: ", words_about_modes_),
          "Let the provider allow changes of permissions (SITE CHMOD), or set a umask of 077 for the account; or "
          "set \"remote_modes\" to \"server\" if it is meant so.");
}

void Tally::expect(std::uint64_t bytes) noexcept {
  ++expected_.files;
  expected_.bytes += bytes;
}

void Tally::tell_what_is_left() noexcept {
  const auto less = [](std::uint64_t from, std::uint64_t what) { return from - std::min(from, what); };
  const JobCounters& done = report_.done;
  report_.left.files = less(expected_.files, done.files_uploaded);
  report_.left.bytes = report_.left.files == 0 ? 0 : less(expected_.bytes, done.bytes_uploaded + in_parts_);
}

void Tally::failed(const RelPath& path, std::string message, std::string advice) {
  failed_.insert(path.bytes());
  problem(Problem::Severity::error, path, std::move(message), std::move(advice));
}

void Tally::failed(const Entry& entry, const std::string& message, std::string advice) {
  not_stored(entry, message);
  failed(entry.path, message, std::move(advice));
}

void Tally::doubt(const Entry& entry, const std::string& reason) {
  not_stored(entry, reason);
  doubt(entry.path);
}

void Tally::not_stored(const Entry& entry, const std::string& reason) {
  if (entry.kind != EntryKind::file) return;  // what lies in a directory speaks for itself
  std::vector<OpenProblem>& all = report_.unstored;
  if (all.size() < JobReport::kMaxProblems)
    all.push_back({entry.path, entry.size, kNoRun, reason});
  else if (all.size() == JobReport::kMaxProblems)
    all.push_back({{}, {}, kNoRun, "more files than are remembered one by one"});
}

void Tally::stop(FailureClass failure, std::string message, std::string advice) {
  if (gravity(failure) <= gravity(stop_)) return;
  stop_ = failure;
  if (failure == FailureClass::cancelled) return;  // whoever cancelled knows why
  problem(Problem::Severity::error, {}, std::move(message), std::move(advice));
  if (failure == FailureClass::no_space) return;  // incomplete, and that was said
  report_.outcome = worst_of(report_.outcome, ExitCode::remote_unusable);
  report_.remote_lost = failure != FailureClass::stop_job;
}

bool Tally::failed_below(const RelPath& dir) const {
  if (dir.empty()) return !failed_.empty();
  if (failed_.contains(dir.bytes())) return true;
  const std::string inside = dir.bytes() + '/';
  const auto first = failed_.lower_bound(inside);
  return first != failed_.end() && first->starts_with(inside);
}

bool Tally::failed_above(const RelPath& path) const {
  if (failed_.empty()) return false;
  for (std::string_view at = path.bytes(); !at.empty();) {
    if (failed_.contains(at)) return true;
    const std::size_t slash = at.rfind('/');
    at = slash == std::string_view::npos ? std::string_view{} : at.substr(0, slash);
  }
  return false;
}

ExitCode Tally::outcome() const {
  return report_.outcome;
}

}  // namespace outhaul
