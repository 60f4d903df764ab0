#include "execute/disk_probe.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>

#include "outhaul/names.h"

namespace outhaul {
namespace {

constexpr std::uint64_t kProbeSize = 4096;

/// The server had taken the upload, and then it broke off.
bool broke_off_storing(const RemoteError& error) {
  const int reply = error.reply_code();
  return reply == 125 || reply == 150 || reply == 426 || reply == 450 || reply == 451;
}

class Zeros final : public ByteSource {
 public:
  explicit Zeros(std::uint64_t count) : left_(count) {}
  std::size_t read(std::span<std::byte> buffer) override {
    const std::size_t count = static_cast<std::size_t>(std::min<std::uint64_t>(left_, buffer.size()));
    std::fill_n(buffer.begin(), count, std::byte{0});
    left_ -= count;
    return count;
  }

 private:
  std::uint64_t left_;
};

/// What a small upload says; empty when it was stored, or when it failed for another reason.
std::optional<RemoteError> refusal_for_space(Lane& lane, const RemotePath& probe, const RemoteError& failed) {
  try {
    store_zeros(lane, probe, kProbeSize);
  } catch (const RemoteError& error) {
    if (error.failure() == FailureClass::cancelled) throw;
    // 451 is "local error in processing" (RFC 959 §4.2.2): for so small a file that is the disk.
    if (error.failure() != FailureClass::no_space && error.reply_code() != 451) return std::nullopt;
    return RemoteError(
        FailureClass::no_space,
        fmt::format("{}; a small file fails too: the server's disk or your quota is full", failed.what()),
        "make room on the remote or buy some; what was stored stays, and the next run goes on from here",
        error.reply_code(), error.reply_text());
  }
  return std::nullopt;
}

}  // namespace

void store_zeros(Lane& lane, const RemotePath& name, std::uint64_t bytes) {
  Zeros zeros(bytes);
  lane.put({name, &zeros, 0, bytes, {}});
}

RemotePath reserve_name() {
  return RemotePath::parse(fmt::format("{}/reserve", kPartsDir));
}

RemotePath disk_probe_name(int lane_number) {
  return RemotePath::parse(fmt::format("{}/probe-{}", kPartsDir, lane_number));
}

void look_for_full_disk(Lane& lane, int lane_number, const RemoteError& failed, bool& litter) {
  if (!broke_off_storing(failed)) return;
  const RemotePath probe = disk_probe_name(lane_number);
  litter = true;
  std::optional<RemoteError> full = refusal_for_space(lane, probe, failed);
  try {
    const Command remove = RemoveFile{probe};
    const CommandResult::Status removed = lane.run(std::span(&remove, 1)).front().status;
    litter = removed != CommandResult::Status::done && removed != CommandResult::Status::missing;
  } catch (const RemoteError& error) {
    if (error.failure() == FailureClass::cancelled) throw;
  }
  if (full) throw std::move(*full);
}

}  // namespace outhaul
