// What retention waits for, and what waits for it.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "outhaul/paths.h"
#include "outhaul/run_id.h"

namespace outhaul {

/// Content that the source has and the remote may not have.
struct OpenProblem {
  RelPath path;                       ///< empty: of more files than are remembered one by one
  std::optional<std::uint64_t> size;  ///< of a file that is not stored; unset: nobody could see what is there
  RunId since = kNoRun;               ///< the first run that met it
  std::string reason;
  friend bool operator==(const OpenProblem&, const OpenProblem&) = default;
};

/// What the policy lets go and what stays all the same, for now.
struct PutOff {
  enum class Why : std::uint8_t {
    clock,     ///< it is let go by a time that can't be relied on
    problems,  ///< it may be the only copy of what could not be stored or seen
  };
  Why why = Why::problems;
  std::vector<RunId> runs;  ///< they stay restorable
  std::uint64_t versions = 0, bytes = 0;
  RunId since = kNoRun;  ///< the first run that met what is in the way
  std::int64_t since_ns = 0;
  std::string because;   ///< what is in the way, in words
  std::string approval;  ///< what --approve takes to let exactly these go; empty: only mending helps
  friend bool operator==(const PutOff&, const PutOff&) = default;
};

}  // namespace outhaul
