// Which past tree a person means.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "state/state.h"

namespace outhaul {

struct When {
  enum class Kind : std::uint8_t {
    latest,  ///< the tree as the state has it now
    run,     ///< the one after this run
    moment,  ///< that of the newest run that began at or before it
  };
  Kind kind = Kind::latest;
  RunId run = kNoRun;
  std::int64_t moment_ns = 0;
  std::string text = "latest";  ///< as it was given, printable
};

/// "latest"; a run, "17" or "#17"; an age before `now_ns`, "90min", "12h", "3d", "2w"; a day, "2026-11-20"
/// (its end), or a time, "2026-11-20 13:00[:05]", both local; RFC 3339 with a zone,
/// "2026-11-20T13:00:00+01:00". Throws Error{usage}.
When parse_when(std::string_view text, std::int64_t now_ns);

/// The snapshot of `all` (oldest first) that `when` names; kNoRun for `latest`. A run that left none of this
/// job stands for the newest one before it. Throws Error{usage} that says what there is instead: nothing so
/// old, or only forgotten ones.
RunId choose_snapshot(const std::vector<Snapshot>& all, const When& when, std::string_view job);

/// Throws Error{usage} when `when` names a run that there hasn't been yet: a slip, such as a date without its
/// dashes, must not bring the newest tree.
void refuse_later_run(const When& when, const State& state);

/// Of which runs nothing is known: "run 3", "runs 3 to 6".
/// "runs 5 to 7"; "a later run, if there was one," where nobody knows.
std::string lost_runs(const Gap& gap);

/// "2026-11-18 03:00", in local time.
std::string local_minute(std::int64_t ns);

/// "run 12 (2026-11-18 03:00)", in local time.
std::string shown(const Snapshot& snapshot);

}  // namespace outhaul
