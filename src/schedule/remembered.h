// What a state knows of its schedule: a file beside it, because a schedule may come before the first run.
#pragma once

#include <filesystem>
#include <vector>

#include "schedule/schedule.h"

namespace outhaul {

/// Makes `state_dir` when it isn't there (0700). Throws Error{local_io}.
void remember_schedule(const std::filesystem::path& state_dir, const std::vector<TimeOfDay>& times);
void forget_schedule(const std::filesystem::path& state_dir) noexcept;
/// Empty where there is none, or it can't be read.
std::vector<TimeOfDay> remembered_schedule(const std::filesystem::path& state_dir);

}  // namespace outhaul
