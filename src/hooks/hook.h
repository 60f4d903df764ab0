// A command of the profile's that is run around a job.
#pragma once

#include <chrono>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "base/cancel.h"

namespace outhaul {

struct HookResult {
  bool done = false;                ///< it ended by itself, with 0
  std::string failure;              ///< else how it failed: "ended with exit code 3"
  std::vector<std::string> said{};  ///< the last lines that it printed, at most five, printable
};

struct HookLimits {
  std::chrono::milliseconds run{std::chrono::hours(1)};
  std::chrono::milliseconds grace{5000};  ///< between SIGTERM and SIGKILL
};

/// Runs `argv` without a shell, with `environment` ("NAME=VALUE") beside ours, an empty standard input, and a
/// process group of its own. What it prints, to both streams, goes to `line`, line by line, printable, at
/// most 1,000 lines of 500 bytes. Its end is what counts: a program that it has left in the background isn't
/// waited for. After `limits.run`, or when `cancel` fires, it and what it has started get SIGTERM, and after
/// the grace SIGKILL. Never throws for what the command does.
HookResult run_hook(const std::vector<std::string>& argv, const std::vector<std::string>& environment,
                    const HookLimits& limits, const CancelToken& cancel,
                    const std::function<void(std::string_view)>& line);

}  // namespace outhaul
