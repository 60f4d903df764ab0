// What the state remembers of each job's place on the server, by name (State::server_fact). The names lie in
// states: they stay what they are.
#pragma once

#include <string>
#include <string_view>

namespace outhaul {

inline constexpr std::string_view kAdoptFact = "adopt";  ///< an adoption is under way
inline constexpr std::string_view kAppendOnlyFact =
    "append_only";  ///< the job was append-only when it last ran
inline constexpr std::string_view kAttributesFact =
    "attributes";  ///< since when all extended attributes are known
inline constexpr std::string_view kBeginningFact =
    "own target";                                        ///< the target that a person or a run made its own
inline constexpr std::string_view kNamesFact = "names";  ///< how names are stored
inline constexpr std::string_view kEscapesFact =
    "escaped_names";  ///< which names have to be written otherwise
inline constexpr std::string_view kControlDirFact =
    "control_dir";  ///< what outhaul's own directory is called there
inline constexpr std::string_view kRemoteFullFact = "remote_full";  ///< the last run found no room

/// The scope of a job's facts.
inline std::string fact_scope(std::string_view job_name) {
  return "job " + std::string(job_name);
}

}  // namespace outhaul
