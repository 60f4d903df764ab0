// From "the server said 2xx" to "the state says live": size proof, rename, record, in batches.
#pragma once

#include <optional>
#include <span>
#include <vector>

#include "execute/retirement.h"
#include "execute/tally.h"
#include "execute/uploader.h"
#include "lanes/commands.h"
#include "outhaul/profile.h"
#include "state/state.h"

namespace outhaul {

/// What a job's helpers share. Everything is borrowed; job thread only.
struct JobContext {
  const Job& job;
  JobId job_id;
  RunId run;
  State& state;
  Commands& commands;
  Tally& tally;
  Retirer& retirer;
};

/// Makes `dir` and whatever of its ancestors is missing on the remote; the empty path is the base directory.
CommandResult make_dirs(Commands& commands, const RemotePath& dir);

class Publisher {
 public:
  explicit Publisher(JobContext context) : context_(context) {}

  /// Takes uploads whose bytes are all on the server under their part names. Proves each (pain 2;
  /// execute/proof.h), commits the ledger's "publishing", renames, sets the time, and commits the objects as
  /// live. Where the job keeps versions, what they replace is renamed out of their way first, and a file
  /// whose old copy can't be kept isn't replaced. An append-only job's stand under their own names already,
  /// and what they replace stays under its: proof and record are all there is. Where replies went out of step
  /// while files were renamed, what stands under their names is proven by content. Returns the tasks whose
  /// proof failed and which must be sent again. Problems go to the tally. Throws RemoteError when the remote
  /// is lost.
  std::vector<Task> publish(std::vector<Outcome> sent);

  /// Brings every publication that an earlier run began to its end, one way or the other. Needed before a
  /// diff, because until then nobody knows which of two objects stands under a name.
  void settle(const std::vector<Part>& parts);

 private:
  struct Item {
    Outcome sent;
    RemotePath final_name;
    bool published = false;
    std::optional<Retirement> old;  ///< what it replaces, where the job keeps versions
    bool doubted = false;           ///< the state says that nobody knows what stands under the final name
  };
  /// A proven part on its way to its final name.
  struct Publication {
    ObjectId object;
    RemotePath part, final_name;
    std::uint64_t size;
    bool vacated = false;  ///< what stood under final_name is a version now
  };
  /// How a publication ended that was cut off.
  enum class Ending : std::uint8_t { published, not_published, unknown };

  std::vector<Task> prove(std::vector<Item>& items);
  bool send_again(const Item& item, std::vector<Task>& again, bool resume = false,
                  const std::string& finding = {});
  void find_old(std::vector<Item>& items);
  void begin(std::vector<Item>& items);
  void retire_old(std::vector<Item>& items);
  void rename(std::vector<Item>& items, std::vector<Task>& again);
  void prove_contents(std::span<Item* const> items, std::vector<Task>& again);
  void doubt(std::span<Item* const> items);
  void restore_old(Item& item);
  void set_times(const std::vector<Item>& items);
  void set_modes_of(const std::vector<Item>& items);
  std::optional<SetMode> mode_of(const Item& item) const;
  bool mend_rename(Item& item, CommandResult result);
  bool mend_rename(const Publication& it, CommandResult& result);
  bool rename_by_aside(const Publication& it);
  bool swap_by_aside(const Publication& it, const RemotePath& aside);
  void record(std::vector<Item>& items);
  void tell_version(const Retirement& old, const RelPath& path);
  void settle_one(const Part& part);
  void settle_retiring(const Part& part);
  bool finish_retiring(const Part& part, Retirement& old, const CommandResult& sent);
  void stay_unpublished(const Part& part, const Retirement& old, bool unclear);
  void record_settled(const Part& part, const std::optional<Entry>& old);
  Ending find_ending(const Part& part, const std::optional<Entry>& old);
  bool put_in_place(const Part& part);
  bool put_aside_away(const Part& part);
  void forget_content(Entry old);
  static bool replaces_an_object(const std::optional<Entry>& old);
  bool holds(const RemotePath& path, std::uint64_t size);

  JobContext context_;
};

}  // namespace outhaul
