#include "execute/modes.h"

#include <vector>

namespace outhaul {

void set_modes(Commands& commands, Tally& tally, std::span<const ModeToSet> modes) {
  if (modes.empty()) return;
  std::vector<Command> batch;
  for (const ModeToSet& mode : modes) batch.push_back(mode.command);
  const std::vector<CommandResult> results = commands.run(batch);
  for (std::size_t i = 0; i < modes.size(); ++i) judge_mode(tally, modes[i].path, results[i]);
}

void judge_mode(Tally& tally, const RelPath& path, const CommandResult& result) {
  const bool set = result.status == CommandResult::Status::done;
  if (!set && result.status != CommandResult::Status::missing) tally.mode_not_set(path, result.reply_text);
}

}  // namespace outhaul
