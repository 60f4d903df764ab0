#include "lanes/commands.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace outhaul {
namespace {

// Replies are at most a few hundred bytes each, so a chunk stays far below libcurl's limit of 300 KB per
// transfer for QUOTE (docs/ftp-notes.md), and a broken connection costs at most one chunk.
constexpr std::size_t kChunk = 500;
/// Lanes that may be asked for their connection, for one chunk.
constexpr int kMostRooms = 64;

bool wants_another_try(const CommandResult& result) {
  if (result.status == CommandResult::Status::unanswered) return true;
  return result.status == CommandResult::Status::refused && is_passing(result.failure);
}

}  // namespace

bool is_passing(FailureClass failure) noexcept {
  return failure == FailureClass::retry || failure == FailureClass::reconnect ||
         failure == FailureClass::unknown_outcome || failure == FailureClass::lower_cap;
}

Commands::Commands(CommandRunner& runner, const RetryPolicy& policy, Clock& clock, const CancelToken& cancel,
                   EventSink& events, std::function<bool()> make_room, Lister lister)
    : runner_(&runner),
      lister_(std::move(lister)),
      policy_(policy),
      clock_(clock),
      cancel_(cancel),
      events_(events),
      make_room_(std::move(make_room)),
      random_(static_cast<std::minstd_rand::result_type>(clock.now_ns())) {}

void Commands::rest_if_idle(std::chrono::milliseconds idle) {
  if (resting_ || clock_.steady() - last_use_ < idle) return;
  runner_->rest();
  resting_ = true;
}

std::vector<CommandResult> Commands::run(const std::vector<Command>& commands) {
  std::vector<CommandResult> results(commands.size());
  resting_ = false;
  for (std::size_t begin = 0; begin < commands.size(); begin += kChunk)
    run_chunk(commands, begin, std::min(begin + kChunk, commands.size()), results);
  last_use_ = clock_.steady();
  return results;
}

void Commands::run_chunk(const std::vector<Command>& commands, std::size_t begin, std::size_t end,
                         std::vector<CommandResult>& results) {
  std::vector<std::size_t> open(end - begin);
  for (std::size_t i = 0; i < open.size(); ++i) open[i] = begin + i;
  for (int attempt = 0, rooms = kMostRooms; !open.empty();) {
    std::vector<Command> batch;
    for (const std::size_t i : open) batch.push_back(commands[i]);
    std::string why;
    try {
      const std::vector<CommandResult> answers = ask(batch);
      const std::size_t before = open.size();
      for (std::size_t i = 0; i < before; ++i) {
        const bool shaken = results[open[i]].out_of_step || answers[i].out_of_step;
        results[open[i]] = answers[i];
        results[open[i]].out_of_step = shaken;
      }
      std::erase_if(open, [&](std::size_t i) { return !wants_another_try(results[i]); });
      if (open.empty()) return;
      if (open.size() < before) attempt = 0;
      if (room_for(results[open.front()].failure, rooms)) attempt = 0;
      why = results[open.front()].reply_text;
      if (why.empty()) why = "the connection broke before the answer";
    } catch (const RemoteError& error) {
      if (room_for(error.failure(), rooms)) attempt = 0;
      if (!is_passing(error.failure()) || attempt >= policy_.retries) throw;
      why = error.what();
    }
    if (attempt >= policy_.retries) {
      const bool answered = std::none_of(open.begin(), open.end(), [&](std::size_t i) {
        return results[i].status == CommandResult::Status::unanswered;
      });
      if (answered) return;  // the server's refusals stand
      throw RemoteError(
          FailureClass::reconnect,
          fmt::format("the connection broke {} times in a row before a command was answered ({})",
                      attempt + 1, why),
          "Check the line and the server's log; the next run goes on where this one stopped.");
    }
    back_off(attempt++, why);
  }
}

/// The server may still count sessions of ours that are dead: a lane's connection is worth less than this
/// one.
bool Commands::room_for(FailureClass failure, int& rooms) {
  return failure == FailureClass::lower_cap && make_room_ && rooms-- > 0 && make_room_();
}

/// Servers without SIZE and MLST tell sizes only by listings, and those need a lane.
std::vector<CommandResult> Commands::ask(const std::vector<Command>& batch) {
  std::vector<CommandResult> answers = runner_->run(batch);
  std::vector<std::size_t> unsized;
  std::vector<Command> questions;
  for (std::size_t i = 0; i < batch.size(); ++i) {
    if (answers[i].status != CommandResult::Status::unsupported || !std::holds_alternative<SizeOf>(batch[i]))
      continue;
    unsized.push_back(i);
    questions.push_back(batch[i]);
  }
  if (questions.empty() || lane_ != nullptr || !use_lane()) return answers;
  // Whatever goes wrong with these must not make the caller repeat the others.
  try {
    const std::vector<CommandResult> sizes = runner_->run(questions);
    for (std::size_t i = 0; i < unsized.size(); ++i) answers[unsized[i]] = sizes[i];
  } catch (const RemoteError& error) {
    for (const std::size_t i : unsized)
      answers[i] = {.status = CommandResult::Status::unanswered,
                    .failure = error.failure(),
                    .reply_text = error.what()};
  }
  return answers;
}

bool Commands::use_lane() {
  if (lane_ != nullptr) return true;
  if (!lister_) return false;
  lane_ = &std::exchange(lister_, {})();
  runner_ = lane_;
  return true;
}

bool Commands::on_lane(const std::function<void(Lane&)>& attempt) {
  if (!use_lane()) return false;
  resting_ = false;
  for (int failures = 0, rooms = kMostRooms;;) {
    try {
      attempt(*lane_);
      last_use_ = clock_.steady();
      return true;
    } catch (const RemoteError& error) {
      if (room_for(error.failure(), rooms)) continue;
      if (!is_passing(error.failure()) || failures >= policy_.retries) throw;
      back_off(failures++, error.what());
    }
  }
}

void Commands::back_off(int attempt, const std::string& why) {
  const auto delay = backoff(policy_, attempt, std::generate_canonical<double, 24>(random_));
  ++retries_;
  events_.on(RetryScheduled{-1, {}, why, attempt + 1, policy_.retries, delay.count()});
  pause(delay);
}

void Commands::pause(std::chrono::milliseconds time) {
  if (!clock_.wait(time, cancel_)) throw RemoteError(FailureClass::cancelled, "stopped on request");
}

}  // namespace outhaul
