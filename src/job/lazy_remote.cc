#include "job/lazy_remote.h"

namespace outhaul {
namespace {

class LazyLane final : public Lane {
 public:
  LazyLane(LazyRemote& remote, const CancelToken& cancel) : remote_(remote), cancel_(cancel) {}
  void put(const Put& put) override { lane().put(put); }
  void get(const RemotePath& path, std::uint64_t offset, const ByteSink& sink) override {
    lane().get(path, offset, sink);
  }
  Listing list(const RemotePath& dir) override { return lane().list(dir); }
  std::vector<CommandResult> run(std::span<const Command> commands) override { return lane().run(commands); }
  void rest() noexcept override {
    if (lane_) lane_->rest();
  }

 private:
  Lane& lane() {
    if (!lane_) lane_ = remote_.real().open_lane(cancel_);
    remote_.pass_gate(*lane_);
    return *lane_;
  }
  LazyRemote& remote_;
  const CancelToken& cancel_;
  std::unique_ptr<Lane> lane_;
};

class LazyChannel final : public CommandRunner {
 public:
  LazyChannel(LazyRemote& remote, const CancelToken& cancel) : remote_(remote), cancel_(cancel) {}
  std::vector<CommandResult> run(std::span<const Command> commands) override {
    if (!channel_) channel_ = remote_.real().open_channel(cancel_);
    remote_.pass_gate(*channel_);
    return channel_->run(commands);
  }
  void rest() noexcept override {
    if (channel_) channel_->rest();
  }

 private:
  LazyRemote& remote_;
  const CancelToken& cancel_;
  std::unique_ptr<CommandRunner> channel_;
};

}  // namespace

LazyRemote::LazyRemote(std::function<std::unique_ptr<Remote>()> open, std::string name, Gate gate)
    : open_(std::move(open)), name_(std::move(name)), gate_(std::move(gate)), passed_(!gate_) {}

LazyRemote::~LazyRemote() = default;

Remote& LazyRemote::real() {
  const std::lock_guard lock(mutex_);
  if (!real_) real_ = open_();
  return *real_;
}

void LazyRemote::pass_gate(CommandRunner& runner) {
  if (passed_) return;
  const std::lock_guard lock(at_the_gate_);
  if (passed_) return;
  gate_(real(), runner);
  passed_ = true;
}

ServerMemory LazyRemote::memory() const {
  const std::lock_guard lock(mutex_);
  return real_ ? real_->memory() : ServerMemory{};
}

void LazyRemote::note(const ServerMemory& found) {
  const std::lock_guard lock(mutex_);
  if (real_) real_->note(found);
}

void LazyRemote::upload_was_lost() {
  const std::lock_guard lock(mutex_);
  if (real_) real_->upload_was_lost();
}

std::unique_ptr<Lane> LazyRemote::open_lane(const CancelToken& cancel) {
  return std::make_unique<LazyLane>(*this, cancel);
}

std::unique_ptr<CommandRunner> LazyRemote::open_channel(const CancelToken& cancel) {
  return std::make_unique<LazyChannel>(*this, cancel);
}

}  // namespace outhaul
