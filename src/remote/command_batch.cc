#include "remote/command_batch.h"

#include <fmt/format.h>

#include <algorithm>
#include <ctime>
#include <set>
#include <string>
#include <utility>

#include "remote/classify.h"
#include "remote/command_replies.h"
#include "remote/digest_way.h"

namespace outhaul {
namespace {

using Status = CommandResult::Status;

/// So many commands become lines at a time: bounds memory, and keeps the distance between a doubt and its
/// check short.
constexpr std::size_t kChunk = 2000;

template <typename... Fs>
struct Overloaded : Fs... {
  using Fs::operator()...;
};
template <typename... Fs>
Overloaded(Fs...) -> Overloaded<Fs...>;

/// A command whose reply leaves a doubt that looking at `path` settles.
struct Doubt {
  std::size_t command = 0;
  const RemotePath* path = nullptr;
  bool denied = false;   ///< the reply spoke of permissions: "nothing there" may mean "not for you"
  bool claimed = false;  ///< the reply was a success
  bool unseen = false;   ///< MLST has not shown it
};

class Batch {
 public:
  Batch(CommandWire& wire, const WirePath& paths, Learned& learned, std::span<const Command> commands,
        std::vector<CommandResult>& results)
      : wire_(wire), paths_(paths), learned_(learned), commands_(commands), results_(results) {}

  /// False when the connection broke.
  bool run() {
    if (needs_features()) features_ = wire_.features();
    build_lines();
    const CommandWire::Answer answer = wire_.exchange(lines_);
    for (std::size_t i = 0; i < commands_.size(); ++i) judge(i, answer);
    doubt_new_directories();
    if (answer.broken == FailureClass::none) return settle_doubts();
    for (const Doubt& doubt : doubts_) give_up_on(doubt, answer);
    return false;
  }

 private:
  bool needs_features() const {
    return !learned_.features() &&
           std::any_of(commands_.begin(), commands_.end(), [&](const Command& command) {
             return std::holds_alternative<SetMtime>(command) || std::holds_alternative<HashOf>(command) ||
                    std::holds_alternative<FreeSpace>(command) ||
                    (std::holds_alternative<SizeOf>(command) && learned_.size == Learned::Known::no);
           });
  }

  std::string argument(const RemotePath& path) const { return paths_.argument(path); }

  void build_lines() {
    features_ = learned_.features().value_or(features_);
    by_facts_ = learned_.size == Learned::Known::no;
    way_ = learned_.digest_way();
    for (const Command& command : commands_) {
      first_line_.push_back(lines_.size());
      std::visit(
          Overloaded{[&](const SizeOf& c) { add_size_line(c); }, [&](const HashOf& c) { add_hash_lines(c); },
                     [&](const Rename& c) {
                       lines_.push_back("RNFR " + argument(c.from));
                       lines_.push_back("RNTO " + argument(c.to));
                     },
                     [&](const SetMtime& c) { add_mtime_line(c); },
                     [&](const MakeDir& c) { add_make_dir_lines(c); },
                     [&](const RemoveFile& c) { lines_.push_back("DELE " + argument(c.path)); },
                     [&](const RemoveDir& c) { lines_.push_back("RMD " + argument(c.path)); },
                     [&](const FreeSpace& c) {
                       if (features_.avbl) lines_.push_back("AVBL " + argument(c.dir));
                     },
                     [&](const SetMode& c) {
                       if (learned_.chmod != Learned::Known::no)
                         lines_.push_back(fmt::format("SITE CHMOD {:03o} {}", c.mode & 0777, argument(c.path)));
                     }},
          command);
    }
    first_line_.push_back(lines_.size());
  }

  /// The base directory is the one that nobody else could make level by level.
  void add_make_dir_lines(const MakeDir& command) {
    if (!command.path.empty())
      lines_.push_back("MKD " + argument(command.path));
    else
      for (const std::string& level : paths_.base_arguments()) lines_.push_back("MKD " + level);
  }

  void add_size_line(const SizeOf& command) {
    if (!by_facts_)
      lines_.push_back("SIZE " + argument(command.path));
    else if (has_facts())
      lines_.push_back("MLST " + argument(command.path));
  }

  void add_hash_lines(const HashOf& command) {
    if (way_ == nullptr) return;
    if (way_->by_hash() && !std::exchange(hash_chosen_, true)) lines_.push_back(choose_line(*way_));
    lines_.push_back(ask_line(*way_, argument(command.path)));
  }

  void add_mtime_line(const SetMtime& command) {
    const std::string time = time_val(command.mtime_s);
    if (time.empty()) return;
    if (features_.mfmt)
      lines_.push_back(fmt::format("MFMT {} {}", time, argument(command.path)));
    else if (learned_.mtime != Learned::Mtime::none)
      lines_.push_back(fmt::format("MDTM {} {}", time, argument(command.path)));
  }

  void judge(std::size_t i, const CommandWire::Answer& answer) {
    const std::size_t from = first_line_[i];
    const std::size_t to = first_line_[i + 1];
    if (from == to) {  // what can't be set or asked here, or a base directory that is always there
      const bool make_dir = std::holds_alternative<MakeDir>(commands_[i]);
      results_[i] = {.status = make_dir ? Status::done : Status::unsupported, .reply_text = {}};
      return;
    }
    const auto& replies = answer.replies;
    const bool answered = replies.size() >= to;
    // RNFR's refusal is the answer; its RNTO does nothing then.
    const bool refused_early =
        std::holds_alternative<Rename>(commands_[i]) && replies.size() > from && replies[from].code >= 400;
    if (!answered && !refused_early) {
      results_[i] = {.status = Status::unanswered,
                     .failure = answer.broken,
                     .reply_code = answer.last_words.code,
                     .reply_text = answer.last_words.text(),
                     .out_of_step = answer.out_of_step};
      return;
    }
    const Reply& reply = replies[from];
    std::visit(Overloaded{[&](const SizeOf& c) { judge_size(i, c, reply); },
                          [&](const HashOf&) { judge_hash(i, replies[to - 1]); },
                          [&](const Rename& c) {
                            judge_rename(i, c, reply, answered ? &replies[from + 1] : nullptr);
                          },
                          [&](const SetMtime& c) { judge_mtime(i, c, reply); },
                          [&](const MakeDir& c) { judge_goal(i, c.path, replies[to - 1]); },
                          [&](const RemoveFile& c) { judge_goal(i, c.path, reply); },
                          [&](const RemoveDir& c) { judge_goal(i, c.path, reply); },
                          [&](const FreeSpace&) { results_[i] = space_in(reply); },
                          [&](const SetMode&) { judge_mode(i, reply); }},
               commands_[i]);
  }

  void judge_size(std::size_t i, const SizeOf& command, const Reply& reply) {
    if (by_facts_) {
      results_[i] = size_by_facts(reply);
      return;
    }
    const bool forbidden = reply.code == 550 && says_denied(reply.text());
    if (no_such_command(reply.code) || forbidden || tells_no_size(reply)) {
      results_[i] = with_status(Status::unsupported, reply);
      doubts_.push_back({i, &command.path, forbidden});
      return;
    }
    results_[i] = size_in(reply);
  }

  void judge_hash(std::size_t i, const Reply& reply) {
    CommandResult& result = results_[i];
    const auto digest = reply.positive() ? digest_in(*way_, reply) : std::nullopt;
    if (digest) {
      result = {.status = Status::done, .reply_text = {}, .digest = *digest};
    } else if (reply.positive() || (no_such_command(reply.code) && reply.code != 501) ||
               (reply.code >= 500 && says_denied(reply.text()))) {  // ProFTPD's 552 below <Limit HASH>
      learned_.broken_digests |= bit_of(*way_);
      result = with_status(Status::unsupported, reply);
    } else if (reply.code == 550) {
      result = with_status(Status::missing, reply);
    } else {  // its code speaks of this file only: 552 means that it is too large to be hashed
      result = with_status(Status::refused, reply);
      result.failure = reply.code < 500 ? FailureClass::retry : FailureClass::skip_file;
    }
    result.digest_kind = way_->kind;
  }

  void judge_rename(std::size_t i, const Rename& command, const Reply& from, const Reply* to) {
    if (from.code >= 300 && from.code < 400 && to != nullptr) {
      results_[i] = to->positive() ? done() : refused(*to);
      return;
    }
    results_[i] = refused(from);
    if (to != nullptr && to->positive()) {  // it has renamed something, but not what we named
      results_[i] = with_status(Status::unanswered, *to);
      results_[i].failure = FailureClass::unknown_outcome;
    } else if (from.code == 550) {
      doubts_.push_back({i, &command.from, says_denied(from.text())});
    }
  }

  void judge_mtime(std::size_t i, const SetMtime& command, const Reply& reply) {
    if (reply.positive()) {
      if (!features_.mfmt) learned_.mtime = Learned::Mtime::mdtm;
      results_[i] = done();
    } else if (no_such_command(reply.code)) {
      if (!features_.mfmt && reply.code != 501) learned_.mtime = Learned::Mtime::none;
      results_[i] = with_status(Status::unsupported, reply);
    } else {
      results_[i] = refused(reply);
      if (features_.mfmt && says_absent(results_[i].reply_text)) mark_missing(results_[i]);
      if (!features_.mfmt && reply.code == 550) doubts_.push_back({i, &command.path, false});
    }
  }

  /// 202: "superfluous at this site" (RFC 959 §4.2.2) sets nothing. 501 may speak of this path alone, and so
  /// does ftp-srv's 500.
  void judge_mode(std::size_t i, const Reply& reply) {
    if (no_such_command(reply.code) || reply.code == 202) {
      if (reply.code != 501 && reply.code != 500) learned_.chmod = Learned::Known::no;
      results_[i] = with_status(Status::unsupported, reply);
    } else if (reply.positive()) {
      results_[i] = done();
    } else {
      results_[i] = refused(reply);
      if (says_absent(results_[i].reply_text)) mark_missing(results_[i]);
    }
  }

  void judge_goal(std::size_t i, const RemotePath& path, const Reply& reply) {
    if (reply.positive()) {
      results_[i] = done();
      return;
    }
    results_[i] = refused(reply);
    if (reply.code >= 400 && !no_such_command(reply.code) && results_[i].failure != FailureClass::reconnect &&
        results_[i].failure != FailureClass::lower_cap)
      doubts_.push_back({i, &path, says_denied(results_[i].reply_text)});
  }

  /// A 257 may stand for a directory that was there, or for a file. What was made inside proves it, and a
  /// server that has refused an MKD for what was there.
  void doubt_new_directories() {
    if (learned_.mkd_refuses == Learned::Known::yes) return;
    const auto made = [&](std::size_t i) -> const RemotePath* {
      const auto* command = std::get_if<MakeDir>(&commands_[i]);
      return command != nullptr && results_[i].status == Status::done && first_line_[i] != first_line_[i + 1]
                 ? &command->path
                 : nullptr;
    };
    std::set<std::string> proven;
    for (std::size_t i = 0; i < commands_.size(); ++i)
      if (const RemotePath* path = made(i); path != nullptr && !path->empty())
        proven.insert(path->parent().wire());
    for (std::size_t i = 0; i < commands_.size(); ++i)
      if (const RemotePath* path = made(i); path != nullptr && !proven.contains(path->wire()))
        doubts_.push_back({.command = i, .path = path, .claimed = true});
  }

  void give_up_on(const Doubt& doubt, const CommandWire::Answer& answer) {
    CommandResult& result = results_[doubt.command];
    result.status = Status::unanswered;
    result.failure = answer.broken;
    result.out_of_step = answer.out_of_step;
  }

  /// Looks at every doubtful path, in one more exchange; and once more, in the other way, at what MLST doesn't
  /// show: it is denied on some accounts, and blind to hidden names on others.
  bool settle_doubts() {
    if (doubts_.empty()) return true;
    try {
      features_ = wire_.features();
      home_ = wire_.login_directory();
    } catch (const RemoteError& error) {  // some commands were sent: their answers are still good
      CommandWire::Answer broken;
      broken.broken = error.failure();
      for (const Doubt& doubt : doubts_) give_up_on(doubt, broken);
      return false;
    }
    by_mlst_ = has_facts();
    if (!look_at(doubts_)) return false;
    by_mlst_ = false;
    return look_at(std::exchange(unseen_, {}));
  }

  bool look_at(std::vector<Doubt> doubts) {
    if (!by_mlst_)  // nothing else on this connection tells a size
      std::erase_if(doubts, [&](const Doubt& doubt) { return is_size(doubt); });
    if (doubts.empty()) return true;
    std::vector<std::string> lines;
    for (const Doubt& doubt : doubts) add_look(lines, *doubt.path);
    CommandWire::Answer answer;
    try {
      answer = wire_.exchange(lines);
    } catch (const RemoteError& error) {
      answer.broken = error.failure();
    }
    const std::size_t each = looks_per_path();
    for (std::size_t i = 0; i < doubts.size(); ++i) {
      const std::size_t from = i * each;
      if (answer.replies.size() < from + each) {
        give_up_on(doubts[i], answer);
      } else if (!settle(doubts[i], std::span(answer.replies).subspan(from, each))) {
        answer.broken = FailureClass::reconnect;  // not where we think we are: the rest is worth nothing
        answer.replies.resize(from + each);
        wire_.drop();
      }
    }
    return answer.broken == FailureClass::none;
  }

  bool has_facts() const { return features_.mlst && learned_.mlst != Learned::Known::no; }
  bool is_size(const Doubt& doubt) const { return std::holds_alternative<SizeOf>(commands_[doubt.command]); }
  std::size_t looks_per_path() const { return by_mlst_ ? 1 : can_change_directory() ? 3 : 1; }
  bool can_change_directory() const { return home_.starts_with('/'); }

  void add_look(std::vector<std::string>& lines, const RemotePath& path) const {
    if (by_mlst_) {
      lines.push_back("MLST " + argument(path));
      return;
    }
    lines.push_back("SIZE " + argument(path));
    if (!can_change_directory()) return;
    lines.push_back("CWD " + argument(path));
    lines.push_back("CWD " + home_);
  }

  /// False when the connection is no longer in its login directory.
  bool settle(const Doubt& doubt, std::span<const Reply> replies) {
    const Presence seen = by_mlst_ ? presence_by_facts(replies[0]) : presence_by_cwd(replies);
    if (by_mlst_ && no_such_command(replies[0].code) && replies[0].code != 501)
      learned_.mlst = Learned::Known::no;
    const bool is_there = seen == Presence::file || seen == Presence::directory;
    if (doubt.unseen && is_there) learned_.mlst = Learned::Known::no;
    if (by_mlst_ && !is_there && !doubt.claimed && can_change_directory() && !is_size(doubt)) {
      unseen_.push_back(doubt);
      unseen_.back().unseen = true;
      return true;
    }
    CommandResult& result = results_[doubt.command];
    std::visit(Overloaded{[&](const MakeDir&) { settle_make_dir(doubt, result, seen, replies[0]); },
                          [&](const RemoveFile&) {
                            if (seen == Presence::nothing && !doubt.denied) result = done();
                          },
                          [&](const RemoveDir&) {
                            if (seen == Presence::nothing && !doubt.denied) result = done();
                          },
                          [&](const Rename&) {
                            if (seen == Presence::nothing || (seen == Presence::unknown && !doubt.denied))
                              mark_missing(result);
                          },
                          [&](const SetMtime&) { settle_mtime(result, seen); },
                          [&](const SizeOf&) { settle_size(result, replies[0]); }, [](const HashOf&) {},
                          [](const FreeSpace&) {}, [](const SetMode&) {}},
               commands_[doubt.command]);
    return by_mlst_ || !can_change_directory() || replies.back().positive();
  }

  /// Only a file that stands there refutes a success: some servers show nobody what they have.
  void settle_make_dir(const Doubt& doubt, CommandResult& result, Presence seen, const Reply& look) {
    const bool sure = by_mlst_ || can_change_directory();
    if (doubt.claimed && seen == Presence::file && sure) {
      result = {.status = Status::refused,
                .failure = FailureClass::skip_file,
                .reply_code = look.code,
                .reply_text = "the server says that it made the directory, but a file stands there"};
    } else if (!doubt.claimed && seen == Presence::directory) {
      result = done();
      learned_.mkd_refuses = Learned::Known::yes;
    }
  }

  /// 550 for a file that exists: the server took "TIME PATH" for a name, so it can't set times by MDTM.
  void settle_mtime(CommandResult& result, Presence seen) {
    if (seen == Presence::nothing) {
      mark_missing(result);
      // What an earlier run says may be outdated, and the file may have been renamed since: asked anew.
      if (learned_.mtime == Learned::Mtime::told_mdtm) learned_.mtime = Learned::Mtime::unknown;
    } else if (!features_.mfmt && learned_.mtime != Learned::Mtime::mdtm) {
      learned_.mtime = Learned::Mtime::none;
      result.status = Status::unsupported;
      result.failure = FailureClass::none;
    }
  }

  void settle_size(CommandResult& result, const Reply& facts) {
    result = size_by_facts(facts);
    if (result.status == Status::done) learned_.size = Learned::Known::no;
  }

  Presence presence_by_cwd(std::span<const Reply> replies) const {
    if (can_change_directory() && replies[1].positive())
      return Presence::directory;  // some tell its SIZE, too
    if (replies[0].code == 213) return Presence::file;
    if (!can_change_directory() || replies[0].code != 550) return Presence::unknown;
    return replies[1].code == 550 && !says_denied(replies[1].text()) ? Presence::nothing : Presence::unknown;
  }

  CommandWire& wire_;
  const WirePath& paths_;
  Learned& learned_;
  std::span<const Command> commands_;
  std::vector<CommandResult>& results_;
  Features features_;
  bool by_facts_ = false;           ///< sizes are asked for by MLST
  bool by_mlst_ = false;            ///< so are doubts settled
  const DigestWay* way_ = nullptr;  ///< how digests are asked for
  bool hash_chosen_ = false;        ///< HASH has been told which
  std::string home_;
  std::vector<std::string> lines_;
  std::vector<std::size_t> first_line_;  ///< of each command in lines_; one more at the end
  std::vector<Doubt> doubts_, unseen_;
};

/// How many commands go together. Until it is known whether the server sets times by MDTM, the first SetMtime
/// is the last of its chunk: what its refusal means is found out by looking at the file, before anything else
/// happens to that.
std::size_t chunk_size(std::span<const Command> commands, const Learned& learned) {
  const std::size_t most = std::min(commands.size(), kChunk);
  const bool known = learned.mtime != Learned::Mtime::unknown || learned.features().value_or(Features{}).mfmt;
  if (known) return most;
  const auto first =
      std::find_if(commands.begin(), commands.begin() + static_cast<std::ptrdiff_t>(most),
                   [](const Command& command) { return std::holds_alternative<SetMtime>(command); });
  return std::min(most, static_cast<std::size_t>(first - commands.begin()) + 1);
}

}  // namespace

std::vector<CommandResult> run_commands(CommandWire& wire, const WirePath& paths, Learned& learned,
                                        std::span<const Command> commands) {
  std::vector<CommandResult> results;
  results.reserve(commands.size());
  bool broken = false;
  while (!commands.empty() && !broken) {
    const auto chunk = commands.first(chunk_size(commands, learned));
    commands = commands.subspan(chunk.size());
    std::vector<CommandResult> part(chunk.size());
    try {
      broken = !Batch(wire, paths, learned, chunk, part).run();
    } catch (const RemoteError& error) {
      if (results.empty()) throw;
      for (CommandResult& result : part) result.failure = error.failure();
      broken = true;
    }
    std::move(part.begin(), part.end(), std::back_inserter(results));
  }
  CommandResult unsent;
  unsent.failure = results.empty() ? FailureClass::reconnect : results.back().failure;
  results.resize(results.size() + commands.size(), unsent);
  return results;
}

std::string time_val(std::int64_t seconds) {
  const std::time_t time = seconds;
  std::tm utc{};
  if (::gmtime_r(&time, &utc) == nullptr || utc.tm_year < -1900 || utc.tm_year > 8099) return {};
  return fmt::format("{:04}{:02}{:02}{:02}{:02}{:02}", utc.tm_year + 1900, utc.tm_mon + 1, utc.tm_mday,
                     utc.tm_hour, utc.tm_min, utc.tm_sec);
}

}  // namespace outhaul
