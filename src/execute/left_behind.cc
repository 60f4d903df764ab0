#include "execute/left_behind.h"

#include <set>
#include <string>
#include <utility>

#include "outhaul/ascii_case.h"

namespace outhaul {
namespace {

/// Names at which the first pass stores something. What waits for a name to be freed doesn't count.
std::set<std::string> names_in_use(const Plan& plan) {
  std::set<std::string> names;
  for (const Action& action : plan.actions) {
    const bool stores = action.kind == ActionKind::make_dir || action.kind == ActionKind::upload ||
                        action.kind == ActionKind::compare || action.kind == ActionKind::move ||
                        action.kind == ActionKind::record || action.kind == ActionKind::withhold;
    if (stores && !action.after_removals) names.insert(action.entry.path.bytes());
  }
  return names;
}

/// ASCII letters as small ones, and each run of other letters as one: composed and decomposed, large and
/// small ones have different bytes.
std::string blurred(const RelPath& path) {
  std::string text;
  bool foreign = false;
  for (const char c : path.bytes()) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte >= 0x80) {
      // U+0300 to U+036F: the mark of a decomposed letter, whose other part is an ASCII one.
      const bool is_mark = byte == 0xCC || byte == 0xCD;
      if (!foreign && is_mark && !text.empty() && text.back() >= 'a' && text.back() <= 'z') text.pop_back();
      if (!foreign) text += '?';
      foreign = true;
      continue;
    }
    foreign = false;
    text += ascii_lower(c);
  }
  return text;
}

}  // namespace

bool may_be_one_name(const RelPath& a, const RelPath& b) {
  return blurred(a) == blurred(b);
}

LeftBehind left_behind(const Plan& plan, const State& state, JobId job, bool second_pass) {
  LeftBehind left;
  std::optional<std::set<std::string>> used;
  for (const Action& move : plan.actions) {
    if (move.kind != ActionKind::move || move.after_removals != second_pass) continue;
    const std::optional<Entry> before = state.entry(job, move.from);
    if (!before || before->object != move.entry.object) continue;
    const std::optional<Entry> now = state.entry(job, move.entry.path);
    if (!now || now->object == kNoObject || now->object == move.entry.object) continue;
    if (!used) used = names_in_use(plan);
    if (used->contains(move.from.bytes())) continue;
    (may_be_one_name(move.from, move.entry.path) ? left.under_one_name : left.moves).push_back(&move);
  }
  return left;
}

}  // namespace outhaul
