#include "catalog/check.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <system_error>
#include <utility>

#include "catalog/compression.h"
#include "catalog/local_file.h"
#include "catalog/manifest.h"
#include "catalog/names.h"
#include "catalog/step.h"
#include "outhaul/error.h"

namespace outhaul {
namespace {

using Kind = VerifyFinding::Kind;

class Check {
 public:
  Check(const State& state, Carrier& carrier, const std::string& profile, const std::filesystem::path& folder)
      : state_(state),
        carrier_(carrier),
        profile_(profile),
        state_id_(state.id()),
        log_(state.catalog()),
        fetched_(folder / "catalog-check.zst"),
        base_(folder / "catalog-check.db"),
        changes_(folder / "catalog-check.changeset") {}
  ~Check() {
    for (const std::filesystem::path& file : {fetched_, base_, changes_}) drop(file);
  }

  CatalogCheck run(bool read, RunId newest) {
    const std::vector<Generation> generations = stored_generations(log_);
    if (generations.empty()) {
      if (!log_.files.empty())
        found(Kind::unproven, catalog_dir(), "no run could store the catalog yet: a recovery would know nothing");
      return result_;
    }
    const std::vector<CatalogFile>& files = generations.front().files;
    std::vector<RemotePath> names;
    for (const CatalogFile& file : files) names.push_back(file.name);
    const std::vector<CommandResult> sizes = carrier_.ask_sizes(names);
    result_.files = files.size();
    std::uint64_t bytes = 0;
    for (std::size_t i = 0; i < files.size(); ++i) {
      look_at(files[i], sizes[i]);
      bytes += files[i].size;
    }
    const CatalogLook look = catalog_look(read, bytes, log_.replayed == generations.front().number);
    if (look != CatalogLook::sizes) look_inside(files, look);
    const CatalogFile& last = files.back();
    // What was stored append-only is announced under a name that isn't known, also when that has ended since.
    const bool numbered =
        carrier_.append_only() || last.name != catalog_name(last.generation, last.number, last.run);
    // One that isn't up to date will be replaced anyhow.
    if (log_.recording && log_.announced && !numbered) look_at_manifest(generations);
    if (newest > last.run)
      found(Kind::unproven, catalog_dir(),
            fmt::format("the catalog on the remote is as after run {}: a recovery would not know what runs up to {} "
                        "have changed",
                        static_cast<std::int64_t>(last.run), static_cast<std::int64_t>(newest)));
    return result_;
  }

 private:
  void look_at(const CatalogFile& file, const CommandResult& there) {
    if (there.status != CommandResult::Status::done && there.status != CommandResult::Status::missing) {
      whole_ = false;
      return found(
          Kind::unproven, file.name,
          fmt::format("nobody can tell whether this file of the catalog is there: {}", there.reply_text));
    }
    if (there.status == CommandResult::Status::missing) {
      wrong(Kind::missing, file.name, "a file of the catalog is not there");
    } else if (there.size != file.size) {
      wrong(Kind::size_differs, file.name,
            fmt::format("a file of the catalog has {} bytes instead of {}", there.size, file.size));
    }
  }

  void wrong(Kind kind, const RemotePath& name, std::string message) {
    found(kind, name, std::move(message));
    result_.needs_base = true;
    whole_ = false;
  }

  /// Every file is read, so that each one that is wrong is named; a state is made of them when none is.
  void look_inside(const std::vector<CatalogFile>& files, CatalogLook look) {
    CatalogChain chain;
    chain.base = base_;
    for (const CatalogFile& file : files) {
      if (std::ranges::any_of(result_.findings,
                              [&](const VerifyFinding& known) { return known.path == file.name; }))
        continue;
      if (!read(file, chain))
        wrong(Kind::content_differs, file.name,
              "a file of the catalog can't be read back as it was stored (SHA-256)");
    }
    if (!whole_) return;
    const PendingChanges pending = log_.recording ? state_.pending_changes() : PendingChanges{};
    if (look == CatalogLook::read && adds_up_to_the_state(chain, pending)) return;
    const std::string fault =
        chain_fault(profile_, chain, pending, log_.recording ? std::optional(state_.digest()) : std::nullopt);
    if (!fault.empty())
      wrong(Kind::content_differs, files.back().name,
            fmt::format("the catalog is there as it was stored, but would not give this state: {}", fault));
    result_.replayed = fault.empty();
  }

  /// The sums follow from the bytes, and those are proven: of a base that was replayed before they say what a
  /// replay would say. False: only a replay can tell. The state itself is gone through where that is quick; runs
  /// do it now and then where it isn't.
  bool adds_up_to_the_state(CatalogChain chain, const PendingChanges& pending) const {
    if (!log_.recording) return adds_up(chain);
    if (!pending.changeset.empty()) chain.links.push_back({pending.changeset, kNoRun, pending.digest});
    const std::optional<StateDigest>& last =
        chain.links.empty() ? chain.base_digest : chain.links.back().digest;
    return adds_up(chain) && last == pending.digest &&
           (pending.digest.rows > kFewRows || pending.digest == state_.digest());
  }

  /// Read again before it is condemned. What can't be read is as good as damaged.
  bool read(const CatalogFile& file, CatalogChain& chain) {
    for (int attempt = 0; attempt < 2; ++attempt) {
      drop(fetched_);
      try {
        carrier_.fetch(file.name, fetched_, file.size);
      } catch (const RemoteError& error) {
        if (error.failure() != FailureClass::skip_file) throw;
        continue;
      }
      if (digest_of_file(fetched_) != file.sha256) continue;
      return unpack(file, chain);
    }
    return false;
  }

  bool unpack(const CatalogFile& file, CatalogChain& chain) {
    try {
      decompress_file(fetched_, file.number == 0 ? base_ : changes_, file.raw_size);
    } catch (const Error& error) {
      if (error.kind() != ErrorKind::state) throw;
      return false;
    }
    if (file.number == 0) {
      chain.base_run = file.run;
      chain.base_digest = file.digest;
    } else {
      chain.links.push_back({read_whole(changes_), file.run, file.digest});
    }
    return true;
  }

  static void drop(const std::filesystem::path& file) {
    std::error_code none;
    std::filesystem::remove(file, none);
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

  const State& state_;
  Carrier& carrier_;
  const std::string& profile_;
  const std::string state_id_;
  const CatalogLog log_;
  const std::filesystem::path fetched_, base_, changes_;
  bool whole_ = true;  ///< every file is there as it was stored, so far
  CatalogCheck result_;
};

}  // namespace

CatalogLook catalog_look(bool read, std::uint64_t bytes, bool proven) {
  if (read || !proven) return CatalogLook::replay;
  return bytes <= kSmallCatalog ? CatalogLook::read : CatalogLook::sizes;
}

CatalogCheck check_catalog(const State& state, Carrier& carrier, const std::string& profile,
                           const std::filesystem::path& folder, bool read, RunId newest) {
  return Check(state, carrier, profile, folder).run(read, newest);
}

}  // namespace outhaul
