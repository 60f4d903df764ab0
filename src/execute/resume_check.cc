// Whether the server goes on with uploads rightly: who finds out, and what is done when it doesn't.
#include <fmt/format.h>

#include "execute/proof.h"
#include "execute/uploader.h"

namespace outhaul {
namespace {

using Status = CommandResult::Status;

/// A larger one the server would have to read for minutes; its ranges will do.
constexpr std::uint64_t kMostToHash = std::uint64_t{1} << 30;

std::string in_mib(std::uint64_t bytes) {
  return fmt::format("{:.1f} MiB", static_cast<double>(bytes) / (1024 * 1024));
}

}  // namespace

std::optional<bool> Uploader::resumes() const {
  const std::optional<bool> known =
      context_.remote != nullptr ? context_.remote->memory().resume : std::nullopt;
  return known == true && doubted_ ? std::nullopt : known;
}

/// What another lane has found wrong isn't made good by one that went well.
void Uploader::found_that_it_resumes() {
  doubted_ = false;
  if (context_.remote == nullptr || resumes()) return;
  context_.remote->note(resume_memory(true, context_.clock.now_ns()));
}

/// `lost`: what of the file must be sent again. The connection is closed, so that the server is done with
/// what it has open.
void Uploader::spoiled(std::uint64_t lost, const std::string& how, Outcome& outcome) {
  if (context_.remote != nullptr) context_.remote->note(resume_memory(false, context_.clock.now_ns()));
  outcome.remarks.push_back(remark_on_wrong_resume(how, lost));
  lane_.rest();
  throw NameUsed(how);
}

Remark remark_on_wrong_resume(const std::string& how, std::uint64_t lost) {
  return {
      Problem::Severity::warning,
      fmt::format("the server doesn't go on with broken uploads rightly: {}; {} of it are sent again", how,
                  in_mib(lost)),
      "Nothing of that was stored under the file's name. For a month, or until `outhaul doctor` finds that "
      "it resumes rightly, a file that is cut off on its way to this server is sent from its beginning."};
}

void Uploader::tell_of_fresh_start(std::uint64_t lost, Outcome& outcome) const {
  if (!outcome.remarks.empty()) return;
  outcome.remarks.push_back(
      {Problem::Severity::note,
       fmt::format("{} of it are sent again, because this server was found not to go on with broken uploads "
                   "rightly",
                   in_mib(lost)),
       "`outhaul doctor` tries that anew. A better line, or smaller files, make it cost less."});
}

/// The part as it is found before it is gone on with.
void Uploader::look_for_loss(const Task& task, const CommandResult& there, Outcome& outcome) {
  const bool missing = there.status == Status::missing;
  if (!missing && there.status != Status::done) return;
  const std::uint64_t had = trail_.offset;
  const bool took_more = trail_.last > had;
  if (missing && had > 0 && took_more) {
    // It went on, and the upload ended badly: a quota, or a server that keeps nothing of those
    // (ftp-notes.md).
    trail_ = Trail{};
    joins_.clear();
    return tell_of_loss(had, there, outcome);
  }
  if (had > 0 && (missing || there.size < had)) {
    const std::string has = missing ? "no such file" : fmt::format("{} bytes", there.size);
    spoiled(had, fmt::format("it had {} bytes, was asked to go on there, and has {} now", had, has), outcome);
  }
  const std::uint64_t sent = task.sent.value_or(0);
  if (missing && trail_.last == 0 && sent >= kWorthResuming) tell_of_loss(sent, there, outcome);
}

void Uploader::tell_of_loss(std::uint64_t lost, const CommandResult& there, Outcome& outcome) const {
  if (!outcome.remarks.empty()) return;
  outcome.remarks.push_back(
      {Problem::Severity::note,
       fmt::format("the {} of it that were sent before are no longer on the server: it is sent from its "
                   "beginning (the server said: {} {})",
                   in_mib(lost), there.reply_code, there.reply_text),
       "Some servers remove what is cut off, or what a full quota refuses to go on with."});
}

/// After an upload that went on at `offset`, or that was sent to a name where something else may still be.
/// Throws NameUsed when it is not what was sent. A file that changed meanwhile says nothing.
void Uploader::prove(const Task& task, const SourceFile& file, std::uint64_t offset, Outcome& outcome) {
  const std::uint64_t size = file.entry().size;
  unproven_ = resumes() != true || in_the_way_;
  if (offset > 0) prove_size(task, size, offset, outcome);
  if (!unproven_ || outcome.torn) return;
  const ReadBack found = prove_content(task, file, outcome);
  if (found != ReadBack::right && !file.unchanged()) {
    outcome.torn = true;
    return;
  }
  unproven_ = false;
  const bool went_on = !joins_.empty() && joins_.back() < size;
  if (found == ReadBack::right && went_on) found_that_it_resumes();
  if (found == ReadBack::right) return;
  if (offset == 0)
    throw RemoteError(FailureClass::skip_file,
                      "what is under its part's name can't be removed, and what was sent is not there",
                      "Check that the account may delete files below .outhaul/parts.");
  if (found == ReadBack::unreadable) throw NameUsed("what was sent of it can't be read back");
  if (went_on) spoiled(size, "it accepted the rest, but has other content than was sent", outcome);
  outcome.remarks.push_back({Problem::Severity::note,
                             fmt::format("what an earlier run sent of it is other content on the server by "
                                         "now: {} are sent again",
                                         in_mib(size)),
                             {}});
  throw NameUsed("what an earlier run sent of it is other content by now");
}

/// Short of it may mean that the server is still writing (pain 2), or that the end of the data connection
/// came too early: then it is gone on with once more. Anything else is the server's doing.
void Uploader::prove_size(const Task& task, std::uint64_t size, std::uint64_t offset, Outcome& outcome) {
  CommandResult there = ask(SizeOf{task.part});
  for (const auto pause : kLateSizePauses) {
    if (there.status != Status::done || there.size >= size) break;
    if (!context_.clock.wait(pause, cancel_))
      throw RemoteError(FailureClass::cancelled, "stopped on request");
    there = ask(SizeOf{task.part});
  }
  if (there.status == Status::done && there.size == size) return;
  if (there.status != Status::done && there.status != Status::missing) return;  // the proof asks once more
  const bool goes_on = there.status == Status::done && there.size >= offset && there.size < size &&
                       there.size != size - offset;
  if (context_.remote != nullptr) context_.remote->upload_was_lost();
  const std::string has = there.status == Status::missing
                              ? "no such file"
                              : fmt::format("{} bytes instead of {}", there.size, size);
  if (goes_on)
    throw RemoteError(FailureClass::retry, fmt::format("the server accepted the rest, but has {}", has));
  spoiled(size, fmt::format("it accepted the rest, but has {}", has), outcome);
}

ReadBack Uploader::prove_content(const Task& task, const SourceFile& file, const Outcome& outcome) {
  if (task.read_back) return outcome.read_back == outcome.digest ? ReadBack::right : ReadBack::wrong;
  if (const std::optional<bool> right = digest_is_right(task, outcome))
    return *right ? ReadBack::right : ReadBack::wrong;
  const std::uint64_t size = file.entry().size;
  return compare_part(task.part, file, size, ranges_to_prove(size, joins_));
}

/// None: the server computes none that we have.
std::optional<bool> Uploader::digest_is_right(const Task& task, const Outcome& outcome) {
  if (outcome.entry.size > kMostToHash) return std::nullopt;
  const Command question = HashOf{task.part};
  CommandResult answer;
  do {  // what is offered, but doesn't work: the next best
    answer = lane_.run(std::span(&question, 1)).front();
  } while (answer.status == Status::unsupported && answer.digest_kind);
  if (answer.status != Status::done || !answer.digest_kind) return std::nullopt;
  if (*answer.digest_kind == DigestKind::sha256) return answer.digest == to_hex(outcome.digest);
  if (task.digest != answer.digest_kind) return std::nullopt;
  return answer.digest == outcome.other_digest;
}

}  // namespace outhaul
