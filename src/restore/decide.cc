#include "restore/decide.h"

namespace outhaul {
namespace {

using Step = Decision::Step;

Decision decide_directory(const std::optional<Standing>& there) {
  if (!there) return {Step::make_dir, false};
  return {there->kind == Standing::Kind::directory ? Step::keep_dir : Step::in_the_way, false};
}

/// `step` in the place of something that is no directory.
Decision replace(Step step, Overwrite overwrite) {
  return overwrite == Overwrite::never ? Decision{Step::differs, false} : Decision{step, true};
}

Decision decide_symlink(const Entry& entry, const std::optional<Standing>& there, Overwrite overwrite) {
  if (!there) return {Step::make_symlink, false};
  if (there->kind == Standing::Kind::directory) return {Step::in_the_way, false};
  const bool equal = there->kind == Standing::Kind::symlink && there->link_target == entry.link_target;
  if (equal && overwrite != Overwrite::always) return {Step::leave, false};
  return replace(Step::make_symlink, overwrite);
}

Decision decide_file(const Entry& entry, const std::optional<Standing>& there, Overwrite overwrite) {
  const Step from_nothing = entry.size == 0 ? Step::make_file : Step::fetch;
  if (!there) return {from_nothing, false};
  if (there->kind == Standing::Kind::directory) return {Step::in_the_way, false};
  const bool may_be_equal = there->kind == Standing::Kind::file && there->size == entry.size;
  if (may_be_equal && overwrite != Overwrite::always) return {Step::compare, false};
  return replace(from_nothing, overwrite);
}

}  // namespace

Decision decide(const Entry& entry, const std::optional<Standing>& there, Overwrite overwrite) {
  switch (entry.kind) {
    case EntryKind::directory:
      return decide_directory(there);
    case EntryKind::symlink:
      return decide_symlink(entry, there, overwrite);
    case EntryKind::file:
      break;
  }
  return decide_file(entry, there, overwrite);
}

std::string_view describe(Standing::Kind kind) noexcept {
  switch (kind) {
    case Standing::Kind::file:
      return "a file";
    case Standing::Kind::directory:
      return "a directory";
    case Standing::Kind::symlink:
      return "a symlink";
    case Standing::Kind::other:
      break;
  }
  return "a special file";
}

}  // namespace outhaul
