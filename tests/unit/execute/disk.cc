#include "unit/execute/disk.h"

#include <algorithm>

namespace outhaul::test {

bool StubClock::wait(std::chrono::milliseconds time, const CancelToken& cancel) {
  const std::lock_guard lock(mutex_);
  waits_.push_back(time);
  return !cancel.cancelled();
}

std::size_t StubClock::waits() const {
  const std::lock_guard lock(mutex_);
  return waits_.size();
}

std::chrono::milliseconds StubClock::longest() const {
  const std::lock_guard lock(mutex_);
  return waits_.empty() ? std::chrono::milliseconds(0) : *std::max_element(waits_.begin(), waits_.end());
}

void Ears::on(const Event& event) noexcept {
  if (std::holds_alternative<RetryScheduled>(event)) ++retries;
  if (std::holds_alternative<ProblemFound>(event)) ++problems;
  if (std::holds_alternative<TransferStarted>(event)) ++started;
  if (const auto* progress = std::get_if<TransferProgress>(&event)) bytes += progress->delta;
  if (const auto* ended = std::get_if<TransferEnded>(&event)) ended_well += ended->ok ? 1 : 0;
}

Entry Disk::write(const std::string& name, const std::string& content) {
  const auto file = dir_ / name;
  std::filesystem::create_directories(file.parent_path());
  write_file(file, content);
  return tree().open(rel(name)).entry();
}

std::string read_all(SourceFile& file) {
  std::string all;
  std::vector<std::byte> buffer(1000);
  while (const std::size_t got = file.read(buffer))
    all.append(reinterpret_cast<const char*>(buffer.data()), got);
  return all;
}

std::string sha256_of(const std::string& content) {
  Sha256 hash;
  hash.update(content);
  return to_hex(hash.finish());
}

RelPath rel(const std::string& path) {
  return RelPath::parse(path);
}

}  // namespace outhaul::test
