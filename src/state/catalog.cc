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
constexpr std::array kTables = {"identity",   "run",      "job",   "object",   "entry",
                                "past_entry", "snapshot", "doubt", "unstored", "server_fact", "gap"};
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
  file.digest = parse_state_digest(row.bytes(8));
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
  unseen = true;  // unless all of this succeeds
  {
    sqlite::Query catalog(db(),
                          "SELECT recording AND schema = (SELECT user_version FROM pragma_user_version), "
                          "digest FROM catalog");
    catalog.next();
    const std::optional<StateDigest> known = parse_state_digest(catalog.row().bytes(1));
    if (catalog.row().integer(0) == 0 || !known) {
      unseen = false;
      return;
    }
    recorded = *known;
  }
  pending_bytes = static_cast<std::uint64_t>(
      db().integer("SELECT coalesce(sum(length(changeset)), 0) FROM catalog_change"));
  pending_limit = std::max<std::uint64_t>(
      kLeastLimit, static_cast<std::uint64_t>(db().integer(
                       "SELECT coalesce(max(raw_size), 0) / 4 FROM catalog_file WHERE number = 0")));
  recorder.emplace(db(), catalog_tables());
  unseen = false;
}

/// What is written from now on is in no changeset: the next run stores a new base.
void State::Impl::end_recording() {
  db().exec("DELETE FROM catalog_change; UPDATE catalog SET recording = 0");
  recorder.reset();
  unseen = false;
}

/// Within the transaction whose changes they are: a crash can't part them. Nothing that goes wrong with them
/// keeps the transaction itself from being committed.
void State::Impl::keep_changes() {
  if (unseen) return end_recording();
  if (!recorder) return;
  std::string changeset;
  try {
    changeset = recorder->take();
    recorded = folded(recorded, changeset);
  } catch (const Error&) {
    return end_recording();
  }
  if (changeset.empty()) return;
  pending_bytes += changeset.size();
  if (pending_bytes > pending_limit) return end_recording();
  sqlite::execute(db(), "INSERT INTO catalog_change (changeset) VALUES (?)", sqlite::Blob{changeset});
  sqlite::execute(db(), "UPDATE catalog SET digest = ?", sqlite::Text{to_hex(recorded)});
}

CatalogLog State::catalog() const {
  CatalogLog log;
  {
    sqlite::Query query(impl_->db(), "SELECT generation, announced, replayed FROM catalog");
    query.next();
    log.generation = query.row().integer(0);
    log.announced = query.row().integer(1) != 0;
    log.replayed = query.row().integer(2);
  }
  log.recording = impl_->recorder.has_value();
  sqlite::Query query(
      impl_->db(),
      "SELECT generation, number, run, name, size, raw_size, sha256, stored, digest FROM catalog_file "
      "ORDER BY generation, number");
  while (query.next()) log.files.push_back(read_file(impl_->db(), query.row()));
  return log;
}

std::int64_t State::begin_catalog_generation(const StateDigest& base) {
  impl_->require_none("a generation of the catalog");
  impl_->in_transaction([&] {
    sqlite::execute(impl_->db(),
                    "UPDATE catalog SET generation = generation + 1, recording = 1, digest = ?, "
                    "schema = (SELECT user_version FROM pragma_user_version)",
                    sqlite::Text{to_hex(base)});
    sqlite::execute(impl_->db(), "DELETE FROM catalog_change");
    sqlite::execute(impl_->db(), "DELETE FROM catalog_file WHERE NOT stored");
  });
  impl_->begin_recording();
  return impl_->db().integer("SELECT generation FROM catalog");
}

PendingChanges State::pending_changes() const {
  PendingChanges pending;
  pending.digest = impl_->recorded;
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
        "stored, digest) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
        file.generation, file.number, file.run, blob_of(file.name), file.size, file.raw_size,
        blob_of(file.sha256), file.stored ? 1 : 0, sqlite::Text{text_of(file.digest)});
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
  impl_->in_transaction([&] { impl_->end_recording(); });
  impl_->begin_recording();
}

void State::renew_catalog_manifest() {
  impl_->in_transaction([&] { sqlite::execute(impl_->db(), "UPDATE catalog SET announced = 0"); });
}

/// All rows of the recorded tables, whatever they say: changes that come later speak of any of them.
StateDigest State::write_catalog_base(const std::filesystem::path& file) const {
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
  copy.exec("COMMIT");
  copy.exec("DETACH state");
  const StateDigest written = digest_of(copy);
  // As it was recorded, or else as it is: where both say the same there is no need to go through it again.
  const bool as_recorded = impl_->recorder && written == impl_->recorded;
  if (!as_recorded && written != digest())
    throw Error(ErrorKind::internal, "the base of the catalog is not what the state holds",
                "Check the disk that holds the state directory. If it is healthy, this is a bug in outhaul; "
                "please report it.");
  return written;
}

bool State::holds_a_tree() const {
  return impl_->db().integer("SELECT EXISTS (SELECT 1 FROM entry) OR EXISTS (SELECT 1 FROM past_entry)") != 0;
}

StateDigest State::digest() const {
  return digest_of(impl_->db());
}

void State::set_catalog_replayed(std::int64_t generation) {
  impl_->in_transaction([&] { sqlite::execute(impl_->db(), "UPDATE catalog SET replayed = ?", generation); });
}

std::optional<Gap> State::gap() const {
  sqlite::Query query(impl_->db(), "SELECT known_run, newest_run, newest_ns FROM gap");
  if (!query.next()) return std::nullopt;
  return Gap{query.row().get<RunId>(0), query.row().get<RunId>(1), query.row().integer(2)};
}

void State::close_gap() {
  impl_->in_transaction([&] { sqlite::execute(impl_->db(), "DELETE FROM gap"); });
}

std::string State::id() const {
  return impl_->db().string("SELECT state_id FROM identity");
}

}  // namespace outhaul
