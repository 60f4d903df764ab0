#include "restore/selection.h"

#include <algorithm>
#include <utility>

#include "outhaul/error.h"

namespace outhaul {
namespace {

/// Everything below `dir` sorts before this.
std::string end_of(const RelPath& dir) {
  return dir.bytes() + static_cast<char>('/' + 1);
}

}  // namespace

bool looks_like_pattern(std::string_view text) noexcept {
  return text.find_first_of("*?[") != std::string_view::npos;
}

Wanted Wanted::path(RelPath path) {
  Wanted wanted;
  wanted.path_ = std::move(path);
  return wanted;
}

Wanted Wanted::pattern(const std::string& glob) {
  if (const std::string fault = pattern_fault(glob); !fault.empty())
    throw Error(ErrorKind::usage, "\"" + printable(glob) + "\": this pattern " + fault,
                "Patterns are those of .gitignore; put a backslash before * ? [ to mean the character.");
  Wanted wanted;
  // A leading "!" would turn the pattern round.
  wanted.pattern_ = Filter({glob.starts_with('!') ? "\\" + glob : glob});
  return wanted;
}

bool Wanted::takes(const Entry& entry) const {
  if (!is_pattern()) return entry.path.is_at_or_below(path_);
  return pattern_.decide(entry.path, entry.kind == EntryKind::directory).excluded;
}

Selection::Selection(std::vector<Wanted> wanted) : wanted_(std::move(wanted)), found_(wanted_.size()) {}

bool Selection::takes(const Entry& entry) {
  bool taken = wanted_.empty();
  for (std::size_t i = 0; i < wanted_.size(); ++i) {
    if (!wanted_[i].takes(entry)) continue;
    taken = true;
    found_[i] = true;
  }
  return taken;
}

void Selection::hand_over_parents(const Entry& entry, const std::function<void(Entry&&)>& each) {
  const auto leads_here = [&](const Entry& dir) { return entry.path.is_at_or_below(dir.path); };
  for (Entry& dir : open_dirs_)
    if (leads_here(dir)) each(Entry(dir));
  std::erase_if(open_dirs_, leads_here);
}

void Selection::run(EntryStream& tree, const std::function<void(Entry&&)>& each) {
  for (Entry entry; tree.next(entry);) {
    std::erase_if(open_dirs_, [&](const Entry& dir) { return end_of(dir.path) <= entry.path.bytes(); });
    if (takes(entry)) {
      hand_over_parents(entry, each);
      each(std::move(entry));
      entry = Entry{};
    } else if (entry.kind == EntryKind::directory) {
      open_dirs_.push_back(entry);
    }
  }
}

}  // namespace outhaul
