// The keys by which an SSH server is known: known_hosts as sshd(8) describes it, fingerprints, lines. Pure.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace outhaul {

/// What known_hosts says of one host. Keys are blobs as they go over the wire (RFC 4253 §6.6).
struct KnownKeys {
  std::vector<std::string> accepted;  ///< in the order of the file
  std::vector<std::string> revoked;
};

/// Reads `text` for `host` at `port` (0 = 22): plain names, patterns, "!" and hashed names; "@revoked". Lines
/// that are not understood and "@cert-authority" say nothing.
KnownKeys known_keys(std::string_view text, std::string_view host, std::uint16_t port);

/// "ssh-ed25519": the name that the blob begins with; empty when it isn't a key.
std::string key_type_of(std::string_view blob);
/// "SHA256:" and base64 without padding, as ssh-keygen -l shows it.
std::string key_fingerprint(std::string_view blob);
/// The line that makes a host known; `blob` may be empty, then only a line of that type.
std::string known_hosts_line(std::string_view host, std::uint16_t port, std::string_view type,
                             std::string_view blob);

}  // namespace outhaul
