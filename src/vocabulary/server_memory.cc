#include "outhaul/server_memory.h"

#include <charconv>
#include <string_view>

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
    {"hidden_files", &ServerMemory::hidden_files},
    {"pipelining", &ServerMemory::pipelining},
    {"rename_over", &ServerMemory::rename_over},
    {"case_sensitive", &ServerMemory::case_sensitive},
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
  return memory;
}

}  // namespace outhaul
