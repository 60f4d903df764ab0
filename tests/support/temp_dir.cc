#include "support/temp_dir.h"

#include <fcntl.h>
#include <ftw.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <stdexcept>

namespace outhaul::test {
namespace {

namespace fs = std::filesystem;

[[noreturn]] void fail(const std::string& what, const fs::path& path) {
  throw std::runtime_error(what + " " + path.string() + ": " + std::strerror(errno));
}

fs::path parent_of_all() {
  const char* chosen = std::getenv("TMPDIR");
  return chosen != nullptr && *chosen != '\0' ? chosen : "/tmp";
}

// nftw calls this before it reads the directory, so a directory without permissions can be opened after it.
int open_up(const char* path, const struct stat*, int type, struct FTW*) {
  if (type == FTW_D || type == FTW_DNR) ::chmod(path, 0700);
  return 0;
}

int remove_one(const char* path, const struct stat*, int, struct FTW*) {
  ::remove(path);  // what stays behind shows as the failed removal of its directory
  return 0;
}

}  // namespace

TempDir::TempDir() {
  std::string pattern = (parent_of_all() / "outhaul-test-XXXXXX").string();
  if (::mkdtemp(pattern.data()) == nullptr) fail("can't make", pattern);
  path_ = pattern;
  if (::chmod(path_.c_str(), 0755) != 0) fail("can't open up", path_);
}

TempDir::TempDir(TempDir&& other) noexcept : path_(std::move(other.path_)) {
  other.path_.clear();
}

TempDir::~TempDir() {
  if (!path_.empty()) remove_tree(path_);
}

void remove_tree(const fs::path& dir) {
  constexpr int kOpenFds = 32;
  ::nftw(dir.c_str(), open_up, kOpenFds, FTW_PHYS);
  ::nftw(dir.c_str(), remove_one, kOpenFds, FTW_PHYS | FTW_DEPTH);
}

std::string read_file(const fs::path& file) {
  std::ifstream in(file, std::ios::binary);
  if (!in) fail("can't read", file);
  std::string content((std::istreambuf_iterator<char>(in)), std::istreambuf_iterator<char>());
  return content;
}

void write_file(const fs::path& file, std::string_view content) {
  std::ofstream out(file, std::ios::binary | std::ios::trunc);
  out.write(content.data(), static_cast<std::streamsize>(content.size()));
  out.close();
  if (!out) fail("can't write", file);
}

}  // namespace outhaul::test
