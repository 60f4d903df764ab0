#include "report/sentences.h"

#include <fmt/format.h>

#include "report/format.h"
#include "report/text.h"

namespace outhaul {
namespace {

std::string files_and_bytes(std::uint64_t files, std::uint64_t bytes) {
  return fmt::format("{} ({})", counted(files, "file"), format_bytes(bytes));
}

/// Collects "verb count" pairs; the ones that count nothing are left out.
class Phrases {
 public:
  void add(std::uint64_t count, std::string_view verb, const std::string& what) {
    if (count != 0) parts_.push_back(fmt::format("{} {}", verb, what));
  }
  std::string text() const { return joined(parts_, ", "); }

 private:
  std::vector<std::string> parts_;
};

}  // namespace

std::string joined(const std::vector<std::string>& parts, std::string_view separator) {
  std::string text;
  for (const std::string& part : parts) {
    if (&part != &parts.front()) text += separator;
    text += part;
  }
  return text;
}

std::string planned_sentence(const PlanCounts& counts) {
  Phrases phrases;
  phrases.add(counts.uploads, "upload", files_and_bytes(counts.uploads, counts.upload_bytes));
  phrases.add(counts.compares, "compare", files_and_bytes(counts.compares, counts.compare_bytes));
  phrases.add(counts.moves, "move", grouped(counts.moves));
  phrases.add(counts.retires, "keep as versions only", files_and_bytes(counts.retires, counts.retire_bytes));
  phrases.add(counts.removes, "delete", files_and_bytes(counts.removes, counts.remove_bytes));
  phrases.add(counts.make_dirs, "make", counted(counts.make_dirs, "directory", "directories"));
  phrases.add(counts.remove_dirs, "remove", counted(counts.remove_dirs, "directory", "directories"));
  const std::uint64_t state_only = counts.records + counts.forgets;
  phrases.add(state_only, "record", fmt::format("{} in the state", grouped(state_only)));
  phrases.add(counts.withheld, "withhold", grouped(counts.withheld));
  const std::string text = phrases.text();
  return text.empty() ? text : "would " + text;
}

std::string put_off_sentence(const PutOff& put_off) {
  const std::string since = put_off.since == kNoRun
                                ? std::string()
                                : fmt::format(", since run {} ({})", static_cast<std::int64_t>(put_off.since),
                                              format_time_local(put_off.since_ns));
  const char* const why =
      put_off.why == PutOff::Why::clock ? "" : "they may be the only copies of what is not stored: ";
  return fmt::format("{} ({}) and {} that \"versions\" lets go stay{}: {}{}",
                     counted(put_off.versions, "version"), format_bytes(put_off.bytes),
                     counted(put_off.runs.size(), "run"), since, why, printable(put_off.because));
}

std::string done_sentence(const JobCounters& done) {
  Phrases phrases;
  phrases.add(done.files_uploaded, "uploaded", files_and_bytes(done.files_uploaded, done.bytes_uploaded));
  phrases.add(done.compared, "compared", grouped(done.compared));
  phrases.add(done.moved, "moved", grouped(done.moved));
  phrases.add(done.superseded, "kept", counted(done.superseded, "replaced copy", "replaced copies"));
  phrases.add(done.retired, "kept as versions only", grouped(done.retired));
  phrases.add(done.removed, "deleted", grouped(done.removed));
  phrases.add(done.dirs_made, "made", counted(done.dirs_made, "directory", "directories"));
  phrases.add(done.dirs_removed, "removed", counted(done.dirs_removed, "directory", "directories"));
  phrases.add(done.recorded, "recorded", grouped(done.recorded));
  phrases.add(done.kept, "kept", grouped(done.kept));
  phrases.add(done.withheld, "withheld", grouped(done.withheld));
  phrases.add(done.expired, "let go",
              fmt::format("{} ({})", counted(done.expired, "version"), format_bytes(done.expired_bytes)));
  return phrases.text();
}

PlanCounts sum(const PlanCounts& a, const PlanCounts& b) {
  PlanCounts total = a;
  for (const auto member :
       {&PlanCounts::make_dirs,     &PlanCounts::uploads,       &PlanCounts::compares,
        &PlanCounts::moves,         &PlanCounts::removes,       &PlanCounts::remove_dirs,
        &PlanCounts::records,       &PlanCounts::forgets,       &PlanCounts::withheld,
        &PlanCounts::upload_bytes,  &PlanCounts::compare_bytes, &PlanCounts::remove_bytes,
        &PlanCounts::scanned_files, &PlanCounts::scanned_dirs,  &PlanCounts::scanned_symlinks,
        &PlanCounts::scanned_bytes, &PlanCounts::unchanged,     &PlanCounts::stored_files,
        &PlanCounts::retires,       &PlanCounts::retire_bytes})
    total.*member += b.*member;
  return total;
}

Verb verb_for(ActionKind kind, bool replaces) noexcept {
  switch (kind) {
    case ActionKind::make_dir:
      return {"+", "mkdir", "made"};
    case ActionKind::upload:
      return replaces ? Verb{"~", "update", "updated"} : Verb{"+", "upload", "uploaded"};
    case ActionKind::compare:
      return {"?", "compare", "compared"};
    case ActionKind::move:
      return {"→", "move", "moved"};
    case ActionKind::remove:
      return {"-", "delete", "deleted"};
    case ActionKind::remove_dir:
      return {"-", "rmdir", "removed"};
    case ActionKind::record:
      return {"=", "record", "recorded"};
    case ActionKind::forget:
      return {"=", "forget", "forgot"};
    case ActionKind::withhold:
      return {"!", "withheld", "withheld"};
    case ActionKind::retire:
      return {"-", "retire", "retired"};
  }
  return {"!", "unknown", "unknown"};
}

std::string shown_lines(std::string_view text, std::string_view indent) {
  std::string shown;
  while (true) {
    const std::size_t newline = text.find('\n');
    shown += printable(text.substr(0, newline));
    if (newline == std::string_view::npos || newline + 1 == text.size()) return shown;
    shown += fmt::format("\n{}", indent);
    text.remove_prefix(newline + 1);
  }
}

std::string refusal_text(const GuardRefusal& refusal, std::string_view indent) {
  std::string text = fmt::format("{}refused ({}): {}\n", indent, to_string(refusal.guard),
                                 shown_lines(refusal.message, std::string(indent) + "  "));
  if (!refusal.advice.empty()) {
    const std::string deeper = std::string(indent) + "  ";
    text += fmt::format("{}{}\n", deeper, shown_lines(refusal.advice, deeper));
  }
  return text;
}

}  // namespace outhaul
