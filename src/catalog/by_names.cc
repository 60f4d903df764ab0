#include "catalog/by_names.h"

#include <algorithm>
#include <functional>
#include <map>
#include <tuple>

#include "catalog/names.h"

namespace outhaul {
namespace {

bool is_tried_before(const CatalogOffer& a, const CatalogOffer& b) {
  const auto rank = [](const CatalogFile& file) {
    return std::tuple(file.run, file.name.wire().size(), file.name.wire());
  };
  return rank(a.file) > rank(b.file);
}

}  // namespace

OfferedCatalog catalog_by_names(const Listing& listing) {
  OfferedCatalog catalog;
  std::map<std::int64_t, std::map<std::int64_t, std::vector<CatalogOffer>>, std::greater<>> found;
  for (const RemoteEntry& entry : listing.entries) {
    const auto name = parse_catalog_name(entry.name);
    if (!name || entry.kind != RemoteEntry::Kind::file) continue;
    CatalogFile file;
    file.generation = name->generation;
    file.number = name->number;
    file.run = name->run;
    file.name = catalog_dir() / RemotePath::parse(entry.name);
    file.size = entry.size.value_or(0);
    file.stored = true;
    catalog.newest = std::max(catalog.newest, file.run);
    catalog.newest_ns = std::max(catalog.newest_ns, entry.mtime_s.value_or(0) * 1'000'000'000);
    found[file.generation][file.number].push_back({std::move(file), false});
  }
  for (auto& [number, files] : found) {
    OfferedGeneration generation{number, {}};
    for (auto& [n, offers] : files) {
      if (n != static_cast<std::int64_t>(generation.files.size())) break;
      std::ranges::sort(offers, is_tried_before);
      generation.files.push_back(std::move(offers));
    }
    if (!generation.files.empty()) catalog.generations.push_back(std::move(generation));
  }
  return catalog;
}

OfferedCatalog catalog_of(const Manifest& manifest) {
  OfferedCatalog catalog;
  for (const Generation& generation : manifest.generations) {
    OfferedGeneration& offered = catalog.generations.emplace_back();
    offered.number = generation.number;
    for (const CatalogFile& file : generation.files) {
      offered.files.push_back({{file, true}});
      catalog.newest = std::max(catalog.newest, file.run);
    }
  }
  catalog.newest_ns = manifest.written_ns;
  return catalog;
}

}  // namespace outhaul
