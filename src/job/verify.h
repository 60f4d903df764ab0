// Does the remote hold what the state says? The profile's side of src/verify.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "job/environment.h"
#include "outhaul/verify.h"
#include "state/state.h"
#include "verify/reading.h"

namespace outhaul {

struct VerifyChoices {
  std::vector<std::string> jobs;  ///< only these; empty = all
  /// Unset: what the profile says ("read_all_within" → what is due), or else nothing.
  std::optional<ReadChoice> read;
  std::vector<std::string> approve;
  bool remote_moved = false;
};

/// Takes the profile's lock, settles what a crashed run left half done, and verifies its jobs. Throws Error
/// for what stands before that: unknown job, lock held, no state, state refused, another remote. A remote
/// that can't be reached is in the report.
VerifyReport verify_profile(const Profile& profile, const VerifyChoices& choices,
                            const Environment& environment);

/// What the newest verification found missing and may not record unasked (guard mass_loss), in words; none: no
/// such thing is open. Until a person has decided, nobody may call the copy whole.
std::optional<std::string> undecided_loss(const State& state);

/// What --read-data means: "all" or nothing given is the profile's share where it has one and everything
/// otherwise; "10%" so much. Throws Error{usage}.
ReadChoice read_choice(const std::string& text, const Profile& profile);

}  // namespace outhaul
