#include "catalog/recover.h"

#include <fmt/format.h>

#include <algorithm>
#include <functional>
#include <optional>

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

class Recovery {
 public:
  Recovery(Carrier& carrier, const std::string& profile, const fs::path& dir)
      : carrier_(carrier), profile_(profile), dir_(dir), folder_(dir / "recover") {}
  ~Recovery() {
    std::error_code fault;
    if (done_) fs::remove_all(folder_, fault);  // else the next attempt goes on with what was fetched
  }

  RecoveredState recover() {
    const Manifest manifest = read_manifest();
    if (manifest.profile != profile_)
      throw Error(ErrorKind::state,
                  fmt::format("the catalog there is of profile \"{}\", not of \"{}\"",
                              printable(manifest.profile), printable(profile_)),
                  "Give the profile the name that it had, or the URL of its own remote.");
    result_.written_by = manifest.outhaul;
    result_.written_ns = manifest.written_ns;
    fs::create_directories(folder_);
    std::optional<Error> last;
    for (const Generation& generation : manifest.generations) {
      try {
        take(generation, manifest);
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
  Manifest read_manifest() {
    std::optional<Manifest> newest = read_numbered_manifest();
    for (const RemotePath& name : {catalog_manifest(), catalog_manifest_aside()}) {
      const auto text = carrier_.fetch_text(name, kMostManifest);
      if (!text) continue;
      if (!newest) return parse_manifest(*text);
      // A job that was made append-only has left it behind, as it may be.
      try {
        Manifest manifest = parse_manifest(*text);
        if (newest->written_ns < manifest.written_ns) return manifest;
      } catch (const Error&) {
      }
      break;
    }
    if (newest) return std::move(*newest);
    throw Error(
        ErrorKind::state, "there is no catalog on the remote",
        "Check the profile's URL. If outhaul never completed a run there, use \"outhaul adopt\" to take over "
        "what is there.");
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

  void unusable(const Generation& generation, const Error& error) {
    result_.problems.push_back(
        {Problem::Severity::error,
         {},
         {},
         fmt::format("generation {} of the catalog can't be used: {}", generation.number, error.what()),
         "An older one is tried. What was stored since is still on the remote, but unknown."});
  }

  void take(const Generation& generation, const Manifest& manifest) {
    const CatalogFile& base = generation.files.front();
    const fs::path compressed = fetch(base), raw = folder_ / "base.db";
    decompress_file(compressed, raw, base.raw_size);
    std::vector<std::string> changesets;
    for (std::size_t i = 1; i < generation.files.size(); ++i)
      if (!add(generation.files[i], changesets)) break;
    CatalogLog log;
    for (const Generation& each : manifest.generations)
      log.files.insert(log.files.end(), each.files.begin(), each.files.end());
    log.generation = manifest.generations.front().number;
    const std::size_t applied = rebuild_state(dir_, profile_, raw, changesets, log);
    if (applied < changesets.size())
      cut_off(generation.files[applied + 1], "it doesn't follow on what was before");
    result_.generation = generation.number;
    result_.changes = applied;
    result_.run = generation.files[applied].run;
  }

  /// Fetched and as it was stored; throws Error{state} otherwise.
  fs::path fetch(const CatalogFile& file) {
    const fs::path local = folder_ / std::string(file.name.name());
    for (const bool again : {false, true}) {
      try {
        carrier_.fetch(file.name, local, file.size);
      } catch (const RemoteError& error) {
        if (error.failure() != FailureClass::skip_file) throw;
        throw Error(ErrorKind::state, error.what(), error.advice());
      }
      if (digest_of_file(local) == file.sha256) return local;
      fs::remove(local);
      if (again) break;
    }
    throw Error(ErrorKind::state, fmt::format("{} is not what was stored", printable(file.name.wire())));
  }

  bool add(const CatalogFile& file, std::vector<std::string>& changesets) {
    try {
      if (file.raw_size > kMostChangeset)
        throw Error(ErrorKind::state, "it is larger than a changeset can be");
      const fs::path raw = folder_ / "changeset";
      decompress_file(fetch(file), raw, file.raw_size);
      changesets.push_back(read_whole(raw));
      return true;
    } catch (const Error& error) {
      if (error.kind() != ErrorKind::state) throw;
      cut_off(file, error.what());
      return false;
    }
  }

  void cut_off(const CatalogFile& file, std::string_view why) {
    result_.problems.push_back({Problem::Severity::error,
                                {},
                                printable(file.name.wire()),
                                fmt::format("the changes up to run {} are unknown, and all later ones: {}",
                                            static_cast<std::int64_t>(file.run), why),
                                "The files are on the remote. The next run sends again what it can't tell; "
                                "\"outhaul verify\" lists what is "
                                "there and unknown."});
  }

  Carrier& carrier_;
  const std::string& profile_;
  fs::path dir_, folder_;
  bool done_ = false;
  RecoveredState result_;
};

}  // namespace

RecoveredState recover_state(Carrier& carrier, const std::string& profile, const fs::path& dir) {
  return Recovery(carrier, profile, dir).recover();
}

}  // namespace outhaul
