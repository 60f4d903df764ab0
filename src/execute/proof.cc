#include "execute/proof.h"

#include <fmt/format.h>

#include <numeric>

namespace outhaul {
namespace {

using Status = CommandResult::Status;

constexpr const char* kLosesData =
    "The server loses or changes data: check its disk, its quota and what stands between it and here. The "
    "previous "
    "copy, if there was one, is untouched.";

Verdict proven() {
  return {.proven = true, .finding = {}, .advice = {}};
}
Verdict wrong(std::string finding) {
  return {.finding = std::move(finding), .advice = kLosesData};
}
Verdict unknowable(std::string finding, std::string advice) {
  return {.final = true, .finding = std::move(finding), .advice = std::move(advice)};
}

Verdict judge_size(const Outcome& sent, const CommandResult& answer) {
  if (answer.status == Status::done && answer.size == sent.entry.size) return proven();
  if (answer.status == Status::done && answer.size < sent.entry.size) {
    Verdict verdict = wrong(fmt::format("then had {} bytes instead of {}", answer.size, sent.entry.size));
    verdict.short_of_it = true;
    return verdict;
  }
  if (answer.status == Status::done)
    return wrong(fmt::format("then had {} bytes instead of {}", answer.size, sent.entry.size));
  if (answer.status == Status::missing)
    return wrong(fmt::format("then had no such file ({})", answer.reply_text));
  Verdict verdict =
      unknowable(fmt::format("its size there can't be learned: {}", answer.reply_text),
                 "The server must answer SIZE (RFC 3659), MLST or a listing of its parts directory: ask the "
                 "provider which of them it allows.");
  verdict.final = answer.status == Status::unsupported;
  return verdict;
}

Verdict judge_digest(const Outcome& sent, const CommandResult& answer) {
  if (answer.status == Status::missing)
    return wrong(fmt::format("then had no such file ({})", answer.reply_text));
  if (answer.status != Status::done) {
    Verdict verdict = unknowable(
        fmt::format("the server gives no digest of it: {}", answer.reply_text),
        "It may be larger than what the server hashes. Set \"proof\" to \"read_back\" or \"size\".");
    verdict.final = answer.status != Status::unanswered && !is_passing(answer.failure);
    return verdict;
  }
  const DigestKind kind = answer.digest_kind.value_or(DigestKind::sha256);
  const bool computed = kind == DigestKind::sha256 || sent.task.digest == kind;
  if (!computed)
    return unknowable(
        fmt::format("the server computes {} all of a sudden, which is not what it offered", to_string(kind)),
        "Set \"proof\" to \"read_back\" or \"size\".");
  const std::string ours = kind == DigestKind::sha256 ? to_hex(sent.digest) : sent.other_digest;
  if (answer.digest == ours) return proven();
  return wrong(
      fmt::format("then had other content: {} {} instead of {}", to_string(kind), answer.digest, ours));
}

Verdict judge_read_back(const Outcome& sent) {
  if (sent.read_back == sent.digest) return proven();
  if (!sent.read_back) return wrong("then was not read back");
  return wrong(fmt::format("then gave other content back: SHA-256 {} instead of {}", to_hex(*sent.read_back),
                           to_hex(sent.digest)));
}

/// Some servers say 226 before everything is on their disk: a size that is short is asked for again after a
/// while, before the file is sent again.
std::vector<CommandResult> sizes_of(Commands& commands, std::span<const Outcome* const> sent) {
  std::vector<CommandResult> answers(sent.size());
  std::vector<std::size_t> open(sent.size());
  std::iota(open.begin(), open.end(), std::size_t{0});
  for (auto pause = kLateSizePauses.begin();; ++pause) {
    std::vector<Command> questions;
    for (const std::size_t i : open) questions.push_back(SizeOf{sent[i]->task.part});
    std::vector<CommandResult> found = commands.run(questions);
    for (std::size_t i = 0; i < open.size(); ++i) answers[open[i]] = std::move(found[i]);
    std::erase_if(open, [&](std::size_t i) {
      return answers[i].status != Status::done || answers[i].size >= sent[i]->entry.size;
    });
    if (open.empty() || pause == kLateSizePauses.end()) return answers;
    commands.pause(*pause);
  }
}

/// What is offered may turn out not to work with a file that exists: the next best is asked for then.
std::vector<CommandResult> digests_of(Commands& commands, std::span<const Outcome* const> sent) {
  std::vector<CommandResult> answers(sent.size());
  std::vector<std::size_t> open(sent.size());
  std::iota(open.begin(), open.end(), std::size_t{0});
  while (!open.empty()) {
    std::vector<Command> questions;
    for (const std::size_t i : open) questions.push_back(HashOf{sent[i]->task.part});
    std::vector<CommandResult> found = commands.run(questions);
    for (std::size_t i = 0; i < open.size(); ++i) answers[open[i]] = std::move(found[i]);
    std::erase_if(open, [&](std::size_t i) {
      return answers[i].status != Status::unsupported || !answers[i].digest_kind;
    });
  }
  return answers;
}

}  // namespace

std::vector<Verdict> judge_uploads(Commands& commands, Proof proof, std::span<const Outcome* const> sent) {
  const std::vector<CommandResult> sizes = sizes_of(commands, sent);
  std::vector<CommandResult> digests;
  if (proof == Proof::hash) digests = digests_of(commands, sent);
  std::vector<Verdict> verdicts;
  for (std::size_t i = 0; i < sent.size(); ++i) {
    Verdict verdict = judge_size(*sent[i], sizes[i]);
    if (verdict.proven && proof == Proof::hash) verdict = judge_digest(*sent[i], digests[i]);
    // A file that kept changing is a mixture anyhow, and reported as one.
    if (verdict.proven && proof == Proof::read_back && !sent[i]->torn) verdict = judge_read_back(*sent[i]);
    verdicts.push_back(std::move(verdict));
  }
  return verdicts;
}

std::optional<DigestKind> offered_digest(Commands& commands, const RemotePath& dir) {
  const Command probe = HashOf{RemotePath::parse(dir.wire() + "/no-such-part")};
  for (;;) {
    const CommandResult answer = commands.run_one(probe);
    if (answer.status != Status::unsupported || !answer.digest_kind) return answer.digest_kind;
  }
}

}  // namespace outhaul
