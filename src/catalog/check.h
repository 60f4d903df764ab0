// Would the catalog that lies on the remote bring this state back?
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "catalog/carrier.h"
#include "outhaul/verify.h"
#include "state/state.h"

namespace outhaul {

struct CatalogCheck {
  std::uint64_t files = 0;  ///< that should be there: the newest generation's, and the manifest
  /// What isn't there as it should be; of no job.
  std::vector<VerifyFinding> findings;
  bool needs_base = false;      ///< mends a file that is wrong
  bool needs_manifest = false;  ///< mends a manifest that is wrong
  bool replayed = false;        ///< the files were fetched, and a state was made of them
};

/// How closely the newest generation's files are looked at. Each look includes the one before it.
enum class CatalogLook : std::uint8_t {
  sizes,   ///< they are there, with their sizes
  read,    ///< they are fetched, have their SHA-256, and the changes add up to what the last run recorded
  replay,  ///< a state is made of them, which must be this one
};

/// Compares the manifest by its content, and the newest generation's files as catalog_look() says; what is
/// fetched goes through `folder`. The generation before is there for the day on which the newest rots, and
/// by then there is a new one: it isn't looked at. Of an append-only remote the manifests' names aren't
/// known: they are left out. `newest`: the last run that changed what the state knows (State::newest_change()); a catalog
/// that ends before it is behind. Throws RemoteError, and Error{local_io} for the folder.
CatalogCheck check_catalog(const State& state, Carrier& carrier, const std::string& profile,
                           const std::filesystem::path& folder, bool read, RunId newest);

/// `read`: it was asked for. `bytes`: of the generation's files, as they are stored. `proven`: its base was
/// fetched before, and a state was made of it. Pure.
CatalogLook catalog_look(bool read, std::uint64_t bytes, bool proven);
/// Fetched each time.
inline constexpr std::uint64_t kSmallCatalog = 8 * 1024 * 1024;

}  // namespace outhaul
