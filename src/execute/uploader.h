// One file's way through one lane: open, hash, send, resume, retry.
#pragma once

#include <optional>
#include <random>
#include <string>
#include <string_view>
#include <vector>

#include "base/cancel.h"
#include "base/clock.h"
#include "execute/source_tree.h"
#include "lanes/backoff.h"
#include "lanes/resume_proof.h"
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
    fill,     ///< store `fill` zeros under `part`; there is no action
  };
  Kind kind = Kind::upload;
  const Action* action = nullptr;
  ObjectId object = kNoObject;  ///< upload: the ledger's row
  RemotePath part;
  std::uint64_t fill = 0;
  bool resume = false;  ///< something of this very file may be under `part` already
  int tries = 0;        ///< how often the publisher sent it back
  /// No more than this was ever sent under `part`; unset: nobody knows, because a run was killed.
  std::optional<std::uint64_t> sent{};
  /// Upload: a second digest to compute, for the server's to be compared with.
  std::optional<DigestKind> digest{};
  bool read_back = false;  ///< upload: fetch it again when it is there
  /// Upload of an append-only job: what is under `part` can be gone on with, but not written over.
  bool once = false;
  bool touched = false;  ///< something may be under `part`
  int attempt = 1;       ///< how many names the file has had in this run
  bool spoiled = false;  ///< sent back, because the server went on with it wrongly
};

/// What to do about a file that doesn't stop changing.
inline constexpr std::string_view kAdviceForChanging =
    "Have whatever writes it pause during the backup, or back up a dump or snapshot of it. A file of which a "
    "copy "
    "as it is read will do, such as a log, can be declared so: \"changing\": {\"accept\": [\"*.log\"]}.";

/// What an operator should know of an upload that may have ended well all the same.
struct Remark {
  Problem::Severity severity = Problem::Severity::note;
  std::string message, advice;
};

/// An upload that was gone on with, and isn't what was sent; `lost` bytes of it are sent again.
Remark remark_on_wrong_resume(const std::string& how, std::uint64_t lost);

struct Outcome {
  enum class Status : std::uint8_t {
    done,           ///< compare: digest is there; upload: the server has said 2xx to everything
    vanished,       ///< the file is gone or became something else: the next run will see what it is
    source_failed,  ///< the file can't be read
    remote_failed,  ///< see `failure`
    name_used,      ///< what is under `part` is of no use and in the way: it needs another name
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
  std::uint64_t sent = 0, retries = 0;
  std::uint64_t resumed = 0;  ///< done: so many bytes of it were on the server before its last session
  std::uint64_t in_part = 0;  ///< so much of it may lie under `part`
  std::vector<Remark> remarks;
};

/// What is under the task's name is of no use, and it is not sent to that name again.
class NameUsed : public Error {
 public:
  explicit NameUsed(const std::string& why) : Error(ErrorKind::remote, why) {}
};

/// Below this, sending again costs less than asking what is there.
inline constexpr std::uint64_t kWorthResuming = 256 * 1024;

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
    Remote* remote = nullptr;      ///< that the lane is of; nullptr: nothing is known of the server
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
  std::uint64_t find_offset(const Task& task, SourceFile& file, Outcome& outcome);
  void require_unused(const Task& task);
  void remove_part(const Task& task);
  CommandResult ask(const Command& question);
  std::uint64_t resume_offset(const Task& task, SourceFile& file, std::uint64_t size);
  void hash_up_to(SourceFile& file, std::uint64_t size) const;
  CommandResult ask_for_part(const Task& task);
  std::uint64_t size_of_part(const Task& task, const SourceFile& file, Outcome& outcome);
  ReadBack compare_part(const RemotePath& part, const SourceFile& file, std::uint64_t size,
                        std::span<const ByteRange> ranges);
  std::vector<ByteRange> ranges_before(const Task& task, std::uint64_t from, std::uint64_t size) const;
  // resume_check.cc: whether the server goes on rightly
  std::optional<bool> resumes() const;
  void found_that_it_resumes();
  [[noreturn]] void spoiled(std::uint64_t lost, const std::string& how, Outcome& outcome);
  void tell_of_fresh_start(std::uint64_t lost, Outcome& outcome) const;
  void tell_of_loss(std::uint64_t lost, const CommandResult& there, Outcome& outcome) const;
  void look_for_loss(const Task& task, const CommandResult& there, Outcome& outcome);
  void prove(const Task& task, const SourceFile& file, std::uint64_t offset, Outcome& outcome);
  void prove_size(const Task& task, std::uint64_t size, std::uint64_t offset, Outcome& outcome);
  ReadBack prove_content(const Task& task, const SourceFile& file, const Outcome& outcome);
  std::optional<bool> digest_is_right(const Task& task, const Outcome& outcome);
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
  std::vector<std::uint64_t> joins_;  ///< where this part was gone on with, by us
  HashMarks marks_;
  bool touched_ = false;     ///< like Task::touched, up to now
  bool doubted_ = false;     ///< the server is said to resume rightly, but has lost some of this file since
  bool unproven_ = false;    ///< it was gone on with, and nobody has looked whether that was done rightly
  bool in_the_way_ = false;  ///< what is under the part's name could not be removed before it was sent anew
  bool reread_ = false;      ///< under the part's name may be what was sent of another content
};

}  // namespace outhaul
