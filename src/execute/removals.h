// Taking objects and directories off the remote: only what the state knows, never in doubt.
#pragma once

#include <span>
#include <vector>

#include "execute/publisher.h"

namespace outhaul {

class Removals {
 public:
  explicit Removals(JobContext context) : context_(context) {}

  void forget(const std::vector<const Action*>& actions);  ///< state only
  /// Renames the objects into the versions. One that the server doesn't have any more ends without a version.
  void retire_files(const std::vector<const Action*>& actions);
  void remove_files(const std::vector<const Action*>& actions);
  /// Children first, as the plan orders them.
  void remove_dirs(const std::vector<const Action*>& actions);

 private:
  std::vector<const Action*> without_doubt(const std::vector<const Action*>& actions);
  void retire_batch(std::span<const Action* const> batch);
  void keep_in_place(std::span<const Action* const> batch);
  void end_dirs(std::span<const Action* const> batch);
  void retired(const Action& action, const Retirement& retirement);
  void refused(const Action& action, std::string message, std::string advice);
  bool holds_something(const RelPath& dir) const;
  void end(const Action& action, State::Fate fate);

  JobContext context_;
};

}  // namespace outhaul
