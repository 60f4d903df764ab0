#include "job/beginning.h"

#include "base/digest.h"
#include "job/job_facts.h"
#include "job/remote_identity.h"

namespace outhaul {
bool is_to_begin(const State& state, JobId id, const Job& job) {
  return state.server_fact(fact_scope(job.name), kBeginningFact) != job.target.wire() && !has_stored(state, id) &&
         !state.gap();
}

std::string approval_id(const TakenNames& taken, const Job& job, const Plan& plan,
                        const RemoteSettings& remote) {
  Sha256 hash;
  const auto add = [&](std::string_view text) {
    hash.update(text);
    hash.update(std::string_view("\0", 1));
  };
  for (const std::string& text : {remote.user, remote.url, job.name, job.target.wire(), plan.id}) add(text);
  for (const RemotePath& name : taken.some) add(name.wire());
  return to_hex(hash.finish()).substr(0, 12);
}

void remember_as_own(State& state, const Job& job) {
  state.set_server_fact(fact_scope(job.name), kBeginningFact, job.target.wire());
}

}  // namespace outhaul
