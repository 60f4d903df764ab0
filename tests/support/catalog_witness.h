// Would the catalog give the state? Judged from outside: nothing here is the program's own code.
#pragma once

#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace outhaul::test {

/// A file of the remote by its name below the base directory; none: it isn't there.
using FetchStored = std::function<std::optional<std::string>(const std::string& name)>;

struct CatalogWitness {
  bool recording = false;  ///< the state says that it records: then the rest must hold
  /// Rows in which the base and the changes on the remote, with those that the state has not stored yet,
  /// differ from the state; or why they give nothing.
  std::vector<std::string> differences;
  bool tree_is_stored = false;  ///< what isn't stored yet says nothing of jobs, objects and entries
};

/// `state_dir`/state.db is copied, not opened: it stays as it is, also after a kill. Recorded is every table
/// but the parts, the intents and the catalog's own.
CatalogWitness look_at_catalog(const std::filesystem::path& state_dir, const FetchStored& remote);

}  // namespace outhaul::test
