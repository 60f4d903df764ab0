// The catalog's side of the state: recording what is written, and which files on the remote have it.
#include "state/catalog.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <utility>

#include "outhaul/error.h"
#include "state/changes.h"
#include "state/impl.h"
#include "state/schema.h"
#include "state/state.h"

namespace outhaul {
namespace {

/// Parts and intents are of use to this very state only.
constexpr std::array kTables = {"identity",   "run",      "job",   "object",     "entry",
                                "past_entry", "snapshot", "doubt", "server_fact"};
constexpr std::array kTree = {"job", "object", "entry", "past_entry"};

/// Changes that outgrow it cost more than a new base.
constexpr std::uint64_t kLeastLimit = 4 * 1024 * 1024;

CatalogFile read_file(const sqlite::Database& db, const sqlite::Statement& row) {
  CatalogFile file;
  file.generation = row.integer(0);
  file.number = row.integer(1);
  file.run = row.get<RunId>(2);
  file.name = stored_remote_path(db, row.bytes(3));
  file.size = row.get<std::uint64_t>(4);
  file.raw_size = row.get<std::uint64_t>(5);
  file.sha256 = stored_digest(row, 6).value_or(Sha256Digest{});
  file.stored = row.integer(7) != 0;
  return file;
}

}  // namespace

std::span<const char* const> catalog_tables() noexcept {
  return kTables;
}

// --- recording

void State::Impl::begin_recording() {
  recorder.reset();
  pending_bytes = 0;
  if (!at.writable) return;
  if (db().integer(
          "SELECT recording AND schema = (SELECT user_version FROM pragma_user_version) FROM catalog") == 0)
    return;
  pending_bytes = static_cast<std::uint64_t>(
      db().integer("SELECT coalesce(sum(length(changeset)), 0) FROM catalog_change"));
  pending_limit = std::max<std::uint64_t>(
      kLeastLimit, static_cast<std::uint64_t>(db().integer(
                       "SELECT coalesce(max(raw_size), 0) / 4 FROM catalog_file WHERE number = 0")));
  recorder.emplace(db(), catalog_tables());
}

/// Within the transaction whose changes they are: a crash can't part them.
void State::Impl::keep_changes() {
  if (!recorder) return;
  const std::string changeset = recorder->take();
  if (changeset.empty()) return;
  pending_bytes += changeset.size();
  if (pending_bytes <= pending_limit) {
    sqlite::execute(db(), "INSERT INTO catalog_change (changeset) VALUES (?)", sqlite::Blob{changeset});
    return;
  }
  db().exec("DELETE FROM catalog_change; UPDATE catalog SET recording = 0");
  recorder.reset();
}

CatalogLog State::catalog() const {
  CatalogLog log;
  {
    sqlite::Query query(impl_->db(), "SELECT generation, announced FROM catalog");
    query.next();
    log.generation = query.row().integer(0);
    log.announced = query.row().integer(1) != 0;
  }
  log.recording = impl_->recorder.has_value();
  sqlite::Query query(
      impl_->db(),
      "SELECT generation, number, run, name, size, raw_size, sha256, stored FROM catalog_file "
      "ORDER BY generation, number");
  while (query.next()) log.files.push_back(read_file(impl_->db(), query.row()));
  return log;
}

std::int64_t State::begin_catalog_generation() {
  impl_->require_none("a generation of the catalog");
  impl_->in_transaction([&] {
    sqlite::execute(impl_->db(),
                    "UPDATE catalog SET generation = generation + 1, recording = 1, "
                    "schema = (SELECT user_version FROM pragma_user_version)");
    sqlite::execute(impl_->db(), "DELETE FROM catalog_change");
    sqlite::execute(impl_->db(), "DELETE FROM catalog_file WHERE NOT stored");
  });
  impl_->begin_recording();
  return impl_->db().integer("SELECT generation FROM catalog");
}

PendingChanges State::pending_changes() const {
  PendingChanges pending;
  sqlite::ChangeGroup group;
  sqlite::Query query(impl_->db(), "SELECT id, changeset FROM catalog_change ORDER BY id");
  while (query.next()) {
    pending.last = query.row().integer(0);
    group.add(query.row().bytes(1));
  }
  if (pending.last == 0) return pending;
  pending.changeset = group.take();
  pending.of_the_tree = sqlite::touches(pending.changeset, kTree);
  return pending;
}

void State::drop_changes(std::int64_t last) {
  impl_->in_transaction(
      [&] { sqlite::execute(impl_->db(), "DELETE FROM catalog_change WHERE id <= ?", last); });
  impl_->pending_bytes = static_cast<std::uint64_t>(
      impl_->db().integer("SELECT coalesce(sum(length(changeset)), 0) FROM catalog_change"));
}

void State::set_catalog_file(const CatalogFile& file) {
  impl_->in_transaction([&] {
    sqlite::execute(
        impl_->db(),
        "INSERT OR REPLACE INTO catalog_file (generation, number, run, name, size, raw_size, sha256, "
        "stored) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        file.generation, file.number, file.run, blob_of(file.name), file.size, file.raw_size,
        blob_of(file.sha256), file.stored ? 1 : 0);
    if (file.stored) sqlite::execute(impl_->db(), "UPDATE catalog SET announced = 0");
  });
}

void State::drop_catalog_files(std::int64_t before_generation) {
  impl_->in_transaction([&] {
    sqlite::execute(impl_->db(), "DELETE FROM catalog_file WHERE generation < ?", before_generation);
  });
}

void State::set_catalog_announced() {
  impl_->in_transaction([&] { sqlite::execute(impl_->db(), "UPDATE catalog SET announced = 1"); });
}

void State::renew_catalog_base() {
  impl_->in_transaction(
      [&] { impl_->db().exec("DELETE FROM catalog_change; UPDATE catalog SET recording = 0"); });
  impl_->begin_recording();
}

void State::renew_catalog_manifest() {
  impl_->in_transaction([&] { sqlite::execute(impl_->db(), "UPDATE catalog SET announced = 0"); });
}

void State::write_catalog_base(const std::filesystem::path& file) const {
  impl_->require_none("a base of the catalog");
  sqlite::Database copy = sqlite::Database::create(file);
  copy.exec("PRAGMA page_size = 4096");
  copy.exec("PRAGMA journal_mode = OFF");
  copy.exec("PRAGMA synchronous = OFF");  // it is read back before anything depends on it
  migrate(copy, migrations());
  copy.exec("PRAGMA foreign_keys = OFF");
  copy.exec(fmt::format("PRAGMA application_id = {}", kApplicationId).c_str());
  drop_derived(copy);
  {
    sqlite::Statement attach = copy.prepare("ATTACH ? AS state");
    const std::string from = impl_->at.file.string();
    attach.bind(1, sqlite::Text{from});
    attach.step();
  }
  copy.exec("BEGIN");
  for (const char* table : kTables)
    copy.exec(fmt::format("INSERT INTO main.{0} SELECT * FROM state.{0}", table).c_str());
  copy.exec("DELETE FROM object WHERE status = 'uploading'");
  copy.exec("COMMIT");
  copy.exec("DETACH state");
}

bool State::holds_a_tree() const {
  return impl_->db().integer("SELECT EXISTS (SELECT 1 FROM entry) OR EXISTS (SELECT 1 FROM past_entry)") != 0;
}

std::string State::id() const {
  return impl_->db().string("SELECT state_id FROM identity");
}

}  // namespace outhaul
