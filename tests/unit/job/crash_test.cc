// kill -9 and power cuts: the process dies before or after the n-th remote operation. The remote is a
// directory on disk, so that it outlives the process.
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>

#include "nightly.h"
#include "outhaul/names.h"
#include "remote/connect.h"
#include "state/state.h"
#include "support/catch.h"

using namespace outhaul;
using namespace outhaul::test;

namespace {

/// Counts operations down and kills its own process, before the fatal one or after it.
struct Fuse {
  std::uint64_t left = 0;  ///< 0: never
  bool after = false;
  bool burns_down() {  // every lane counts
    const std::atomic_ref count(left);
    std::uint64_t now = count.load();
    while (now > 0 && !count.compare_exchange_weak(now, now - 1)) {
    }
    return now == 1;
  }
  template <typename Deed>
  auto operator()(Deed deed) {
    const bool fatal = burns_down();
    if (fatal && !after) ::raise(SIGKILL);
    if constexpr (std::is_void_v<decltype(deed())>) {
      deed();
      if (fatal) ::raise(SIGKILL);
    } else {
      auto result = deed();
      if (fatal) ::raise(SIGKILL);
      return result;
    }
  }
};

class FusedLane final : public Lane {
 public:
  FusedLane(std::unique_ptr<Lane> lane, Fuse& fuse) : lane_(std::move(lane)), fuse_(fuse) {}
  void put(const Put& put) override {
    fuse_([&] { lane_->put(put); });
  }
  void get(const RemotePath& path, std::uint64_t offset, const ByteSink& sink) override {
    lane_->get(path, offset, sink);
  }
  Listing list(const RemotePath& dir) override { return lane_->list(dir); }
  std::vector<CommandResult> run(std::span<const Command> commands) override {
    std::vector<CommandResult> results;  // one at a time, so that a crash can fall between any two
    for (const Command& command : commands)
      results.push_back(fuse_([&] { return lane_->run(std::span(&command, 1)).front(); }));
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

std::map<std::string, std::string> files_below(const std::filesystem::path& disk) {
  std::map<std::string, std::string> files;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(disk))
    if (entry.is_regular_file())
      files[entry.path().lexically_relative(disk).native()] = read_file(entry.path());
  return files;
}

void first_night(Nightly& night) {
  night.write("keep", "k");
  night.write("edit", "before");
  night.write("same-size", "AAAA");
  night.write("move/me", "moving");
  night.write("drop", "1");
  night.write("was-file", "f");
}

void edit(Nightly& night) {
  night.write("edit", "after, longer");
  night.write("same-size", "BBBB");
  night.rename("move/me", "moved/here");
  night.remove("drop");
  night.write("new/file", std::string(300'000, 'n'));
  night.remove("was-file");
  night.write("was-file/inside", "i");
}

/// Runs the night in a child that dies when the fuse says so. True when it died.
bool dies(Nightly& night, const std::filesystem::path& disk, Fuse fuse) {
  const pid_t child = ::fork();
  REQUIRE(child >= 0);
  if (child == 0) {
    night.open_remote = [&](const RemoteSettings&, const ServerMemory&) {
      return std::make_unique<FusedRemote>(disk, fuse);
    };
    try {
      ::_exit(static_cast<int>(night.run().outcome));
    } catch (...) {
      ::_exit(99);
    }
  }
  int status = 0;
  REQUIRE(::waitpid(child, &status, 0) == child);
  if (WIFSIGNALED(status)) return true;
  REQUIRE(WEXITSTATUS(status) == 0);
  return false;
}

}  // namespace

TEST_CASE("kill -9 around any remote operation costs nothing but what was in flight") {
  const bool after = GENERATE(false, true);
  const int connections = GENERATE(1, 3);
  const auto on_removal = GENERATE(OnRemoval::remove, OnRemoval::retire);
  bool died = true;
  for (std::uint64_t n = 1; died; ++n) {
    REQUIRE(n < 300);
    Nightly night;
    night.profile.remote.connections = connections;
    night.profile.jobs[0].on_removal = on_removal;
    const TempDir disk;
    first_night(night);
    REQUIRE_FALSE(dies(night, disk.path(), {}));
    edit(night);
    const auto old = files_below(disk.path());
    died = dies(night, disk.path(), {n, after});
    INFO("operation " << n << (after ? ", after it" : ", before it"));

    const auto now = files_below(disk.path());
    CHECK(now.at("t/keep") == "k");
    const auto expected = night.expected();
    for (const auto& [name, content] : now) {
      if (name.starts_with(kControlDir)) continue;
      const bool whole = (old.contains(name) && old.at(name) == content) ||
                         (expected.contains(name) && expected.at(name) == content);
      INFO(name);
      CHECK(whole);  // no half-written file under a name that a restore would pick up
    }
    REQUIRE_FALSE(dies(night, disk.path(), {}));
    auto final_files = files_below(disk.path());
    if (on_removal == OnRemoval::retire) {
      std::map<std::string, std::string> first;
      for (const auto& [path, name] : night.names_at(RunId{1})) first["t/" + path] = final_files[name];
      CHECK(first == old);
      std::erase_if(final_files, [](const auto& file) { return file.first.starts_with(kVersionsDir); });
    }
    CHECK(final_files == expected);  // no part is left either
    CHECK(night.ledger() == 0);
    CHECK(night.plan().empty());
  }
}
