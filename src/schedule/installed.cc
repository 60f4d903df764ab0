#include "schedule/installed.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <system_error>

#include "base/fd.h"
#include "base/whole_file.h"
#include "outhaul/error.h"
#include "outhaul/paths.h"
#include "process/subprocess.h"

namespace outhaul {
namespace {

namespace fs = std::filesystem;

std::string mark(std::string_view which, const std::string& profile) {
  return fmt::format("# outhaul schedule {} of {}\n", which, profile);
}

/// `errors_too`: what it says on standard error is in the output; else it is passed on.
Ran run(const std::vector<std::string>& argv, bool errors_too = true) {
  Ran ran;
  try {
    Subprocess child({.argv = argv, .errors_too = errors_too});
    for (bool open = true; open;) {
      pollfd readable{child.output(), POLLIN, 0};
      if (::poll(&readable, 1, -1) < 0 && errno != EINTR) break;
      std::array<char, 4096> buffer;
      const ssize_t got = ::read(child.output(), buffer.data(), buffer.size());
      if (got > 0) ran.output.append(buffer.data(), static_cast<std::size_t>(got));
      open = got > 0 || (got < 0 && (errno == EAGAIN || errno == EINTR));
    }
    std::optional<int> status;
    while (!(status = child.ended())) ::poll(nullptr, 0, 10);
    ran.failure = how_it_failed(*status);
  } catch (const std::system_error& error) {
    ran.failure = fmt::format("can't be run: {}", std::strerror(error.code().value()));
  }
  return ran;
}

/// What a program says, for a message.
std::string said(const Ran& ran) {
  std::string_view text = ran.output;
  while (text.ends_with('\n')) text.remove_suffix(1);
  return text.empty() ? "" : ": " + printable(text);
}

std::vector<std::string> with(std::vector<std::string> argv, std::initializer_list<std::string> more) {
  argv.insert(argv.end(), more);
  return argv;
}

std::string in_words(const std::vector<std::string>& argv) {
  std::string words;
  for (const std::string& word : argv) words += (words.empty() ? "" : " ") + printable(word);
  return words;
}

void must(const std::vector<std::string>& argv, std::string_view advice) {
  const Ran ran = run(argv);
  if (ran.failure.empty()) return;
  throw Error(ErrorKind::local_io, fmt::format("\"{}\" {}{}", in_words(argv), ran.failure, said(ran)),
              std::string(advice));
}

void write_unit(const fs::path& file, const std::string& text) {
  try {
    replace_file(file, text, 0644);
  } catch (const std::system_error& error) {
    throw errno_error(
        error.code().value(), fmt::format("can't write \"{}\"", printable(file.native())),
        ErrorKind::local_io,
        "Nothing was started. For the machine's own schedule be root; `--user` makes one of your own.");
  }
}

/// A profile in /etc/outhaul may have its timer from the package already.
void refuse_two_timers(const Schedule& schedule, const UnitHome& home) {
  const fs::path other = home.dir / "timers.target.wants" / fmt::format("outhaul@{}.timer", schedule.profile);
  if (!fs::exists(fs::symlink_status(other))) return;
  throw Error(
      ErrorKind::usage,
      fmt::format("outhaul@{0}.timer runs /etc/outhaul/{0}.json already: two schedules for one profile",
                  schedule.profile),
      fmt::format("Disable that one first: {} disable --now outhaul@{}.timer", in_words(home.systemctl),
                  schedule.profile));
}

std::string crontab_now(const std::vector<std::string>& crontab) {
  const Ran ran = run(with(crontab, {"-l"}));
  // Once more: what it has to say beside the table is no part of it.
  if (ran.failure.empty()) return run(with(crontab, {"-l"}), false).output;
  // "no crontab for NAME" is no failure.
  if (ran.output.find("no crontab") != std::string::npos) return {};
  throw Error(ErrorKind::local_io, fmt::format("\"{} -l\" {}{}", in_words(crontab), ran.failure, said(ran)),
              "Install cron, or use systemd's timers (without --cron).");
}

void set_crontab(const std::vector<std::string>& crontab, const std::string& text) {
  std::string name = (fs::temp_directory_path() / "outhaul-crontab-XXXXXX").native();
  const Fd file(::mkstemp(name.data()));
  if (!file) throw errno_error(errno, fmt::format("can't write \"{}\"", printable(name)));
  const bool whole = ::write(file.get(), text.data(), text.size()) == static_cast<ssize_t>(text.size());
  const int error = errno;
  try {
    if (!whole) throw errno_error(error, fmt::format("can't write \"{}\"", printable(name)));
    must(with(crontab, {name}), "The crontab is as it was.");
  } catch (...) {
    ::unlink(name.c_str());
    throw;
  }
  ::unlink(name.c_str());
}

}  // namespace

UnitHome unit_home(bool system) {
  if (system) return {"/etc/systemd/system", {"systemctl"}};
  const char* config = std::getenv("XDG_CONFIG_HOME");
  const char* home = std::getenv("HOME");
  if (config != nullptr && fs::path(config).is_absolute())
    return {fs::path(config) / "systemd/user", {"systemctl", "--user"}};
  if (home != nullptr && fs::path(home).is_absolute())
    return {fs::path(home) / ".config/systemd/user", {"systemctl", "--user"}};
  throw Error(ErrorKind::usage, "can't tell where a user's units belong: HOME is not set",
              "Set HOME, or make the machine's own schedule as root with --system.");
}

std::string unit_name(const std::string& profile) {
  return "outhaul-" + profile;
}

std::vector<std::string> install_units(const Schedule& schedule,
                                       const std::vector<std::optional<ClockGap>>& gaps,
                                       const UnitHome& home) {
  refuse_two_timers(schedule, home);
  const std::string name = unit_name(schedule.profile);
  std::error_code fault;
  fs::create_directories(home.dir, fault);
  std::vector<std::string> done;
  for (const auto& [suffix, text] :
       {std::pair{".service", service_text(schedule)}, std::pair{".timer", timer_text(schedule, gaps)}}) {
    const fs::path file = home.dir / (name + suffix);
    const bool was_there = fs::exists(file);
    write_unit(file, text);
    done.push_back(fmt::format("{} {}", was_there ? "replaced" : "wrote", printable(file.native())));
  }
  constexpr std::string_view kAdvice =
      "The units are written. Is systemd at work here, and for --user a session of this user? `--cron` makes "
      "a crontab "
      "line instead.";
  must(with(home.systemctl, {"daemon-reload"}), kAdvice);
  must(with(home.systemctl, {"enable", "--now", name + ".timer"}), kAdvice);
  done.push_back(fmt::format("enabled {}.timer", name));
  return done;
}

std::vector<std::string> remove_units(const std::string& profile, const UnitHome& home) {
  const std::string name = unit_name(profile);
  std::vector<std::string> done;
  const fs::path timer = home.dir / (name + ".timer"), service = home.dir / (name + ".service");
  if (!fs::exists(timer) && !fs::exists(service)) return done;
  const Ran disabled = run(with(home.systemctl, {"disable", "--now", name + ".timer"}));
  done.push_back(disabled.failure.empty() ? fmt::format("disabled {}.timer", name)
                                          : "systemd could not be told" + said(disabled));
  for (const fs::path& file : {timer, service}) {
    std::error_code fault;
    if (fs::remove(file, fault)) done.push_back("removed " + printable(file.native()));
    if (fault) throw errno_error(fault.value(), fmt::format("can't remove \"{}\"", printable(file.native())));
  }
  run(with(home.systemctl, {"daemon-reload"}));
  return done;
}

bool crontab_names(const Schedule& schedule, const std::vector<std::string>& crontab) {
  const Ran ran = run(with(crontab, {"-l"}));
  return ran.failure.empty() && ran.output.find(schedule.profile_file.native()) != std::string::npos;
}

std::string without_our_lines(const std::string& table, const std::string& profile) {
  const std::string begin = mark("begins", profile), end = mark("ends", profile);
  std::string rest = table;
  for (std::size_t from; (from = rest.find(begin)) != std::string::npos;) {
    const std::size_t to = rest.find(end, from);
    // Somebody has taken the end away: only what is surely ours goes.
    rest.erase(from, to == std::string::npos ? begin.size() : to + end.size() - from);
  }
  return rest;
}

std::vector<std::string> install_cron(const Schedule& schedule, const std::vector<std::string>& crontab) {
  std::string others = without_our_lines(crontab_now(crontab), schedule.profile);
  if (!others.empty() && !others.ends_with('\n')) others += '\n';
  if (others.find(schedule.profile_file.native()) != std::string::npos)
    throw Error(ErrorKind::usage,
                fmt::format("a line of the crontab names {} already: two schedules for one profile",
                            printable(schedule.profile_file.native())),
                fmt::format("Take it away with `{} -e` first.", in_words(crontab)));
  set_crontab(crontab, others + mark("begins", schedule.profile) + cron_text(schedule) +
                           mark("ends", schedule.profile));
  return {"wrote the crontab's lines"};
}

std::vector<std::string> remove_cron(const Schedule& schedule, const std::vector<std::string>& crontab) {
  const std::string now = crontab_now(crontab), rest = without_our_lines(now, schedule.profile);
  if (rest == now) return {};
  set_crontab(crontab, rest);
  return {"removed the crontab's lines"};
}

}  // namespace outhaul
