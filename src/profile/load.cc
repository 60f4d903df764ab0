#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>

#include "base/fd.h"
#include "outhaul/paths.h"
#include "profile/decode.h"

namespace outhaul {
namespace {

constexpr std::size_t kLargestProfile = 4u << 20;

std::string read_all(const Fd& fd, const std::string& name) {
  std::string text;
  std::array<char, 65536> buffer;
  for (;;) {
    const ssize_t got = ::read(fd.get(), buffer.data(), buffer.size());
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) throw errno_error(errno, name, ErrorKind::profile);
    if (got == 0) return text;
    text.append(buffer.data(), static_cast<std::size_t>(got));
    if (text.size() > kLargestProfile)
      throw Error(ErrorKind::profile, fmt::format("{}: larger than 4 MiB, which no profile is", name),
                  "check that this is the profile and not another file");
  }
}

}  // namespace

Profile load_profile(const std::filesystem::path& file) {
  const std::string name = printable(file.string());
  const Fd fd(::open(file.c_str(), O_RDONLY | O_CLOEXEC | O_NOCTTY));
  if (const int error = errno; !fd)
    throw errno_error(error, name, ErrorKind::profile,
                      error == ENOENT ? "check the path, or write a first profile with: outhaul init"
                                      : "make the file readable for the user who runs outhaul");
  struct stat status {};
  if (::fstat(fd.get(), &status) == 0 && S_ISDIR(status.st_mode))
    throw Error(ErrorKind::profile, fmt::format("{}: is a directory, not a profile", name),
                "name the profile's JSON file");
  return decode_profile(read_all(fd, name), file);
}

}  // namespace outhaul
