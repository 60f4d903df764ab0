#include "job/append_only.h"

#include <fmt/format.h>

#include "job/job_facts.h"
#include "outhaul/error.h"

namespace outhaul {
namespace {

constexpr std::string_view kYes = "yes";

bool was_append_only(const State& state, const Job& job) {
  return state.server_fact(fact_scope(job.name), kAppendOnlyFact) == kYes;
}

bool stores_files(const State& state, const Job& job) {
  const std::optional<JobId> id = state.find_job(job.name);
  if (!id) return false;
  const auto entries = state.entries(*id);
  for (Entry entry; entries->next(entry);)
    if (entry.kind == EntryKind::file) return true;
  return false;
}

}  // namespace

void check_append_only(const State& state, const Job& job) {
  if (job.append_only || !was_append_only(state, job) || !stores_files(state, job)) return;
  throw Error(
      ErrorKind::state,
      fmt::format("job \"{}\" was append-only: its files lie in directories of single runs below \"{}\", not "
                  "under their own names",
                  job.name, printable(job.target.wire())),
      "Set \"append_only\": true again. To have a mirror from now on, give the job a new name and a new "
      "target: everything is sent there anew, and the old name with the old target still restores what is "
      "there.");
}

void remember_append_only(State& state, const Job& job) {
  if (job.append_only == was_append_only(state, job)) return;
  if (job.append_only)
    state.set_server_fact(fact_scope(job.name), kAppendOnlyFact, kYes);
  else
    state.forget_server_fact(fact_scope(job.name), kAppendOnlyFact);
}

}  // namespace outhaul
