#include "outhaul/server_memory.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <iterator>
#include <string_view>

#include "base/nanoseconds.h"
#include "outhaul/profile.h"

namespace outhaul {
namespace {

template <typename Number>
std::optional<Number> number(std::string_view text) {
  Number value{};
  const auto [end, fault] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (fault != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return value;
}

std::optional<bool> truth(std::string_view text) {
  if (text == "yes") return true;
  if (text == "no") return false;
  return std::nullopt;
}

struct Flag {
  const char* fact;
  std::optional<bool> ServerMemory::*member;
};
constexpr Flag kFlags[] = {
    {"mlsd", &ServerMemory::mlsd},
    {"list_all", &ServerMemory::list_all},
    {"statvfs", &ServerMemory::statvfs},
    {"size", &ServerMemory::size},
    {"hidden_files", &ServerMemory::hidden_files},
    // Not "pipelining", which older versions wrote: that was set by any batch that happened to be answered.
    {"answers_in_order", &ServerMemory::answers_in_order},
    {"rename_over", &ServerMemory::rename_over},
    {"case_sensitive", &ServerMemory::case_sensitive},
    {"resume", &ServerMemory::resume},
    {"keeps_raw_bytes", &ServerMemory::keeps_raw_bytes},
    {"keeps_quotes", &ServerMemory::keeps_quotes},
    {"keeps_leading_spaces", &ServerMemory::keeps_leading_spaces},
};

struct Word {
  const char* fact;
  std::optional<std::string> ServerMemory::*member;
};
constexpr Word kWords[] = {
    {"mtime", &ServerMemory::mtime},
    {"hash", &ServerMemory::hash},
    {"tls_max", &ServerMemory::tls_max},
};

constexpr const char* kClockOffset = "clock_offset_s";
constexpr const char* kConnections = "connections";
constexpr const char* kConnectionsSeen = "connections_seen_ns";
constexpr const char* kLimitsSeen = "limits_seen_ns";
constexpr const char* kResumeSeen = "resume_seen_ns";

constexpr std::int64_t kDay = 24 * 3600 * kNsPerSecond;
constexpr std::int64_t kTryMoreConnections = 7 * kDay;
constexpr std::int64_t kTryLimitsAgain = 30 * kDay;

/// A clock that was set back must not keep a limit for ever.
bool is_older(std::int64_t seen_ns, std::int64_t age_ns, std::int64_t now_ns) {
  return clamped_difference(now_ns, seen_ns) >= age_ns || seen_ns > clamped_sum(now_ns, kDay);
}

/// What the server can't do, and what a run finds out again by itself.
struct Limits {
  bool mlsd, list_all, size, statvfs, order, mtime, tls;
  friend bool operator==(const Limits&, const Limits&) = default;
};

Limits limits_of(const ServerMemory& memory) {
  return {memory.mlsd == false,   memory.list_all == false,
          memory.size == false,   memory.statvfs == false,
          memory.answers_in_order == false, memory.mtime == "none",
          memory.tls_max == "1.2"};
}

int usual_port(Scheme scheme) {
  return scheme == Scheme::ftps ? 990 : scheme == Scheme::sftp ? 22 : 21;
}

struct NameFact {
  bool OddNames::*kind;
  std::optional<bool> ServerMemory::*member;
};
constexpr NameFact kNameFacts[] = {
    {&OddNames::raw_bytes, &ServerMemory::keeps_raw_bytes},
    {&OddNames::quotes, &ServerMemory::keeps_quotes},
    {&OddNames::leading_spaces, &ServerMemory::keeps_leading_spaces},
};
static_assert(std::size(kNameFacts) == kOddKinds.size());

OddNames names_known_as(const ServerMemory& memory, bool kept) {
  OddNames kinds;
  for (const NameFact& fact : kNameFacts) kinds.*fact.kind = memory.*fact.member == kept;
  return kinds;
}

template <typename Value>
void take(std::optional<Value>& known, const std::optional<Value>& found) {
  if (found) known = found;
}

}  // namespace

std::map<std::string, std::string> to_facts(const ServerMemory& memory) {
  std::map<std::string, std::string> facts;
  for (const Flag& flag : kFlags)
    if (const auto& value = memory.*flag.member) facts[flag.fact] = *value ? "yes" : "no";
  for (const Word& word : kWords)
    if (const auto& value = memory.*word.member) facts[word.fact] = *value;
  if (memory.clock_offset_s) facts[kClockOffset] = std::to_string(*memory.clock_offset_s);
  if (memory.connections) {
    facts[kConnections] = std::to_string(*memory.connections);
    facts[kConnectionsSeen] = std::to_string(memory.connections_seen_ns);
  }
  if (memory.resume) facts[kResumeSeen] = std::to_string(memory.resume_seen_ns);
  if (memory.limits_seen_ns != 0) facts[kLimitsSeen] = std::to_string(memory.limits_seen_ns);
  return facts;
}

ServerMemory memory_from_facts(const std::map<std::string, std::string>& facts) {
  const auto find = [&](const char* fact) -> std::optional<std::string> {
    const auto at = facts.find(fact);
    return at == facts.end() ? std::nullopt : std::optional(at->second);
  };
  ServerMemory memory;
  for (const Flag& flag : kFlags)
    if (const auto text = find(flag.fact)) memory.*flag.member = truth(*text);
  for (const Word& word : kWords) memory.*word.member = find(word.fact);
  if (const auto text = find(kClockOffset)) memory.clock_offset_s = number<std::int64_t>(*text);
  const auto cap = find(kConnections), seen = find(kConnectionsSeen);
  if (const auto count = cap ? number<int>(*cap) : std::nullopt; count && *count >= 1) {
    memory.connections = *count;
    memory.connections_seen_ns = seen ? number<std::int64_t>(*seen).value_or(0) : 0;
  }
  if (const auto text = memory.resume ? find(kResumeSeen) : std::nullopt)
    memory.resume_seen_ns = number<std::int64_t>(*text).value_or(0);
  if (const auto text = find(kLimitsSeen)) memory.limits_seen_ns = number<std::int64_t>(*text).value_or(0);
  return memory;
}

std::string server_key(const RemoteSettings& remote) {
  if (remote.scheme == Scheme::file) return "file://" + remote.base;
  const char* const scheme = remote.scheme == Scheme::ftps   ? "ftps"
                             : remote.scheme == Scheme::sftp ? "sftp"
                                                             : "ftp";
  return fmt::format("{}://{}:{}", scheme, remote.host,
                     remote.port == 0 ? usual_port(remote.scheme) : remote.port);
}

ServerMemory merged(const ServerMemory& known, const ServerMemory& found, std::int64_t now_ns) {
  ServerMemory memory = known;
  for (const Flag& flag : kFlags) take(memory.*flag.member, found.*flag.member);
  for (const Word& word : kWords) take(memory.*word.member, found.*word.member);
  take(memory.clock_offset_s, found.clock_offset_s);
  if (found.resume) memory.resume_seen_ns = found.resume_seen_ns;
  if (found.connections) {
    memory.connections = found.connections;
    memory.connections_seen_ns = found.connections_seen_ns;
  }
  if (limits_of(memory) == Limits{})
    memory.limits_seen_ns = 0;
  else if (limits_of(memory) != limits_of(known) || memory.limits_seen_ns == 0)
    memory.limits_seen_ns = now_ns;
  return memory;
}

ServerMemory without_old_limits(const ServerMemory& memory, std::int64_t now_ns) {
  ServerMemory fresh = memory;
  if (fresh.resume && is_older(fresh.resume_seen_ns, kTryLimitsAgain, now_ns)) {
    fresh.resume.reset();
    fresh.resume_seen_ns = 0;
  }
  if (!is_older(memory.limits_seen_ns, kTryLimitsAgain, now_ns)) return fresh;
  for (auto member : {&ServerMemory::mlsd, &ServerMemory::list_all, &ServerMemory::statvfs, &ServerMemory::answers_in_order})
    if (fresh.*member == false) (fresh.*member).reset();
  if (fresh.mtime == "none") fresh.mtime.reset();
  if (fresh.tls_max == "1.2") fresh.tls_max.reset();
  fresh.limits_seen_ns = 0;
  return fresh;
}

OddNames kept_names(const ServerMemory& memory) {
  return names_known_as(memory, true);
}

OddNames lost_names(const ServerMemory& memory) {
  return names_known_as(memory, false);
}

void note_names(ServerMemory& memory, const OddNames& asked, const OddNames& kept) {
  for (const NameFact& fact : kNameFacts)
    if (asked.*fact.kind) memory.*fact.member = kept.*fact.kind;
}

ServerMemory with_connections(const ServerMemory& memory, const ConnectionUse& use, std::int64_t now_ns) {
  ServerMemory now = memory;
  if (use.used < 1) return now;  // it let us have none: that says nothing about how many
  if (use.refused) {
    now.connections = use.used;
    now.connections_seen_ns = now_ns;
  } else if (memory.connections && use.used > *memory.connections) {
    now.connections = use.used;  // the date stays: the next run tries one more
  }
  return now;
}

int connections_to_try(int allowed, const ServerMemory& memory, std::int64_t now_ns) {
  if (!memory.connections) return allowed;
  const bool once_more = is_older(memory.connections_seen_ns, kTryMoreConnections, now_ns);
  return std::clamp(*memory.connections + (once_more ? 1 : 0), 1, std::max(allowed, 1));
}

}  // namespace outhaul
