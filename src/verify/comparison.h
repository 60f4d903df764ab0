// One directory as the state knows it against its listing. Pure.
#pragma once

#include <string>
#include <vector>

#include "outhaul/remote.h"
#include "outhaul/verify.h"
#include "state/inventory.h"

namespace outhaul {

/// What a listing can't settle about one object; its size is asked for by name.
struct SizeDoubt {
  enum class Why : std::uint8_t {
    absent,          ///< a listing that can be trusted doesn't show it
    perhaps_absent,  ///< a listing that can't be trusted doesn't show it
    other_size,      ///< it shows `listed` bytes
    no_size,         ///< it shows a file without a size, or a symbolic link
    other_kind,      ///< it shows a directory or a device
    unlisted,        ///< there is no listing
  };
  std::size_t object = 0;  ///< its place in KnownDir::objects
  Why why{};
  std::uint64_t listed = 0;
};

struct DirectoryComparison {
  std::size_t proven = 0;  ///< objects whose size the listing shows
  std::vector<SizeDoubt> doubts;
  std::vector<RemoteEntry> foreign;
  std::vector<std::string> absent_dirs;  ///< that must be in it; only from a listing that can be trusted
};

/// Both sides sorted by name. Names are compared as bytes. `.outhaul` at the top is never foreign.
DirectoryComparison compare_directory(const KnownDir& known, const Listing& listing);
/// The same without a listing: everything is doubtful.
DirectoryComparison without_listing(const KnownDir& known);

/// What the server's answer to SizeOf makes of a doubt. Nothing is called missing by one witness alone: a
/// listing that can be trusted and the server's word, or the server's word where there is no such listing.
struct SizeVerdict {
  bool proven = false;
  VerifyFinding::Kind finding = VerifyFinding::Kind::unproven;
  std::string message;
};
SizeVerdict judge_size(const KnownObject& object, const SizeDoubt& doubt, const CommandResult& answer);

}  // namespace outhaul
