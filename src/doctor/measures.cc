// How fast the remote is, and how much it takes at a time.
#include <fmt/format.h>

#include <algorithm>
#include <optional>

#include "doctor/examination.h"

namespace outhaul {
namespace {

using Status = CommandResult::Status;

constexpr int kRoundTrips = 7;
constexpr std::size_t kPipelined = 40;
constexpr int kSmallFiles = 10;
/// The large file grows until sending it takes long enough to be measured.
constexpr std::uint64_t kFirstSize = 256 * 1024;
constexpr std::uint64_t kGrowth = 8;
constexpr double kLongEnough = 1.0;
constexpr std::chrono::milliseconds kGhostTime{2000};

}  // namespace

std::string Examination::round_trips() {
  std::vector<double> times;
  for (int i = 0; i < kRoundTrips; ++i) {
    const auto start = clock_.steady();
    ask(SizeOf{at("probe")});
    times.push_back(since(start) * 1000);
  }
  std::nth_element(times.begin(), times.begin() + kRoundTrips / 2, times.end());
  report_.latency_ms = times[kRoundTrips / 2];
  return fmt::format("{:.1f} ms for a round trip (median of {})", *report_.latency_ms, kRoundTrips);
}

/// A second try: the server may still count a connection that has just ended.
void Examination::join(CommandRunner& runner, const Command& question) {
  try {
    runner.run(std::span(&question, 1));
  } catch (const RemoteError& error) {
    if (error.failure() != FailureClass::lower_cap) throw;
    clock_.wait(kGhostTime, cancel_);
    runner.run(std::span(&question, 1));
  }
}

std::string Examination::pipelining() {
  const Command question = SizeOf{at("probe")};
  lane_.reset();  // with a cap of one, the channel must be the only connection
  try {
    const std::string found = ask_many_at_once();
    lane_ = remote_.open_lane(cancel_);
    join(*lane_, question);
    return found;
  } catch (...) {
    if (lane_ == nullptr) lane_ = remote_.open_lane(cancel_);
    throw;
  }
}

std::string Examination::ask_many_at_once() {
  const auto channel = remote_.open_channel(cancel_);
  const Command first = SizeOf{at("probe")};
  join(*channel, first);
  const std::vector<Command> many(kPipelined, first);
  channel->run(many);  // before the first batch the server proves that it answers in order
  const auto start = clock_.steady();
  const std::vector<CommandResult> answers = channel->run(many);
  const double took = since(start) * 1000;
  for (const CommandResult& answer : answers)
    if (answer.status == Status::unanswered) need(answer, "many commands at once");
  const std::optional<bool> in_order = remote_.memory().answers_in_order;
  if (in_order == false)
    throw Finding{
        "it doesn't answer them in their order",
        "A run sends each command when the one before is answered: a round trip for each instead of "
        "one for many. Nothing needs to be set."};
  return fmt::format("{} answers in {:.1f} ms{}", answers.size(), took, in_order ? ", in their order" : "");
}

std::string Examination::small_files() {
  put(own("small"), kSeed, 0, 1);  // the lane is warm
  const auto start = clock_.steady();
  for (int i = 0; i < kSmallFiles; ++i) put(own(fmt::format("small-{}", i)), kSeed + i, 0, kSmall);
  report_.small_files_per_s = kSmallFiles / std::max(since(start), 1e-6);
  return fmt::format("{:.0f} per second on one connection", *report_.small_files_per_s);
}

/// A second try after a broken line: why a server ended an upload in its middle is heard then at the latest.
void Examination::put_large(const RemotePath& path, std::uint64_t size) {
  try {
    put(path, kSeed, 0, size);
  } catch (const RemoteError& error) {
    if (error.failure() != FailureClass::reconnect) throw;
    put(path, kSeed, 0, size);
  }
}

std::string Examination::throughput() {
  const RemotePath path = own("large");
  std::uint64_t size = std::min(kFirstSize, largest_);
  for (;; size = std::min(size * kGrowth, largest_)) {
    ask(RemoveFile{path});  // some servers give a second upload another name
    const auto start = clock_.steady();
    put_large(path, size);
    const double took = std::max(since(start), 1e-6);
    report_.up_bytes_per_s = static_cast<double>(size) / took;
    if (took >= kLongEnough || size >= largest_) break;
  }
  need_size(path, size);
  const auto start = clock_.steady();
  need_content(path, kSeed, size);
  report_.down_bytes_per_s = static_cast<double>(size) / std::max(since(start), 1e-6);
  return fmt::format("{} MiB up and down, the same both ways",
                     std::max<std::uint64_t>(1, (size + 512 * 1024) / (1024 * 1024)));
}

std::string Examination::connections() {
  const int wanted = profile_.remote.connections;
  std::vector<std::unique_ptr<Lane>> others;
  const Command question = SizeOf{at("probe")};
  ask(question);
  for (int open = 1; open < wanted; ++open) {
    others.push_back(remote_.open_lane(cancel_));
    try {
      join(*others.back(), question);
    } catch (const RemoteError& error) {
      if (error.failure() != FailureClass::lower_cap) throw;
      report_.connections = {open, true};
      found_.connections = open;
      found_.connections_seen_ns = clock_.now_ns();
      throw Finding{fmt::format("{} of {}: {}", open, wanted, error.what()), {}};
    }
  }
  report_.connections = {wanted, false};
  return fmt::format("{} of {}", wanted, wanted);
}

}  // namespace outhaul
