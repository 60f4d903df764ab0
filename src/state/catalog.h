// What the state knows of its copy on the remote. The remote's side is in the layer `catalog`.
#pragma once

#include <cstdint>
#include <filesystem>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/digest.h"
#include "outhaul/report.h"

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
  friend bool operator==(const CatalogFile&, const CatalogFile&) = default;
};

struct CatalogLog {
  std::int64_t generation = 0;     ///< 0: there never was one
  bool recording = false;          ///< what is written is kept until a file of the catalog has it
  bool announced = true;           ///< the manifest on the remote names all stored files
  std::vector<CatalogFile> files;  ///< by generation and number
};

/// What no stored file has yet.
struct PendingChanges {
  std::string changeset;     ///< SQLite's format; empty: nothing
  std::int64_t last = 0;     ///< for State::drop_changes()
  bool of_the_tree = false;  ///< not just another run that found everything as it was
};

/// The tables that a catalog holds.
std::span<const char* const> catalog_tables() noexcept;

/// Makes `dir`/state.db of a base and the changesets that follow on it, for a profile that has no state
/// there. Changesets are taken in order as long as they follow on what is there; returns how many did. What
/// only the lost state could use is left out: parts, intents, objects that were on their way. The new state
/// has an id of its own, and `log` as its catalog, which it doesn't continue: the next run makes a new base.
/// Throws Error{state} for a base that is damaged, newer, or of another profile; nothing is made then.
std::size_t rebuild_state(const std::filesystem::path& dir, std::string_view profile,
                          const std::filesystem::path& base, std::span<const std::string> changesets,
                          const CatalogLog& log);

}  // namespace outhaul
