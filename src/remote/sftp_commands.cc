#include "remote/sftp_commands.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <ctime>
#include <limits>
#include <optional>
#include <utility>

namespace outhaul {
namespace {

using Status = CommandResult::Status;
using Answer = SftpWire::Answer;

/// From so many sizes in one directory on, listing it costs fewer round trips than asking for each.
constexpr std::size_t kWorthListing = 4;

template <typename... Fs>
struct EachKind : Fs... {
  using Fs::operator()...;
};
template <typename... Fs>
EachKind(Fs...) -> EachKind<Fs...>;

CommandResult sftp_done() {
  return {.status = Status::done, .reply_text = {}};
}

CommandResult with(Status status, const Answer& answer) {
  return {.status = status, .reply_code = answer.reply_code, .reply_text = printable(answer.words)};
}

CommandResult missing(const Answer& answer) {
  return with(Status::missing, answer);
}

/// A refusal, or the end of the connection.
CommandResult not_done(const Answer& answer) {
  const bool broken = answer.broken != FailureClass::none;
  CommandResult result = with(broken ? Status::unanswered : Status::refused, answer);
  if (answer.status == SftpStatus::unsupported) result.status = Status::unsupported;
  result.failure = broken ? answer.broken : answer.failure;
  return result;
}

bool maybe_missing(const Answer& answer) {
  return answer.status == SftpStatus::missing || answer.status == SftpStatus::unsaid;
}

class Runner {
 public:
  Runner(SftpWire& wire, const SftpPath& paths, Learned& learned)
      : wire_(wire), paths_(paths), learned_(learned) {}

  CommandResult run(const Command& command) {
    return std::visit(EachKind{[&](const SizeOf& c) { return size_of(c.path); },
                                 [](const HashOf&) {
                                   return CommandResult{.status = CommandResult::Status::unsupported,
                                                        .reply_text = "SFTP offers no digests here"};
                                 },
                                 [&](const Rename& c) { return rename(c); },
                                 [&](const SetMtime& c) { return set_mtime(c); },
                                 [&](const MakeDir& c) { return make_dir(c.path); },
                                 [&](const RemoveFile& c) { return remove_file(c.path); },
                                 [&](const RemoveDir& c) { return remove_dir(c.path); },
                                 [&](const FreeSpace& c) { return free_space(c.dir); },
                                 [&](const SetMode& c) { return set_mode(c); }},
                      command);
  }

  std::vector<CommandResult> sizes(const RemotePath& dir, std::span<const Command> questions);

 private:
  enum class There : std::uint8_t { nothing, file, directory, unknown };

  CommandResult size_of(const RemotePath& path);
  CommandResult size_by_listing(const RemotePath& path, const Answer& refusal);
  CommandResult rename(const Rename& command);
  CommandResult set_mtime(const SetMtime& command);
  CommandResult set_mode(const SetMode& command);
  CommandResult set_attribute(const std::string& change, const RemotePath& path);
  CommandResult make_dir(const RemotePath& path);
  CommandResult make_one(const std::string& quoted, const RemotePath& path);
  CommandResult remove_file(const RemotePath& path);
  CommandResult remove_dir(const RemotePath& path);
  CommandResult free_space(const RemotePath& dir);
  CommandResult done_if_gone(const RemotePath& path, const Answer& answer);
  bool is_directory(const RemotePath& path, Answer& broken);
  There look(const RemotePath& path, Answer& answer);

  std::optional<Answer> statvfs(const std::string& quoted);

  SftpWire& wire_;
  const SftpPath& paths_;
  Learned& learned_;
};

/// None: the server isn't asked, or it has just ended the session at the question. The connection may have
/// broken for another reason, which costs nothing but a listing later on.
std::optional<Answer> Runner::statvfs(const std::string& quoted) {
  if (learned_.statvfs == Learned::Known::no) return std::nullopt;
  Answer answer = wire_.optional_command("statvfs " + quoted);
  const bool ended = answer.broken == FailureClass::reconnect || answer.broken == FailureClass::retry ||
                     answer.broken == FailureClass::unknown_outcome;
  if (!ended) return answer;
  learned_.statvfs = Learned::Known::no;
  return std::nullopt;
}

/// Asks for the free space inside: a question that a file can't answer. Servers that don't know it are asked
/// for a listing.
bool Runner::is_directory(const RemotePath& path, Answer& broken) {
  if (const std::optional<Answer> answer = statvfs(paths_.quoted_inside(path))) {
    if (answer->ok()) return true;
    if (answer->broken != FailureClass::none) broken = *answer;
    if (answer->broken != FailureClass::none || answer->status == SftpStatus::missing) return false;
  }
  try {
    wire_.list_directory(path);
    return true;
  } catch (const RemoteError& error) {
    if (error.failure() != FailureClass::skip_file)
      broken = {.broken = error.failure(), .words = error.what()};
    return false;
  }
}

Runner::There Runner::look(const RemotePath& path, Answer& answer) {
  answer = wire_.measure(path);
  if (answer.broken != FailureClass::none) return There::unknown;
  if (answer.status == SftpStatus::missing) return There::nothing;
  Answer broken;
  const bool directory = is_directory(path, broken);
  if (broken.broken != FailureClass::none) {
    answer = broken;
    return There::unknown;
  }
  return directory ? There::directory : answer.ok() ? There::file : There::unknown;
}

CommandResult Runner::size_of(const RemotePath& path) {
  Answer answer;
  const There there = look(path, answer);
  if (answer.broken != FailureClass::none) return not_done(answer);
  switch (there) {
    case There::nothing:
    case There::directory:
      return missing(answer);
    case There::file: {
      CommandResult result = sftp_done();
      result.size = answer.size;
      return result;
    }
    case There::unknown:
      break;
  }
  return size_by_listing(path, answer);  // it may not be opened, but its directory may be read
}

CommandResult Runner::size_by_listing(const RemotePath& path, const Answer& refusal) {
  const std::vector<Command> question{SizeOf{path}};
  const std::vector<CommandResult> answers = sizes(path.parent(), question);
  return answers.empty() ? not_done(refusal) : answers.front();
}

/// All in one directory. Empty when its listing leaves a doubt.
std::vector<CommandResult> Runner::sizes(const RemotePath& dir, std::span<const Command> questions) {
  std::vector<CommandResult> results;
  Listing listing;
  try {
    listing = wire_.list_directory(dir);
  } catch (const RemoteError& error) {
    if (error.failure() != FailureClass::skip_file) throw;
    if (error.reply_code() != 550) return {};
    results.assign(questions.size(),
                   {.status = Status::missing, .reply_code = 550, .reply_text = error.what()});
    return results;
  }
  for (const Command& question : questions) {
    const std::string_view name = std::get<SizeOf>(question).path.name();
    const auto found =
        std::lower_bound(listing.entries.begin(), listing.entries.end(), name,
                         [](const RemoteEntry& entry, std::string_view n) { return entry.name < n; });
    const bool there = found != listing.entries.end() && found->name == name;
    if (!there && !listing.untrusted.empty()) return {};
    const bool file = there && found->kind == RemoteEntry::Kind::file && found->size;
    CommandResult result = sftp_done();
    if (file)
      result.size = *found->size;
    else
      result = {.status = Status::missing, .reply_code = 550, .reply_text = "No such file"};
    results.push_back(result);
  }
  return results;
}

CommandResult Runner::rename(const Rename& command) {
  const Answer answer =
      wire_.command("rename " + paths_.quoted(command.from) + ' ' + paths_.quoted(command.to));
  if (answer.ok()) return sftp_done();
  if (!maybe_missing(answer)) return not_done(answer);
  Answer seen;  // which of the two isn't there?
  const There from = look(command.from, seen);
  if (seen.broken != FailureClass::none) return not_done(seen);
  return from == There::nothing ? missing(seen) : not_done(answer);
}

CommandResult Runner::set_mtime(const SetMtime& command) {
  const std::string time = sftp_time(command.mtime_s);
  if (time.empty()) return {.status = Status::unsupported, .reply_text = "SFTP's times have 32 bits"};
  return set_attribute(fmt::format("mtime \"{}\"", time), command.path);
}

CommandResult Runner::set_mode(const SetMode& command) {
  return set_attribute(fmt::format("chmod {:03o}", command.mode & 0777), command.path);
}

CommandResult Runner::set_attribute(const std::string& change, const RemotePath& path) {
  const Answer answer = wire_.command(change + ' ' + paths_.quoted(path));
  if (answer.ok()) return sftp_done();
  if (answer.status == SftpStatus::missing) return missing(answer);
  if (answer.status != SftpStatus::unsaid) return not_done(answer);
  Answer seen;
  const There there = look(path, seen);
  if (seen.broken != FailureClass::none) return not_done(seen);
  return there == There::nothing ? missing(seen) : not_done(answer);
}

/// "Failure" is all that most servers say when it is there already (pain 20).
CommandResult Runner::make_one(const std::string& quoted, const RemotePath& path) {
  const Answer answer = wire_.command("mkdir " + quoted);
  if (answer.ok()) return sftp_done();
  const bool maybe_there = answer.status == SftpStatus::failure || answer.status == SftpStatus::exists ||
                           answer.status == SftpStatus::denied || answer.status == SftpStatus::unsaid;
  if (!maybe_there) return not_done(answer);
  Answer broken;
  if (is_directory(path, broken)) return sftp_done();
  return not_done(broken.broken != FailureClass::none ? broken : answer);
}

CommandResult Runner::make_dir(const RemotePath& path) {
  if (!path.empty()) return make_one(paths_.quoted(path), path);
  std::vector<std::string> levels = paths_.base_levels();
  if (levels.empty()) return sftp_done();
  const std::string base = std::move(levels.back());
  levels.pop_back();
  for (const std::string& level : levels)  // those that are there already say no, which the last one settles
    if (const Answer answer = wire_.command("mkdir " + level); answer.broken != FailureClass::none)
      return not_done(answer);
  return make_one(base, path);
}

CommandResult Runner::remove_file(const RemotePath& path) {
  const Answer answer = wire_.command("rm " + paths_.quoted(path));
  if (answer.ok() || answer.status == SftpStatus::missing) return sftp_done();
  return answer.status == SftpStatus::unsaid ? done_if_gone(path, answer) : not_done(answer);
}

CommandResult Runner::remove_dir(const RemotePath& path) {
  const Answer answer = wire_.command("rmdir " + paths_.quoted(path));
  if (answer.ok()) return sftp_done();
  // "Missing" is also said when a file has that name.
  return maybe_missing(answer) ? done_if_gone(path, answer) : not_done(answer);
}

CommandResult Runner::done_if_gone(const RemotePath& path, const Answer& answer) {
  Answer seen;
  const There there = look(path, seen);
  if (seen.broken != FailureClass::none) return not_done(seen);
  return there == There::nothing ? sftp_done() : not_done(answer);
}

/// statvfs@openssh.com, where the server has it.
CommandResult Runner::free_space(const RemotePath& dir) {
  const std::optional<Answer> answer = statvfs(paths_.quoted(dir));
  if (!answer) return {.status = Status::unsupported, .reply_text = "the server ends sessions at this question"};
  if (answer->broken != FailureClass::none) return not_done(*answer);
  const auto bytes = answer->ok() ? free_bytes_in(answer->told) : std::nullopt;
  if (!bytes) return with(Status::unsupported, *answer);
  CommandResult result = sftp_done();
  result.size = *bytes;
  return result;
}

/// How many of the first commands ask for sizes in one and the same directory.
std::size_t sizes_in_one_directory(std::span<const Command> commands) {
  const auto* first = std::get_if<SizeOf>(&commands.front());
  if (first == nullptr || first->path.empty()) return 0;
  const RemotePath dir = first->path.parent();
  std::size_t count = 0;
  for (const Command& command : commands) {
    const auto* next = std::get_if<SizeOf>(&command);
    if (next == nullptr || next->path.empty() || next->path.parent() != dir) break;
    ++count;
  }
  return count;
}

/// The next few results; one at least.
std::vector<CommandResult> next_results(Runner& runner, std::span<const Command> commands) {
  if (const std::size_t count = sizes_in_one_directory(commands); count >= kWorthListing) {
    const RemotePath dir = std::get<SizeOf>(commands.front()).path.parent();
    if (auto results = runner.sizes(dir, commands.first(count)); !results.empty()) return results;
  }
  return {runner.run(commands.front())};
}

}  // namespace

std::vector<CommandResult> run_sftp_commands(SftpWire& wire, const SftpPath& paths, Learned& learned,
                                             std::span<const Command> commands) {
  Runner runner(wire, paths, learned);
  std::vector<CommandResult> results;
  results.reserve(commands.size());
  CommandResult unsent;
  while (!commands.empty()) {
    std::vector<CommandResult> next;
    try {
      next = next_results(runner, commands);
    } catch (const RemoteError& error) {
      if (results.empty()) throw;
      unsent = {.failure = error.failure(), .reply_text = error.what()};
      break;
    }
    commands = commands.subspan(next.size());
    const bool broken = next.back().status == Status::unanswered;
    if (broken) unsent = next.back();
    std::move(next.begin(), next.end(), std::back_inserter(results));
    if (broken) break;
  }
  results.resize(results.size() + commands.size(), unsent);
  return results;
}

std::optional<std::uint64_t> free_bytes_in(std::string_view statvfs) {
  const auto value = [&](std::string_view name) -> std::uint64_t {
    std::size_t at = statvfs.find(name);
    if (at == std::string_view::npos) return 0;
    at = statvfs.find_first_not_of(' ', at + name.size());
    std::uint64_t number = 0;
    if (at != std::string_view::npos)
      std::from_chars(statvfs.data() + at, statvfs.data() + statvfs.size(), number);
    return number;
  };
  const std::uint64_t unit = value("f_frsize:");
  if (unit == 0 || value("f_blocks:") == 0) return std::nullopt;
  const std::uint64_t blocks = value("f_bavail:");
  return blocks > std::numeric_limits<std::uint64_t>::max() / unit ? std::numeric_limits<std::uint64_t>::max()
                                                                   : blocks * unit;
}

std::string sftp_time(std::int64_t seconds) {
  if (seconds < 0 || seconds > std::numeric_limits<std::uint32_t>::max()) return {};
  const std::time_t time = seconds;
  std::tm utc{};
  if (::gmtime_r(&time, &utc) == nullptr) return {};
  return fmt::format("{:04}{:02}{:02} {:02}:{:02}:{:02}", utc.tm_year + 1900, utc.tm_mon + 1, utc.tm_mday,
                     utc.tm_hour, utc.tm_min, utc.tm_sec);
}

}  // namespace outhaul
