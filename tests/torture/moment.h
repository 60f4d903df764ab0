// When to kill: after some time, or at a step that can be seen from outside.
#pragma once

#include <chrono>
#include <filesystem>
#include <string>

#include "support/process.h"

namespace outhaul::test {

/// Watches directories, and counts what happens to files in them.
class Lookout {
 public:
  enum class Step : unsigned char {
    none,     ///< only the time counts
    commit,   ///< something is written to the state's WAL
    sending,  ///< a part appears on the server's disk
    renamed,  ///< a part leaves for its final name
    removed,  ///< something is removed from, or moved within, the stored tree
  };
  Lookout();
  ~Lookout();
  Lookout(const Lookout&) = delete;
  Lookout& operator=(const Lookout&) = delete;

  void watch(const std::filesystem::path& dir, Step step);
  /// Returns when `step` was seen `count` times, when `process` has ended, or when `limit` has passed.
  void wait(Step step, int count, Process& process, std::chrono::microseconds limit);

 private:
  int seen(Step step);
  int fd_ = -1;
  struct Watched {
    int id;
    Step step;
  };
  std::vector<Watched> watched_;
};

}  // namespace outhaul::test
