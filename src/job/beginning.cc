#include "job/beginning.h"

#include "job/remote_identity.h"

namespace outhaul {
namespace {

constexpr std::string_view kFact = "own target";

std::string scope_of(const Job& job) {
  return "job " + job.name;
}

}  // namespace

bool is_to_begin(const State& state, JobId id, const Job& job) {
  return state.server_fact(scope_of(job), kFact) != job.target.wire() && !has_stored(state, id) &&
         !state.gap();
}

void remember_as_own(State& state, const Job& job) {
  state.set_server_fact(scope_of(job), kFact, job.target.wire());
}

}  // namespace outhaul
