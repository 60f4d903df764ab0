#include "doctor/examination.h"

#include <fmt/format.h>

#include <utility>

#include "doctor/advice.h"
#include "doctor/pattern.h"
#include "outhaul/increment.h"
#include "outhaul/names.h"
#include "outhaul/own_names_advice.h"

namespace outhaul {
namespace {

using Verdict = DoctorCheck::Verdict;
using Status = CommandResult::Status;

}  // namespace

DoctorReport Examination::run() {
  report_.profile = profile_.name;
  report_.remote = remote_.describe();
  if (log_in() && make_place()) {
    try {
      probe();
    } catch (...) {
      clean_up_quietly();
      throw;
    }
    clean_up();
  }
  learn();
  for (DoctorCheck& check : advise(report_, profile_)) report_.checks.push_back(std::move(check));
  report_.outcome = outcome_of(report_);
  return std::move(report_);
}

void Examination::add(std::string name, std::string what, Verdict verdict, Finding finding) {
  report_.checks.push_back(
      {std::move(name), std::move(what), verdict, std::move(finding.found), std::move(finding.advice)});
}

bool Examination::check(std::string name, std::string what, Verdict gravity,
                        std::string (Examination::*attempt)()) {
  try {
    std::string found = (this->*attempt)();
    add(std::move(name), std::move(what), Verdict::works, {std::move(found), {}});
    return true;
  } catch (const RemoteError& error) {
    if (error.failure() == FailureClass::cancelled) throw;
    add(std::move(name), std::move(what), gravity, {error.what(), error.advice()});
  } catch (const NotOffered&) {
  } catch (const Finding& finding) {
    add(std::move(name), std::move(what), gravity, finding);
  }
  return false;
}

void Examination::need(const CommandResult& result, std::string_view doing) const {
  if (result.status == Status::done) return;
  const char* why = result.status == Status::missing       ? "the server says that it isn't there"
                    : result.status == Status::unsupported ? "the server has no such command"
                    : result.status == Status::unanswered  ? "the connection broke before the answer"
                                                           : "refused";
  throw Finding{result.reply_text.empty()
                    ? fmt::format("{}: {}", doing, why)
                    : fmt::format("{}: {} ({} {})", doing, why, result.reply_code, result.reply_text),
                {}};
}

void Examination::put(const RemotePath& path, std::uint64_t seed, std::uint64_t offset, std::uint64_t end) {
  Pattern pattern(seed, offset, end);
  lane_->put({path, &pattern, offset, end - offset, {}});
}

void Examination::need_size(const RemotePath& path, std::uint64_t size) {
  const CommandResult there = ask(SizeOf{path});
  if (there.status == Status::unsupported) return;  // read back below, which says more
  need(there, "ask for its size");
  if (there.size != size)
    throw Finding{fmt::format("{} bytes were accepted, {} are there", size, there.size),
                  "This server loses data while it says that all is well: don't rely on it."};
}

void Examination::need_content(const RemotePath& path, std::uint64_t seed, std::uint64_t size) {
  Pattern expected(seed, 0, size);
  bool same = true;
  lane_->get(path, 0, [&](std::span<const std::byte> bytes) { return same = expected.matches_next(bytes); });
  if (!same || expected.position() != size)
    throw Finding{fmt::format("what comes back differs from what was sent, at byte {} of {}",
                              expected.position(), size),
                  "The server, or something on the way, changes content: a firewall with an FTP helper, or a "
                  "server that stores in ASCII mode. Don't rely on this remote before that is found."};
}

/// Append-only: a directory of its own, because nothing in it could be replaced by the next examination.
RemotePath Examination::place_for(const Profile& profile, const Clock& clock) {
  const std::string dir(kDoctorDir);
  return RemotePath::parse(profile.append_only() ? dir + "-" + compact_utc(clock.now_ns()) : dir);
}

bool Examination::log_in() {
  const auto start = clock_.steady();
  try {
    ask(SizeOf{place_});
  } catch (const RemoteError& error) {
    if (error.failure() == FailureClass::cancelled) throw;
    add("login", "connect and log in", Verdict::fails, {error.what(), error.advice()});
    return false;
  }
  report_.login_ms = since(start) * 1000;
  add("login", "connect and log in", Verdict::works, {fmt::format("{:.0f} ms", *report_.login_ms), {}});
  return true;
}

bool Examination::make_place() {
  const char* what = "make a directory";
  RemotePath under_way;
  try {
    for (const RemotePath& dir : {RemotePath{}, place_.parent(), place_}) {
      under_way = dir;
      need(ask(MakeDir{dir}), dir.empty() ? "MKD" : fmt::format("MKD {}", printable(dir.wire())));
    }
  } catch (const RemoteError& error) {
    if (error.failure() == FailureClass::cancelled) throw;
    add("make_dir", what, Verdict::fails, {error.what(), error.advice()});
    return false;
  } catch (Finding& finding) {
    finding.advice = advice_on_place(under_way);
    add("make_dir", what, Verdict::fails, finding);
    return false;
  }
  add("make_dir", what, Verdict::works, {});
  return true;
}

/// A directory of another name tells what was refused: writing there, or the dot.
std::string_view Examination::advice_on_place(const RemotePath& dir) {
  const RemotePath other = RemotePath::parse("outhaul-doctor");
  const bool may_try = dir == RemotePath::parse(kControlDir) && !profile_.append_only();
  if (may_try && ask(MakeDir{other}).status == Status::done) {
    ask(RemoveDir{other});
    return advice_on_own_name(dir);
  }
  return "Check that the directory in the profile's URL exists and that this account may write to it.";
}

void Examination::probe() {
  if (!check("store", "store a file, read it back", Verdict::fails, &Examination::store)) return;
  if (!profile_.append_only() &&
      !check("part", "store a file under a part's name", Verdict::fails, &Examination::store_part))
    return;
  check("resume", "resume a broken upload", Verdict::degraded, &Examination::resume);
  if (profile_.append_only()) return probe_what_only_adds();
  check("rename", "rename a file", Verdict::fails, &Examination::rename);
  check("rename_over", "replace a file by renaming", Verdict::degraded, &Examination::rename_over);
  check("mtime", "keep a file's time", Verdict::degraded, &Examination::set_time);
  check("mode", "set a file's permissions", Verdict::degraded, &Examination::set_mode);
  check("digest", "compute digests of files", Verdict::degraded, &Examination::digest);
  check("list", "list a directory", Verdict::degraded, &Examination::list);
  check("hidden_files", "list names that begin with a dot", Verdict::degraded, &Examination::hidden_files);
  check("case", "tell \"A\" from \"a\"", Verdict::degraded, &Examination::cases);
  check("odd_names", "keep odd names", Verdict::degraded, &Examination::odd_names);
  if (!profile_.remote.names.windows)
    check("windows_names", "keep names that Windows can't", Verdict::degraded, &Examination::windows_names);
  check("latency", "answer", Verdict::degraded, &Examination::round_trips);
  check("pipelining", "take many commands at once", Verdict::degraded, &Examination::pipelining);
  check("small_files", "take many small files", Verdict::degraded, &Examination::small_files);
  check("throughput", "take and give a large file", Verdict::fails, &Examination::throughput);
  check("connections", "allow all connections", Verdict::degraded, &Examination::connections);
}

/// What is stored can't be removed: little, and each name once.
void Examination::probe_what_only_adds() {
  check("mtime", "keep a file's time", Verdict::degraded, &Examination::set_time);
  check("digest", "compute digests of files", Verdict::degraded, &Examination::digest);
  check("list", "list a directory", Verdict::degraded, &Examination::list);
  check("hidden_files", "list names that begin with a dot", Verdict::degraded, &Examination::hidden_files);
  check("case", "tell \"A\" from \"a\"", Verdict::degraded, &Examination::cases);
  check("latency", "answer", Verdict::degraded, &Examination::round_trips);
  check("pipelining", "take many commands at once", Verdict::degraded, &Examination::pipelining);
  check("connections", "allow all connections", Verdict::degraded, &Examination::connections);
}

void Examination::clean_up() {
  if (profile_.append_only())
    return add("append_only", "be added to only", Verdict::works,
               {fmt::format("renaming, replacing and deleting were not tried, because an append-only profile "
                            "needs none of them; {} small files stay in {}",
                            files_.size(), printable(place_.wire())),
                {}});
  check("remove", "delete what was stored", Verdict::fails, &Examination::remove);
}

void Examination::clean_up_quietly() noexcept {
  try {
    if (!cancel_.cancelled() && !profile_.append_only()) remove();
  } catch (...) {  // what brought us here is the better story
  }
}

std::string Examination::remove() {
  std::vector<Command> commands;
  for (const RemotePath& path : files_) commands.push_back(RemoveFile{path});
  const std::vector<CommandResult> answers = lane_->run(commands);
  CommandResult removed = ask(RemoveDir{place_});
  if (removed.status == Status::refused) {
    remove_strangers();
    removed = ask(RemoveDir{place_});
  }
  const auto is_gone = [](const CommandResult& answer) {
    return answer.status == Status::done || answer.status == Status::missing;
  };
  if (is_gone(removed)) return {};  // a name that is forbidden may not be deleted either, and isn't there
  for (const CommandResult& answer : answers)
    if (!is_gone(answer)) need(answer, "DELE");
  need(removed, "RMD");
  return {};
}

/// What a server has stored under names of its own making (Pure-FTPd -r), and what an examination left that
/// was killed. The directory is ours.
void Examination::remove_strangers() {
  std::vector<Command> commands;
  for (const RemoteEntry& entry : lane_->list(place_).entries)
    if (entry.kind == RemoteEntry::Kind::file) commands.push_back(RemoveFile{at(entry.name)});
  lane_->run(commands);
}

/// What the connections noticed by themselves, then what was looked for.
void Examination::learn() {
  report_.memory = remote_.memory();
  ServerMemory& memory = report_.memory;
  const auto take = [](auto& known, const auto& seen) {
    if (seen) known = seen;
  };
  take(memory.rename_over, found_.rename_over);
  take(memory.hidden_files, found_.hidden_files);
  take(memory.case_sensitive, found_.case_sensitive);
  take(memory.keeps_raw_bytes, found_.keeps_raw_bytes);
  take(memory.keeps_quotes, found_.keeps_quotes);
  take(memory.keeps_leading_spaces, found_.keeps_leading_spaces);
  take(memory.clock_offset_s, found_.clock_offset_s);
  if (found_.resume) {
    memory.resume = found_.resume;
    memory.resume_seen_ns = found_.resume_seen_ns;
  }
  if (found_.connections) {
    memory.connections = found_.connections;
    memory.connections_seen_ns = found_.connections_seen_ns;
  }
}

DoctorReport examine(Remote& remote, const Profile& profile, Clock& clock, const CancelToken& cancel,
                     std::uint64_t largest) {
  return Examination(remote, profile, clock, cancel, largest).run();
}

}  // namespace outhaul
