// The uploads of one job: compares, ledger, lanes, publication.
#pragma once

#include <deque>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <utility>
#include <vector>

#include "execute/connections.h"
#include "execute/increment_names.h"
#include "execute/publisher.h"
#include "execute/tally.h"

namespace outhaul {

class Transfers {
 public:
  struct Context {
    const Job& job;
    JobId job_id;
    RunId run;
    State& state;
    Tally& tally;
    Connections& connections;
    CancelToken& cancel_lanes;
    Retirer& retirer;
    IncrementNames* names;  ///< of an append-only job; null: parts, which are renamed
  };
  Transfers(const Context& context, const SourceTree& source);

  /// A compare, an upload, or a move: a moved file is compared with what is stored before anybody renames it.
  void add(const Action& action);
  /// What add() would send anyhow: a move that the server refused.
  void add_upload(const Action& action);
  bool waiting() const noexcept { return !compares_.empty() || !uploads_.empty() || !again_.empty(); }
  /// Carries out everything that was added; uploads that must wait for removals are sent, but held.
  void run();
  /// The moves whose content was found equal so far.
  std::vector<const Action*> take_moves() { return std::exchange(moves_, {}); }
  /// Publishes what was held and whose name is free by now.
  void publish_held(const std::function<bool(const Action&)>& is_free);
  /// Parts of earlier runs that nothing of this run continues: removed from the remote.
  void clean_up();
  /// The control directory, the parts directory and the job's target, made if missing. Connects.
  void prepare_remote();

 private:
  bool stopped() const;
  void fill();
  Task start(const Action& action);
  void begin(Task& task);
  bool goes_on_with(const Part& left, const Action& action) const;
  bool give_new_name(Task& task, const std::string& why);
  void give_up_part(const Task& task);
  void abandon_leftovers();
  void collect();
  void take(Outcome&& outcome);
  void take_compare(Outcome&& outcome);
  void take_remote_failure(Outcome&& outcome);
  void remember_sent(const std::vector<Task>& tasks);
  void tell_remarks(const Outcome& outcome);
  void note_part(const Outcome& outcome);
  void hand_back(Outcome&& outcome);
  void grow_again();
  void find_digest(Commands& commands, const RemotePath& dir);
  void flush(bool all);
  void publish(std::vector<Outcome>& batch);
  void record_same(bool all);
  void drain();
  void doubt_what_is_unsent();
  Publisher publisher();
  LanePool& pool() { return context_.connections.pool(source_); }

  Context context_;
  const SourceTree& source_;
  std::string part_prefix_;
  std::uint64_t part_count_ = 0;
  bool prepared_ = false;
  std::optional<DigestKind> digest_;  ///< with Proof::hash, once prepared: what the server computes
  int failures_in_a_row_ = 0;
  std::deque<const Action*> compares_, uploads_;
  std::vector<const Action*> moves_;  ///< compared and equal
  std::deque<Task> again_;            ///< sent back; their ledger rows exist
  std::vector<Outcome> sent_, held_;
  std::uint64_t sent_bytes_ = 0;  ///< in sent_: a large one is published at once
  std::chrono::steady_clock::time_point oldest_sent_{};
  std::vector<Entry> same_;  ///< compared and found equal: to be recorded
  std::multimap<std::string, Part, std::less<>>
      leftovers_;                ///< of earlier runs, by path; taken out when continued
  std::set<RemotePath> litter_;  ///< disk probes that may still be there
};

}  // namespace outhaul
