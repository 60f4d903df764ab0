// What stands under a name when the server's replies are worth nothing: by its content.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "base/digest.h"
#include "lanes/commands.h"

namespace outhaul {

struct ExpectedContent {
  RemotePath path;
  std::uint64_t size = 0;
  std::optional<Sha256Digest> sha256{};  ///< without one nobody can tell
};

enum class FoundContent : std::uint8_t {
  same,
  other,    ///< another file, or none
  unknown,  ///< the server gives neither the file nor its digest
};

/// One answer per expectation, in order. Asks over a connection that was opened since the replies went out of
/// step, when whatever the one before had begun has had its time to end: the server's SHA-256 where it offers
/// that, else the file is fetched. Throws RemoteError when the remote is lost.
std::vector<FoundContent> look_at_contents(Commands& commands, std::span<const ExpectedContent> expected);

}  // namespace outhaul
