// Entries: the tree as of the last run, and as of every run before it.
#include <fmt/format.h>

#include <string>
#include <utility>

#include "state/impl.h"
#include "state/refusal.h"
#include "state/state.h"
#include "state/xattr_blob.h"

namespace outhaul {
namespace {

using sqlite::Blob;
using sqlite::Text;

/// A read that began with the constructor. It keeps its connection alive, so it may outlive the State.
class StoredEntries final : public EntryStream {
 public:
  template <typename... Values>
  StoredEntries(std::shared_ptr<sqlite::Database> db, const char* sql, const Values&... values)
      : db_(std::move(db)), rows_(db_->prepare(sql)) {
    int index = 0;
    (rows_.bind(++index, values), ...);
    advance();  // SQLite takes its snapshot with the first row
  }

  bool next(Entry& entry) override {
    if (!has_row_) return false;
    read_entry(*db_, rows_, entry);
    advance();
    return true;
  }

 private:
  void advance() {
    has_row_ = rows_.step();
    if (!has_row_) rows_.reset();  // at the end nothing holds the log back
  }

  std::shared_ptr<sqlite::Database> db_;
  sqlite::Statement rows_;
  bool has_row_ = false;
};

/// What is at `path`, and what is below it: from "path/" up to, not including, "path0". What sorts in
/// between, such as "path-b", is neither.
class EntriesBelow final : public EntryStream {
 public:
  EntriesBelow(std::shared_ptr<sqlite::Database> db, JobId job, const RelPath& path)
      : path_(path.bytes()),
        first_(path.bytes() + '/'),
        end_(path.bytes() + static_cast<char>('/' + 1)),
        rows_(std::move(db),
              "SELECT " OUTHAUL_ENTRY_COLUMNS
              " FROM entry WHERE job = ?1 AND path = ?2 UNION ALL "
              "SELECT " OUTHAUL_ENTRY_COLUMNS
              " FROM entry WHERE job = ?1 AND path >= ?3 AND path < ?4 ORDER BY path",
              job, Blob{path_}, Blob{first_}, Blob{end_}) {}
  bool next(Entry& entry) override { return rows_.next(entry); }

 private:
  std::string path_, first_, end_;  // bound without a copy: they live as long as the rows
  StoredEntries rows_;
};

/// NULL for nothing.
template <typename Value>
std::optional<Value> unless_empty(std::string_view bytes) {
  return bytes.empty() ? std::nullopt : std::optional(Value{bytes});
}

/// The one place where the past is written. An entry that began in this very run was in no run's tree.
void remember_past(sqlite::Database& db, JobId job, RunId run, const RelPath& path) {
#define OUTHAUL_PAST_COLUMNS                                                                               \
  "job, path, kind, size, mtime_ns, ctime_ns, inode, dev, mode, uid, gid, link_target, object, from_run, " \
  "user_name, group_name, xattrs, object_offset, links, sparse"
  sqlite::execute(db,
                  "INSERT INTO past_entry (" OUTHAUL_PAST_COLUMNS ", to_run) SELECT " OUTHAUL_PAST_COLUMNS
                  ", ?1 FROM entry WHERE job = ?2 AND path = ?3 AND from_run < ?1",
                  run, job, blob_of(path));
#undef OUTHAUL_PAST_COLUMNS
}

}  // namespace

void read_entry(const sqlite::Database& db, const sqlite::Statement& row, Entry& entry) {
  entry.path.assign_trusted(row.bytes(0));
  entry.kind = row.get<EntryKind>(1);
  entry.size = row.get<std::uint64_t>(2);
  entry.mtime_ns = row.integer(3);
  entry.ctime_ns = row.integer(4);
  entry.inode = row.get<std::uint64_t>(5);
  entry.dev = row.get<std::uint64_t>(6);
  entry.mode = row.get<std::uint32_t>(7);
  entry.uid = row.get<std::uint32_t>(8);
  entry.gid = row.get<std::uint32_t>(9);
  entry.link_target.assign(row.bytes(10));
  entry.object = row.get<ObjectId>(11);  // NULL reads as 0, which is kNoObject
  entry.user.assign(row.bytes(12));
  entry.group.assign(row.bytes(13));
  entry.links = row.get<std::uint32_t>(14);
  entry.sparse = row.integer(15) != 0;
  if (const std::string fault = decode_xattrs(row.bytes(16), entry.xattrs); !fault.empty())
    throw damaged(db.file(), fmt::format("the extended attributes of {} {}", printable(row.bytes(0)), fault));
}

std::unique_ptr<EntryStream> State::entries(JobId job) const {
  return std::make_unique<StoredEntries>(
      impl_->connection_for_stream(),
      "SELECT " OUTHAUL_ENTRY_COLUMNS " FROM entry WHERE job = ? ORDER BY path", job);
}

std::unique_ptr<EntryStream> State::entries_below(JobId job, const RelPath& path) const {
  if (path.empty()) return entries(job);
  return std::make_unique<EntriesBelow>(impl_->connection_for_stream(), job, path);
}

std::unique_ptr<EntryStream> State::entries_at(JobId job, RunId run) const {
  return std::make_unique<StoredEntries>(
      impl_->connection_for_stream(),
      "SELECT " OUTHAUL_ENTRY_COLUMNS
      " FROM entry WHERE job = ?1 AND from_run <= ?2 UNION ALL "
      "SELECT " OUTHAUL_ENTRY_COLUMNS
      " FROM past_entry WHERE job = ?1 AND from_run <= ?2 AND ?2 < to_run ORDER BY path",
      job, run);
}

std::optional<Entry> State::entry(JobId job, const RelPath& path) const {
  sqlite::Query query(impl_->db(), "SELECT " OUTHAUL_ENTRY_COLUMNS " FROM entry WHERE job = ? AND path = ?",
                      job, blob_of(path));
  if (!query.next()) return std::nullopt;
  Entry found;
  read_entry(impl_->db(), query.row(), found);
  return found;
}

ObjectId State::Impl::put_entry(JobId job, RunId run, const Entry& entry, ObjectId object) {
  bool exists = false, began_now = false;
  {
    sqlite::Query query(db(),
                        "SELECT " OUTHAUL_ENTRY_COLUMNS ", from_run FROM entry WHERE job = ? AND path = ?",
                        job, blob_of(entry.path));
    exists = query.next();
    if (exists) read_entry(db(), query.row(), before_);
    began_now = exists && query.row().get<RunId>(kEntryColumns) == run;
  }
  const ObjectId replaced = exists ? std::exchange(before_.object, entry.object) : kNoObject;
  if (exists && replaced == object && before_ == entry) return replaced;
  if (exists && !began_now) remember_past(db(), job, run, entry.path);
  const auto link = entry.kind == EntryKind::symlink ? std::optional(Blob{entry.link_target}) : std::nullopt;
  const std::string xattrs = encode_xattrs(entry.xattrs);
  sqlite::execute(
      db(),
      exists
          ? "UPDATE entry SET kind = ?3, size = ?4, mtime_ns = ?5, ctime_ns = ?6, inode = ?7, dev = ?8, "
            "mode = ?9, uid = ?10, gid = ?11, link_target = ?12, object = ?13, from_run = ?14, "
            "user_name = ?15, group_name = ?16, links = ?17, sparse = ?18, xattrs = ?19, "
            "object_offset = NULL WHERE job = ?1 AND path = ?2"
          : "INSERT INTO entry (job, path, kind, size, mtime_ns, ctime_ns, inode, dev, mode, uid, gid, "
            "link_target, object, from_run, user_name, group_name, links, sparse, xattrs) "
            "VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18, ?19)",
      job, blob_of(entry.path), entry.kind, entry.size, entry.mtime_ns, entry.ctime_ns, entry.inode,
      entry.dev, entry.mode, entry.uid, entry.gid, link, nullable(object), run,
      unless_empty<Text>(entry.user), unless_empty<Text>(entry.group), entry.links, entry.sparse,
      unless_empty<Blob>(xattrs));
  return replaced;
}

void State::record(JobId job, RunId run, const Entry& entry) {
  impl_->require_transaction("record()");
  impl_->put_entry(job, run, entry, entry.object);
}

void State::forget(JobId job, RunId run, const RelPath& path) {
  impl_->require_transaction("forget()");
  remember_past(impl_->db(), job, run, path);
  sqlite::execute(impl_->db(), "DELETE FROM entry WHERE job = ? AND path = ?", job, blob_of(path));
}

}  // namespace outhaul
