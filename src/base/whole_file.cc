#include "base/whole_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <system_error>

#include "base/fd.h"

namespace outhaul {
namespace {

/// 0, or the errno.
int write_all(int fd, std::string_view text) noexcept {
  while (!text.empty()) {
    const ssize_t written = ::write(fd, text.data(), text.size());
    if (written >= 0)
      text.remove_prefix(static_cast<std::size_t>(written));
    else if (errno != EINTR)
      return errno;
  }
  return 0;
}

}  // namespace

void replace_file(const std::filesystem::path& file, std::string_view text, mode_t mode) {
  const std::filesystem::path part = file.native() + ".new";
  const Fd out(::open(part.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600));
  if (!out) throw std::system_error(errno, std::generic_category());
  int error = write_all(out.get(), text);
  if (error == 0 && ::fchmod(out.get(), mode) != 0) error = errno;
  if (error == 0 && ::fsync(out.get()) != 0) error = errno;
  if (error == 0 && ::rename(part.c_str(), file.c_str()) != 0) error = errno;
  if (error == 0) return;
  ::unlink(part.c_str());
  throw std::system_error(error, std::generic_category());
}

}  // namespace outhaul
