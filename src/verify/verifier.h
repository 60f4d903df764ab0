// One verification: the walk over the directories, the questions, the readings, the record. Private to this
// layer.
#pragma once

#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <unordered_set>
#include <utility>
#include <vector>

#include "verify/channel.h"
#include "verify/comparison.h"
#include "verify/tasks.h"
#include "verify/verify.h"

namespace outhaul {

class Verifier {
 public:
  Verifier(const VerifyContext& context, const std::vector<VerifyJob>& jobs, const VerifyOptions& options);
  VerifyReport run();
  ConnectionUse seen() const { return seen_; }

 private:
  /// An object whose size is to be asked for.
  struct Question {
    KnownObject object;
    RemotePath dir;
    SizeDoubt doubt;
    std::shared_ptr<UnlistedNames> unlisted;  ///< of its directory
  };

  void list_all();
  void take(std::unique_ptr<LaneTask> task, VerifyLanes& lanes);
  void judge(const ListTask& task, VerifyLanes& lanes);
  void judge_unlisted(const ListTask& task, VerifyLanes& lanes);
  bool mark_is_there(VerifyLanes& lanes);
  void skip_absent(const KnownDir& known);
  bool is_wanted(const KnownDir& known, bool& compare) const;
  bool is_absent(const RemotePath& dir) const { return topmost_absent(dir).has_value(); }
  std::optional<RemotePath> topmost_absent(const RemotePath& dir) const;
  void count(const KnownObject& object);
  void tell_foreign(const KnownDir& known, const DirectoryComparison& found);
  void question(const KnownDir& known, const DirectoryComparison& found, VerifyLanes& lanes);
  void ask(VerifyLanes& lanes);
  void read_back();
  void submit_reading(const ReadCandidate& candidate, Crew& crew, Throttle* throttle);
  void take_reading(const ReadTask& task);
  void write_readings(bool all);
  void record();
  std::string approval() const;
  void lose(const KnownObject& object);
  void find(VerifyFinding::Kind kind, const RemotePath& path, JobId job, bool version, std::string message);
  bool chosen(const KnownObject& object) const { return names_.contains(object.job); }
  Crew::Context crew_context() const;
  bool stopped() const { return context_.cancel.cancelled() || !report_.message.empty(); }
  void stop_for(const RemoteError& error);
  void conclude();

  const VerifyContext& context_;
  const std::vector<VerifyJob>& jobs_;
  const VerifyOptions& options_;
  VerifyReport report_;
  ConnectionUse seen_;
  std::map<JobId, std::string> names_;
  bool listed_ = false;  ///< all of it was compared: what was found may be recorded

  // While listing:
  std::uint64_t next_ = 0;                                    ///< the place whose turn it is to be judged
  std::map<std::uint64_t, std::unique_ptr<LaneTask>> early_;  ///< ended before it was their turn
  std::uint64_t objects_under_way_ = 0;
  std::set<RemotePath> absent_;  ///< directories that their parent's listing doesn't show; only the topmost
  std::set<RemotePath> told_absent_;  ///< of these, what a finding stands for
  bool base_is_unlisted_ = false;
  std::optional<bool> marked_;  ///< what mark_is_there() found
  std::deque<Question> questions_;

  // What was found wrong:
  std::unordered_set<std::int64_t> lost_;
  std::uint64_t stored_ = 0, lost_files_ = 0;  ///< live ones; what the guard's limit refers to
  std::vector<std::pair<JobId, RelPath>> lost_dirs_;

  // While reading:
  std::vector<std::pair<ObjectId, std::int64_t>> readings_;  ///< good, and not written down yet
  std::chrono::steady_clock::time_point written_{};
};

}  // namespace outhaul
