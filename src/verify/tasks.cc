#include "verify/tasks.h"

#include <fmt/format.h>

#include <utility>

#include "lanes/transfer_scope.h"

namespace outhaul {
namespace {

/// Progress below this is noise.
constexpr std::uint64_t kProgress = 256 * 1024;

}  // namespace

void ListTask::attempt(Lane& lane, int) {
  listing = lane.list(known.dir);
}

void ReadTask::attempt(Lane& lane, int lane_number) {
  while (finding.empty()) {
    if (!hash_) {
      hash_.emplace();
      fetched_ = 0;
    }
    fetch(lane, lane_number);
    std::string found = judge();
    hash_.reset();
    if (found.empty()) return;
    if (!std::exchange(suspect_, true)) continue;
    finding = std::move(found);
  }
}

/// A line that breaks is no verdict: the next attempt goes on where it broke.
void ReadTask::fetch(Lane& lane, int lane_number) {
  TransferScope scope(context_.events, lane_number, path.wire(), object.size, fetched_);
  const ByteSink take = [&](std::span<const std::byte> got) {
    hash_->update(got);
    fetched_ += got.size();
    context_.events.on(TransferProgress{lane_number, got.size()});
    return fetched_ <= object.size;  // more is wrong already
  };
  lane.get(path, fetched_,
           context_.throttle != nullptr ? throttled(take, *context_.throttle, context_.cancel) : take);
  scope.succeeded();
}

/// Empty when all is well.
std::string ReadTask::judge() {
  if (fetched_ > object.size) return fmt::format("gives more than its {} bytes back", object.size);
  if (fetched_ < object.size) return fmt::format("gives {} bytes back instead of {}", fetched_, object.size);
  if (!sha256) return {};
  const Sha256Digest found = hash_->finish();
  return found == *sha256 ? std::string{}
                          : fmt::format("gives other content back: SHA-256 {} instead of {}", to_hex(found),
                                        to_hex(*sha256));
}

bool ReadTask::got_further() {
  if (fetched_ < reached_ + kProgress) return false;
  reached_ = fetched_;
  return true;
}

}  // namespace outhaul
