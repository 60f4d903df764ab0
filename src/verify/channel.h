// The lanes of a verification and the connection that asks for sizes, within one cap.
#pragma once

#include <memory>
#include <vector>

#include "lanes/commands.h"
#include "lanes/crew.h"

namespace outhaul {

/// All connections are lanes until somebody asks for sizes; then one of them gives its place to a command
/// channel. With one connection a single lane does both.
class VerifyLanes {
 public:
  explicit VerifyLanes(const Crew::Context& context);

  Crew& crew() noexcept { return *crew_; }
  /// What has ended, like Crew::wait().
  std::vector<std::unique_ptr<LaneTask>> wait();
  /// Tasks that were submitted and not given back.
  std::size_t open() const noexcept { return crew_->open() + early_.size(); }
  Commands& commands();
  ConnectionUse seen() const;

 private:
  void share_one_lane();

  Crew::Context context_;
  std::unique_ptr<Lane> shared_;
  std::unique_ptr<Crew> crew_;
  std::unique_ptr<CommandRunner> channel_;
  std::unique_ptr<Lane> lister_;
  std::unique_ptr<Commands> commands_;
  std::vector<std::unique_ptr<LaneTask>> early_;  ///< ended while the lanes made way
};

}  // namespace outhaul
