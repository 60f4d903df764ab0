#include "catalog/names.h"

#include <fmt/format.h>

namespace outhaul {

RemotePath catalog_dir() {
  return RemotePath::parse(".outhaul/catalog");
}
RemotePath catalog_readme() {
  return RemotePath::parse(".outhaul/README.txt");
}
RemotePath catalog_manifest() {
  return catalog_dir() / RemotePath::parse("manifest.json");
}
RemotePath catalog_manifest_aside() {
  return catalog_dir() / RemotePath::parse("manifest.json.old");
}

RemotePath catalog_name(std::int64_t generation, std::int64_t number, RunId run) {
  const auto of_run = static_cast<std::int64_t>(run);
  return catalog_dir() / RemotePath::parse(number == 0 ? fmt::format("base-{}-{}.db.zst", generation, of_run)
                                                       : fmt::format("changes-{}-{}-{}.changeset.zst",
                                                                     generation, number, of_run));
}

}  // namespace outhaul
