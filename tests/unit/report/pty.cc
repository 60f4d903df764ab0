#include "pty.h"

#include <poll.h>
#include <pty.h>
#include <unistd.h>

#include <array>
#include <cstdlib>
#include <stdexcept>

namespace outhaul::test {

Pty::Pty(int columns, int rows) {
  const winsize size{static_cast<unsigned short>(rows), static_cast<unsigned short>(columns), 0, 0};
  int user = -1, terminal = -1;
  if (::openpty(&user, &terminal, nullptr, nullptr, &size) != 0)
    throw std::runtime_error("no pseudo terminal");
  user_ = Fd(user);
  terminal_ = Fd(terminal);
}

void Pty::resize(int columns, int rows) {
  const winsize size{static_cast<unsigned short>(rows), static_cast<unsigned short>(columns), 0, 0};
  if (::ioctl(user_.get(), TIOCSWINSZ, &size) != 0)
    throw std::runtime_error("the pseudo terminal keeps its size");
}

std::string Pty::read_some() {
  pollfd request{user_.get(), POLLIN, 0};
  if (::poll(&request, 1, 20'000) <= 0) throw std::runtime_error("the terminal stays silent");
  std::array<char, 4096> buffer{};
  const ssize_t got = ::read(user_.get(), buffer.data(), buffer.size());
  if (got <= 0) throw std::runtime_error("the terminal was closed");
  return {buffer.data(), static_cast<std::size_t>(got)};
}

/// The kernel hands bytes over in its own time, but in order: what stands before the bell has arrived.
std::string Pty::output() {
  if (::write(terminal_.get(), "\a", 1) != 1) throw std::runtime_error("the terminal takes no bell");
  std::string text = output_until("\a");
  text.erase(text.find('\a'), 1);
  return text;
}

std::string Pty::output_until(const std::string& wanted) {
  std::string text;
  while (text.find(wanted) == std::string::npos) text += read_some();
  return text;
}

Environment::Environment(const char* name, const char* value) : name_(name) {
  if (const char* const before = std::getenv(name); before != nullptr) {
    had_ = true;
    before_ = before;
  }
  if (value != nullptr)
    ::setenv(name, value, 1);
  else
    ::unsetenv(name);
}

Environment::~Environment() {
  if (had_)
    ::setenv(name_.c_str(), before_.c_str(), 1);
  else
    ::unsetenv(name_.c_str());
}

}  // namespace outhaul::test
