#include "support/process.h"

#include <dirent.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <fstream>
#include <stdexcept>
#include <utility>

#include "base/fd.h"

extern char** environ;

namespace outhaul::test {
namespace {

using namespace std::chrono_literals;

struct Pipe {
  Fd read_end, write_end;
};

Pipe make_pipe() {
  std::array<int, 2> fds{};
  if (::pipe2(fds.data(), O_CLOEXEC) != 0)
    throw std::runtime_error(std::string("pipe2: ") + std::strerror(errno));
  return {Fd(fds[0]), Fd(fds[1])};
}

std::vector<std::string> environment(const SpawnOptions& options) {
  std::map<std::string, std::string> variables;
  for (char** at = environ; *at != nullptr; ++at) {
    const std::string line = *at;
    const auto equals = line.find('=');
    variables[line.substr(0, equals)] = equals == std::string::npos ? "" : line.substr(equals + 1);
  }
  for (const auto& name : options.unset) variables.erase(name);
  for (const auto& [name, value] : options.env) variables[name] = value;
  std::vector<std::string> lines;
  for (const auto& [name, value] : variables) lines.push_back(name + "=" + value);
  return lines;
}

std::vector<char*> pointers(std::vector<std::string>& lines) {
  std::vector<char*> result;
  for (auto& line : lines) result.push_back(line.data());
  result.push_back(nullptr);
  return result;
}

Exit exit_of(int status) {
  if (WIFSIGNALED(status)) return {-1, WTERMSIG(status)};
  return {WEXITSTATUS(status), 0};
}

// The fields of /proc/PID/stat behind the name: state, ppid, pgrp.
bool is_live_member(const std::string& pid, pid_t group) {
  std::ifstream in("/proc/" + pid + "/stat");
  std::string line;
  if (!std::getline(in, line)) return false;
  const auto after_name = line.rfind(')');
  if (after_name == std::string::npos) return false;
  char state = 0;
  int parent = 0, its_group = 0;
  if (std::sscanf(line.c_str() + after_name + 1, " %c %d %d", &state, &parent, &its_group) != 3) return false;
  return its_group == group && state != 'Z' && state != 'X';
}

std::vector<pid_t> live_members(pid_t group) {
  std::vector<pid_t> members;
  DIR* proc = ::opendir("/proc");
  if (proc == nullptr) return members;
  while (const dirent* entry = ::readdir(proc)) {
    const std::string name = entry->d_name;
    if (name.find_first_not_of("0123456789") != std::string::npos) continue;
    if (is_live_member(name, group)) members.push_back(static_cast<pid_t>(std::stol(name)));
  }
  ::closedir(proc);
  return members;
}

}  // namespace

void poll_pause() {
  ::poll(nullptr, 0, 2);
}

// Everything is made ready before fork(): between fork() and exec() only async-signal-safe calls are allowed.
struct Launcher {
  std::vector<std::string> arguments, variables;
  std::vector<char*> argv, envp;
  std::string cwd;
  std::array<int, 3> standard{-1, -1, -1};
  sigset_t no_signals{};

  Launcher(const std::vector<std::string>& command, const SpawnOptions& options)
      : arguments(command),
        variables(environment(options)),
        argv(pointers(arguments)),
        envp(pointers(variables)),
        cwd(options.cwd.string()) {
    ::sigemptyset(&no_signals);
  }

  Process start() {
    Pipe failure = make_pipe();
    const pid_t parent = ::getpid();
    const pid_t pid = ::fork();
    if (pid < 0) throw std::runtime_error(std::string("fork: ") + std::strerror(errno));
    if (pid == 0) become_program(failure.write_end.get(), parent);
    ::setpgid(pid, pid);
    failure.write_end.reset();
    int error = 0;
    const ssize_t got = ::read(failure.read_end.get(), &error, sizeof error);
    if (got == static_cast<ssize_t>(sizeof error)) {
      ::waitpid(pid, nullptr, 0);
      throw std::runtime_error("can't start " + arguments.at(0) + ": " + std::strerror(error));
    }
    Process process;
    process.pid_ = pid;
    return process;
  }

 private:
  [[noreturn]] void become_program(int failure, pid_t parent) noexcept {
    ::setpgid(0, 0);
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (::getppid() != parent) ::_exit(127);
    ::sigprocmask(SIG_SETMASK, &no_signals, nullptr);
    ::signal(SIGPIPE, SIG_DFL);
    for (int fd = 0; fd < 3; ++fd) ::dup2(standard[static_cast<std::size_t>(fd)], fd);
    const bool in_place = cwd.empty() || ::chdir(cwd.c_str()) == 0;
    if (in_place) ::execvpe(argv[0], argv.data(), envp.data());
    const int error = errno;
    if (::write(failure, &error, sizeof error) < 0) ::_exit(126);
    ::_exit(127);
  }
};

Process Process::start(const std::vector<std::string>& argv, const SpawnOptions& options,
                       const std::filesystem::path& output) {
  const Fd in(::open("/dev/null", O_RDONLY | O_CLOEXEC));
  const std::string target = output.empty() ? "/dev/null" : output.string();
  const Fd out(::open(target.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644));
  if (!in || !out) throw std::runtime_error("can't open " + target + ": " + std::strerror(errno));
  Launcher launcher(argv, options);
  launcher.standard = {in.get(), out.get(), out.get()};
  return launcher.start();
}

Process::Process(Process&& other) noexcept : pid_(std::exchange(other.pid_, -1)), exit_(other.exit_) {}

Process& Process::operator=(Process&& other) noexcept {
  if (this != &other) {
    kill_group();
    pid_ = std::exchange(other.pid_, -1);
    exit_ = other.exit_;
  }
  return *this;
}

Process::~Process() {
  kill_group();
}

void Process::signal(int number) const {
  if (pid_ > 0 && !exit_) ::kill(pid_, number);
}

std::optional<Exit> Process::try_wait() {
  if (pid_ <= 0 || exit_) return exit_;
  int status = 0;
  if (::waitpid(pid_, &status, WNOHANG) == pid_) exit_ = exit_of(status);
  return exit_;
}

std::optional<Exit> Process::wait(std::chrono::milliseconds time) {
  eventually([&] { return try_wait().has_value(); }, time);
  return exit_;
}

void Process::kill_group() {
  if (pid_ <= 0) return;
  ::kill(-pid_, SIGKILL);
  int status = 0;
  if (!exit_ && ::waitpid(pid_, &status, 0) == pid_) exit_ = exit_of(status);
  // A member that forked just then may have been missed.
  eventually([&] { return ::kill(-pid_, SIGKILL) != 0 || live_members(pid_).empty(); });
  pid_ = -1;
}

std::vector<pid_t> Process::children() const {
  std::vector<pid_t> members = pid_ > 0 ? live_members(pid_) : std::vector<pid_t>{};
  std::erase(members, pid_);
  return members;
}

namespace {

void append_available(Fd& from, std::string& to) {
  std::array<char, 65536> buffer;
  const ssize_t got = ::read(from.get(), buffer.data(), buffer.size());
  if (got > 0) to.append(buffer.data(), static_cast<std::size_t>(got));
  if (got == 0 || (got < 0 && errno != EINTR)) from.reset();
}

void write_available(Fd& to, std::string_view& rest) {
  const ssize_t put = ::write(to.get(), rest.data(), rest.size());
  if (put > 0) rest.remove_prefix(static_cast<std::size_t>(put));
  if (rest.empty() || (put < 0 && errno != EINTR && errno != EAGAIN)) to.reset();
}

// A program may close its end of standard input early; that must not end the test.
class IgnoreSigpipe {
 public:
  IgnoreSigpipe() {
    struct sigaction ignore = {};
    ignore.sa_handler = SIG_IGN;
    ::sigaction(SIGPIPE, &ignore, &old_);
  }
  ~IgnoreSigpipe() { ::sigaction(SIGPIPE, &old_, nullptr); }

 private:
  struct sigaction old_ = {};
};

}  // namespace

RunResult run_program(const std::vector<std::string>& argv, const SpawnOptions& options) {
  const IgnoreSigpipe guard;
  Pipe in = make_pipe(), out = make_pipe(), err = make_pipe();
  Launcher launcher(argv, options);
  launcher.standard = {in.read_end.get(), out.write_end.get(), err.write_end.get()};
  Process process = launcher.start();
  in.read_end.reset();
  out.write_end.reset();
  err.write_end.reset();
  ::fcntl(in.write_end.get(), F_SETFL, O_NONBLOCK);
  std::string_view rest = options.input;
  if (rest.empty()) in.write_end.reset();

  RunResult result;
  const auto deadline = std::chrono::steady_clock::now() + options.timeout;
  while (out.read_end || err.read_end) {
    std::array<pollfd, 3> fds{
        {{out.read_end.get(), POLLIN, 0}, {err.read_end.get(), POLLIN, 0}, {in.write_end.get(), POLLOUT, 0}}};
    const auto left =
        std::chrono::ceil<std::chrono::milliseconds>(deadline - std::chrono::steady_clock::now());
    if (left <= 0ms) break;
    if (::poll(fds.data(), fds.size(), static_cast<int>(left.count())) < 0 && errno != EINTR) break;
    if (fds[0].revents != 0) append_available(out.read_end, result.out);
    if (fds[1].revents != 0) append_available(err.read_end, result.err);
    if (fds[2].revents != 0 && in.write_end) write_available(in.write_end, rest);
  }
  const auto left = std::chrono::ceil<std::chrono::milliseconds>(deadline - std::chrono::steady_clock::now());
  const std::optional<Exit> ended = process.wait(std::max(left, 0ms));
  result.timed_out = !ended;
  process.kill_group();
  result.exit = ended.value_or(Exit{-1, SIGKILL});
  return result;
}

}  // namespace outhaul::test
