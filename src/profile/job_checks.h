// What must hold between jobs, and between a job and its remote. Pure.
#pragma once

#include <vector>

#include "outhaul/profile.h"
#include "profile/json_reader.h"

namespace outhaul {

/// A job as far as it could be read; what could not be read takes no part in the checks.
struct ReadJob {
  Node node;
  Job job;
  bool has_name = false, has_source = false, has_target = false;
};

/// No two jobs of one name, no target at or inside another one, no file:// remote that would be copied into
/// itself, no append-only job that shall delete.
void check_jobs(const std::vector<ReadJob>& jobs, const RemoteSettings& remote);

}  // namespace outhaul
