#include "restore/fetcher.h"

#include <fmt/format.h>
#include <sys/stat.h>

#include <algorithm>
#include <utility>

#include "base/nanoseconds.h"
#include "lanes/commands.h"
#include "lanes/transfer_scope.h"

namespace outhaul {
namespace {

using Status = FetchOutcome::Status;

/// Bytes beyond those that were ever reached: with so many a line isn't dead.
constexpr std::uint64_t kProgress = 256 * 1024;

/// The remote has the file no more, or not as it was stored.
class Damaged : public Error {
 public:
  Damaged(const std::string& message, std::string advice)
      : Error(ErrorKind::remote, message, std::move(advice)) {}
};

void describe(FetchOutcome& outcome, Status status, const Error& error) {
  outcome.status = status;
  outcome.kind = error.kind();
  outcome.message = error.what();
  outcome.advice = error.advice();
}

Damaged damaged(const RestoreStep& step, const std::string& what) {
  return {fmt::format("object \"{}\": {}", printable(step.copy.name.wire()), what),
          "Restore an older version of it with --at, if there is one."};
}

}  // namespace

Fetcher::Fetcher(Lane& lane, int lane_number, const Context& context)
    : lane_(lane),
      number_(lane_number),
      context_(context),
      metadata_(context.metadata),
      random_(static_cast<std::minstd_rand::result_type>(context.clock.now_ns() + lane_number)) {}

FetchOutcome Fetcher::perform(const RestoreStep& step, std::size_t index, bool may_hand_back) noexcept {
  FetchOutcome outcome;
  outcome.step = index;
  may_hand_back_ = may_hand_back;
  try {
    carry_out(step, outcome);
  } catch (const Damaged& error) {
    describe(outcome, Status::damaged, error);
  } catch (const RemoteError& error) {
    const bool hand_back = error.failure() == FailureClass::lower_cap && may_hand_back_;
    describe(outcome, hand_back ? Status::handed_back : Status::unreachable, error);
    outcome.failure = error.failure();
    outcome.reply_code = error.reply_code();
  } catch (const PathError& error) {
    describe(outcome, Status::path_failed, error);
  } catch (const Error& error) {
    describe(outcome, Status::stopped, error);
  } catch (const std::exception& error) {
    outcome.status = Status::stopped;
    outcome.message = fmt::format("internal error: {}", error.what());
  }
  return outcome;
}

void Fetcher::carry_out(const RestoreStep& step, FetchOutcome& outcome) {
  if (step.kind != RestoreStep::Kind::compare) return fetch(step, outcome);
  if (is_settled_here(step, outcome)) return;
  if (!step.copy.missing.empty()) throw damaged(step, step.copy.missing);
  RestoreStep replacing = step;
  replacing.replaces = true;
  fetch(replacing, outcome);
}

/// What is here is looked at; false when it is to be replaced.
bool Fetcher::is_settled_here(const RestoreStep& step, FetchOutcome& outcome) {
  const Fd fd = context_.to.open_file(step.entry.path);
  if (!is_equal(fd.get(), step)) {
    outcome.status = Status::differs;
    return context_.overwrite == Overwrite::never;
  }
  if (metadata_.matches(fd.get(), step.entry)) {
    outcome.status = Status::equal;
  } else if (context_.overwrite == Overwrite::never) {
    outcome.status = Status::other_metadata;
  } else {
    outcome.notes = metadata_.apply(fd.get(), step.entry);
    outcome.status = Status::mended;
  }
  return true;
}

/// The content decides: size and time can be equal after an edit (pain 28), and reading here costs less than
/// fetching. Where nobody knows the content's digest, the exact time has to do.
bool Fetcher::is_equal(int fd, const RestoreStep& step) {
  struct stat st {};
  if (::fstat(fd, &st) != 0 || static_cast<std::uint64_t>(st.st_size) != step.copy.size) return false;
  if (!step.copy.sha256) return ns_of(st.st_mtim) == step.entry.mtime_ns;
  Sha256 hash;
  hash_content(fd, step.copy.size, hash, context_.cancel, step.entry.path);
  return hash.finish() == *step.copy.sha256;
}

void Fetcher::fetch(const RestoreStep& step, FetchOutcome& outcome) {
  PartFile part(context_.to, step);
  outcome.resumed = part.resume(context_.cancel);
  TransferScope scope(context_.events, number_, step.entry.path.bytes(), step.copy.size, outcome.resumed);
  if (!receive(part, step, outcome)) {
    // What lay here, or one transfer, may have been the fault: the whole of it once more decides.
    outcome.resumed = 0;
    part.start_over();
    if (!receive(part, step, outcome)) {
      const std::string fault = part.fault();
      part.discard();
      throw damaged(step, fault);
    }
  }
  outcome.notes = part.publish(metadata_);
  outcome.status = Status::fetched;
  scope.succeeded();
}

/// False when what came isn't what was stored.
bool Fetcher::receive(PartFile& part, const RestoreStep& step, FetchOutcome& outcome) {
  const bool resumed = part.position() > 0;
  try {
    return receive_rest(part, step, outcome);
  } catch (const RemoteError& error) {
    if (error.failure() != FailureClass::skip_file) throw;
    if (resumed) return false;  // the server may only dislike where we go on
    part.discard();
    if (error.reply_code() != 550) throw;
    throw damaged(step, fmt::format("it is not on the remote, or can't be read there ({})", error.what()));
  }
}

/// Until the server has given everything, over as many connections as that takes.
bool Fetcher::receive_rest(PartFile& part, const RestoreStep& step, FetchOutcome& outcome) {
  const std::uint64_t size = step.copy.size;
  const ByteSink sink = sink_into(part, size, outcome);
  std::uint64_t reached = part.position();
  for (int failures = 0; part.position() < size;) {
    try {
      lane_.get(step.copy.name, part.position(), sink);
      break;
    } catch (const RemoteError& error) {
      const bool hand_back = error.failure() == FailureClass::lower_cap && may_hand_back_;
      if (!is_passing(error.failure()) || hand_back) throw;
      if (part.position() >= reached + kProgress) failures = 0;
      reached = std::max(reached, part.position());
      if (failures >= context_.policy.retries) throw;
      wait_before_retry(step.entry.path.bytes(), failures++, error.what(), outcome);
    }
  }
  return part.is_whole();
}

ByteSink Fetcher::sink_into(PartFile& part, std::uint64_t size, FetchOutcome& outcome) {
  ByteSink sink = [this, &part, size, &outcome](std::span<const std::byte> got) {
    outcome.received += got.size();
    const std::size_t wanted = std::min<std::uint64_t>(got.size(), size - part.position());
    part.write(got.first(wanted));
    if (wanted < got.size()) {
      part.overrun();
      return false;
    }
    context_.events.on(TransferProgress{number_, got.size()});
    return true;
  };
  return context_.throttle == nullptr ? sink
                                      : throttled(std::move(sink), *context_.throttle, context_.cancel);
}

void Fetcher::wait_before_retry(const std::string& path, int attempt, const std::string& why,
                                FetchOutcome& outcome) {
  const auto delay = backoff(context_.policy, attempt, std::generate_canonical<double, 24>(random_));
  ++outcome.retries;
  context_.events.on(RetryScheduled{number_, path, why, attempt + 1, context_.policy.retries, delay.count()});
  if (!context_.clock.wait(delay, context_.cancel))
    throw RemoteError(FailureClass::cancelled, "stopped on request");
}

}  // namespace outhaul
