// Where the catalog lies on the remote, below the base directory.
#pragma once

#include "outhaul/paths.h"
#include "state/catalog.h"

namespace outhaul {

RemotePath catalog_dir();       ///< .outhaul/catalog
RemotePath catalog_readme();    ///< .outhaul/README.txt
RemotePath catalog_manifest();  ///< .outhaul/catalog/manifest.json
/// Where it may stand instead: a server that can't rename over a name was cut off in between.
RemotePath catalog_manifest_aside();
/// "base-2-17.db.zst", "changes-2-3-19.changeset.zst": generation, number, run. Never used twice for
/// different content of the same generation and number but after a failure.
RemotePath catalog_name(std::int64_t generation, std::int64_t number, RunId run);

}  // namespace outhaul
