#include "profile/private_file.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <pwd.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>

#include "base/fd.h"
#include "outhaul/error.h"
#include "outhaul/paths.h"
#include "profile/wipe.h"

namespace outhaul {
namespace {

constexpr std::size_t kLargest = 64u << 10;

std::string name_of_user(uid_t uid) {
  const passwd* entry = ::getpwuid(uid);
  return entry ? fmt::format("{} (uid {})", printable(entry->pw_name), uid) : fmt::format("uid {}", uid);
}

void refuse_unfit(const struct stat& status, const std::string& name, const std::string& what) {
  if (!S_ISREG(status.st_mode))
    throw Error(ErrorKind::profile, fmt::format("{} {}: not a regular file", what, name),
                "name a plain file that holds the secret");
  if (status.st_size > static_cast<off_t>(kLargest))
    throw Error(ErrorKind::profile, fmt::format("{} {}: larger than 64 KiB, which no secret is", what, name),
                "name the file that holds the secret");
}

void refuse_foreign(const struct stat& status, uid_t reader, const std::string& name,
                    const std::string& what) {
  if (status.st_uid != reader && status.st_uid != 0)
    throw Error(ErrorKind::profile,
                fmt::format("{} {}: belongs to {}, who could change it; expected {} or root", what, name,
                            name_of_user(status.st_uid), name_of_user(reader)),
                fmt::format("chown {} {}", reader, name));
}

void refuse_open(const struct stat& status, mode_t forbidden, const std::string& name,
                 const std::string& what) {
  if ((status.st_mode & forbidden) != 0)
    throw Error(ErrorKind::profile,
                fmt::format("{} {}: {} can read or change it (mode {:04o})", what, name,
                            forbidden == 077 ? "group or others" : "others", status.st_mode & 07777),
                fmt::format("chmod 600 {}", name));
}

/// `refuse` looks at the open file, so that nobody can exchange it in between.
template <typename Rule>
Secret read_secret_file(const std::string& path, const std::string& what, const char* advice, Rule refuse) {
  // O_NONBLOCK: a FIFO without a writer must be refused, not waited for.
  const Fd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK));
  if (const int error = errno; !fd)
    throw errno_error(error, fmt::format("{} {}", what, printable(path)), ErrorKind::profile, advice);
  struct stat status {};
  if (::fstat(fd.get(), &status) != 0)
    throw errno_error(errno, fmt::format("{} {}", what, printable(path)), ErrorKind::profile);
  refuse(status);
  WipedBuffer content(kLargest);
  while (content.room() > 0) {
    const ssize_t got = ::read(fd.get(), content.end(), content.room());
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) throw errno_error(errno, fmt::format("{} {}", what, printable(path)), ErrorKind::profile);
    if (got == 0) break;
    content.grew(static_cast<std::size_t>(got));
  }
  return content.take();
}

}  // namespace

void refuse_exposed(const struct stat& status, uid_t reader, const std::string& path,
                    const std::string& what) {
  const std::string name = printable(path);
  refuse_unfit(status, name, what);
  refuse_foreign(status, reader, name, what);
  refuse_open(status, 077, name, what);
}

Secret read_private_file(const std::string& path, const std::string& what) {
  return read_secret_file(
      path, what, "make the file, readable for the user who runs outhaul and nobody else (chmod 600)",
      [&](const struct stat& status) { refuse_exposed(status, ::geteuid(), path, what); });
}

Secret read_credential_file(const std::string& path) {
  const std::string what = "the credential";
  return read_secret_file(path, what, "name it in the service's unit: LoadCredential=NAME:/PATH",
                          [&](const struct stat& status) {
                            const std::string name = printable(path);
                            refuse_unfit(status, name, what);
                            refuse_foreign(status, ::geteuid(), name, what);
                            refuse_open(status, 07, name, what);
                          });
}

}  // namespace outhaul
