#include <span>

#include "base/digest.h"
#include "plan/planner.h"

namespace outhaul {
namespace {

constexpr std::size_t kIdBytes = 6;

/// Little-endian whatever the machine, so that an id read from one machine's log means the same on another.
void put(std::string& record, std::uint64_t value) {
  for (int byte = 0; byte < 8; ++byte) record += static_cast<char>(value >> (8 * byte));
}

/// With its length, so that no two lists of actions share their bytes.
void put(std::string& record, const std::string& text) {
  put(record, text.size());
  record += text;
}

}  // namespace

std::string plan_id(const std::vector<Action>& actions) {
  Sha256 hash;
  std::string record;
  for (const Action& action : actions) {
    record.clear();
    put(record, static_cast<std::uint64_t>(action.kind));
    put(record, action.entry.path.bytes());
    put(record, action.from.bytes());
    put(record, static_cast<std::uint64_t>(action.entry.kind));
    put(record, action.entry.size);
    put(record, static_cast<std::uint64_t>(action.entry.mtime_ns));
    put(record, static_cast<std::uint64_t>(action.entry.object));
    hash.update(record);
  }
  const Sha256Digest digest = hash.finish();
  return to_hex(std::span(digest).first(kIdBytes));
}

}  // namespace outhaul
