// A source, a state, a real server at the end of a line that breaks, and runs between them, in this process:
// a back-off takes no time.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "job/job.h"
#include "outhaul/server_memory.h"
#include "support/fault_proxy.h"
#include "support/servers.h"
#include "support/temp_dir.h"

namespace outhaul::test {

/// One try of one file, as the executor told it.
struct Attempt {
  std::uint64_t offset = 0;  ///< where it went on
  std::uint64_t sent = 0;    ///< handed to the network
  bool ok = false;
};

class Attempts final : public EventSink {
 public:
  void on(const Event& event) noexcept override;
  std::vector<Attempt> all() const;
  /// Everything that was worth telling, for a failing test.
  std::string story() const;
  /// Called once, in the lane's thread, when a retry has been decided on.
  std::function<void()> before_retry;

 private:
  mutable std::mutex mutex_;
  std::vector<Attempt> all_;
  std::string story_;
};

/// The real time, but waiting costs none.
class HastyClock final : public Clock {
 public:
  std::int64_t now_ns() const override { return real_.now_ns(); }
  std::chrono::steady_clock::time_point steady() const override { return real_.steady(); }
  bool wait(std::chrono::milliseconds, const CancelToken& cancel) override { return !cancel.cancelled(); }

 private:
  SystemClock real_;
};

class BrokenLine {
 public:
  BrokenLine(ServerKind kind, Tls tls, ServerOptions options = {});

  std::filesystem::path source() const { return dir_ / "source"; }
  /// The part names and the stored tree, as the server's disk holds them.
  std::filesystem::path parts() const { return server().root() / "space/.outhaul/parts"; }
  std::filesystem::path stored() const { return server().root() / "space/data"; }
  std::vector<std::filesystem::path> part_files() const;
  TestServer& server() const { return *server_; }

  /// `size` bytes that don't compress, repeat or stand at two places, below the source.
  void write_random(const std::string& name, std::uint64_t size, std::uint64_t seed = 1) const;
  /// One run. `attempts` holds what this run tried.
  RunReport run();
  /// The digest that the state holds of the only file with this path.
  std::string recorded_digest(const std::string& path) const;
  /// What the state knows of the server.
  ServerMemory remembered() const;

  FaultProxy proxy;
  Profile profile;
  /// Called in the next run before its first retry.
  std::function<void()> before_retry;
  std::unique_ptr<Attempts> attempts;

 private:
  TempDir dir_;
  std::unique_ptr<TestServer> server_;
};

/// Lower-case hex, read from the disk.
std::string sha256_of_file(const std::filesystem::path& file);
/// Outcome, counters and problems, for a failing test.
std::string told(const RunReport& report);

}  // namespace outhaul::test
