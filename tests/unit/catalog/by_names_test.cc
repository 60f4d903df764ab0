// What a listing says of a catalog whose manifest is lost.
#include "catalog/by_names.h"

#include "catalog/names.h"
#include "support/catch.h"

using namespace outhaul;

namespace {

Listing listing_of(const std::vector<std::string>& names) {
  Listing listing;
  for (const std::string& name : names)
    listing.entries.push_back({name, RemoteEntry::Kind::file, 10, 1'700'000'000});
  return listing;
}

std::vector<std::string> tried(const std::vector<CatalogOffer>& offers) {
  std::vector<std::string> names;
  for (const CatalogOffer& offer : offers) names.emplace_back(offer.file.name.name());
  return names;
}

using Names = std::vector<std::string>;

}  // namespace

TEST_CASE("names of a catalog's files are read as they are written and nothing else is") {
  const auto base = parse_catalog_name(catalog_name(3, 0, RunId{17}).name());
  REQUIRE(base);
  CHECK((base->generation == 3 && base->number == 0 && base->run == RunId{17}));
  const auto changes = parse_catalog_name(catalog_name(3, 4, RunId{18}, 1'700'000'000'000'000'000).name());
  REQUIRE(changes);
  CHECK((changes->generation == 3 && changes->number == 4 && changes->run == RunId{18}));
  CHECK(parse_catalog_name("base-1-2-20261121T030000Z.db.zst.2"));
  for (const char* other :
       {"", "base-", "base-1", "base-1-2.db", "base-1-2.db.zst.part", "base-0-2.db.zst", "base--1-2.db.zst",
        "base-1--2.db.zst", "changes-1-0-3.changeset.zst", "changes-1-2.changeset.zst", "manifest.json",
        "base-1-2.changeset.zst", "changes-1-2-3.db.zst", "base-99999999999999999999-2.db.zst",
        "base-1-2\n.db.zst", "base-1-02.db.zst", "base-1-2-20261121T030000Z.db.zst.22"}) {
    INFO(other);
    CHECK_FALSE(parse_catalog_name(other));
  }
}

TEST_CASE("a catalog without a manifest is put in order by its names") {
  const OfferedCatalog catalog = catalog_by_names(listing_of(
      {"base-1-1.db.zst", "base-2-9.db.zst", "changes-1-1-2.changeset.zst", "changes-1-3-8.changeset.zst",
       "changes-2-1-11.changeset.zst", "changes-2-1-10.changeset.zst", "changes-2-2-12.changeset.zst",
       "changes-3-1-12.changeset.zst", "base-2-9.db.zst.part", "README"}));
  REQUIRE(catalog.generations.size() == 2);
  CHECK(catalog.newest == RunId{12});
  CHECK(catalog.newest_ns == 1'700'000'000'000'000'000);
  const OfferedGeneration& newest = catalog.generations.front();
  CHECK(newest.number == 2);
  REQUIRE(newest.files.size() == 3);
  CHECK(tried(newest.files[0]) == Names{"base-2-9.db.zst"});
  CHECK(tried(newest.files[1]) == Names{"changes-2-1-11.changeset.zst", "changes-2-1-10.changeset.zst"});
  CHECK_FALSE(newest.files[0][0].known);
  CHECK(catalog.generations.back().files.size() == 2);  // up to the first number that is missing
}

TEST_CASE("of several attempts to store a file append only the last one is tried first") {
  const OfferedCatalog catalog = catalog_by_names(
      listing_of({"base-1-2-20261121T030000Z.db.zst", "base-1-2-20261121T030000Z.db.zst.2"}));
  REQUIRE(catalog.generations.size() == 1);
  CHECK(tried(catalog.generations[0].files[0]) ==
        Names{"base-1-2-20261121T030000Z.db.zst.2", "base-1-2-20261121T030000Z.db.zst"});
}
