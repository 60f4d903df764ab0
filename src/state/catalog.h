// What the state knows of its copy on the remote. The remote's side is in the layer `catalog`.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/digest.h"
#include "outhaul/report.h"
#include "state/state_digest.h"

namespace outhaul {

/// A base (number 0), or the changes that follow on the file before.
struct CatalogFile {
  std::int64_t generation = 0;
  std::int64_t number = 0;
  RunId run = kNoRun;  ///< the newest that it speaks of
  RemotePath name;
  std::uint64_t size = 0;      ///< as it is stored: compressed
  std::uint64_t raw_size = 0;  ///< uncompressed
  Sha256Digest sha256{};       ///< of what is stored
  bool stored = false;         ///< false: on its way
  /// What base and changes give up to this file; none: written by an older outhaul.
  std::optional<StateDigest> digest;
  friend bool operator==(const CatalogFile&, const CatalogFile&) = default;
};

struct CatalogLog {
  std::int64_t generation = 0;     ///< 0: there never was one
  bool recording = false;          ///< what is written is kept until a file of the catalog has it
  bool announced = true;           ///< the manifest on the remote names all stored files
  std::int64_t replayed = 0;       ///< the generation that was last proven by making a state of it
  std::vector<CatalogFile> files;  ///< by generation and number
};

/// What no stored file has yet.
struct PendingChanges {
  std::string changeset;     ///< SQLite's format; empty: nothing
  std::int64_t last = 0;     ///< for State::drop_changes()
  bool of_the_tree = false;  ///< not just another run that found everything as it was
  StateDigest digest;        ///< what the catalog gives once a file has them
};

/// The tables that a catalog holds.
std::span<const char* const> catalog_tables() noexcept;

/// What is not known of a state that came back from a catalog whose end could not be used.
struct Gap {
  RunId known_run = kNoRun;    ///< the state is as after this run
  RunId newest_run = kNoRun;   ///< the newest that there is known to have been
  std::int64_t newest_ns = 0;  ///< when that one was over by then
  friend bool operator==(const Gap&, const Gap&) = default;
};

/// A base and what follows on it, fetched and uncompressed.
struct CatalogChain {
  struct Link {
    std::string changeset;
    RunId run = kNoRun;
    std::optional<StateDigest> digest;  ///< as CatalogFile::digest
  };
  std::filesystem::path base;
  RunId base_run = kNoRun;
  std::optional<StateDigest> base_digest;
  std::vector<Link> links;
};

struct RebuiltState {
  std::size_t applied = 0;  ///< links that follow on what is before them and give what they should
  RunId run = kNoRun;       ///< the state is as after this run
};

/// The newest run that the remote speaks of.
struct NewestKnown {
  RunId run = kNoRun;
  std::int64_t ns = 0;           ///< when; 0: nobody knows
  bool perhaps_a_newer = false;  ///< nothing says that there was none
};

/// Makes `dir`/state.db of a chain, for a profile that has no state there. What only the lost state could use
/// is left out: parts, intents, objects that were on their way. The new state has an id of its own, and `log`
/// as its catalog, which it doesn't continue: the next run makes a new base. It remembers a gap when it isn't
/// as after `newest`, or nobody knows, and its next run is a later one than that.
/// Throws Error{state} for a base that is damaged, newer, or of another profile; nothing is made then.
RebuiltState rebuild_state(const std::filesystem::path& dir, std::string_view profile,
                           const CatalogChain& chain, const CatalogLog& log, const NewestKnown& newest);

/// What such a rebuild would find wrong with the chain, or with what it and `pending` (the changes that no
/// file has yet) would give, which must be `expected` where that is known; empty: nothing. Works on the
/// chain's base itself.
std::string chain_fault(std::string_view profile, const CatalogChain& chain, const PendingChanges& pending,
                        const std::optional<StateDigest>& expected);

/// Whether the changes, added to what the base's digest says, give each link's digest. False also where one of
/// these isn't known. Doesn't look at the base.
bool adds_up(const CatalogChain& chain);

}  // namespace outhaul
