// A directory of its own for one test, gone with it.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>

namespace outhaul::test {

/// Below $TMPDIR or /tmp; other users may enter it (servers that gave up root do). Removed at the end with
/// everything in it, whatever modes the test left behind.
class TempDir {
 public:
  TempDir();
  ~TempDir();
  TempDir(TempDir&& other) noexcept;
  TempDir& operator=(TempDir&&) = delete;

  const std::filesystem::path& path() const noexcept { return path_; }
  std::filesystem::path operator/(std::string_view name) const { return path_ / name; }

 private:
  std::filesystem::path path_;
};

/// Whole files, as bytes. Throw std::runtime_error that names the file.
std::string read_file(const std::filesystem::path& file);
void write_file(const std::filesystem::path& file, std::string_view content);

/// Removes a tree, first giving its directories back the modes that this needs.
void remove_tree(const std::filesystem::path& dir);

}  // namespace outhaul::test
