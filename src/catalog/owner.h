// Which state a remote belongs to: .outhaul/owner.json (schemas/owner.schema.json), and a marker that one
// SIZE can ask for. Two machines or two profiles must not fight over one target.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "catalog/carrier.h"
#include "outhaul/paths.h"

namespace outhaul {

struct Owner {
  std::string state_id;  ///< 32 lower-case hexadecimal digits
  std::string profile;
  std::string host;  ///< the machine that claimed it
  std::int64_t since_ns = 0;
  std::string outhaul;  ///< the version that wrote this
  std::string before;   ///< the state id of whom it was taken from; empty: nobody
};

RemotePath owner_file();                               ///< .outhaul/owner.json
RemotePath owner_marker(const std::string& state_id);  ///< .outhaul/owner-<state id>
/// The state id that such a name speaks of.
std::optional<std::string> marked_by(std::string_view name);

std::string to_json(const Owner& owner);
/// Throws Error{guard} for what isn't an owner's file: then nobody may be sure whose the remote is.
Owner parse_owner(std::string_view text);

/// "profile "web01" on alpha, since 2026-11-21T02:00:00Z (state 0123…)".
std::string in_words(const Owner& owner);
/// The refusal, with what a person must do.
Error foreign_remote(const Owner& owner);

/// For a state whose marker isn't there. Claims a remote that belongs to nobody; makes its own marker again
/// where only that is missing. Throws Error{guard} when it is another's. When two claim it at the same
/// moment, at most one of them has it then. `free`: the server has just said that there is no owner.json.
void require_ownership(Carrier& carrier, const Owner& self, bool free = false);
/// Throws Error{guard} when it is another's, and claims nothing.
void refuse_another_owner(Carrier& carrier, const std::string& state_id);
struct Takeover {
  /// Who owned it, if anybody. What is told of an owner that nobody can read is its state id alone, or
  /// nothing.
  std::optional<Owner> before;
  /// Its next run there is refused. Not where its marker can be neither removed nor renamed, as on an
  /// append-only remote: both may send there then.
  bool shut_out = true;
};
/// `self` owns it from now on, whoever did: owner.json says so.
Takeover take_over(Carrier& carrier, Owner self);

}  // namespace outhaul
