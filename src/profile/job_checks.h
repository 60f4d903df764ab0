// What must hold between jobs, and between a job and its remote. Pure.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "outhaul/profile.h"
#include "profile/json_reader.h"

namespace outhaul {

/// Why a job can't have its copy in this directory here: what there is, what should be, and a way out.
struct OwnCopy {
  std::string found, expected, hint;
};
/// Whether a source holds the mounted directory that its copy goes to, and doesn't leave it out, or lies in
/// it. `with_target`: the job's target is known.
std::optional<OwnCopy> own_copy(const Job& job, bool with_target, const RemoteSettings& remote);

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
