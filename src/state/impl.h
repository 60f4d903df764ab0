// What a State holds, for the files that implement it.
#pragma once

#include <filesystem>
#include <memory>
#include <optional>
#include <string_view>

#include "outhaul/entry.h"
#include "state/changes.h"
#include "state/open.h"
#include "state/sqlite.h"
#include "state/state.h"

namespace outhaul {

struct State::Impl {
  explicit Impl(OpenedState opened) : at(std::move(opened)) { begin_recording(); }
  Impl(Impl&&) = delete;
  ~Impl();

  sqlite::Database& db() const noexcept { return *at.db; }
  /// Throws Error{internal} outside a Transaction.
  void require_transaction(std::string_view what) const;
  /// Throws Error{internal} inside a Transaction.
  void require_none(std::string_view what) const;
  void begin();
  void rollback() noexcept;
  /// Runs `work` in the open Transaction, or in one of its own.
  template <typename Work>
  void in_transaction(Work work) {
    if (writing) return work();
    begin();
    try {
      work();
      commit();
    } catch (...) {
      rollback();
      throw;
    }
  }
  void commit();
  /// The connection that a stream reads from: one of its own, so that it is a snapshot; or this one while a
  /// Transaction is open, so that it sees what was written in it.
  std::shared_ptr<sqlite::Database> connection_for_stream();

  /// Inserts or replaces the entry, which `object` holds; the one it replaces goes to the past. The object of
  /// the one before, or kNoObject.
  ObjectId put_entry(JobId job, RunId run, const Entry& entry, ObjectId object);

  /// Records what is written from now on if the catalog asks for it, as the database says.
  void begin_recording();
  void end_recording();
  void keep_changes();
  void try_to_record() noexcept;

  OpenedState at;
  bool writing = false;
  std::optional<sqlite::Recorder> recorder;
  bool unseen = false;                                 ///< nobody records, although the database may say so
  StateDigest recorded;                                ///< of what the base and all recorded changes give
  std::uint64_t pending_bytes = 0, pending_limit = 0;  ///< of recorded changes

 private:
  std::shared_ptr<sqlite::Database> idle_reader_;
  Entry before_;  ///< put_entry's, kept for its buffers
};

/// Rows of `entry` and `past_entry`, as every query for them names the columns.
#define OUTHAUL_ENTRY_COLUMNS                                                               \
  "path, kind, size, mtime_ns, ctime_ns, inode, dev, mode, uid, gid, link_target, object, " \
  "user_name, group_name, links, sparse, xattrs"
inline constexpr int kEntryColumns = 17;  ///< so many are they: the first column that a query may add
/// Throws the refusal of a damaged state when the row holds what put_entry() can't have written.
void read_entry(const sqlite::Database& db, const sqlite::Statement& row, Entry& entry);

/// Rows of `object`, as every query for them names the columns.
#define OUTHAUL_OBJECT_COLUMNS "id, remote_name, size, sha256, status, created_run, retired_run"
StoredObject read_object(const sqlite::Database& db, const sqlite::Statement& row);

/// NULL for kNoObject.
std::optional<ObjectId> nullable(ObjectId object);

/// A remote name that the state holds; one that breaks the rules was not written by us.
RemotePath stored_remote_path(const sqlite::Database& db, std::string_view wire);

std::optional<Sha256Digest> stored_digest(const sqlite::Statement& row, int column);
sqlite::Blob blob_of(const Sha256Digest& digest);
/// As a column holds it; empty: none.
inline std::string text_of(const std::optional<StateDigest>& digest) {
  return digest ? to_hex(*digest) : std::string();
}
inline sqlite::Blob blob_of(const RelPath& path) {
  return {path.bytes()};
}
inline sqlite::Blob blob_of(const RemotePath& path) {
  return {path.wire()};
}

}  // namespace outhaul
