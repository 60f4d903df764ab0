// Whether what was sent is on the server: what the job's "proof" asks for.
#pragma once

#include <array>
#include <chrono>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "execute/uploader.h"
#include "lanes/commands.h"
#include "outhaul/policy.h"

namespace outhaul {

/// Some servers say 226 before everything is on their disk: after these pauses a size that is short is asked
/// for again.
inline constexpr std::array kLateSizePauses{std::chrono::milliseconds{200}, std::chrono::milliseconds{800},
                                            std::chrono::milliseconds{3000}};

struct Verdict {
  bool proven = false;
  bool final = false;        ///< sending it again would change nothing
  bool short_of_it = false;  ///< the server has less than was sent: perhaps it goes on from there
  /// With !proven: what the server has, or why nobody can tell. "then had 3 bytes instead of 5", "its size
  /// can't be proven: …".
  std::string finding;
  std::string advice;
};

/// One verdict per upload, in order. The size counts always, and with it the server's digest or what was read
/// back. Throws RemoteError like Commands::run.
std::vector<Verdict> judge_uploads(Commands& commands, Proof proof, std::span<const Outcome* const> sent);

/// Which digest the server would be asked for below `dir`; none when it offers none that works.
std::optional<DigestKind> offered_digest(Commands& commands, const RemotePath& dir);

}  // namespace outhaul
