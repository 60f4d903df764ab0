// What the catalog on a remote consists of: manifest.json (schemas/catalog-manifest.schema.json). Pure.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "state/catalog.h"

namespace outhaul {

inline constexpr std::int64_t kManifestFormat = 1;
/// Nothing longer is fetched.
inline constexpr std::size_t kMostManifest = 16 * 1024 * 1024;

struct Generation {
  std::int64_t number = 0;
  std::vector<CatalogFile> files;  ///< the base, then the changes in their order
};

struct Manifest {
  std::string outhaul;  ///< the version that wrote it
  std::string profile;
  std::string state_id;
  std::int64_t written_ns = 0;
  std::vector<Generation> generations;  ///< newest first, each with a base
};

std::string to_json(const Manifest& manifest);
/// Throws Error{state} for what isn't a manifest, is newer than this outhaul knows, or names a file that
/// can't be one of the catalog's.
Manifest parse_manifest(std::string_view text);

/// Of the generations whose base is stored, the newest and the one before it, up to the first file that
/// isn't.
std::vector<Generation> stored_generations(const CatalogLog& log);

}  // namespace outhaul
