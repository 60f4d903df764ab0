#include "support/tree.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstring>
#include <set>
#include <stdexcept>

#include "base/fd.h"
#include "outhaul/names.h"
#include "support/temp_dir.h"

namespace outhaul::test {
namespace {

namespace fs = std::filesystem;

struct Expected {
  std::set<std::string> paths;  // remote paths that the source accounts for
  std::vector<std::string> differences;
};

std::string relative_bytes(const fs::path& path, const fs::path& base) {
  return path.native().substr(base.native().size() + 1);
}

// By hand, because "\xNN" must stay the byte that it is and std::filesystem's own relative() resolves
// symlinks.
void compare_source(const fs::path& source, const fs::path& remote_base, const RemotePath& target,
                    Expected& result) {
  for (const auto& entry : fs::recursive_directory_iterator(source)) {
    const fs::file_status status = entry.symlink_status();
    if (!fs::is_regular_file(status) && !fs::is_directory(status)) continue;
    const std::string path = relative_bytes(entry.path(), source);
    const std::string remote = remote_path_for(target, RelPath::parse(path), {}).wire();
    const fs::path stored = remote_base / remote;
    result.paths.insert(remote);
    if (fs::is_directory(status)) {
      if (!fs::is_directory(fs::symlink_status(stored)))
        result.differences.push_back("missing: " + printable(path));
    } else if (!fs::exists(fs::symlink_status(stored))) {
      result.differences.push_back("missing: " + printable(path));
    } else if (!same_bytes(entry.path(), stored)) {
      result.differences.push_back("differs: " + printable(path));
    }
  }
}

void compare_remote(const fs::path& remote_base, const RemotePath& target, Expected& result) {
  const fs::path top = target.empty() ? remote_base : remote_base / target.wire();
  if (!fs::is_directory(top)) return;
  for (auto at = fs::recursive_directory_iterator(top); at != fs::recursive_directory_iterator(); ++at) {
    const std::string remote = relative_bytes(at->path(), remote_base);
    if (remote == kControlDir) {
      at.disable_recursion_pending();
    } else if (!result.paths.contains(remote)) {
      result.differences.push_back("not in the source: " + printable(remote));
    }
  }
}

void make_sized_files(const fs::path& dir) {
  fs::create_directories(dir);
  for (const std::size_t size :
       {0U, 1U, 2U, 511U, 512U, 4095U, 4096U, 4097U, 16384U, 65535U, 65536U, 65537U, 524288U, 1048577U}) {
    std::string content(size, '\0');
    for (std::size_t i = 0; i < size; ++i) content[i] = static_cast<char>((i * 31 + i / 251) & 0xFF);
    write_file(dir / (std::to_string(size) + ".bin"), content);
  }
}

void make_deep_path(fs::path dir) {
  for (int i = 0; i < 40; ++i) dir /= "level " + std::to_string(i);
  fs::create_directories(dir);
  write_file(dir / "bottom", "at the bottom");
}

}  // namespace

std::vector<std::string> nasty_names() {
  return {"a b",
          " leading",
          "trailing ",
          "  two  inside",
          "-dash",
          "--help",
          "-la",
          "~",
          "~root",
          "#hash",
          "what?",
          "100%",
          "%41",
          "%2F",
          "%0A",
          "50% off",
          ";type=a",
          "semi;colon",
          "[set]",
          "star*",
          "{a,b}",
          "quote\"s",
          "'single'",
          "`tick`",
          "$HOME",
          "&",
          "|pipe",
          "a:b",
          "<x>",
          "!bang",
          ".hidden",
          "..dots",
          "...",
          "trailing.",
          "back\\slash",
          "new\nline",
          "cr\rlf\n",
          "tab\there",
          "bell\a",
          "\x01",
          "del\x7F",
          "caf\xC3\xA9",
          "cafe\xCC\x81",
          "latin\xE9",
          "\xE4\xF6\xFC",
          "\xFE",
          "=",
          "@",
          "+",
          ",",
          "(1)",
          "\xFF\xFE",
          "\xFF",
          "\xF0\x9F\x98\x80",
          "QUIT\r\nDELE x",
          std::string(255, 'n')};
}

void make_nasty_tree(const fs::path& dir) {
  fs::create_directories(dir / "files");
  fs::create_directories(dir / "dirs");
  for (const std::string& name : nasty_names()) {
    write_file(dir / "files" / name, "content of " + name);
    fs::create_directory(dir / "dirs" / name);
    write_file(dir / "dirs" / name / name, "content below " + name);
  }
  fs::create_directory(dir / "empty");
  fs::create_directories(dir / "empty in" / "empty");
  write_file(dir / ".dotfile", "dot");
  fs::create_directory(dir / ".dotdir");
  write_file(dir / ".dotdir" / ".dotfile", "dot dot");
  fs::create_directory(dir / kControlDir);
  write_file(dir / kControlDir / "of the source", "not ours");
  make_sized_files(dir / "sizes");
  make_deep_path(dir / "deep");
  fs::create_symlink("sizes/1.bin", dir / "link");
  fs::create_symlink("nowhere", dir / "dangling");
  if (::mkfifo((dir / "fifo").c_str(), 0600) != 0) throw std::runtime_error("mkfifo failed");
}

void make_sparse_file(const fs::path& file, std::uint64_t size) {
  const Fd fd(::open(file.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644));
  constexpr std::string_view kMark = "a mark";
  bool ok = fd && size >= kMark.size() && ::ftruncate(fd.get(), static_cast<off_t>(size)) == 0;
  for (const std::uint64_t at : {std::uint64_t{0}, size / 2, size - kMark.size()}) {
    ok = ok && ::pwrite(fd.get(), kMark.data(), kMark.size(), static_cast<off_t>(at)) ==
                   static_cast<ssize_t>(kMark.size());
  }
  if (!ok) throw std::runtime_error("can't make " + file.string());
}

bool same_bytes(const fs::path& a, const fs::path& b) {
  const Fd first(::open(a.c_str(), O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC));
  const Fd second(::open(b.c_str(), O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC));
  struct stat st_a = {}, st_b = {};
  if (!first || !second || ::fstat(first.get(), &st_a) != 0 || ::fstat(second.get(), &st_b) != 0)
    return false;
  if (!S_ISREG(st_a.st_mode) || !S_ISREG(st_b.st_mode) || st_a.st_size != st_b.st_size) return false;
  constexpr std::size_t kPiece = 1U << 20;
  std::string left(kPiece, '\0'), right(kPiece, '\0');
  for (off_t at = 0; at < st_a.st_size;) {
    const ssize_t got = ::pread(first.get(), left.data(), kPiece, at);
    if (got <= 0 || ::pread(second.get(), right.data(), static_cast<std::size_t>(got), at) != got)
      return false;
    if (std::memcmp(left.data(), right.data(), static_cast<std::size_t>(got)) != 0) return false;
    at += got;
  }
  return true;
}

std::vector<std::string> differences(const fs::path& source, const fs::path& remote_base,
                                     const RemotePath& target) {
  Expected result;
  compare_source(source, remote_base, target, result);
  compare_remote(remote_base, target, result);
  return result.differences;
}

}  // namespace outhaul::test
