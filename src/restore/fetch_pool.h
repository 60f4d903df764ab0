// N lanes, one thread each, that fetch what they are given.
#pragma once

#include <condition_variable>
#include <deque>
#include <functional>
#include <mutex>
#include <thread>
#include <vector>

#include "lanes/connection_policy.h"
#include "restore/fetcher.h"

namespace outhaul {

/// Works through a list of steps and hands back an outcome for each. A lane that the server turns away for
/// too many connections gives its file to the others, sits out for a while and tries again; the last one
/// waits.
class FetchPool {
 public:
  /// Everything is borrowed. No lane connects before its first file, or after the last.
  FetchPool(Remote& remote, int lanes, const Fetcher::Context& context, const ConnectionPolicy& policy);
  ~FetchPool();
  FetchPool(const FetchPool&) = delete;
  FetchPool& operator=(const FetchPool&) = delete;

  /// Carries out `steps[i]` for every i of `which`; `take` gets each outcome, in the caller's thread, and
  /// answers whether to go on: if not, what was not begun is left out. What is under way is only ended by the
  /// context's token.
  void run(const std::vector<RestoreStep>& steps, const std::vector<std::size_t>& which,
           const std::function<bool(FetchOutcome&&)>& take);
  /// After run(): what takes root and was left out, of all lanes together.
  MetadataLosses losses() const;

 private:
  void work(std::size_t number);
  bool serve(std::size_t number, int& refusals);
  bool next(std::size_t& index);
  bool leave(FetchOutcome&& outcome);
  bool sit_out(int refusals);

  Remote& remote_;
  std::size_t lanes_;
  Fetcher::Context context_;
  ConnectionPolicy policy_;
  const std::vector<RestoreStep>* steps_ = nullptr;
  mutable std::mutex mutex_;
  std::condition_variable tasks_ready_, outcomes_ready_;
  std::deque<std::size_t> tasks_;       // guarded by mutex_
  std::vector<FetchOutcome> outcomes_;  // guarded by mutex_
  std::size_t open_ = 0;                // guarded by mutex_: without an outcome
  std::size_t running_ = 0;             // guarded by mutex_: lanes that don't sit out
  bool stopping_ = false;               // guarded by mutex_
  MetadataLosses losses_;               // guarded by mutex_
  std::vector<std::thread> threads_;
};

}  // namespace outhaul
