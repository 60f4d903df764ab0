// A profile's remote as one command uses it, with what earlier runs learned of its server.
#pragma once

#include "job/environment.h"
#include "job/lazy_remote.h"
#include "outhaul/profile.h"
#include "outhaul/server_memory.h"
#include "state/state.h"

namespace outhaul {

/// Opened by the first operation. One thread, but for what lanes do with remote().
class KnownRemote {
 public:
  /// `state`: null where there is none yet. Borrows the others.
  KnownRemote(const Profile& profile, const State* state, const Environment& environment,
              LazyRemote::Gate gate = {});
  KnownRemote(const KnownRemote&) = delete;
  KnownRemote& operator=(const KnownRemote&) = delete;

  LazyRemote& remote() noexcept { return remote_; }
  /// What the command goes by: limits that were met long ago are tried again.
  const ServerMemory& memory() const noexcept { return memory_; }
  void set_case_sensitive(std::optional<bool> sensitive) { memory_.case_sensitive = sensitive; }
  /// Of the kinds `asked` it keeps `kept`, and not the others.
  void set_names(const OddNames& asked, const OddNames& kept) { note_names(memory_, asked, kept); }
  /// How many connections to try.
  int connections() const;
  void saw(const ConnectionUse& use);
  /// Makes the state remember what was learned so far. Needs no open transaction.
  void remember_in(State& state);

 private:
  const RemoteSettings& settings_;
  const Clock& clock_;
  ServerMemory known_;  ///< as the state has it
  ServerMemory memory_;
  LazyRemote remote_;
};

}  // namespace outhaul
