// What several steps report of one job, together. Pure.
#pragma once

#include "outhaul/report.h"

namespace outhaul {

/// The problem that the job's outcome comes from; null: none is grave. What a scan met stands first, and
/// isn't why a job was refused or lost its remote.
const Problem* decisive_problem(const JobReport& job);

/// Puts what came before in front of what came after it. The outcome is the worse one.
JobReport joined(JobReport&& before, JobReport&& after);

}  // namespace outhaul
