// "defaults", "jobs" and what must fit together between them. Pure.
#pragma once

#include <filesystem>
#include <optional>
#include <vector>

#include "outhaul/profile.h"
#include "profile/json_reader.h"

namespace outhaul {

/// [A-Za-z0-9._-]{1,64}, not starting with '.': profiles and jobs name directories and appear on command
/// lines.
std::optional<std::string> read_name(const Node& node);

/// What every job has unless it says otherwise. `name`, `source` and `target` stay empty.
Job read_defaults(const Node& node, const std::filesystem::path& folder);

/// The jobs that could be read, and the faults of each and between them. `remote` is for the file:// checks.
std::vector<Job> read_jobs(const Node& node, const Job& defaults, const std::filesystem::path& folder,
                           const RemoteSettings& remote);

}  // namespace outhaul
