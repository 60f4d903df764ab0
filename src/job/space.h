// Whether a job's uploads fit on the remote: by the profile's quota, and by what the server says.
#pragma once

#include <optional>

#include "outhaul/profile.h"
#include "outhaul/versions.h"
#include "plan/space.h"
#include "state/state.h"

namespace outhaul {

/// Of all jobs together. `state` may be null: nothing is there.
SpaceUse space_use(const State* state);

/// What the job's plan adds. `id` unset: the job never ran.
SpaceNeed space_need(const State* state, std::optional<JobId> id, const Job& job, const Plan& plan);

/// What would go by the policy after this run anyhow may go before its uploads, to make room for them. But
/// not the newest tree that can be restored: this run may fail. Bytes; 0 when nothing may.
std::uint64_t may_go_first(const std::optional<Retention>& retention) noexcept;

}  // namespace outhaul
