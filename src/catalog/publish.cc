#include "catalog/publish.h"

#include <algorithm>
#include <system_error>

#include "catalog/compression.h"
#include "catalog/local_file.h"
#include "catalog/manifest.h"
#include "catalog/names.h"
#include "catalog/readme.h"
#include "catalog/step.h"

namespace outhaul {
namespace {

namespace fs = std::filesystem;

constexpr int kMostSteps = 6;

std::int64_t next_number(const CatalogLog& log) {
  std::int64_t number = 0;
  for (const CatalogFile& known : log.files)
    if (known.generation == log.generation) number = std::max(number, known.number + 1);
  return number;
}

class Publication {
 public:
  Publication(State& state, Carrier& carrier, const CatalogSettings& settings)
      : state_(state), carrier_(carrier), settings_(settings), was_cut_off_(!state.catalog().announced) {}

  CatalogReport publish() {
    if (!state_.holds_a_tree()) return report_;
    // What was written while a base was on its way comes after it. A base that the changes outgrow at once is
    // followed by another.
    bool more = true;
    for (int steps = 0; more && steps < kMostSteps; ++steps) more = take_step();
    return report_;
  }

 private:
  /// False: that was all.
  bool take_step() {
    const CatalogLog log = state_.catalog();
    const PendingChanges pending = log.recording ? state_.pending_changes() : PendingChanges{};
    const std::string compressed = pending.of_the_tree ? compress(pending.changeset) : std::string{};
    report_.generation = log.generation;
    CatalogStep step = next_step(log, pending, compressed.size());
    if (step == CatalogStep::add_changes && !they_give_the_state(log, pending)) {
      report_.lost_track = true;
      step = CatalogStep::new_base;
    }
    switch (step) {
      case CatalogStep::nothing:
        return false;
      case CatalogStep::announce:
        announce();
        return false;
      case CatalogStep::finish_base:
        if (!settings_.may_make_base) return false;
        finish_base(log);
        return true;
      case CatalogStep::add_changes:
        add_changes(log, pending, compressed);
        return true;
      case CatalogStep::new_base:
        if (!settings_.may_make_base) return false;
        make_base();
        return true;
    }
    return false;
  }

  bool they_give_the_state(const CatalogLog& log, const PendingChanges& pending) const {
    return !is_to_be_compared(pending.digest.rows, next_number(log)) || pending.digest == state_.digest();
  }

  fs::path base_file(std::int64_t generation) const {
    return settings_.folder / ("catalog-" + std::to_string(generation) + ".db.zst");
  }

  void make_dir() { carrier_.make_dir(catalog_dir()); }

  /// With each base: what it tells may have changed with outhaul.
  void store_readme() {
    if (!carrier_.append_only()) {
      carrier_.store_text(readme_text(settings_.profile, settings_.control_dir), catalog_readme());
    } else if (!carrier_.exists(catalog_readme_of_increments())) {
      carrier_.store_text(readme_text_of_increments(settings_.profile, settings_.control_dir), catalog_readme_of_increments());
    }
  }

  RemotePath name_for(const CatalogFile& file) const {
    return carrier_.append_only() ? catalog_name(file.generation, file.number, file.run, settings_.now_ns)
                                  : catalog_name(file.generation, file.number, file.run);
  }

  void add_changes(const CatalogLog& log, const PendingChanges& pending, const std::string& compressed) {
    CatalogFile file;
    file.generation = log.generation;
    file.number = next_number(log);
    file.run = settings_.run;
    file.name = name_for(file);
    file.size = compressed.size();
    file.raw_size = pending.changeset.size();
    Sha256 hash;
    hash.update(compressed);
    file.sha256 = hash.finish();
    file.stored = true;
    file.digest = pending.digest;
    make_dir();
    file.name = carrier_.store_text(compressed, file.name);
    Transaction transaction = state_.begin();
    state_.set_catalog_file(file);
    state_.drop_changes(pending.last);
    transaction.commit();
    stored(file);
  }

  /// What is written while it is sent is recorded already.
  void make_base() {
    for (const auto& entry : fs::directory_iterator(settings_.folder))
      if (entry.path().filename().string().starts_with("catalog-")) fs::remove(entry.path());
    const fs::path raw = settings_.folder / "catalog-base.db";
    CatalogFile file;
    file.digest = state_.write_catalog_base(raw);
    file.generation = state_.begin_catalog_generation(*file.digest);
    const Compressed compressed = compress_file(raw, base_file(file.generation));
    fs::remove(raw);
    file.run = settings_.run;
    file.name = name_for(file);
    file.size = compressed.size;
    file.raw_size = compressed.raw_size;
    file.sha256 = compressed.sha256;
    state_.set_catalog_file(file);
    send_base(file, false);
  }

  void finish_base(const CatalogLog& log) {
    const auto on_its_way = std::find_if(log.files.begin(), log.files.end(), [&](const CatalogFile& file) {
      return file.generation == log.generation && !file.stored;
    });
    std::error_code fault;
    const fs::path local = base_file(log.generation);
    if (!fs::exists(local, fault) || digest_of_file(local) != on_its_way->sha256) return make_base();
    send_base(*on_its_way, true);
  }

  void send_base(CatalogFile file, bool resume) {
    const fs::path local = base_file(file.generation);
    carrier_.make_control_dir();
    make_dir();
    store_readme();
    file.name = carrier_.store(local, file.name, resume);
    file.stored = true;
    state_.set_catalog_file(file);
    fs::remove(local);
    report_.new_base = true;
    stored(file);
  }

  void stored(const CatalogFile& file) {
    report_.stored = true;
    report_.bytes = file.size;
    report_.generation = file.generation;
  }

  /// Only then is it the catalog. What no generation of the manifest names goes after that, where it can.
  void announce() {
    const CatalogLog log = state_.catalog();
    Manifest manifest{settings_.version, settings_.profile, state_.id(), settings_.now_ns,
                      stored_generations(log)};
    const bool stays = carrier_.append_only();
    const RemotePath name = stays ? catalog_manifest(settings_.run, settings_.now_ns) : catalog_manifest();
    if (was_cut_off_)
      carrier_.store_text_anew(to_json(manifest), name);
    else
      carrier_.store_text(to_json(manifest), name);
    const std::int64_t oldest = manifest.generations.back().number;
    for (const CatalogFile& file : log.files)
      if (file.generation < oldest && !stays && !carrier_.try_remove(file.name)) ++report_.left_behind;
    Transaction transaction = state_.begin();
    state_.drop_catalog_files(oldest);
    state_.set_catalog_announced();
    transaction.commit();
  }

  State& state_;
  Carrier& carrier_;
  const CatalogSettings& settings_;
  const bool was_cut_off_;  ///< an earlier run got to its files, and not to the manifest
  CatalogReport report_;
};

}  // namespace

CatalogReport publish_catalog(State& state, Carrier& carrier, const CatalogSettings& settings) {
  return Publication(state, carrier, settings).publish();
}

}  // namespace outhaul
