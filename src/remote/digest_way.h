// How a server can be asked for the digest of a file: draft-bryan-ftpext-hash, and the X commands that came
// before it. Pure.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/digester.h"
#include "remote/reply_parser.h"

namespace outhaul {

struct DigestWay {
  DigestKind kind;
  std::string_view verb;
  bool by_hash() const noexcept { return verb == "HASH"; }
};

/// A set of ways, as bits.
using DigestWays = std::uint16_t;

/// What one line of FEAT's reply offers: "HASH SHA-256*;SHA-1;MD5", "XCRC".
DigestWays digest_ways_in(std::string_view feat_line);
/// The best way in `offered`: the strongest digest, and HASH before the X command of the same; nullptr when
/// there is none.
const DigestWay* best_digest_way(DigestWays offered) noexcept;
DigestWays bit_of(const DigestWay& way) noexcept;

/// What chooses the digest for the HASH commands that follow.
std::string choose_line(const DigestWay& way);
/// `argument` is as WirePath::argument gives it.
std::string ask_line(const DigestWay& way, const std::string& argument);
/// The digest in a positive reply, in lower case; none when there is none of that kind.
std::optional<std::string> digest_in(const DigestWay& way, const Reply& reply);
/// Whether the server has to read a whole file for its answer to `line`.
bool asks_for_digest(std::string_view line) noexcept;

}  // namespace outhaul
