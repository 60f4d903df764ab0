// The catalog's files as a listing of their directory shows them, for the day on which no manifest can be
// read. Pure.
#pragma once

#include <cstdint>
#include <vector>

#include "catalog/manifest.h"
#include "outhaul/remote.h"

namespace outhaul {

/// A file of the catalog that can be tried.
struct CatalogOffer {
  CatalogFile file;
  bool known = true;  ///< false: only name, generation, number and run are; size is 0 unless it was listed
};

struct OfferedGeneration {
  std::int64_t number = 0;
  /// The base, then the changes in their order. Of each what should be tried first is first.
  std::vector<std::vector<CatalogOffer>> files;
};

struct OfferedCatalog {
  std::vector<OfferedGeneration> generations;  ///< newest first, each with a base
  RunId newest = kNoRun;                       ///< the newest run that a name speaks of
  std::int64_t newest_ns = 0;                  ///< when the newest file was stored; 0: the server doesn't say
  bool by_names = false;                       ///< no manifest says that there was no newer one
};

/// Of two files with the same generation and number the later run's is the one that was gone on with: the
/// other was stored by a run that was cut off before it could write that down. Append-only, the last of a
/// run's attempts is the one that came to its end.
OfferedCatalog catalog_by_names(const Listing& listing);
OfferedCatalog catalog_of(const Manifest& manifest);

}  // namespace outhaul
