// A remote that is opened by the first operation that needs it.
#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <mutex>

#include "outhaul/remote.h"

namespace outhaul {

/// Calls `open` once, at the first operation of the first lane or channel: a run whose plan needs no network
/// resolves no secret. Thread-safe. What `open` throws comes out of the operation.
class LazyRemote final : public Remote {
 public:
  /// Asked before the first operation, on the connection that is to carry it out; whatever another thread
  /// wants waits meanwhile. What it throws comes out of the operation, and it is asked again before the next.
  using Gate = std::function<void(Remote& real, CommandRunner& runner)>;

  explicit LazyRemote(std::function<std::unique_ptr<Remote>()> open, std::string name, Gate gate = {});
  ~LazyRemote() override;
  std::unique_ptr<Lane> open_lane(const CancelToken& cancel) override;
  std::unique_ptr<CommandRunner> open_channel(const CancelToken& cancel) override;
  std::string describe() const override { return name_; }
  /// Nothing while it isn't open.
  ServerMemory memory() const override;
  void note(const ServerMemory& found) override;
  void upload_was_lost() override;
  Remote& real();
  void pass_gate(CommandRunner& runner);

 private:
  std::function<std::unique_ptr<Remote>()> open_;
  std::string name_;
  mutable std::mutex mutex_;
  std::unique_ptr<Remote> real_;  // guarded by mutex_ until it is set
  Gate gate_;
  std::mutex at_the_gate_;
  std::atomic<bool> passed_;
};

}  // namespace outhaul
