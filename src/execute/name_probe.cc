#include "execute/name_probe.h"

#include <algorithm>
#include <iterator>
#include <optional>
#include <string>

#include "execute/publisher.h"
#include "outhaul/names.h"

namespace outhaul {
namespace {

using Status = CommandResult::Status;

/// A name, and another one that a server which doesn't keep it takes for the same.
struct Twins {
  bool OddNames::*kind;
  const char *name, *twin;
};
constexpr Twins kTwins[] = {
    {&OddNames::raw_bytes, "bytes-\xE9", "bytes-\xE8"},
    {&OddNames::quotes, "quo\"te", "quote"},
    {&OddNames::leading_spaces, " space", "space"},
};
static_assert(std::size(kTwins) == kOddKinds.size());

RemotePath probe_dir() {
  return RemotePath::parse(kControlDir) / RemotePath::parse("name-probe");
}

/// Whether the listing of `dir` shows `name`; nothing when none can be had, or believed.
std::optional<bool> is_shown(Commands& commands, const RemotePath& dir, const std::string& name) {
  Listing listing;
  try {
    if (!commands.on_lane([&](Lane& lane) { listing = lane.list(dir); })) return std::nullopt;
  } catch (const RemoteError& error) {
    if (error.failure() != FailureClass::skip_file) throw;
    return std::nullopt;
  }
  const bool shown =
      std::ranges::any_of(listing.entries, [&](const auto& entry) { return entry.name == name; });
  return shown || listing.untrusted.empty() ? std::optional(shown) : std::nullopt;
}

/// Nothing when it can't be told.
std::optional<bool> is_kept(Commands& commands, const RemotePath& dir, const Twins& twins) {
  const RemotePath name = dir / RemotePath::parse(twins.name);
  const RemotePath twin = dir / RemotePath::parse(twins.twin);
  const RemotePath found = dir / RemotePath::parse("found");
  const CommandResult made = commands.run_one(MakeDir{name});
  if (made.status == Status::refused && made.failure == FailureClass::skip_file) return false;
  if (made.status != Status::done) return std::nullopt;
  std::optional<bool> kept = is_shown(commands, dir, twins.name);
  if (kept != false) {
    const CommandResult renamed = commands.run_one(Rename{twin, found});
    if (renamed.status == Status::done) kept = false;
    if (renamed.status == Status::missing && !kept) kept = true;
  }
  commands.run({RemoveDir{name}, RemoveDir{found}});
  return kept;
}

}  // namespace

NameProbe probe_names(Commands& commands, const OddNames& kinds) {
  NameProbe probe;
  const RemotePath dir = probe_dir();
  if (make_dirs(commands, dir).status != Status::done) return probe;
  for (const Twins& twins : kTwins) {
    if (!(kinds.*twins.kind)) continue;
    const std::optional<bool> kept = is_kept(commands, dir, twins);
    probe.asked.*twins.kind = kept.has_value();
    probe.kept.*twins.kind = kept == true;
  }
  commands.run_one(RemoveDir{dir});
  return probe;
}

}  // namespace outhaul
