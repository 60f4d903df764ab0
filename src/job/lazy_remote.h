// A remote that is opened by the first operation that needs it.
#pragma once

#include <functional>
#include <memory>
#include <mutex>

#include "outhaul/remote.h"

namespace outhaul {

/// Calls `open` once, at the first operation of the first lane or channel: a run whose plan needs no network
/// resolves no secret. Thread-safe. What `open` throws comes out of the operation.
class LazyRemote final : public Remote {
 public:
  explicit LazyRemote(std::function<std::unique_ptr<Remote>()> open, std::string name);
  ~LazyRemote() override;
  std::unique_ptr<Lane> open_lane(const CancelToken& cancel) override;
  std::unique_ptr<CommandRunner> open_channel(const CancelToken& cancel) override;
  std::string describe() const override { return name_; }
  /// Nothing while it isn't open.
  ServerMemory memory() const override;
  void upload_was_lost() override;
  Remote& real();

 private:
  std::function<std::unique_ptr<Remote>()> open_;
  std::string name_;
  mutable std::mutex mutex_;
  std::unique_ptr<Remote> real_;  // guarded by mutex_ until it is set
};

}  // namespace outhaul
