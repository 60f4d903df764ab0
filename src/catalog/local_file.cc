#include "catalog/local_file.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <span>

#include "outhaul/paths.h"

namespace outhaul {
namespace {

constexpr std::size_t kPiece = 256 * 1024;

}  // namespace

Error local_file_error(int errno_value, const std::filesystem::path& file) {
  return errno_error(
      errno_value, printable(file.string()), ErrorKind::local_io,
      "Free space in the state directory, or mend its owner and mode; --state-dir chooses another.");
}

LocalReader::LocalReader(const std::filesystem::path& file)
    : file_(file), fd_(::open(file.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW)), buffer_(kPiece) {
  if (!fd_) throw local_file_error(errno, file_);
}

std::string_view LocalReader::next() {
  ssize_t got = 0;
  while ((got = ::read(fd_.get(), buffer_.data(), buffer_.size())) < 0)
    if (errno != EINTR) throw local_file_error(errno, file_);
  return {buffer_.data(), static_cast<std::size_t>(got)};
}

LocalWriter::LocalWriter(const std::filesystem::path& file)
    : file_(file), fd_(::open(file.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600)) {
  if (!fd_) throw local_file_error(errno, file_);
}

void LocalWriter::write(std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t put = ::write(fd_.get(), bytes.data(), bytes.size());
    if (put < 0 && errno != EINTR) throw local_file_error(errno, file_);
    if (put > 0) bytes.remove_prefix(static_cast<std::size_t>(put));
  }
}

void LocalWriter::finish() {
  if (::fsync(fd_.get()) != 0) throw local_file_error(errno, file_);
}

std::string read_whole(const std::filesystem::path& file) {
  LocalReader reader(file);
  std::string text;
  for (std::string_view piece = reader.next(); !piece.empty(); piece = reader.next()) text.append(piece);
  return text;
}

Sha256Digest digest_of_file(const std::filesystem::path& file) {
  LocalReader reader(file);
  Sha256 hash;
  for (std::string_view piece = reader.next(); !piece.empty(); piece = reader.next())
    hash.update(std::as_bytes(std::span(piece)));
  return hash.finish();
}

}  // namespace outhaul
