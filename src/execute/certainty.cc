#include "execute/certainty.h"

#include <cstddef>

#include "outhaul/error.h"
#include "plan/certain_removals.h"

namespace outhaul {
namespace {

constexpr std::size_t kSampleBytes = 256 * 1024;

}  // namespace

std::vector<const Action*> Certainty::certain(std::span<const Action* const> removals,
                                              std::span<const Action* const> unstored) {
  const auto stored = [this](const Action& removal) -> std::optional<Sha256Digest> {
    const std::optional<StoredObject> object = state_.object(removal.entry.object);
    return object ? object->sha256 : std::nullopt;
  };
  const auto local = [this](const Action& file) { return digest_of(file.entry); };
  return certain_removals(removals, unstored, {stored, local});
}

std::optional<Sha256Digest> Certainty::digest_of(const Entry& scanned) {
  const std::string& path = scanned.path.bytes();
  if (const auto known = digests_.find(path); known != digests_.end()) return known->second;
  return digests_.emplace(path, read(scanned)).first->second;
}

std::optional<Sha256Digest> Certainty::read(const Entry& scanned) {
  try {
    if (!source_) source_.emplace(job_.source, job_.xattrs);
    SourceFile file = source_->open(scanned);
    std::vector<std::byte> buffer(kSampleBytes);
    while (file.read(buffer) > 0)
      if (cancel_.cancelled()) return std::nullopt;
    return file.unchanged() ? std::optional(file.digest()) : std::nullopt;
  } catch (const Error&) {
    return std::nullopt;  // whoever stores it says what is wrong with it
  }
}

}  // namespace outhaul
