// One file's way through one lane: open, hash, send, resume, retry.
#pragma once

#include <optional>
#include <random>
#include <string>
#include <string_view>

#include "base/cancel.h"
#include "base/clock.h"
#include "execute/source_tree.h"
#include "lanes/backoff.h"
#include "lanes/throttle.h"
#include "outhaul/events.h"
#include "outhaul/plan.h"
#include "outhaul/remote.h"

namespace outhaul {

/// What a lane is asked to do. Values only: the plan's action outlives every task.
struct Task {
  enum class Kind : std::uint8_t {
    compare,  ///< hash the file, nothing else
    upload,   ///< store it under `part`
  };
  Kind kind = Kind::upload;
  const Action* action = nullptr;
  ObjectId object = kNoObject;  ///< upload: the ledger's row
  RemotePath part;
  bool resume = false;  ///< something of this very file may be under `part` already
  int tries = 0;        ///< how often the publisher sent it back
  /// No more than this was ever sent under `part`; unset: nobody knows, because a run was killed.
  std::optional<std::uint64_t> sent{};
  /// Upload: a second digest to compute, for the server's to be compared with.
  std::optional<DigestKind> digest{};
  bool read_back = false;  ///< upload: fetch it again when it is there
  /// Upload of an append-only job: what is under `part` can be gone on with, but not written over.
  bool once = false;
  bool touched = false;  ///< with once: something may be under `part`
  int attempt = 1;       ///< with once: how many names the file has had in this run
};

/// What to do about a file that doesn't stop changing.
inline constexpr std::string_view kAdviceForChanging =
    "Have whatever writes it pause during the backup, or back up a dump or snapshot of it. A file of which a "
    "copy "
    "as it is read will do, such as a log, can be declared so: \"changing\": {\"accept\": [\"*.log\"]}.";

struct Outcome {
  enum class Status : std::uint8_t {
    done,           ///< compare: digest is there; upload: the server has said 2xx to everything
    vanished,       ///< the file is gone or became something else: the next run will see what it is
    source_failed,  ///< the file can't be read
    remote_failed,  ///< see `failure`
    name_used,      ///< task.once, and what is under `part` can't be gone on with: it needs another name
    handed_back,    ///< the lane gave up its connection; the task is still to be done
  };
  Task task;
  Status status = Status::done;
  Entry entry;  ///< the file as it was read
  Sha256Digest digest{};
  std::string other_digest;               ///< of task.digest, in hex
  std::optional<Sha256Digest> read_back;  ///< with task.read_back: of what the server gave back
  int lane = 0;
  bool litter = false;   ///< the lane's disk probe (execute/disk_probe.h) may still be there
  bool torn = false;     ///< it kept changing while it was read; the copy may be mixed
  bool changed = false;  ///< the same of a file that may: it was read once
  FailureClass failure = FailureClass::none;
  int reply_code = 0;
  std::string message, advice;
  std::uint64_t sent = 0, resumed = 0, retries = 0;
};

class Uploader {
 public:
  struct Context {
    const SourceTree& source;
    RetryPolicy policy;
    Clock& clock;
    const CancelToken& cancel;
    EventSink& events;
    bool may_hand_back = true;     ///< false for the only connection: it waits instead of giving itself up
    Throttle* throttle = nullptr;  ///< nullptr: as fast as the line is
  };
  /// `own` is the lane's own token, a child of the context's; null: the context's.
  Uploader(Lane& lane, int lane_number, const Context& context, const CancelToken* own = nullptr);
  /// Never throws: what went wrong is in the outcome.
  Outcome perform(const Task& task) noexcept;

 private:
  void compare(const Task& task, Outcome& outcome);
  void upload(const Task& task, Outcome& outcome);
  void attempt(const Task& task, bool look_first, Outcome& outcome);
  SourceFile open(const Task& task);
  std::uint64_t find_offset(const Task& task, SourceFile& file);
  void require_unused(const Task& task);
  std::uint64_t resume_offset(const Task& task, SourceFile& file);
  void hash_up_to(SourceFile& file, std::uint64_t size) const;
  std::uint64_t size_of_part(const Task& task, const SourceFile& file);
  bool matches(const RemotePath& part, const SourceFile& file, std::uint64_t from, std::uint64_t size);
  bool read_back(const RemotePath& part, std::uint64_t from, std::span<const std::byte> expected);
  Sha256Digest fetch_digest(const Task& task, Outcome& outcome);
  void send(const Task& task, SourceFile& file, std::uint64_t offset, Outcome& outcome);
  bool stored_all_the_same(const Task& task, const SourceFile& file, const RemoteError& error);
  void stop_if_cancelled() const;
  bool wait_before_retry(const std::string& path, int attempt, const std::string& why, Outcome& outcome);

  Lane& lane_;
  int number_;
  Context context_;
  const CancelToken& cancel_;
  std::minstd_rand random_;
  /// The sessions in which this part was sent. One that broke off may be alive on the server for a while yet,
  /// and write what had arrived at its own place: beyond a hole, where the next one began before it.
  struct Trail {
    std::uint64_t offset = 0;  ///< where the last session began
    std::uint64_t last = 0;    ///< no byte beyond it was handed to the last session
    std::uint64_t older = 0;   ///< nor beyond this to one before it
  };

  // Of the present attempt, in the file: where it went on, and up to where it has sent.
  std::uint64_t offset_ = 0, position_ = 0;
  std::optional<std::uint64_t> sent_;  ///< like Task::sent, up to now
  Trail trail_;
  HashMarks marks_;
  bool touched_ = false;  ///< like Task::touched, up to now
  bool reread_ = false;   ///< under the part's name may be what was sent of another content
};

}  // namespace outhaul
