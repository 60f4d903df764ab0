// Where the catalog lies on the remote, below the base directory.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "outhaul/paths.h"
#include "state/catalog.h"

namespace outhaul {

RemotePath catalog_dir();       ///< .outhaul/catalog
RemotePath catalog_readme();    ///< .outhaul/README.txt
RemotePath catalog_manifest();  ///< .outhaul/catalog/manifest.json
/// Where it may stand instead: a server that can't rename over a name was cut off in between.
RemotePath catalog_manifest_aside();
/// Of an append-only remote, where nothing can be replaced: each run that changes the catalog leaves one
/// more, "manifest-000017-20261121T030000Z.json". The last name is the newest.
RemotePath catalog_manifest(RunId run, std::int64_t now_ns);
/// Whether a file in the catalog's directory is one of those, whole or not.
bool is_numbered_manifest(std::string_view name);
/// What it is to a person whose files lie in increments.
RemotePath catalog_readme_of_increments();  ///< .outhaul/README-append-only.txt
/// "base-2-17.db.zst", "changes-2-3-19.changeset.zst": generation, number, run. Never used twice for
/// different content of the same generation and number but after a failure.
RemotePath catalog_name(std::int64_t generation, std::int64_t number, RunId run);
/// The same for an append-only remote: never used twice at all ("base-2-17-20261121T030000Z.db.zst").
RemotePath catalog_name(std::int64_t generation, std::int64_t number, RunId run, std::int64_t now_ns);
/// What a name in the catalog's directory says of its file; none: it is no file of a generation's, or not a
/// whole one.
struct CatalogFileName {
  std::int64_t generation = 0, number = 0;
  RunId run = kNoRun;
};
std::optional<CatalogFileName> parse_catalog_name(std::string_view name);
/// Whether it is one of the two; the carrier may have added ".2".
bool is_catalog_name(const RemotePath& name, std::int64_t generation, std::int64_t number, RunId run);

}  // namespace outhaul
