// Batches of commands that survive a breaking connection.
#pragma once

#include <functional>
#include <random>
#include <vector>

#include "base/cancel.h"
#include "base/clock.h"
#include "lanes/backoff.h"
#include "outhaul/events.h"
#include "outhaul/remote.h"

namespace outhaul {

/// Runs commands on a CommandRunner and sends again what got no answer or a passing refusal. All commands but
/// Rename are idempotent by their goal; a Rename that was sent twice can come back `missing` although it was
/// carried out, so its caller looks at the goal. A result that is marked `out_of_step` is a later attempt's,
/// over a new connection: it can be trusted for what it says, but a Rename of the batch that was sent first
/// may have put another one's file under its name (execute/content_proof.h). One thread at a time.
class Commands {
 public:
  /// Gives a connection that can list directories and fetch. The runner before is not used any more.
  using Lister = std::function<Lane&()>;

  /// `make_room` is asked for when the server says that there are too many connections: true when one of ours
  /// was closed for this one. `lister`: where to go with SizeOf commands that `runner` can't answer, and with
  /// what only a lane can do. Both may be empty.
  Commands(CommandRunner& runner, const RetryPolicy& policy, Clock& clock, const CancelToken& cancel,
           EventSink& events, std::function<bool()> make_room = {}, Lister lister = {});
  /// One result per command; none is `unanswered`. Throws RemoteError when the remote can't be reached within
  /// the retries or refuses us, or when cancelled.
  std::vector<CommandResult> run(const std::vector<Command>& commands);
  CommandResult run_one(const Command& command) { return run({command}).front(); }
  /// What only a lane can do: `attempt` is called again where another try may mend what it throws. False when
  /// there is no lane. Throws the last RemoteError.
  bool on_lane(const std::function<void(Lane&)>& attempt);
  std::uint64_t retries() const noexcept { return retries_; }
  /// Waits. Throws RemoteError{cancelled} when that is asked for meanwhile.
  void pause(std::chrono::milliseconds time);
  /// Closes the connection when it wasn't used for so long.
  void rest_if_idle(std::chrono::milliseconds idle);

 private:
  void run_chunk(const std::vector<Command>& commands, std::size_t begin, std::size_t end,
                 std::vector<CommandResult>& results);
  bool room_for(FailureClass failure, int& rooms);
  std::vector<CommandResult> ask(const std::vector<Command>& batch);
  bool use_lane();
  void back_off(int attempt, const std::string& why);

  CommandRunner* runner_;
  Lane* lane_ = nullptr;  ///< once it is needed: `runner_`, too
  Lister lister_;
  RetryPolicy policy_;
  Clock& clock_;
  const CancelToken& cancel_;
  EventSink& events_;
  std::function<bool()> make_room_;
  std::minstd_rand random_;
  std::chrono::steady_clock::time_point last_use_{};
  bool resting_ = true;
  std::uint64_t retries_ = 0;
};

/// True for failures that another attempt may mend.
bool is_passing(FailureClass failure) noexcept;

}  // namespace outhaul
