// Takes one job's remote tree over: what it holds already becomes the job's, without being sent.
#pragma once

#include <deque>
#include <map>
#include <memory>
#include <string>
#include <unordered_set>
#include <vector>

#include "adopt/foreign.h"
#include "adopt/match.h"
#include "base/cancel.h"
#include "base/clock.h"
#include "execute/source_tree.h"
#include "lanes/backoff.h"
#include "outhaul/events.h"
#include "outhaul/profile.h"
#include "state/state.h"
#include "verify/channel.h"
#include "verify/tasks.h"

namespace outhaul {

struct AdoptContext {
  State* state = nullptr;  ///< null: a dry run
  Remote& remote;
  EventSink& events;
  Clock& clock;
  const CancelToken& cancel;
  int connections = 1;
  RetryPolicy retry;
  Throttle* throttle = nullptr;  ///< for what is fetched
  GuardPolicy safety{};          ///< its max_delete bounds what is deleted unasked
  std::vector<std::string> approve{};
};

class Adopter {
 public:
  Adopter(const AdoptContext& context, const Job& job, AdoptCompare compare, TimesAre text_or_seconds);

  /// `scanned` is the source; memory grows with it, as with a first run's plan. Lists the target and every
  /// directory in it that the source has, too; what is not in the source is told, and left alone or deleted
  /// as the job says (a dry run deletes nothing; nor does one with doubts of the source or of a listing). A
  /// file whose size (and time, or content) is the same is hashed here and recorded with its object, in
  /// batches, under `id` and `run`; so is every directory that is there. What an earlier, interrupted
  /// adoption recorded stays. Throws RemoteError when the remote is lost, Error{source} and Error{state} as
  /// they come.
  JobAdoption adopt(ScanStream& scanned, JobId id, RunId run);

 private:
  /// A file that may be the same.
  struct Candidate {
    Entry entry;
    RemotePath remote_name;
    Sha256Digest sha256{};
    std::string digest;  ///< with AdoptCompare::hash: ours of the kind that the server has
  };

  void read_source(ScanStream& scanned);
  void list_all(VerifyLanes& lanes);
  void take_listing(const ListTask& task, VerifyLanes& lanes);
  void take_file(const Entry& entry, const RemotePath& dir, const Listing& listing,
                 std::unordered_set<std::string>& known);
  void tell_foreign(const RemotePath& dir, const Listing& listing,
                    const std::unordered_set<std::string>& known, VerifyLanes& lanes);
  void take_foreign_listing(const ListTask& task, VerifyLanes& lanes);
  void take_foreign(const RemotePath& path, RemoteEntry::Kind kind, VerifyLanes& lanes);
  void remove_foreign(VerifyLanes& lanes);
  void submit(const RelPath& path, const RemotePath& dir, VerifyLanes& lanes);
  void compare_all(VerifyLanes& lanes);
  bool hash_here(Candidate& candidate);
  void ask_digests(std::vector<Candidate>& batch, Commands& commands);
  void read_back(std::vector<Candidate>& batch, VerifyLanes& lanes);
  void record(std::vector<Candidate>& batch);
  void record_entries();
  void find(AdoptFinding::Kind kind, const RemotePath& path, std::string message);
  void differs(const RemotePath& path, std::string message);

  AdoptContext context_;
  const Job& job_;
  AdoptCompare compare_;
  TimesAre times_;
  SourceTree source_;
  JobId id_{};
  RunId run_ = kNoRun;
  JobAdoption report_;
  std::optional<DigestKind> digest_;
  std::map<std::string, std::vector<Entry>, std::less<>> children_;  ///< of the source, by directory
  std::map<std::uint64_t, RelPath> under_way_;                       ///< directories being listed
  std::uint64_t next_ = 0;
  std::unordered_set<std::uint64_t> foreign_listings_;  ///< of directories that the source hasn't got
  Foreign foreign_;
  std::vector<Entry> entries_;  ///< directories and symlinks to be recorded
  std::deque<Candidate> candidates_;
};

}  // namespace outhaul
