#include "catalog/recover.h"

#include <fmt/format.h>

#include <algorithm>
#include <functional>
#include <optional>

#include "catalog/by_names.h"
#include "catalog/compression.h"
#include "catalog/local_file.h"
#include "catalog/manifest.h"
#include "catalog/names.h"
#include "outhaul/error.h"

namespace outhaul {
namespace {

namespace fs = std::filesystem;

/// A changeset is held in memory.
constexpr std::uint64_t kMostChangeset = 1024ULL * 1024 * 1024;
/// Where no manifest says how long something is: paths and numbers are compressed to a tenth or a thirtieth.
constexpr std::uint64_t kMostBase = 256 * kMostChangeset;
constexpr std::uint64_t kLeastBound = 64ULL * 1024 * 1024;
constexpr std::uint64_t kMostRatio = 200;

class Recovery {
 public:
  Recovery(Carrier& carrier, const std::string& profile, const fs::path& dir)
      : carrier_(carrier), profile_(profile), dir_(dir), folder_(dir / "recover") {}
  ~Recovery() {
    std::error_code fault;
    if (done_) fs::remove_all(folder_, fault);  // else the next attempt goes on with what was fetched
  }

  RecoveredState recover() {
    const std::optional<Manifest> manifest = read_manifest();
    if (manifest && manifest->profile != profile_)
      throw Error(ErrorKind::state,
                  fmt::format("the catalog there is of profile \"{}\", not of \"{}\"",
                              printable(manifest->profile), printable(profile_)),
                  "Give the profile the name that it had, or the URL of its own remote.");
    offered_ = manifest ? catalog_of(*manifest) : search_by_names();
    if (manifest) {
      result_.written_by = manifest->outhaul;
      for (const Generation& each : manifest->generations)
        log_.files.insert(log_.files.end(), each.files.begin(), each.files.end());
    }
    result_.written_ns = result_.newest_ns = offered_.newest_ns;
    result_.newest_run = offered_.newest;
    log_.generation = offered_.generations.front().number;
    fs::create_directories(folder_);
    std::optional<Error> last;
    for (const OfferedGeneration& generation : offered_.generations) {
      try {
        take(generation);
        done_ = true;
        return std::move(result_);
      } catch (const Error& error) {
        if (error.kind() != ErrorKind::state || fs::exists(dir_ / "state.db")) throw;
        unusable(generation, error);
        last = error;
      }
    }
    throw Error(
        ErrorKind::state, fmt::format("no generation of the catalog can be used: {}", last->what()),
        "The files themselves are on the remote under their own names: fetch them with any FTP client, or "
        "have \"outhaul adopt\" take them over.");
  }

 private:
  /// None: there is none that can be read.
  std::optional<Manifest> read_manifest() {
    std::optional<Manifest> newest = read_numbered_manifest();
    for (const RemotePath& name : {catalog_manifest(), catalog_manifest_aside()}) {
      try {
        const auto text = carrier_.fetch_text(name, kMostManifest);
        if (!text) continue;
        Manifest manifest = parse_manifest(*text);
        // A job that was made append-only has left it behind, as it may be.
        if (!newest || newest->written_ns < manifest.written_ns) newest = std::move(manifest);
        break;
      } catch (const Error& error) {
        if (error.kind() != ErrorKind::state) throw;
        if (!newest) damaged_manifest_ = error;
      }
    }
    return newest;
  }

  /// The files tell by their names what they are; whether they are whole, zstd's checksums and SQLite say,
  /// and whether they belong together, that each one's changes follow on what is before them.
  OfferedCatalog search_by_names() {
    OfferedCatalog offered;
    try {
      offered = catalog_by_names(carrier_.list(catalog_dir()));
    } catch (const RemoteError& error) {
      if (error.failure() != FailureClass::skip_file) throw;
    }
    if (offered.generations.empty()) {
      if (damaged_manifest_) throw *damaged_manifest_;
      throw Error(ErrorKind::state, "there is no catalog on the remote",
                  "Check the profile's URL, and \"control_dir\" if outhaul's own directory has another name "
                  "there than .outhaul. If outhaul never completed a run there, use \"outhaul adopt\" to "
                  "take over what is there.");
    }
    offered.by_names = true;
    result_.problems.push_back(
        {Problem::Severity::error,
         {},
         printable(catalog_manifest().wire()),
         damaged_manifest_ ? damaged_manifest_->what() : "the catalog's manifest is not there",
         fmt::format(
             "The catalog's files were taken by their names instead, up to run {}: whether there was a "
             "newer one, nobody can tell. The next run writes a new manifest.",
             static_cast<std::int64_t>(offered.newest))});
    return offered;
  }

  /// Of an append-only remote: the last one that is whole.
  std::optional<Manifest> read_numbered_manifest() {
    std::vector<std::string> names;
    try {
      for (const RemoteEntry& entry : carrier_.list(catalog_dir()).entries)
        if (entry.kind == RemoteEntry::Kind::file && is_numbered_manifest(entry.name))
          names.push_back(entry.name);
    } catch (const RemoteError& error) {
      if (error.failure() != FailureClass::skip_file) throw;
    }
    std::ranges::sort(names, std::greater<>{});
    for (const std::string& name : names) {
      try {
        if (const auto text = carrier_.fetch_text(catalog_dir() / RemotePath::parse(name), kMostManifest))
          return parse_manifest(*text);
      } catch (const Error& error) {
        if (error.kind() != ErrorKind::state && error.kind() != ErrorKind::usage) throw;
        result_.problems.push_back({Problem::Severity::warning,
                                    {},
                                    printable(name),
                                    error.what(),
                                    "A run may have been cut off while it was sent; the one before it is "
                                    "taken."});
      }
    }
    return std::nullopt;
  }

  void unusable(const OfferedGeneration& generation, const Error& error) {
    result_.problems.push_back(
        {Problem::Severity::error,
         {},
         {},
         fmt::format("generation {} of the catalog can't be used: {}", generation.number, error.what()),
         "An older one is tried. What was stored since is still on the remote, but unknown."});
  }

  void take(const OfferedGeneration& generation) {
    CatalogChain chain;
    chain.base = folder_ / "base.db";
    std::vector<CatalogFile> taken{take_base(generation.files.front(), chain)};
    for (std::size_t i = 1; i < generation.files.size(); ++i) {
      const auto file = take_changes(generation.files[i], chain);
      if (!file) break;
      taken.push_back(*file);
    }
    CatalogLog log = log_;
    // By names: only what was looked at is known well enough to be named by the next manifest.
    if (log.files.empty()) log.files = taken;
    const RebuiltState rebuilt =
        rebuild_state(dir_, profile_, chain, log, {offered_.newest, offered_.newest_ns, offered_.by_names});
    if (rebuilt.applied < chain.links.size())
      cut_off(taken[rebuilt.applied + 1], "it doesn't follow on what was before");
    result_.generation = generation.number;
    result_.changes = rebuilt.applied;
    result_.run = rebuilt.run;
  }

  /// The first of `offers` that can be used. Throws Error{state} when none can.
  CatalogFile take_base(const std::vector<CatalogOffer>& offers, CatalogChain& chain) {
    for (std::size_t i = 0;; ++i) {
      try {
        const CatalogFile file = unpack(offers[i], chain.base, kMostBase);
        chain.base_run = file.run;
        chain.base_digest = file.digest;
        return file;
      } catch (const Error& error) {
        if (error.kind() != ErrorKind::state || i + 1 == offers.size()) throw;
      }
    }
  }

  /// None: none of them can be used, which is told.
  std::optional<CatalogFile> take_changes(const std::vector<CatalogOffer>& offers, CatalogChain& chain) {
    const fs::path raw = folder_ / "changeset";
    for (std::size_t i = 0; i < offers.size(); ++i) {
      try {
        if (offers[i].file.raw_size > kMostChangeset)
          throw Error(ErrorKind::state, "it is larger than a changeset can be");
        const CatalogFile file = unpack(offers[i], raw, kMostChangeset);
        chain.links.push_back({read_whole(raw), file.run, file.digest});
        return file;
      } catch (const Error& error) {
        if (error.kind() != ErrorKind::state) throw;
        if (i + 1 == offers.size()) cut_off(offers[i].file, error.what());
      }
    }
    return std::nullopt;
  }

  /// Fetched and uncompressed into `raw`; what is known of the file then. Throws Error{state} when it isn't
  /// what was stored.
  CatalogFile unpack(const CatalogOffer& offer, const fs::path& raw, std::uint64_t most) {
    CatalogFile file = offer.file;
    if (offer.known) {
      decompress_file(fetch(file), raw, file.raw_size);
      return file;
    }
    const fs::path local = folder_ / std::string(file.name.name());
    fetch_to(file, local, file.size == 0 ? most : file.size);
    file.size = fs::file_size(local);
    file.sha256 = digest_of_file(local);
    // What is this small but fills the disk is nothing of ours.
    file.raw_size = decompress_at_most(local, raw, std::min(most, kLeastBound + kMostRatio * file.size));
    return file;
  }

  void fetch_to(const CatalogFile& file, const fs::path& local, std::uint64_t size) {
    try {
      carrier_.fetch(file.name, local, size);
    } catch (const RemoteError& error) {
      if (error.failure() != FailureClass::skip_file) throw;
      throw Error(ErrorKind::state, error.what(), error.advice());
    }
  }

  /// Fetched and as it was stored; throws Error{state} otherwise.
  fs::path fetch(const CatalogFile& file) {
    const fs::path local = folder_ / std::string(file.name.name());
    for (const bool again : {false, true}) {
      fetch_to(file, local, file.size);
      if (digest_of_file(local) == file.sha256) return local;
      fs::remove(local);
      if (again) break;
    }
    throw Error(ErrorKind::state, fmt::format("{} is not what was stored", printable(file.name.wire())));
  }

  void cut_off(const CatalogFile& file, std::string_view why) {
    result_.problems.push_back({Problem::Severity::error,
                                {},
                                printable(file.name.wire()),
                                fmt::format("the changes up to run {} are unknown, and all later ones: {}",
                                            static_cast<std::int64_t>(file.run), why),
                                {}});
  }

  Carrier& carrier_;
  const std::string& profile_;
  fs::path dir_, folder_;
  bool done_ = false;
  OfferedCatalog offered_;
  CatalogLog log_;
  std::optional<Error> damaged_manifest_;
  RecoveredState result_;
};

}  // namespace

RecoveredState recover_state(Carrier& carrier, const std::string& profile, const fs::path& dir) {
  return Recovery(carrier, profile, dir).recover();
}

}  // namespace outhaul
