#include "job/beginning.h"

#include "job/remote_identity.h"

namespace outhaul {
namespace {

constexpr std::string_view kFact = "begun";

std::string scope_of(const Job& job) {
  return "job " + job.name;
}

}  // namespace

bool is_to_begin(const State& state, JobId id, const Job& job) {
  return state.server_fact(scope_of(job), kFact) != job.target.wire() && !has_stored(state, id);
}

void remember_beginning(State& state, JobId id, const Job& job) {
  if (is_to_begin(state, id, job)) state.set_server_fact(scope_of(job), kFact, job.target.wire());
}

}  // namespace outhaul
