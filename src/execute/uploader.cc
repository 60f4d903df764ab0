#include "execute/uploader.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <utility>
#include <vector>

#include "execute/disk_probe.h"
#include "execute/read_ahead.h"
#include "lanes/commands.h"
#include "lanes/transfer_scope.h"

namespace outhaul {
namespace {

/// How much of a part's end is read back and compared before anything is appended to it.
constexpr std::uint64_t kTail = 64 * 1024;
constexpr std::uint64_t kPiece = 256 * 1024;
constexpr std::array kUntilItIsBack{std::chrono::milliseconds(100), std::chrono::milliseconds(400),
                                    std::chrono::milliseconds(1000), std::chrono::milliseconds(2000)};
/// From here on a second thread pays: SHA-256 takes half as long as sending over a fast line.
constexpr std::uint64_t kWorthReadingAhead = 8 << 20;
/// How often a file that changes under our hands is read again before the copy is kept as it is.
constexpr int kRereads = 3;
/// What a session that broke off may still have to write: what lay in buffers on the way.
constexpr std::uint64_t kMostInFlight = 64 << 20;
/// How often a part may be sent from its beginning again without that being a failure.
constexpr int kRestarts = 3;
/// How often a server may refuse to go on with a part before the whole file is sent again: once may be a
/// passing trouble.
constexpr int kRefusals = 2;

/// Raises `sent` to what was taken out of the file: what the network was given can't be more.
class Counted final : public ByteSource {
 public:
  Counted(ByteSource& file, std::uint64_t offset, std::optional<std::uint64_t>& sent)
      : file_(file), position_(offset), sent_(sent) {}
  std::size_t read(std::span<std::byte> buffer) override {
    const std::size_t got = file_.read(buffer);
    position_ += got;
    if (sent_) sent_ = std::max(*sent_, position_);
    return got;
  }

 private:
  ByteSource& file_;
  std::uint64_t position_;
  std::optional<std::uint64_t>& sent_;
};

/// The server takes the upload, but not from the middle.
bool refuses_to_go_on(const RemoteError& error) {
  return error.failure() == FailureClass::retry && error.reply_code() >= 400 && error.reply_code() != 421;
}

void describe(Outcome& outcome, Outcome::Status status, const Error& error) {
  outcome.status = status;
  outcome.message = error.what();
  outcome.advice = error.advice();
}

void describe(Outcome& outcome, const RemoteError& error) {
  describe(outcome, Outcome::Status::remote_failed, error);
  outcome.failure = error.failure();
  outcome.reply_code = error.reply_code();
}

}  // namespace

Uploader::Uploader(Lane& lane, int lane_number, const Context& context, const CancelToken* own)
    : lane_(lane),
      number_(lane_number),
      context_(context),
      cancel_(own != nullptr ? *own : context.cancel),
      random_(static_cast<std::minstd_rand::result_type>(context.clock.now_ns() + lane_number)) {}

Outcome Uploader::perform(const Task& task) noexcept {
  Outcome outcome;
  sent_ = task.sent;
  touched_ = task.touched;
  trail_ = Trail{};
  joins_.clear();
  in_the_way_ = doubted_ = false;
  try {
    switch (task.kind) {
      case Task::Kind::compare:
        compare(task, outcome);
        break;
      case Task::Kind::upload:
        upload(task, outcome);
        break;
      case Task::Kind::fill:
        store_zeros(lane_, task.part, task.fill);
        break;
    }
  } catch (const NameUsed& used) {
    describe(outcome, Outcome::Status::name_used, used);
  } catch (const RemoteError& error) {
    describe(outcome, error);
  } catch (const SourceChanged& error) {
    // A file that is there, but can't be read whole however often, is not stored: no success.
    const bool content = error.how() == SourceChanged::How::content;
    describe(outcome, content ? Outcome::Status::source_failed : Outcome::Status::vanished, error);
    if (content) outcome.advice = std::string(kAdviceForChanging);
  } catch (const Error& error) {
    describe(outcome, Outcome::Status::source_failed, error);
  } catch (const std::exception& error) {
    outcome.status = Outcome::Status::remote_failed;
    outcome.failure = FailureClass::stop_run;
    outcome.message = fmt::format("internal error: {}", error.what());
  }
  outcome.task = task;
  // Of a name that is given up nothing may be trusted.
  const bool given_up = outcome.status == Outcome::Status::name_used && !task.once;
  outcome.task.sent = given_up ? std::uint64_t{0} : sent_;
  outcome.in_part = given_up ? 0 : trail_.last != 0 ? trail_.last : sent_.value_or(0);
  outcome.task.touched = touched_;
  outcome.lane = number_;
  return outcome;
}

void Uploader::stop_if_cancelled() const {
  if (cancel_.cancelled()) throw RemoteError(FailureClass::cancelled, "stopped on request");
}

void Uploader::compare(const Task& task, Outcome& outcome) {
  std::vector<std::byte> buffer(kPiece);
  for (int reread = 0;; ++reread) {
    try {
      SourceFile file = context_.source.open(task.action->entry);
      TransferScope scope(context_.events, number_, file.entry().path.bytes(), file.entry().size, 0);
      while (const std::size_t got = file.read(buffer)) {
        context_.events.on(TransferProgress{number_, got});
        stop_if_cancelled();
      }
      outcome.entry = file.entry();
      outcome.torn = !file.unchanged();
      if (outcome.torn && reread < kRereads && !task.action->changing) continue;
      outcome.digest = file.digest();
      scope.succeeded();
      return;
    } catch (const SourceChanged& changed) {
      if (changed.how() != SourceChanged::How::content || reread >= kRereads) throw;
    }
  }
}

void Uploader::upload(const Task& task, Outcome& outcome) {
  const std::string& path = task.action->entry.path.bytes();
  bool look_first = task.resume || task.once;
  marks_ = HashMarks{};
  reread_ = task.tries > 0 && !task.once;
  std::uint64_t proven = 0, reached = 0;  // by the server; by us
  bool was_sent_anew = false;
  for (int failures = 0, rereads = 0, refusals = 0, restarts = 0;;) {
    try {
      attempt(task, look_first, outcome);
      if (!outcome.torn) return;
      const bool often_enough = task.once ? task.attempt > kRereads : rereads++ >= kRereads;
      if (often_enough && !(unproven_ && offset_ > 0)) return;
      if (task.once) throw NameUsed("it changed while it was read");
      reread_ = true;
      look_first = false;  // it changed while it was read: what is there is of no use
    } catch (const SourceChanged& changed) {
      if (changed.how() != SourceChanged::How::content || rereads++ >= kRereads) throw;
      if (task.once && task.attempt > kRereads) throw;
      if (task.once) throw NameUsed("it changed while it was read");
      reread_ = true;
      look_first = false;
    } catch (const RemoteError& error) {
      if (error.failure() == FailureClass::lower_cap && context_.may_hand_back) {
        describe(outcome, error);
        outcome.status = Outcome::Status::handed_back;
        return;
      }
      if (!is_passing(error.failure())) throw;
      // A refusal to go on may leave the file open there, and what is closed late spoils what comes next.
      if (offset_ > 0) lane_.rest();
      // What was there is lost, which is bad enough: the way back to it is no standstill.
      if (offset_ == 0 && position_ > 0 && proven > 0 && restarts++ < kRestarts) proven = reached = 0;
      // Only bytes that got further than ever before are progress; sending the same ones again is not.
      if (offset_ >= proven + kWorthResuming || position_ >= reached + kWorthResuming) {
        failures = 0;
        proven = std::max(proven, offset_);
        reached = std::max(reached, position_);
      }
      if (failures == std::min(1, context_.policy.retries) && !task.once)  // a probe couldn't be removed
        look_for_full_disk(lane_, number_, error, outcome.litter);
      const bool refused = offset_ > 0 && position_ == offset_ && refuses_to_go_on(error);
      if (refused) refusals = failures < context_.policy.retries ? refusals + 1 : kRefusals;
      // Else such a part would stand in the file's way every night.
      const bool anew = refused && refusals >= kRefusals && !std::exchange(was_sent_anew, true);
      if (failures >= context_.policy.retries && !anew) throw;
      if (!wait_before_retry(path, failures++, error.what(), outcome))
        throw RemoteError(FailureClass::cancelled, "stopped on request");
      look_first = refusals < kRefusals;
    }
  }
}

SourceFile Uploader::open(const Task& task) {
  SourceFile file = context_.source.open(task.action->entry);
  // A mark holds the SHA-256 only: with a second digest everything is read.
  task.digest ? file.also_digest(*task.digest) : file.keep_marks(marks_);
  return file;
}

void Uploader::attempt(const Task& task, bool look_first, Outcome& outcome) {
  offset_ = position_ = 0;
  unproven_ = false;
  SourceFile file = open(task);
  std::uint64_t offset = 0;
  const bool worth_it = task.once ? touched_ : file.entry().size >= kWorthResuming;
  if (look_first && worth_it && fingerprint_of(file.entry()) == fingerprint_of(task.action->entry))
    offset = find_offset(task, file, outcome);
  if (touched_ && offset == 0) task.once ? require_unused(task) : remove_part(task);
  outcome.entry = file.entry();
  send(task, file, offset, outcome);
  const bool changed = !file.unchanged();
  outcome.torn = changed && !task.action->changing;
  outcome.changed = changed && task.action->changing;
  if (changed) outcome.entry.ctime_ns = 0;  // within one tick it could look like the same for ever
  outcome.digest = file.digest();
  outcome.other_digest = file.other_digest();
  if (task.read_back && !outcome.torn) outcome.read_back = fetch_digest(task, outcome);
  if (offset > 0 || in_the_way_) prove(task, file, offset, outcome);
  outcome.resumed = offset;
}

/// Where to go on with the part, and `file` hashed up to there. Where its end can't be trusted, the place at
/// which the last session began can: what lies before it was compared then, and no session writes there.
std::uint64_t Uploader::find_offset(const Task& task, SourceFile& file, Outcome& outcome) {
  const std::uint64_t size = size_of_part(task, file, outcome);
  if (const std::uint64_t offset = resume_offset(task, file, size); offset > 0) return offset;
  if (trail_.offset > 0 && resumes() != false) {
    file = open(task);
    hash_up_to(file, trail_.offset);
    const std::vector<ByteRange> ranges =
        ranges_before(task, trail_.offset - std::min(trail_.offset, kTail), trail_.offset);
    const ReadBack found = compare_part(task.part, file, trail_.offset, ranges);
    if (found == ReadBack::right) return trail_.offset;
    if (found == ReadBack::wrong && file.unchanged()) {
      if (resumes() != true)
        spoiled(trail_.offset, "what it had of this file is other content by now", outcome);
      doubted_ = true;
    }
  }
  reread_ = true;
  file = open(task);
  return 0;
}

CommandResult Uploader::ask(const Command& question) {
  CommandResult answer = lane_.run(std::span(&question, 1)).front();
  if (answer.status == CommandResult::Status::unanswered)
    throw RemoteError(answer.failure == FailureClass::none ? FailureClass::reconnect : answer.failure,
                      fmt::format("no answer about what is stored ({})", answer.reply_text));
  return answer;
}

/// Nothing may be sent from its beginning to a name that has something.
void Uploader::require_unused(const Task& task) {
  if (ask(SizeOf{task.part}).status != CommandResult::Status::missing)
    throw NameUsed("what was sent of it can't be gone on with");
}

/// Not every server replaces a file by what is stored under its name: one that stores it beside that would
/// have the old content taken for the new one. And what a dead session still writes goes with it.
void Uploader::remove_part(const Task& task) {
  const CommandResult removed = ask(RemoveFile{task.part});
  in_the_way_ =
      removed.status != CommandResult::Status::done && removed.status != CommandResult::Status::missing;
}

/// Of what the server gives back of the part. A line that breaks is no verdict: it goes on where it broke.
Sha256Digest Uploader::fetch_digest(const Task& task, Outcome& outcome) {
  const Entry& entry = outcome.entry;
  TransferScope scope(context_.events, number_, entry.path.bytes(), entry.size, 0);
  Sha256 hash;
  std::uint64_t fetched = 0;
  const ByteSink sink = [&](std::span<const std::byte> got) {
    hash.update(got);
    fetched += got.size();
    context_.events.on(TransferProgress{number_, got.size()});
    return fetched <= entry.size;  // more is wrong already
  };
  for (bool again = true; again;) {
    const std::uint64_t before = fetched;
    try {
      lane_.get(task.part, fetched, sink);
      again = false;
    } catch (const RemoteError& error) {
      if (error.failure() == FailureClass::skip_file)
        throw RemoteError(
            FailureClass::skip_file, fmt::format("stored, but it can't be read back: {}", error.what()),
            "\"proof\": \"read_back\" needs an account that may read: allow it, or set \"proof\" to "
            "\"hash\" or \"size\".",
            error.reply_code(), error.reply_text());
      // Without progress the caller counts the attempts; it comes back here without sending anything again.
      if (!is_passing(error.failure()) || fetched < before + kWorthResuming || fetched >= entry.size) throw;
      if (!wait_before_retry(entry.path.bytes(), 0, error.what(), outcome))
        throw RemoteError(FailureClass::cancelled, "stopped on request");
    }
  }
  scope.succeeded();
  return hash.finish();
}

void Uploader::hash_up_to(SourceFile& file, std::uint64_t size) const {
  for (std::uint64_t hashed = file.go_to_mark(size); hashed < size;) {
    hashed = std::min(size, hashed + kPiece);
    file.advance_to(hashed);
    stop_if_cancelled();
  }
}

/// Where to go on; `file` is hashed up to there. What is there is compared after that: hashing what a night
/// has sent takes minutes, and a part must not be trusted on what was seen before them. Its end will do once
/// the last session has got beyond everything that an older one can still write; else all that came since it
/// began.
std::uint64_t Uploader::resume_offset(const Task& task, SourceFile& file, std::uint64_t size) {
  hash_up_to(file, size);
  if (size == 0) return 0;
  std::uint64_t from = size - std::min(size, kTail);
  if (size <= trail_.older) from = std::min(from, trail_.offset);
  if (size - from > kMostInFlight) return 0;
  // Nothing can be read back here: any doubt means to start over.
  if (compare_part(task.part, file, size, ranges_before(task, from, size)) != ReadBack::right) return 0;
  if (!joins_.empty() && size > joins_.back()) found_that_it_resumes();
  return size;
}

/// 0 when there is nothing that could be continued.
/// Pure-FTPd holds a file that it goes on with under another name until that upload ends, which it does late
/// where the line is dead (docs/ftp-notes.md).
CommandResult Uploader::ask_for_part(const Task& task) {
  CommandResult there = ask(SizeOf{task.part});
  const bool went_on = trail_.offset > 0 && trail_.last > trail_.offset;
  if (!went_on && task.sent.value_or(0) < kWorthResuming) return there;
  for (const auto pause : kUntilItIsBack) {
    if (there.status != CommandResult::Status::missing) break;
    context_.clock.wait(pause, cancel_);
    stop_if_cancelled();
    there = ask(SizeOf{task.part});
  }
  return there;
}

std::uint64_t Uploader::size_of_part(const Task& task, const SourceFile& file, Outcome& outcome) {
  const CommandResult there = ask_for_part(task);
  look_for_loss(task, there, outcome);
  // More than was sent can't be this file's, whatever its end looks like: zeros where a file system only
  // promised room look like a sparse file's.
  const std::uint64_t most = std::min(file.entry().size, sent_.value_or(file.entry().size));
  if (there.status != CommandResult::Status::done || there.size > most) return 0;
  if (resumes() != false) return there.size;
  tell_of_fresh_start(there.size, outcome);
  return 0;
}

/// The end of a part, and, while nobody knows whether the server resumes rightly, what shows whether it did
/// so with this one.
std::vector<ByteRange> Uploader::ranges_before(const Task& task, std::uint64_t from,
                                               std::uint64_t size) const {
  std::vector<ByteRange> ranges;
  const bool may_be_joined = task.resume || !joins_.empty();
  if (may_be_joined && resumes() != true) ranges = ranges_to_prove(size, joins_);
  for (; !ranges.empty() && ranges.back().to >= from; ranges.pop_back())
    from = std::min(from, ranges.back().from);
  ranges.push_back({from, size});
  return ranges;
}

ReadBack Uploader::compare_part(const RemotePath& part, const SourceFile& file, std::uint64_t size,
                                std::span<const ByteRange> ranges) {
  const Expected expected = [&](std::uint64_t from, std::span<std::byte> buffer) {
    return file.peek(from, buffer);
  };
  const PassThrough pass = [&](const ByteSink& sink) {
    return context_.throttle != nullptr ? throttled(sink, *context_.throttle, cancel_) : sink;
  };
  return read_back(lane_, part, size, ranges, expected, pass);
}

void Uploader::send(const Task& task, SourceFile& file, std::uint64_t offset, Outcome& outcome) {
  TransferScope scope(context_.events, number_, file.entry().path.bytes(), file.entry().size, offset);
  offset_ = position_ = offset;
  if (offset > 0 && trail_.last == 0)
    trail_.last = sent_.value_or(offset + kMostInFlight);  // an earlier run's
  trail_.older = std::max(trail_.older, trail_.last);
  trail_.offset = trail_.last = offset;
  if (offset == 0) joins_.clear();
  // A dead session may still write at its own place, beyond a hole that this leaves.
  if (offset == 0) sent_ = 0;
  std::optional<ReadAhead> ahead;
  if (file.entry().size - offset >= kWorthReadingAhead) ahead.emplace(file);
  Counted counted(ahead ? static_cast<ByteSource&>(*ahead) : file, offset, sent_);
  std::optional<ThrottledSource> limited;
  if (context_.throttle != nullptr) limited.emplace(counted, *context_.throttle, cancel_);
  Put put;
  put.path = task.part;
  put.source = limited ? static_cast<ByteSource*>(&*limited) : &counted;
  put.offset = offset;
  put.length = file.entry().size - offset;
  put.sent = [&](std::uint64_t delta) {
    outcome.sent += delta;
    position_ += delta;
    trail_.last = std::max(trail_.last, position_);
    context_.events.on(TransferProgress{number_, delta});
  };
  const bool whole = put.length == 0 && offset > 0;  // needs no byte
  touched_ = touched_ || !whole;
  if (!whole && offset > 0 && (joins_.empty() || joins_.back() != offset)) joins_.push_back(offset);
  try {
    if (!whole) lane_.put(put);
  } catch (const RemoteError& error) {
    if (!stored_all_the_same(task, file, error)) throw;
  }
  scope.succeeded();
}

/// Everything was sent, and only the server's last word is bad or missing: the size tells whether it is
/// stored (pains 3 and 4). Not where the part may hold another content of the same size from before.
bool Uploader::stored_all_the_same(const Task& task, const SourceFile& file, const RemoteError& error) {
  const std::uint64_t size = file.entry().size;
  const bool passing = is_passing(error.failure()) && error.failure() != FailureClass::lower_cap;
  if (!passing || position_ < size || (reread_ && size > 0)) return false;
  try {
    const CommandResult there = ask(SizeOf{task.part});
    return there.status == CommandResult::Status::done && there.size == size;
  } catch (const RemoteError& lost) {
    if (lost.failure() == FailureClass::cancelled) throw;
    return false;
  }
}

bool Uploader::wait_before_retry(const std::string& path, int attempt, const std::string& why,
                                 Outcome& outcome) {
  const auto delay = backoff(context_.policy, attempt, std::generate_canonical<double, 24>(random_));
  ++outcome.retries;
  context_.events.on(RetryScheduled{number_, path, why, attempt + 1, context_.policy.retries, delay.count()});
  return context_.clock.wait(delay, cancel_);
}

}  // namespace outhaul
