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
    /// Called when something didn't fit and nothing is under way: takes away what may go, and returns how
    /// many bytes that were; 0 when there is nothing more.
    std::function<std::uint64_t()> make_room;
    /// The last time the remote was full: nothing that may not fit goes ahead of what will.
    bool smallest_first = false;
    /// On a full remote, bytes to be left by all that is small: they are held, and given back by clean_up().
    std::uint64_t reserve = 0;
  };
  Transfers(const Context& context, const SourceTree& source);

  /// A compare, an upload, or a move: a moved file is compared with what is stored before anybody renames it.
  void add(const Action& action);
  /// What add() would send anyhow: a move that the server refused.
  void add_upload(const Action& action);
  /// No larger file can be stored on this remote, whatever is removed there: it is told and left aside.
  void set_most(std::uint64_t bytes) noexcept { most_ = bytes; }
  bool waiting() const noexcept { return !compares_.empty() || !uploads_.empty() || !again_.empty(); }
  /// Carries out everything that was added; uploads that must wait for removals are sent, but held.
  void run();
  /// The moves whose content was found equal so far.
  std::vector<const Action*> take_moves() { return std::exchange(moves_, {}); }
  /// What didn't fit on the remote, and what the server said last of that. Small ones are tried although
  /// larger ones didn't fit.
  const std::vector<const Action*>& misfits() const noexcept { return misfits_; }
  const std::vector<const Action*>& too_large() const noexcept { return too_large_; }
  const std::string& last_words() const noexcept { return last_words_; }
  /// The misfits wait again: something has gone since.
  void try_misfits_again();
  /// Files that are not under their names yet.
  std::vector<const Action*> unstored() const;
  /// Parts of earlier runs that nothing which waits will continue: removed from the remote. Bytes, about.
  std::uint64_t drop_unwanted_parts();
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
  bool leave_aside(const Action& action);
  void take_no_space(Outcome&& outcome);
  void take_part_away(const Task& task);
  void go_on_when_full();
  void hold_reserve();
  std::uint64_t replaced_by(const std::vector<Outcome>& batch) const;
  void set_misfits_aside(std::uint64_t room);
  void put_smallest_first();
  std::vector<Task> next_uploads();
  std::uint64_t remove_parts(const std::vector<Part>& parts, const std::set<RemotePath>& probes);
  void hand_back(Outcome&& outcome);
  void grow_again();
  void stop_without(const RemotePath& dir, const CommandResult& made, bool of_all);
  void find_digest(Commands& commands, const RemotePath& dir);
  void flush(bool all);
  void publish(std::vector<Outcome>& batch);
  void change_modes();
  void record_same(bool all);
  void drain();
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
  struct Same {
    Entry entry;
    std::optional<std::uint32_t> mode;  ///< Action::mode
  };
  std::vector<Same> same_;  ///< compared and found equal: to be recorded
  std::multimap<std::string, Part, std::less<>>
      leftovers_;                ///< of earlier runs, by path; taken out when continued
  std::set<RemotePath> litter_;  ///< disk probes that may still be there

  // A remote that is full (execute/full_remote.cc).
  std::uint64_t most_ = UINT64_MAX;
  bool full_ = false;           ///< nothing is begun until what is under way has ended
  bool reserved_ = false;       ///< the reserve is held, or could not be
  bool by_size_ = false;        ///< the smallest of all that wait goes first
  bool alone_ = false;          ///< one at a time: then a failure says something of that file
  std::uint64_t taken_ = 0;     ///< how far the files came that have failed since, together
  std::uint64_t replaced_ = 0;  ///< bytes of old copies that have gone since
  std::uint64_t smallest_failed_ = UINT64_MAX, limit_ = UINT64_MAX;  ///< beside others; alone
  std::vector<const Action*> misfits_, too_large_, failed_alone_;
  std::string last_words_;
};

}  // namespace outhaul
