#include "execute/increment_names.h"

#include <fmt/format.h>

#include <functional>

#include "outhaul/increment.h"
#include "outhaul/names.h"

namespace outhaul {
namespace {

std::uint64_t folded_hash(const std::string& name, int attempt, const NameFold& fold) {
  return std::hash<std::string>{}(fmt::format("{} {}", attempt, folded(name, fold)));
}

}  // namespace

RemotePath IncrementNames::dir(int attempt) const {
  return increment_dir(job_.target, run_, started_ns_, attempt);
}

RemotePath IncrementNames::name_for(const RelPath& path, int& attempt) {
  const RemotePath below = remote_path_for({}, path, job_.names);
  if (fold_.any())
    while (!given_.insert(folded_hash(below.wire(), attempt, fold_)).second) ++attempt;
  return dir(attempt) / below;
}

bool IncrementNames::is_one(const Part& part) const {
  if (part.part_name != part.final_name) return false;
  return part.final_name.wire().ends_with("/" + remote_path_for({}, part.path, job_.names).wire());
}

void IncrementNames::make_dirs(Commands& commands, std::span<const Task> tasks) {
  std::vector<Command> batch;
  for (const Task& task : tasks) {
    std::vector<RemotePath> missing;
    for (RemotePath dir = task.part.parent(); !dir.empty() && dir != job_.target; dir = dir.parent()) {
      if (!made_.insert(dir).second) break;
      missing.push_back(dir);
    }
    for (auto dir = missing.rbegin(); dir != missing.rend(); ++dir) batch.push_back(MakeDir{*dir});
  }
  if (!batch.empty()) commands.run(batch);
}

}  // namespace outhaul
