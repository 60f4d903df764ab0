#include "catalog/check.h"

#include <fmt/format.h>

#include <system_error>
#include <utility>

#include "catalog/local_file.h"
#include "catalog/manifest.h"
#include "catalog/names.h"
#include "outhaul/error.h"

namespace outhaul {
namespace {

using Kind = VerifyFinding::Kind;

class Check {
 public:
  Check(const State& state, Carrier& carrier, const std::string& profile, const std::filesystem::path& folder)
      : carrier_(carrier),
        profile_(profile),
        state_id_(state.id()),
        log_(state.catalog()),
        fetched_(folder / "catalog-check.zst") {}

  CatalogCheck run(bool read) {
    const std::vector<Generation> generations = stored_generations(log_);
    if (generations.empty()) return result_;
    const std::vector<CatalogFile>& files = generations.front().files;
    std::vector<RemotePath> names;
    for (const CatalogFile& file : files) names.push_back(file.name);
    const std::vector<CommandResult> sizes = carrier_.ask_sizes(names);
    for (std::size_t i = 0; i < files.size(); ++i) look_at(files[i], sizes[i], read);
    result_.files = files.size();
    const CatalogFile& last = files.back();
    // What was stored append-only is announced under a name that isn't known, also when that has ended since.
    const bool numbered =
        carrier_.append_only() || last.name != catalog_name(last.generation, last.number, last.run);
    // One that isn't up to date will be replaced anyhow.
    if (log_.recording && log_.announced && !numbered) look_at_manifest(generations);
    return result_;
  }

 private:
  void look_at(const CatalogFile& file, const CommandResult& there, bool read) {
    if (there.status != CommandResult::Status::done && there.status != CommandResult::Status::missing)
      return found(
          Kind::unproven, file.name,
          fmt::format("nobody can tell whether this file of the catalog is there: {}", there.reply_text));
    if (there.status == CommandResult::Status::missing) {
      found(Kind::missing, file.name, "a file of the catalog is not there");
    } else if (there.size != file.size) {
      found(Kind::size_differs, file.name,
            fmt::format("a file of the catalog has {} bytes instead of {}", there.size, file.size));
    } else if (read && !reads_back(file)) {
      found(Kind::content_differs, file.name,
            "a file of the catalog can't be read back as it was stored (SHA-256)");
    } else {
      return;
    }
    result_.needs_base = true;
  }

  /// Read again before it is condemned. What can't be read is as good as damaged.
  bool reads_back(const CatalogFile& file) {
    bool same = false;
    for (int attempt = 0; attempt < 2 && !same; ++attempt) {
      drop_fetched();
      try {
        carrier_.fetch(file.name, fetched_, file.size);
        same = digest_of_file(fetched_) == file.sha256;
      } catch (const RemoteError& error) {
        if (error.failure() != FailureClass::skip_file) throw;
      }
    }
    drop_fetched();
    return same;
  }

  void drop_fetched() const {
    std::error_code none;
    std::filesystem::remove(fetched_, none);
  }

  void look_at_manifest(const std::vector<Generation>& generations) {
    ++result_.files;
    const RemotePath name = catalog_manifest();
    const std::size_t before = result_.findings.size();
    try {
      std::optional<std::string> text = carrier_.fetch_text(name, kMostManifest);
      if (!text) text = carrier_.fetch_text(catalog_manifest_aside(), kMostManifest);
      if (!text) {
        found(Kind::missing, name, "the catalog's manifest is not there");
      } else {
        const Manifest seen = parse_manifest(*text);
        const Manifest expected{seen.outhaul, profile_, state_id_, seen.written_ns, generations};
        if (to_json(seen) != to_json(expected))
          found(Kind::content_differs, name, "the catalog's manifest does not name what was stored");
      }
    } catch (const RemoteError& error) {
      if (error.failure() != FailureClass::skip_file) throw;
      found(Kind::content_differs, name,
            fmt::format("the catalog's manifest can't be read: {}", error.what()));
    } catch (const Error& error) {
      if (error.kind() != ErrorKind::state) throw;
      found(Kind::content_differs, name, error.what());
    }
    result_.needs_manifest = result_.findings.size() > before;
  }

  void found(Kind kind, const RemotePath& name, std::string message) {
    result_.findings.push_back({kind, {}, name, false, std::move(message)});
  }

  Carrier& carrier_;
  const std::string& profile_;
  const std::string state_id_;
  const CatalogLog log_;
  const std::filesystem::path fetched_;
  CatalogCheck result_;
};

}  // namespace

CatalogCheck check_catalog(const State& state, Carrier& carrier, const std::string& profile,
                           const std::filesystem::path& folder, bool read) {
  return Check(state, carrier, profile, folder).run(read);
}

}  // namespace outhaul
