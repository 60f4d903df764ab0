// Files of the catalog in the state's own directory, while they are made, sent or fetched.
#pragma once

#include <cstddef>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "base/digest.h"
#include "base/fd.h"
#include "outhaul/error.h"

namespace outhaul {

/// What every one of these throws: local_io, with what to do.
Error local_file_error(int errno_value, const std::filesystem::path& file);

/// From its beginning, piece by piece. Symbolic links are not followed.
class LocalReader {
 public:
  explicit LocalReader(const std::filesystem::path& file);
  /// Valid until the next call; empty at the end.
  std::string_view next();

 private:
  std::filesystem::path file_;
  Fd fd_;
  std::vector<char> buffer_;
};

/// Replaces a file.
class LocalWriter {
 public:
  explicit LocalWriter(const std::filesystem::path& file);
  void write(std::string_view bytes);
  /// Durable when it returns.
  void finish();

 private:
  std::filesystem::path file_;
  Fd fd_;
};

std::string read_whole(const std::filesystem::path& file);
Sha256Digest digest_of_file(const std::filesystem::path& file);

}  // namespace outhaul
