#include "scan/listing.h"

#include <dirent.h>

#include <algorithm>
#include <random>
#include <string>

#include "support/catch.h"

using namespace outhaul;

namespace {

using Strings = std::vector<std::string>;

/// Entries as their names, contents with a slash behind them.
Strings keys(DirectoryNames& listing) {
  Strings keys;
  while (const DirectoryNames::Item* item = listing.next())
    keys.push_back(listing.name(*item) + std::string(item->role == DirectoryNames::Role::content ? "/" : ""));
  return keys;
}

std::string random_name(std::mt19937& random) {
  // Below, at and above the slash, and bytes that a signed comparison would put in the wrong place.
  static const std::string alphabet = "ab-./0 !\x80\xFF";
  std::string name;
  do {
    name.assign(1 + random() % 12, ' ');
    for (char& c : name) c = alphabet[random() % alphabet.size()];
    std::erase(name, '/');
  } while (name.empty());
  return name;
}

}  // namespace

TEST_CASE("items are sorted by bytes with contents at the place of the slash") {
  std::mt19937 random(5);
  for (int round = 0; round < 300; ++round) {
    DirectoryNames listing;
    Strings expected, seen;
    for (int i = 0; i < 60; ++i) {
      const std::string name = random_name(random);
      if (std::find(seen.begin(), seen.end(), name) != seen.end()) continue;
      seen.push_back(name);
      expected.push_back(name);
      const bool is_directory = random() % 3 == 0;
      if (is_directory) expected.push_back(name + '/');
      listing.add(name.c_str(), is_directory ? DT_DIR : DT_REG);
    }
    std::sort(expected.begin(), expected.end());
    listing.sort();
    REQUIRE(keys(listing) == expected);
  }
}

TEST_CASE("a name that the file system gave twice comes once and keeps its content") {
  for (const std::uint8_t first : {DT_REG, DT_DIR, DT_UNKNOWN}) {
    for (const std::uint8_t second : {DT_REG, DT_DIR, DT_UNKNOWN}) {
      DirectoryNames listing;
      listing.add("longer than a prefix", first);
      listing.add("b", DT_REG);
      listing.add("longer than a prefix", second);
      listing.add("longer than a prefix too", DT_REG);
      listing.sort();
      Strings entries, contents;
      while (const DirectoryNames::Item* item = listing.next())
        (item->role == DirectoryNames::Role::entry ? entries : contents).push_back(listing.name(*item));
      CHECK(entries == Strings{"b", "longer than a prefix", "longer than a prefix too"});
      CHECK(contents.empty() == (first == DT_REG && second == DT_REG));
    }
  }
}

TEST_CASE("only one content of a name that came twice is descended into") {
  DirectoryNames listing;
  listing.add("d", DT_DIR);
  listing.add("d", DT_DIR);
  listing.sort();
  const DirectoryNames::Item* entry = listing.next();
  REQUIRE(entry != nullptr);
  listing.subdirectory(*entry)->descend = true;
  int descents = 0;
  while (const DirectoryNames::Item* item = listing.next()) descents += listing.subdirectory(*item)->descend;
  CHECK(descents == 1);
}

TEST_CASE("what may be a directory has a place for its content and what is none has not") {
  DirectoryNames listing;
  listing.add("unknown", DT_UNKNOWN);
  listing.add("file", DT_REG);
  listing.add("link", DT_LNK);
  listing.sort();
  CHECK(keys(listing) == Strings{"file", "link", "unknown", "unknown/"});
  DirectoryNames none;
  none.add("link", DT_LNK);
  none.sort();
  CHECK(none.subdirectory(*none.next()) == nullptr);
}
