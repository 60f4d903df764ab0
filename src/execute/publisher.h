// From "the server said 2xx" to "the state says live": size proof, rename, record, in batches.
#pragma once

#include <vector>

#include "execute/commands.h"
#include "execute/tally.h"
#include "execute/uploader.h"
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
};

/// Makes `dir` and whatever of its ancestors is missing on the remote; the empty path is the base directory.
CommandResult make_dirs(Commands& commands, const RemotePath& dir);

class Publisher {
 public:
  explicit Publisher(JobContext context) : context_(context) {}

  /// Takes uploads whose bytes are all on the server under their part names. Proves each size (pain 2),
  /// commits the ledger's "publishing", renames, sets the time, and commits the objects as live. Returns the
  /// tasks whose proof failed and which must be sent again. Problems go to the tally. Throws RemoteError when
  /// the remote is lost.
  std::vector<Task> publish(std::vector<Outcome> sent);

  /// Brings every publication that an earlier run began to its end, one way or the other. Needed before a
  /// diff, because until then nobody knows which of two objects stands under a name.
  void settle(const std::vector<Part>& parts);

 private:
  struct Item {
    Outcome sent;
    RemotePath final_name;
    bool published = false;
  };
  std::vector<Task> prove(std::vector<Item>& items);
  void begin(std::vector<Item>& items);
  void rename(std::vector<Item>& items);
  bool mend_rename(Item& item, CommandResult result);
  bool rename_by_aside(const Item& item);
  bool swap_by_aside(const RemotePath& part, const RemotePath& final_name, const RemotePath& aside,
                     std::uint64_t size);
  void record(std::vector<Item>& items);
  void settle_one(const Part& part);
  void put_aside_away(const Part& part);
  bool holds(const RemotePath& path, std::uint64_t size);

  JobContext context_;
};

}  // namespace outhaul
