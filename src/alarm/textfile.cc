#include "alarm/textfile.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <string_view>

#include "base/fd.h"
#include "outhaul/error.h"
#include "outhaul/paths.h"

namespace outhaul {
namespace {

[[noreturn]] void fail(int error, const std::filesystem::path& file) {
  throw errno_error(error, fmt::format("can't write \"{}\"", printable(file.native())), ErrorKind::local_io,
                    "Check that its directory exists and that whoever runs outhaul may write there.");
}

}  // namespace

void replace_textfile(const std::filesystem::path& file, const std::string& text) {
  const std::filesystem::path part = file.native() + ".new";
  const Fd out(::open(part.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644));
  if (!out) fail(errno, file);
  int error = ::fchmod(out.get(), 0644) == 0 ? 0 : errno;  // whatever the umask
  for (std::string_view rest = text; error == 0 && !rest.empty();) {
    const ssize_t written = ::write(out.get(), rest.data(), rest.size());
    if (written >= 0)
      rest.remove_prefix(static_cast<std::size_t>(written));
    else if (errno != EINTR)
      error = errno;
  }
  if (error == 0 && ::rename(part.c_str(), file.c_str()) != 0) error = errno;
  if (error == 0) return;
  ::unlink(part.c_str());
  fail(error, file);
}

}  // namespace outhaul
