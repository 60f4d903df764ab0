// Taking versions off the remote that retention has let go.
#pragma once

#include <vector>

#include "base/cancel.h"
#include "execute/publisher.h"

namespace outhaul {

/// The directories that hold versions and lie above `names`, deepest first: those that may be empty once the
/// names are gone. Removing one that isn't empty is refused by every server.
std::vector<RemotePath> version_dirs_above(const std::vector<RemotePath>& names);

class Expiry {
 public:
  /// `problems`: what may be the only copy of what one of them is about stays.
  Expiry(JobContext context, const std::vector<OpenProblem>& problems)
      : context_(context), problems_(problems) {}

  /// Deletes all of the job's garbage, in journaled batches, and directories that are empty then. What can't
  /// be deleted goes to the tally. Throws RemoteError when the remote is lost.
  void run(const CancelToken& cancel);

 private:
  void remove(const std::vector<StoredObject>& batch);
  void refused(const StoredObject& object, const CommandResult& result);

  JobContext context_;
  const std::vector<OpenProblem>& problems_;
  std::uint64_t refused_ = 0;
};

}  // namespace outhaul
