// A small source on disk, a clock without waiting, and ears for events.
#pragma once

#include <atomic>
#include <mutex>
#include <string>
#include <vector>

#include "base/cancel.h"
#include "base/clock.h"
#include "execute/source_tree.h"
#include "execute/uploader.h"
#include "outhaul/events.h"
#include "support/temp_dir.h"

namespace outhaul::test {

/// Waiting costs nothing; what was to be waited for is kept.
class StubClock final : public Clock {
 public:
  std::int64_t now_ns() const override { return 1; }
  std::chrono::steady_clock::time_point steady() const override { return {}; }
  bool wait(std::chrono::milliseconds time, const CancelToken& cancel) override;
  std::size_t waits() const;
  std::chrono::milliseconds longest() const;

 private:
  mutable std::mutex mutex_;
  std::vector<std::chrono::milliseconds> waits_;
};

class Ears final : public EventSink {
 public:
  void on(const Event& event) noexcept override;
  std::atomic<std::uint64_t> retries{0}, problems{0}, started{0}, ended_well{0}, bytes{0};
};

/// A source directory and entries in it as a scan would give them.
class Disk {
 public:
  std::filesystem::path path() const { return dir_.path(); }
  /// Writes the file and returns its entry.
  Entry write(const std::string& name, const std::string& content);
  SourceTree tree() const { return SourceTree(dir_.path()); }

 private:
  TempDir dir_;
};

std::string read_all(SourceFile& file);
std::string sha256_of(const std::string& content);
RelPath rel(const std::string& path);

}  // namespace outhaul::test
