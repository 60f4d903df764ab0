#include "catalog/owner.h"

#include <fmt/chrono.h>
#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <vector>

#include "base/nanoseconds.h"
#include "outhaul/error.h"
#include "outhaul/names.h"

namespace outhaul {
namespace {

constexpr std::int64_t kFormat = 1;
constexpr std::size_t kMostOwner = 64 * 1024;
constexpr std::string_view kMarker = "owner-";
constexpr std::size_t kIdLength = 32;

constexpr const char* kWayOut =
    "If this machine is to go on with that backup, move its own state away and run \"outhaul recover\" here, "
    "or "
    "\"outhaul adopt\" where there is no catalog: they take it over. If both are to run, give this profile a "
    "directory of its own on the remote.";

RemotePath control_dir() {
  return RemotePath::parse(kControlDir);
}

std::string utc(std::int64_t ns) {
  return fmt::format("{:%Y-%m-%dT%H:%M:%SZ}", fmt::gmtime(std::time_t{floor_seconds(ns)}));
}

bool is_id(std::string_view id) {
  return id.size() == kIdLength &&
         std::ranges::all_of(id, [](char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'); });
}

Error unreadable(std::string_view why) {
  return {
      ErrorKind::guard,
      fmt::format("{} on the remote can't be read, so nobody knows whose backup this is: {}",
                  owner_file().wire(), printable(why)),
      "Look at it with any FTP client. If this profile is the only one that uses the directory, remove the "
      "file there, or run \"outhaul adopt\"."};
}

/// Empty: there is none. What is there, but isn't given to this account, is somebody's.
std::optional<Owner> read_owner(Carrier& carrier) {
  std::optional<std::string> text;
  try {
    text = carrier.fetch_text(owner_file(), kMostOwner);
  } catch (const RemoteError& error) {
    if (error.failure() != FailureClass::skip_file) throw;
    throw unreadable(error.what());
  } catch (const Error& error) {
    if (error.kind() != ErrorKind::state) throw;
    throw unreadable(error.what());
  }
  return text ? std::optional(parse_owner(*text)) : std::nullopt;
}

/// State ids of all whose marker stands there but `self`'s.
std::vector<std::string> others_marked(const Listing& listing, const std::string& self) {
  std::vector<std::string> others;
  for (const RemoteEntry& entry : listing.entries)
    if (const auto id = marked_by(entry.name); id && *id != self) others.push_back(*id);
  return others;
}

bool lists_owner_file(const Listing& listing) {
  return std::ranges::any_of(listing.entries,
                             [](const RemoteEntry& entry) { return entry.name == owner_file().name(); });
}

/// What its marker says of it: the same as owner.json would.
Owner owner_by_marker(Carrier& carrier, const std::string& id) {
  Owner unknown;
  unknown.state_id = id;
  const auto text = carrier.fetch_text(owner_marker(id), kMostOwner);
  if (!text) return unknown;
  try {
    return parse_owner(*text);
  } catch (const Error&) {
    return unknown;
  }
}

/// None: this account may not list (vsftpd's dirlist_enable=NO).
std::optional<Listing> list_markers(Carrier& carrier) {
  try {
    return carrier.list(control_dir());
  } catch (const RemoteError& error) {
    if (error.failure() != FailureClass::skip_file) throw;
    return std::nullopt;
  }
}

/// Whoever else has a marker there, or is named by owner.json.
std::optional<Owner> other_claimant(Carrier& carrier, const Owner& self) {
  const std::optional<Listing> listing = list_markers(carrier);
  const std::vector<std::string> others =
      listing ? others_marked(*listing, self.state_id) : std::vector<std::string>{};
  if (!others.empty()) return owner_by_marker(carrier, others.front());
  std::optional<Owner> named;
  if (!listing || lists_owner_file(*listing)) named = read_owner(carrier);
  if (named && named->state_id == self.state_id) named.reset();
  return named;
}

/// That state is let in no more. False: its marker stays, because the account may neither remove nor rename.
bool withdraw(Carrier& carrier, const std::string& state_id) {
  return !carrier.append_only() && carrier.remove_or_rename(owner_marker(state_id));
}

/// First the marker, then the look for others: of two that claim it at once, the later one sees the other and
/// withdraws. A look before it, because there are accounts that can't withdraw, and a marker that stays lets
/// its state in the next time.
void claim(Carrier& carrier, const Owner& self) {
  carrier.make_control_dir();
  if (const auto other = other_claimant(carrier, self)) throw foreign_remote(*other);
  carrier.store_text_anew(to_json(self), owner_marker(self.state_id));
  if (!carrier.append_only()) {
    if (const auto other = other_claimant(carrier, self)) {
      withdraw(carrier, self.state_id);
      throw foreign_remote(*other);
    }
  }
  carrier.store_text_anew(to_json(self), owner_file());
}

}  // namespace

RemotePath owner_file() {
  return control_dir() / RemotePath::parse("owner.json");
}

RemotePath owner_marker(const std::string& state_id) {
  return control_dir() / RemotePath::parse(std::string(kMarker) + state_id);
}

std::optional<std::string> marked_by(std::string_view name) {
  if (!name.starts_with(kMarker) || !is_id(name.substr(kMarker.size()))) return std::nullopt;
  return std::string(name.substr(kMarker.size()));
}

std::string to_json(const Owner& owner) {
  nlohmann::ordered_json json{{"format", kFormat},
                              {"state_id", owner.state_id},
                              {"profile", owner.profile},
                              {"host", printable(owner.host)},
                              {"since", utc(owner.since_ns)},
                              {"since_ns", owner.since_ns},
                              {"outhaul", owner.outhaul}};
  if (!owner.before.empty()) json["before"] = owner.before;
  return json.dump(1) + "\n";
}

Owner parse_owner(std::string_view text) {
  try {
    const auto json = nlohmann::json::parse(text);
    Owner owner;
    owner.state_id = json.at("state_id").get<std::string>();
    owner.profile = json.value("profile", std::string{});
    owner.host = json.value("host", std::string{});
    owner.since_ns = json.value("since_ns", std::int64_t{0});
    owner.outhaul = json.value("outhaul", std::string{});
    owner.before = json.value("before", std::string{});
    if (!is_id(owner.state_id) || (!owner.before.empty() && !is_id(owner.before)))
      throw Error(ErrorKind::guard, "a state id is no such id");
    return owner;
  } catch (const std::exception& error) {
    throw unreadable(error.what());
  }
}

std::string in_words(const Owner& owner) {
  std::string words =
      owner.profile.empty() ? "an owner" : fmt::format("profile \"{}\"", printable(owner.profile));
  if (!owner.host.empty()) words += fmt::format(" on {}", printable(owner.host));
  if (owner.since_ns != 0) words += fmt::format(", since {}", utc(owner.since_ns));
  return words +
         (owner.state_id.empty() ? " that nobody can read" : fmt::format(" (state {})", owner.state_id));
}

Error foreign_remote(const Owner& owner) {
  return {ErrorKind::guard,
          fmt::format("the remote directory belongs to another backup: {}", in_words(owner)), kWayOut};
}

void require_ownership(Carrier& carrier, const Owner& self, bool free) {
  if (free) return claim(carrier, self);
  const std::optional<Owner> owner = read_owner(carrier);
  if (!owner) return claim(carrier, self);
  if (owner->state_id != self.state_id) throw foreign_remote(*owner);
  // A takeover that was cut off before its end.
  if (!owner->before.empty()) withdraw(carrier, owner->before);
  carrier.store_text_anew(to_json(*owner), owner_marker(self.state_id));
}

void refuse_another_owner(Carrier& carrier, const std::string& state_id) {
  const std::optional<Owner> owner = read_owner(carrier);
  if (owner && owner->state_id != state_id) throw foreign_remote(*owner);
}

Takeover take_over(Carrier& carrier, Owner self) {
  Takeover takeover;
  std::optional<Owner>& before = takeover.before;
  try {
    before = read_owner(carrier);
  } catch (const Error& error) {
    if (error.kind() != ErrorKind::guard) throw;
    before.emplace();
  }
  if (before && before->state_id == self.state_id) before.reset();
  carrier.make_control_dir();
  if (before) self.before = before->state_id;
  if (!carrier.append_only()) carrier.store_text_anew(to_json(self), owner_file());
  const Listing listing = list_markers(carrier).value_or(Listing{});
  for (const std::string& other : others_marked(listing, self.state_id)) {
    if (!before) before = owner_by_marker(carrier, other);
    takeover.shut_out = withdraw(carrier, other) && takeover.shut_out;
  }
  carrier.store_text_anew(to_json(self), owner_marker(self.state_id));
  return takeover;
}

}  // namespace outhaul
