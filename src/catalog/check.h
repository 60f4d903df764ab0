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
};

/// Compares the manifest by its content, and the newest generation's files by their sizes, or with `read` by
/// their SHA-256, fetched one by one into `folder`. The generation before is there for the day on which the
/// newest rots, and by then there is a new one: it isn't looked at. Of an append-only remote the manifests'
/// names aren't known: they are left out. Throws RemoteError, and Error{local_io} for the folder.
CatalogCheck check_catalog(const State& state, Carrier& carrier, const std::string& profile,
                           const std::filesystem::path& folder, bool read);

}  // namespace outhaul
