#include "process/subprocess.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <signal.h>
#include <spawn.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <string_view>
#include <system_error>

namespace outhaul {
namespace {

[[noreturn]] void raise(int error) {
  throw std::system_error(error, std::generic_category());
}

/// Removes the need to remember three destroy calls.
class SpawnSetup {
 public:
  SpawnSetup(int output, const Subprocess::Setup& setup) {
    posix_spawn_file_actions_init(&actions_);
    posix_spawn_file_actions_addopen(&actions_, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
    posix_spawn_file_actions_adddup2(&actions_, output, STDOUT_FILENO);
    if (setup.errors_too) posix_spawn_file_actions_adddup2(&actions_, output, STDERR_FILENO);
    posix_spawnattr_init(&attributes_);
    // Our threads block signals; a program that inherits this can't be interrupted.
    sigset_t none, all;
    sigemptyset(&none);
    sigfillset(&all);
    posix_spawnattr_setsigmask(&attributes_, &none);
    posix_spawnattr_setsigdefault(&attributes_, &all);
    posix_spawnattr_setpgroup(&attributes_, 0);
    const int group = setup.own_group ? POSIX_SPAWN_SETPGROUP : 0;
    posix_spawnattr_setflags(&attributes_,
                             static_cast<short>(POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF | group));
  }
  SpawnSetup(const SpawnSetup&) = delete;
  SpawnSetup& operator=(const SpawnSetup&) = delete;
  ~SpawnSetup() {
    posix_spawn_file_actions_destroy(&actions_);
    posix_spawnattr_destroy(&attributes_);
  }
  const posix_spawn_file_actions_t* actions() const { return &actions_; }
  const posix_spawnattr_t* attributes() const { return &attributes_; }

 private:
  posix_spawn_file_actions_t actions_{};
  posix_spawnattr_t attributes_{};
};

std::string_view name_in(std::string_view variable) {
  return variable.substr(0, variable.find('='));
}

std::vector<char*> pointers_to(const std::vector<std::string>& texts) {
  std::vector<char*> pointers;
  for (const std::string& text : texts) pointers.push_back(const_cast<char*>(text.c_str()));
  return pointers;
}

/// Ours, with `more` instead of what has the same name.
std::vector<char*> environment_with(const std::vector<std::string>& more) {
  std::vector<char*> all = pointers_to(more);
  for (char** own = environ; own != nullptr && *own != nullptr; ++own)
    if (std::ranges::none_of(more, [&](const std::string& one) { return name_in(one) == name_in(*own); }))
      all.push_back(*own);
  all.push_back(nullptr);
  return all;
}

}  // namespace

Subprocess::Subprocess(const Setup& setup) : own_group_(setup.own_group) {
  std::array<int, 2> ends{};
  if (::pipe2(ends.data(), O_CLOEXEC) != 0) raise(errno);
  output_ = Fd(ends[0]);
  const Fd writing(ends[1]);
  ::fcntl(output_.get(), F_SETFL, O_NONBLOCK);
  std::vector<char*> arguments = pointers_to(setup.argv);
  arguments.push_back(nullptr);
  const std::vector<char*> environment = environment_with(setup.environment);
  const SpawnSetup spawn(writing.get(), setup);
  const int error = ::posix_spawnp(&pid_, arguments[0], spawn.actions(), spawn.attributes(), arguments.data(),
                                   environment.data());
  if (error == 0) return;
  pid_ = -1;
  raise(error);
}

Subprocess::~Subprocess() {
  if (pid_ <= 0) return;
  ask_to_end(true);
  while (::waitpid(pid_, nullptr, 0) < 0 && errno == EINTR) {
  }
}

std::optional<int> Subprocess::ended() {
  if (status_) return status_;
  int status = 0;
  const pid_t got = ::waitpid(pid_, &status, WNOHANG);
  if (got == 0 || (got < 0 && errno == EINTR)) return std::nullopt;
  const int error = errno;
  pid_ = -1;
  if (got < 0) raise(error);
  return status_ = status;
}

void Subprocess::ask_to_end(bool for_good) noexcept {
  if (pid_ <= 0) return;  // the number may be somebody else's by now
  ::kill(own_group_ ? -pid_ : pid_, for_good ? SIGKILL : SIGTERM);
}

std::string how_it_failed(int wait_status) {
  if (WIFSIGNALED(wait_status))
    return fmt::format("ended by signal {} ({})", WTERMSIG(wait_status), strsignal(WTERMSIG(wait_status)));
  if (WEXITSTATUS(wait_status) != 0) return fmt::format("ended with exit code {}", WEXITSTATUS(wait_status));
  return {};
}

}  // namespace outhaul
