// Whether a job's uploads fit on the remote: by the profile's quota, and by what the server says.
#pragma once

#include <optional>

#include "execute/certainty.h"
#include "outhaul/profile.h"
#include "outhaul/versions.h"
#include "plan/space.h"
#include "state/state.h"

namespace outhaul {

/// Of all jobs together. `state` may be null: nothing is there.
SpaceUse space_use(const State* state);

/// The same with the parts of uploads that were cut off.
std::uint64_t bytes_on_remote(const State& state);

/// What the job's plan adds; files of more than `most` are never sent. `id` unset: the job never ran.
SpaceNeed space_need(const State* state, std::optional<JobId> id, const Job& job, const Plan& plan,
                     std::uint64_t most = UINT64_MAX);

/// What is there when the job has been carried out, removals and retention included: what the next one finds.
SpaceUse use_after(SpaceUse use, const SpaceNeed& need, const Job& job, const Plan& plan,
                   const std::optional<Retention>& retention);

/// Whether the plan's uploads fit by "quota", or by what the server says is free; what
/// may go first is for the caller to add.
SpaceQuestion ask_of_quota(std::uint64_t reserve, std::uint64_t quota, const SpaceNeed& need,
                           const SpaceUse& use, const PlanApproval& approval);
SpaceQuestion ask_of_free_space(std::uint64_t reserve, const SpaceNeed& need, std::uint64_t free,
                                const PlanApproval& approval);

/// Bytes of the plan's removals that may be made before its uploads. May read files of the source.
std::uint64_t removable_first(const Job& job, const Plan& plan, Certainty& certainty);

/// What a run needs beyond its uploads to store its catalog: a base may be due, and the one before stays
/// until then. A guess.
std::uint64_t catalog_reserve(const Profile& profile, const State* state, const Plan& plan);

/// The remote was full when the job ran last, so that something was not stored: the next run sends what is
/// small first.
bool was_full(const State& state, const Job& job);
void remember_full(State& state, const Job& job, bool full);

/// What would go by the policy after this run anyhow may go before its uploads, to make room for them. But
/// not the newest tree that can be restored: this run may fail. Bytes; 0 when nothing may.
std::uint64_t may_go_first(const std::optional<Retention>& retention) noexcept;

}  // namespace outhaul
