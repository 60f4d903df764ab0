// Making versions: objects are renamed on the server, out of the tree and into .outhaul/versions.
#pragma once

#include <optional>
#include <set>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "lanes/commands.h"
#include "state/state.h"

namespace outhaul {

/// One object on its way to its place among the versions.
struct Retirement {
  enum class Outcome : std::uint8_t {
    pending,
    retired,  ///< it stands under `version`
    missing,  ///< the server has it under neither name
    refused,  ///< it stands where it stood
  };
  StoredObject object;  ///< remote_name: where it stands before
  RemotePath version;
  Outcome outcome = Outcome::pending;
  std::string reply_text;  ///< of a refusal
};

/// One for a job's run: it remembers which directories it has made. Job thread only.
class Retirer {
 public:
  Retirer(RunId run, RemotePath target) : run_(run), target_(std::move(target)) {}

  /// Names the version. The first call finds a directory in which nothing lies yet: servers rename over what
  /// has a version's name, and run numbers start again with a lost state. Throws RemoteError when the remote
  /// is lost.
  Retirement begin(Commands& commands, const StoredObject& object);
  /// Carries them out, directories and renames in one pipelined batch. Where replies went out of step, what
  /// stands under their names is looked at. Whoever calls has journaled them.
  /// Throws RemoteError when the remote is lost.
  void carry_out(Commands& commands, std::span<Retirement* const> retirements);

 private:
  void claim(Commands& commands);
  RemotePath name_for(const StoredObject& object) const;
  void make_dirs_above(const RemotePath& version, std::vector<Command>& commands);
  void mend(Commands& commands, Retirement& retirement, CommandResult result);
  void prove_contents(Commands& commands, std::span<Retirement* const> retirements);

  RunId run_;
  RemotePath target_;
  std::optional<std::string> suffix_;  ///< of the run's directory; unset: nothing is claimed yet
  std::set<RemotePath> made_;
};

/// Puts a version back under the name that it had. False when it can't be; it then stays a version.
bool take_back(Commands& commands, const Retirement& retirement);

}  // namespace outhaul
