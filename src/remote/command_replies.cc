#include "remote/command_replies.h"

#include <algorithm>
#include <charconv>
#include <optional>

#include "remote/classify.h"
#include "remote/listing.h"

namespace outhaul {
namespace {

using Status = CommandResult::Status;

std::optional<RemoteEntry> facts_in(const Reply& reply) {
  if (!reply.positive()) return std::nullopt;
  for (const std::string& line : reply.lines)
    if (auto entry = parse_facts(line)) return entry;
  return std::nullopt;
}

std::optional<std::uint64_t> number_in(const Reply& reply) {
  const std::string& line = reply.lines.back();
  const char* const start = line.data() + std::min(line.find_first_not_of(' '), line.size());
  std::uint64_t number = 0;
  const auto read = std::from_chars(start, line.data() + line.size(), number);
  return read.ec == std::errc{} ? std::optional(number) : std::nullopt;
}

bool says_nothing_there(const Reply& reply) {
  return reply.code == 550 && !says_denied(reply.text());
}

}  // namespace

bool no_such_command(int code) noexcept {
  return code == 500 || code == 501 || code == 502 || code == 504;
}

CommandResult done() {
  return {.status = Status::done, .reply_text = {}};
}

CommandResult with_status(Status status, const Reply& reply) {
  return {.status = status, .reply_code = reply.code, .reply_text = reply.text()};
}

CommandResult refused(const Reply& reply) {
  CommandResult result = with_status(Status::refused, reply);
  result.failure = classify_reply(reply.code, result.reply_text);
  return result;
}

void mark_missing(CommandResult& result) {
  result.status = Status::missing;
  result.failure = FailureClass::none;
}

CommandResult size_in(const Reply& reply) {
  if (reply.code == 550) return with_status(Status::missing, reply);
  const auto size = reply.code == 213 ? number_in(reply) : std::nullopt;
  if (!size) return refused(reply);
  CommandResult result = done();
  result.size = *size;
  return result;
}

bool tells_no_size(const Reply& reply) {
  return reply.code == 213 && !number_in(reply);
}

CommandResult space_in(const Reply& reply) {
  const CommandResult result = size_in(reply);
  return result.status == Status::done ? result : with_status(Status::unsupported, reply);
}

CommandResult size_by_facts(const Reply& reply) {
  if (says_nothing_there(reply)) return with_status(Status::missing, reply);
  const auto entry = facts_in(reply);
  if (entry && entry->kind == RemoteEntry::Kind::directory) {
    CommandResult result = with_status(Status::refused, reply);
    result.failure = FailureClass::skip_file;
    result.reply_text = "it is a directory";
    return result;
  }
  if (entry && entry->kind == RemoteEntry::Kind::file && entry->size) {
    CommandResult result = done();
    result.size = *entry->size;
    return result;
  }
  const bool passing = reply.code >= 400 && reply.code < 500;
  return passing ? refused(reply) : with_status(Status::unsupported, reply);
}

Presence presence_by_facts(const Reply& reply) {
  if (says_nothing_there(reply)) return Presence::nothing;
  const auto entry = facts_in(reply);
  if (!entry) return Presence::unknown;
  return entry->kind == RemoteEntry::Kind::directory ? Presence::directory : Presence::file;
}

}  // namespace outhaul
