// Takes over what others put on the remote: the profile's side of src/adopt.
#pragma once

#include <string>
#include <vector>

#include "job/environment.h"
#include "outhaul/adopt.h"

namespace outhaul {

struct AdoptChoices {
  std::vector<std::string> jobs;  ///< only these; empty = all
  AdoptCompare compare = AdoptCompare::mtime;
  bool dry_run = false;  ///< looks and compares, records nothing, makes no state and takes no lock
  std::vector<std::string> approve{};  ///< ids of foreign files that may be deleted beyond max_delete
};

/// Takes the profile's lock. A job that has entries already is refused (Error{usage}) before anything is
/// asked of the remote, unless they are those of an adoption that was cut off, or that left foreign files
/// which it should have deleted: that one goes on. Nothing is written to the remote but whose it is from now
/// on; what is foreign is deleted where the job says so. Throws Error for what stands before all jobs; a
/// remote that is lost is in the report.
AdoptReport adopt_profile(const Profile& profile, const AdoptChoices& choices,
                          const Environment& environment);

}  // namespace outhaul
