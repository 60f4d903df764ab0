// What a run needs from the outside, so that tests can replace it.
#pragma once

#include <filesystem>
#include <functional>
#include <memory>

#include "base/cancel.h"
#include "base/clock.h"
#include "lanes/backoff.h"
#include "lanes/connection_policy.h"
#include "outhaul/events.h"
#include "outhaul/guard.h"
#include "outhaul/profile.h"
#include "outhaul/remote.h"

namespace outhaul {

std::optional<SeenMount> see_mount(const std::filesystem::path& source);  // job/source_mount.h

struct Environment {
  /// Below it, one directory per profile.
  std::filesystem::path state_root;
  EventSink& events;
  Clock& clock;
  const CancelToken& cancel;
  /// Called at most once per run, and only when the plan needs the remote: until then no secret is resolved.
  /// The memory is what earlier runs learned of the server.
  std::function<std::unique_ptr<Remote>(const RemoteSettings&, const ServerMemory&)> open_remote;
  RetryPolicy retry{};  ///< `retries` comes from the profile
  ConnectionPolicy connections{};
  /// What a source lies on; empty when nobody can tell.
  std::function<std::optional<SeenMount>(const std::filesystem::path&)> see_mount = outhaul::see_mount;

  std::filesystem::path state_dir(const Profile& profile) const { return state_root / profile.name; }
  RetryPolicy retry_for(const Profile& profile) const {
    RetryPolicy policy = retry;
    policy.retries = profile.remote.retries;
    return policy;
  }
};

/// Environment::open_remote for real: resolves the profile's credentials, unless `cancel` fires meanwhile,
/// and connects through libcurl or the file system. `cancel` must outlive the result.
std::function<std::unique_ptr<Remote>(const RemoteSettings&, const ServerMemory&)> real_remotes(
    const CancelToken& cancel);

/// Throws Error{usage} for what a profile may say, but this machine's libcurl can't do safely. No network.
void refuse_what_libcurl_cant(const RemoteSettings& settings);

/// False when there is no state in `state_dir`. One that can't be looked at counts as there: State::open says
/// why it can't be read.
bool has_state(const std::filesystem::path& state_dir) noexcept;

/// `flag` if not empty, else $OUTHAUL_STATE_DIR, else $XDG_STATE_HOME/outhaul, else /var/lib/outhaul for root
/// and
/// ~/.local/state/outhaul for everybody else. Absolute. Throws Error{usage} when there is no home.
std::filesystem::path find_state_root(const std::filesystem::path& flag);

}  // namespace outhaul
