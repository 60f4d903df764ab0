// Whether an SSH server is the one that is meant. Nothing is ever accepted because nobody said otherwise.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "outhaul/profile.h"
#include "remote/known_hosts.h"

namespace outhaul {

/// Judges the host keys of one server: by the profile's pins if there are any, else by known_hosts. One
/// thread at a time.
class HostKeyJudge {
 public:
  enum class Verdict : std::uint8_t { none, accepted, unknown, changed, revoked, not_pinned };

  explicit HostKeyJudge(const RemoteSettings& settings);

  /// Reads known_hosts anew: somebody may have added the line in the meantime.
  void prepare();
  /// What libcurl is to be told so that the server shows a key of a type that can be accepted: a known_hosts
  /// line, or nothing for "any type".
  std::string preference() const;
  /// False when there is no other type to ask for.
  bool prefer_next();
  /// What preference() asks for.
  const std::string& asked_type() const noexcept { return types_[asked_]; }
  /// To ask for this one first, if it is among those that can be accepted.
  void prefer(const std::string& type) noexcept;
  void start_over() noexcept { asked_ = 0; }

  Verdict judge(std::string_view blob);
  Verdict verdict() const noexcept { return verdict_; }

  /// What was seen, for messages; empty before judge().
  std::string fingerprint() const { return seen_.empty() ? std::string() : key_fingerprint(seen_); }
  std::string type() const { return key_type_of(seen_); }
  /// The line that would make the server known.
  std::string line() const { return known_hosts_line(host_, port_, type(), seen_); }
  /// The file that the line belongs into.
  const std::filesystem::path& file() const noexcept { return files_.front(); }
  /// Fingerprints of what was expected.
  std::vector<std::string> expected() const;

 private:
  std::string host_;
  std::uint16_t port_;
  std::vector<std::string> pins_;
  std::vector<std::filesystem::path> files_;
  KnownKeys known_;
  std::vector<std::string> types_;  ///< to ask for, in this order; "" is any
  std::size_t asked_ = 0;
  std::string seen_;
  Verdict verdict_ = Verdict::none;
};

}  // namespace outhaul
