#include "fused_remote.h"

#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>

#include "remote/connect.h"
#include "support/catch.h"
#include "support/temp_dir.h"

namespace outhaul::test {
namespace {

/// Every lane counts.
bool burns_down(Fuse& fuse) {
  const std::atomic_ref count(fuse.left);
  std::uint64_t now = count.load();
  while (now > 0 && !count.compare_exchange_weak(now, now - 1)) {
  }
  return now == 1;
}

template <typename Deed>
auto guarded(Fuse& fuse, Deed deed) {
  const bool fatal = burns_down(fuse);
  if (fatal && !fuse.after) ::raise(SIGKILL);
  if constexpr (std::is_void_v<decltype(deed())>) {
    deed();
    if (fatal) ::raise(SIGKILL);
  } else {
    auto result = deed();
    if (fatal) ::raise(SIGKILL);
    return result;
  }
}

class FusedLane final : public Lane {
 public:
  FusedLane(std::unique_ptr<Lane> lane, Fuse& fuse) : lane_(std::move(lane)), fuse_(fuse) {}
  void put(const Put& put) override {
    guarded(fuse_, [&] { lane_->put(put); });
  }
  void get(const RemotePath& path, std::uint64_t offset, const ByteSink& sink) override {
    lane_->get(path, offset, sink);
  }
  Listing list(const RemotePath& dir) override { return lane_->list(dir); }
  std::vector<CommandResult> run(std::span<const Command> commands) override {
    std::vector<CommandResult> results;  // one at a time, so that a crash can fall between any two
    for (const Command& command : commands)
      results.push_back(guarded(fuse_, [&] { return lane_->run(std::span(&command, 1)).front(); }));
    return results;
  }

 private:
  std::unique_ptr<Lane> lane_;
  Fuse& fuse_;
};

class FusedRemote final : public Remote {
 public:
  FusedRemote(const std::filesystem::path& disk, Fuse& fuse) : fuse_(fuse) {
    RemoteSettings settings;
    settings.scheme = Scheme::file;
    settings.base = disk.native();
    settings.absolute = true;
    settings.url = "file://" + disk.native();
    remote_ = connect(settings, {});
  }
  std::unique_ptr<Lane> open_lane(const CancelToken& cancel) override {
    return std::make_unique<FusedLane>(remote_->open_lane(cancel), fuse_);
  }
  std::unique_ptr<CommandRunner> open_channel(const CancelToken& cancel) override {
    return open_lane(cancel);
  }
  std::string describe() const override { return remote_->describe(); }

 private:
  std::unique_ptr<Remote> remote_;
  Fuse& fuse_;
};

}  // namespace

std::unique_ptr<Remote> fused_remote(const std::filesystem::path& disk, Fuse& fuse) {
  return std::make_unique<FusedRemote>(disk, fuse);
}

bool dies(Nightly& night, const std::filesystem::path& disk, Fuse fuse) {
  night.disk = disk;
  const pid_t child = ::fork();
  REQUIRE(child >= 0);
  if (child == 0) {
    night.open_remote = [&](const RemoteSettings&, const ServerMemory&) { return fused_remote(disk, fuse); };
    try {
      ::_exit(static_cast<int>(night.run().outcome));
    } catch (...) {
      ::_exit(99);
    }
  }
  int status = 0;
  REQUIRE(::waitpid(child, &status, 0) == child);
  night.expect_the_catalog_gives_the_state();
  if (WIFSIGNALED(status)) return true;
  REQUIRE(WEXITSTATUS(status) == 0);
  return false;
}

std::map<std::string, std::string> files_below(const std::filesystem::path& disk) {
  std::map<std::string, std::string> files;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(disk))
    if (entry.is_regular_file())
      files[entry.path().lexically_relative(disk).native()] = read_file(entry.path());
  return files;
}

}  // namespace outhaul::test
