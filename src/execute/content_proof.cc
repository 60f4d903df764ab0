#include "execute/content_proof.h"

#include <chrono>

#include "base/digester.h"

namespace outhaul {
namespace {

using Status = CommandResult::Status;

/// What a server has read of a connection that is gone is carried out all the same, some time.
constexpr std::chrono::milliseconds kOldSessionsTime{1000};

/// By the sizes; nothing where they don't decide.
std::optional<FoundContent> judge_size(const ExpectedContent& expected, const CommandResult& answer) {
  if (answer.status == Status::missing) return FoundContent::other;
  if (answer.status == Status::done && answer.size != expected.size) return FoundContent::other;
  if (!expected.sha256) return FoundContent::unknown;
  return std::nullopt;
}

std::optional<FoundContent> judge_digest(const ExpectedContent& expected, const CommandResult& answer) {
  if (answer.status != Status::done || answer.digest_kind != DigestKind::sha256) return std::nullopt;
  return answer.digest == to_hex(*expected.sha256) ? FoundContent::same : FoundContent::other;
}

FoundContent fetch(Commands& commands, const ExpectedContent& expected) {
  bool same = false;
  try {
    const bool fetched = commands.on_lane([&](Lane& lane) {
      Sha256 hash;
      std::uint64_t length = 0;
      lane.get(expected.path, 0, [&](std::span<const std::byte> bytes) {
        hash.update(bytes);
        length += bytes.size();
        return length <= expected.size;
      });
      same = length == expected.size && hash.finish() == *expected.sha256;
    });
    if (!fetched) return FoundContent::unknown;
  } catch (const RemoteError& error) {
    if (error.failure() != FailureClass::skip_file) throw;
    return FoundContent::unknown;
  }
  return same ? FoundContent::same : FoundContent::other;
}

}  // namespace

std::vector<FoundContent> look_at_contents(Commands& commands, std::span<const ExpectedContent> expected) {
  std::vector<FoundContent> found(expected.size(), FoundContent::unknown);
  if (expected.empty()) return found;
  commands.pause(kOldSessionsTime);
  std::vector<Command> sizes;
  for (const ExpectedContent& it : expected) sizes.push_back(SizeOf{it.path});
  const std::vector<CommandResult> answers = commands.run(sizes);
  std::vector<std::size_t> open;
  std::vector<Command> digests;
  for (std::size_t i = 0; i < expected.size(); ++i) {
    const auto verdict = judge_size(expected[i], answers[i]);
    if (verdict) {
      found[i] = *verdict;
      continue;
    }
    open.push_back(i);
    digests.push_back(HashOf{expected[i].path});
  }
  if (open.empty()) return found;
  const std::vector<CommandResult> theirs = commands.run(digests);
  for (std::size_t k = 0; k < open.size(); ++k) {
    const ExpectedContent& it = expected[open[k]];
    const auto verdict = judge_digest(it, theirs[k]);
    found[open[k]] = verdict ? *verdict : fetch(commands, it);
  }
  return found;
}

}  // namespace outhaul
