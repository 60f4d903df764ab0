#include "job/known_server.h"

namespace outhaul {

ServerMemory recall_server(const State& state, const RemoteSettings& remote) {
  return memory_from_facts(state.server_facts(server_key(remote)));
}

void remember_server(State& state, const RemoteSettings& remote, const ServerMemory& before,
                     const ServerMemory& now) {
  if (before == now) return;
  const std::string server = server_key(remote);
  const auto old_facts = to_facts(before), facts = to_facts(now);
  Transaction transaction = state.begin();
  for (const auto& old : old_facts)
    if (!facts.contains(old.first)) state.forget_server_fact(server, old.first);
  for (const auto& [fact, value] : facts) {
    const auto old = old_facts.find(fact);
    if (old == old_facts.end() || old->second != value) state.set_server_fact(server, fact, value);
  }
  transaction.commit();
}

}  // namespace outhaul
