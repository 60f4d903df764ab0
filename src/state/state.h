// The state: what the remote holds and how it got there, in SQLite. The only header through which SQL is
// reached.
//
// Threads: a State and everything it hands out belong to one thread (the job thread).
// Durability: a Transaction's commit() returns when the data is on disk (WAL, synchronous=FULL).
// Errors: Error{state} for newer, foreign, damaged databases; Error{local_io} for a full disk or missing
// permissions.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/digest.h"
#include "outhaul/entry.h"
#include "outhaul/report.h"
#include "outhaul/versions.h"
#include "state/catalog.h"
#include "state/inventory.h"
#include "state/object_status.h"

namespace outhaul {

enum class JobId : std::int64_t {};

/// A partly or wholly sent object whose publication the state hasn't recorded yet: the resume ledger.
struct Part {
  enum class Stage : std::uint8_t {
    sending,     ///< bytes may be under the part name; the old object, if any, is untouched
    publishing,  ///< its size was proven; the rename may or may not have happened
    aside,  ///< like publishing, and the old object may stand under `aside_name` (server can't rename over)
    retiring,  ///< like publishing, and `replaced` may stand under `aside_name`, its place among the versions
  };
  ObjectId object = kNoObject;
  RelPath path;
  RemotePath part_name;
  RemotePath final_name;
  RemotePath aside_name;          ///< empty unless stage is aside or retiring
  ObjectId replaced = kNoObject;  ///< stage retiring: the object that becomes a version
  Fingerprint source;
  std::optional<Sha256Digest> sha256;  ///< once everything was sent
  Stage stage = Stage::sending;
  std::optional<std::uint64_t> sent;  ///< no more was ever sent under part_name; unset: a killed run knows it
  RunId run = kNoRun;                 ///< that made it
};

/// A change of the remote beside uploads that was begun and isn't recorded: it may have been carried out or
/// not.
struct Intent {
  enum class Kind : std::uint8_t { make_dir, move, remove, remove_dir, retire, expire };
  Kind kind{};
  RelPath path;     ///< the entry's; of a move: where it goes; expire: empty
  RelPath from;     ///< move only
  RemotePath name;  ///< on the remote, of `path`; retire: where the version goes; expire: where it stands
  ObjectId object = kNoObject;  ///< retire and expire only
};

struct StoredObject {
  using Status = ObjectStatus;
  ObjectId id = kNoObject;
  RemotePath remote_name;
  std::uint64_t size = 0;
  std::optional<Sha256Digest> sha256;
  Status status = Status::live;
  RunId created_run = kNoRun, retired_run = kNoRun;
};

/// When a path was in a job's tree: after every run r with from <= r < to.
struct TimeInTree {
  RunId from = kNoRun;
  std::optional<RunId> to;  ///< unset: it still is
};

/// An entry as it was after every run r with from <= r < to.
struct PastEntry {
  Entry entry;
  RunId from = kNoRun;
  std::int64_t from_ns = 0;  ///< when that run began
  std::optional<RunId> to;   ///< unset: it still is
  std::optional<std::int64_t> to_ns;
};

struct Doubt {
  RelPath path;
  std::string reason;
};

/// A file of the source that could not be stored.
struct Unstored {
  RelPath path;                       ///< empty: of more files than are remembered one by one
  std::optional<std::uint64_t> size;  ///< unset: nobody knows
  std::string reason;
};

class State;

/// A write transaction. Rolls back unless commit() was called. Nesting is a bug (throws Error{internal}).
class Transaction {
 public:
  Transaction(Transaction&&) noexcept;
  ~Transaction();
  void commit();

 private:
  friend class State;
  explicit Transaction(State& state);
  State* state_;
};

class State {
 public:
  enum class Open : std::uint8_t { create_if_missing, must_exist, read_only };
  /// Opens `dir`/state.db; creates dir (0700) and database when allowed. `profile` is the profile's name: a
  /// database that belongs to another profile is refused as foreign, one of a newer schema as newer, one that
  /// fails SQLite's own checks as damaged: each with the way out in its advice, each left as it is. Older
  /// schemas are migrated in one transaction (read_only refuses them instead). read_only never writes, not
  /// even a WAL file where SQLite can avoid it.
  static State open(const std::filesystem::path& dir, std::string_view profile, Open mode);
  State(State&&) noexcept;
  State& operator=(State&&) noexcept;
  ~State();

  Transaction begin();

  // --- runs ---
  RunId begin_run(std::int64_t started_ns);  ///< commits by itself
  /// Commits by itself. `snapshots`: the jobs whose trees can be restored as this run leaves them.
  void finish_run(RunId run, std::int64_t finished_ns, ExitCode outcome, const JobCounters& done,
                  std::uint64_t problems, std::string_view message, const std::vector<JobId>& snapshots = {});
  std::vector<RunRow> runs(std::size_t newest) const;  ///< newest first
  std::optional<RunRow> last_success() const;          ///< newest with outcome done and no message

  // --- jobs and entries ---
  /// The job's id, made on first use. Throws Error{state} when the stored target differs: a changed target is
  /// a new job.
  JobId job(std::string_view name, const RemotePath& target);
  std::optional<JobId> find_job(std::string_view name) const;
  /// The same, with job()'s refusal of a changed target.
  std::optional<JobId> find_job(std::string_view name, const RemotePath& target) const;
  std::vector<std::string> job_names() const;
  /// All entries in plain byte order of their paths, as of the call: a snapshot that later commits don't
  /// change, and that may outlive the State. Called inside a Transaction it shows what was written in it, and
  /// then must not be read on while more is written.
  std::unique_ptr<EntryStream> entries(JobId job) const;
  /// The same, only what is at or below `path`.
  std::unique_ptr<EntryStream> entries_below(JobId job, const RelPath& path) const;
  /// The tree as it was after `run`, from the current and the past entries, in the same order.
  std::unique_ptr<EntryStream> entries_at(JobId job, RunId run) const;
  std::optional<Entry> entry(JobId job, const RelPath& path) const;
  /// The job's, oldest first. Forgotten ones are among them.
  std::vector<Snapshot> snapshots(JobId job) const;
  /// When something was at `path` (as a directory: when it had an entry itself), oldest first.
  std::vector<TimeInTree> presence(JobId job, const RelPath& path) const;
  /// The same with what was there, each change by itself; oldest first.
  std::vector<PastEntry> history(JobId job, const RelPath& path) const;
  /// The name that an entry with this object had until `run`, when a rename took it away.
  std::optional<RelPath> moved_from(JobId job, ObjectId object, RunId run, const RelPath& to) const;
  std::optional<StoredObject> object(ObjectId id) const;
  struct Totals {
    std::uint64_t files = 0, bytes = 0;             ///< of the current trees
    std::uint64_t versions = 0, version_bytes = 0;  ///< retired objects
    std::uint64_t kept_bytes = 0;                   ///< left in their places by on_removal
    std::uint64_t catalog_bytes = 0;                ///< of the catalog's files
    std::uint64_t all_bytes() const noexcept { return bytes + version_bytes + kept_bytes + catalog_bytes; }
  };
  Totals totals() const;
  /// Files that a run has stored and that are live: only `files` and `bytes` are set. Reads every object.
  Totals stored_by(RunId run) const;

  // --- writing; each needs an open Transaction ---
  /// Inserts or replaces the entry; a differing old one ends in past_entry. entry.object says which object
  /// holds it.
  void record(JobId job, RunId run, const Entry& entry);
  /// Ends the entry.
  void forget(JobId job, RunId run, const RelPath& path);
  /// Marks what became of an object that no current entry refers to.
  enum class Fate : std::uint8_t { gone, kept };
  void retire_object(ObjectId object, RunId run, Fate fate);
  /// A moved object: same content, new name.
  void rename_object(ObjectId object, const RemotePath& remote_name);
  /// An object that is to be sent (status uploading) and its part. The ledger row exists before the first
  /// byte leaves.
  ObjectId begin_object(JobId job, RunId run, const RelPath& path, const RemotePath& final_name,
                        const RemotePath& part_name, const Fingerprint& source);
  void set_part_stage(ObjectId object, Part::Stage stage, const RemotePath& aside_name = {},
                      ObjectId replaced = kNoObject);
  /// The part is whole and about to get its final name (stage publishing); with `aside`, after what has that
  /// name has gone there (stage retiring).
  void begin_publication(ObjectId object, const Sha256Digest& sha256, const RemotePath& aside = {},
                         ObjectId replaced = kNoObject);
  void set_part_sent(ObjectId object, std::optional<std::uint64_t> sent);
  /// The object is live and whole under its final name; its part ends; `entry` (with entry.object = object)
  /// is recorded; the object the entry had before becomes gone, unless it was retired before.
  void publish(JobId job, RunId run, ObjectId object, const Sha256Digest& sha256, const Entry& entry);
  /// A part that was deleted on the remote or given up: the row and its object end.
  void drop_part(ObjectId object);
  /// A part that stays on the remote under its object's own name and is never continued: only the row ends.
  /// The object stays `uploading`, so that the bytes there are known for what they are.
  void abandon_part(ObjectId object);

  std::vector<Part> parts(JobId job) const;
  std::optional<Part> part_for(JobId job, const RelPath& path) const;

  // --- versions (state/versions.cc, state/snapshots.cc) ---
  /// The object left the tree, and stands under `version_name` now. Needs an open Transaction.
  void retire(ObjectId object, RunId run, const RemotePath& version_name);
  /// What on_removal "keep" left under a name.
  std::optional<StoredObject> kept_at(const RemotePath& remote_name) const;
  /// Needs an open Transaction. Said twice is said once.
  void add_snapshot(JobId job, RunId run);
  /// Needs an open Transaction. The past that no other snapshot needs ends with them.
  void forget_snapshots(JobId job, RunId run, const std::vector<RunId>& forgotten);
  /// All runs, in order, with what was said of the clock for this job.
  std::vector<RunTime> run_times(JobId job) const;
  /// The clock was right when this run began: somebody has said so. The run is a snapshot of the job. Needs
  /// an open Transaction.
  void approve_time(JobId job, RunId run);
  std::vector<VersionGroup> versions(JobId job) const;
  /// Every retired object that left the tree in `since` or later, in no order.
  void each_departed(JobId job, RunId since, const std::function<void(const Departed&)>& each) const;
  /// At most `most` retired objects with an id beyond `after` that no snapshot needs, by id.
  std::vector<StoredObject> garbage(JobId job, ObjectId after, std::size_t most) const;
  // --- comparing with the remote (state/inventory.cc) ---
  /// Every directory that the remote should have for `jobs` and everything that should lie in it; and, so
  /// that what is somebody else's is not taken for foreign, what the other jobs' objects need. Not inside a
  /// Transaction.
  std::unique_ptr<Inventory> inventory(const std::vector<JobScope>& jobs) const;
  /// Everything of these jobs that is on the remote, in no order.
  std::vector<ReadCandidate> read_candidates(const std::vector<JobId>& jobs) const;
  /// The object's content was read back and is right. Needs an open Transaction.
  void set_read_back(ObjectId object, std::int64_t when_ns);
  /// These objects aren't on the remote, or aren't what they should be: they are gone, and entries that named
  /// one have none, so that the next run sends them again. Needs an open Transaction.
  void lose_objects(RunId run, const std::vector<ObjectId>& objects);

  // --- the journal of what is done beside uploads ---
  /// Needs an open Transaction, which is committed before the command is sent.
  void intend(JobId job, RunId run, const Intent& intent);
  std::vector<Intent> intents(JobId job) const;  ///< in order of their paths
  /// Everything that was intended is recorded, or known not to have happened. Needs an open Transaction.
  void clear_intents(JobId job);

  // --- doubt ---
  /// Replaces the job's. One that stays keeps the run that met it first.
  void set_doubts(JobId job, RunId run, const std::vector<Doubt>& doubts);
  std::vector<Doubt> doubts(JobId job) const;
  /// The files that the source has and the remote hasn't, as `run` left them: replaces the job's. A path that
  /// stays keeps what was said of it, with the run that met it first; with another size it counts once more.
  void set_unstored(JobId job, RunId run, const std::vector<Unstored>& files);
  /// Doubts and unstored files, the oldest first.
  std::vector<OpenProblem> open_problems(JobId job) const;
  /// The last run that changed the tree of any job; kNoRun: none has.
  RunId newest_change() const;

  // --- the catalog: the copy of this state that the remote holds; each writes in a transaction of its own
  // ---
  CatalogLog catalog() const;
  /// A database of all that is committed, without the tables that are of use to this very state only. `file`
  /// must not exist. Throws Error{internal} when it doesn't hold what the state holds.
  StateDigest write_catalog_base(const std::filesystem::path& file) const;
  /// From now on changes are recorded, for a new generation whose base was just written; what was recorded
  /// before ends. Returns its number.
  std::int64_t begin_catalog_generation(const StateDigest& base);
  PendingChanges pending_changes() const;
  void drop_changes(std::int64_t last);
  void set_catalog_file(const CatalogFile& file);
  void drop_catalog_files(std::int64_t before_generation);
  void set_catalog_announced();
  /// What is stored isn't to be relied on: the next run stores a new base, or announces what there is again.
  void renew_catalog_base();
  void renew_catalog_manifest();
  /// Of the recorded tables as they are. Reads all of them.
  StateDigest digest() const;
  /// The generation's files on the remote were proven to give the state.
  void set_catalog_replayed(std::int64_t generation);
  /// None: nothing is known to be missing.
  std::optional<Gap> gap() const;
  void close_gap();
  /// Whether there is, or ever was, an entry.
  bool holds_a_tree() const;
  /// Random, made with the state: two states of the same profile differ in it. 32 hex digits.
  std::string id() const;

  // --- what was learned of a server ("ftp://host:port") ---
  std::optional<std::string> server_fact(std::string_view server, std::string_view fact) const;
  void set_server_fact(std::string_view server, std::string_view fact, std::string_view value);
  void forget_server_fact(std::string_view server, std::string_view fact);
  std::map<std::string, std::string> server_facts(std::string_view server) const;

 private:
  friend class Transaction;
  RunId first_in_doubt(JobId job, RunId run) const;
  struct Impl;
  explicit State(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace outhaul
