#include "restore/sparse_file.h"

#include <fcntl.h>
#include <linux/magic.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstdint>
#include <cstring>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include "base/fd.h"
#include "outhaul/error.h"
#include "restore/destination.h"
#include "support/catch.h"
#include "support/temp_dir.h"

using namespace outhaul;
using namespace outhaul::test;

namespace {

constexpr std::size_t kBlock = 4096;

std::span<const std::byte> bytes_of(std::string_view text) {
  return std::as_bytes(std::span(text.data(), text.size()));
}

Fd open_file(const std::filesystem::path& path) {
  return Fd(::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600));
}

std::uint64_t allocated(const Fd& fd) {
  struct stat info {};
  REQUIRE(::fstat(fd.get(), &info) == 0);
  return static_cast<std::uint64_t>(info.st_blocks) * 512;
}

/// Zeros of `head` bytes, data, a hole in the middle, data, zeros at the end.
std::string with_holes() {
  std::string content(64 * kBlock, '\0');
  content += std::string(3 * kBlock + 17, 'a');
  content += std::string(64 * kBlock, '\0');
  content += std::string(kBlock / 2, 'b');
  content += std::string(64 * kBlock, '\0');
  return content;
}

void write_in_pieces(SparseFile& file, std::string_view content, std::mt19937& random) {
  while (!content.empty()) {
    const std::size_t size = std::min<std::size_t>(content.size(), 1 + random() % (5 * kBlock));
    file.write(bytes_of(content.substr(0, size)));
    content.remove_prefix(size);
  }
}

/// Memory that a disk without a cache accepts.
class AlignedCopy {
 public:
  explicit AlignedCopy(std::string_view content)
      : memory_(content.size() + SparseFile::kAlignment), size_(content.size()) {
    void* start = memory_.data();
    std::size_t room = memory_.size();
    start_ = static_cast<std::byte*>(std::align(SparseFile::kAlignment, size_, start, room));
    std::memcpy(start_, content.data(), size_);
  }
  std::span<const std::byte> bytes() const { return {start_, size_}; }

 private:
  std::vector<std::byte> memory_;
  std::byte* start_;
  std::size_t size_;
};

/// Some of a file that lie in the page cache.
std::size_t cached_pages(const Fd& fd, std::size_t size) {
  void* at = ::mmap(nullptr, size, PROT_READ, MAP_SHARED, fd.get(), 0);
  REQUIRE(at != MAP_FAILED);
  std::vector<unsigned char> pages((size + kBlock - 1) / kBlock);
  REQUIRE(::mincore(at, size, pages.data()) == 0);
  ::munmap(at, size);
  return static_cast<std::size_t>(
      std::count_if(pages.begin(), pages.end(), [](unsigned char page) { return (page & 1) != 0; }));
}

bool knows_disk(const Fd& fd) {
  struct statfs kind {};
  REQUIRE(::fstatfs(fd.get(), &kind) == 0);
  return kind.f_type == EXT4_SUPER_MAGIC || kind.f_type == XFS_SUPER_MAGIC;
}

}  // namespace

TEST_CASE("what is written past the page cache is what was given, whole blocks or not, holes or not") {
  TempDir dir;
  const std::string content = with_holes() + with_holes();
  const bool sparse = GENERATE(true, false);
  const bool aligned = GENERATE(true, false);
  const std::size_t first = GENERATE(std::size_t{0}, 3 * kBlock, std::size_t{5000});
  const std::size_t piece = GENERATE(16 * kBlock, 16 * kBlock + 1, std::size_t{100});
  CAPTURE(sparse, aligned, first, piece);
  const Fd fd = open_file(dir / "f");
  REQUIRE(::pwrite(fd.get(), content.data(), first, 0) == static_cast<ssize_t>(first));
  SparseFile file(fd.get(), first, sparse);
  file.write_past_cache();
  for (std::size_t at = first; at < content.size(); at += piece) {
    const std::string_view some = std::string_view(content).substr(at, piece);
    if (aligned)
      file.write(AlignedCopy(some).bytes());
    else
      file.write(bytes_of(some));
  }
  file.finish(content.size());
  CHECK(read_file(dir / "f") == content);
  if (sparse && first == 0) CHECK(allocated(fd) <= 16 * kBlock);
  // Whoever reads from it next needs no special memory.
  char byte = 0;
  CHECK(::pread(fd.get(), &byte, 1, 1) == 1);
}

TEST_CASE("what is written past the page cache doesn't push others out of it") {
  TempDir dir;
  const Fd fd = open_file(dir / "f");
  if (!knows_disk(fd)) return;  // tmpfs, overlayfs: these have nothing to pass by
  const AlignedCopy content(std::string(256 * kBlock, 'x'));
  SparseFile file(fd.get(), 0, false);
  file.write_past_cache();
  file.write(content.bytes());
  CHECK(cached_pages(fd, content.bytes().size()) == 0);
  file.finish(content.bytes().size());
}

TEST_CASE("a sparse file keeps its holes at the start and in the middle and at the end") {
  TempDir dir;
  std::mt19937 random(7);
  const std::string content = with_holes();
  for (int round = 0; round < 5; ++round) {
    const auto path = dir / ("f" + std::to_string(round));
    const Fd fd = open_file(path);
    SparseFile file(fd.get(), 0, true);
    write_in_pieces(file, content, random);
    CHECK(file.position() == content.size());
    file.finish(content.size());
    CHECK(read_file(path) == content);
    CHECK(allocated(fd) <= 8 * kBlock);
  }
}

TEST_CASE("a file that is not sparse is written with its zeros") {
  TempDir dir;
  const Fd fd = open_file(dir / "f");
  const std::string content = with_holes();
  SparseFile file(fd.get(), 0, false);
  file.write(bytes_of(content));
  file.finish(content.size());
  CHECK(read_file(dir / "f") == content);
  CHECK(allocated(fd) >= content.size());
}

TEST_CASE("a sparse file that was begun goes on where it was and drops what it finds behind") {
  TempDir dir;
  const std::string content = with_holes();
  std::mt19937 random(11);
  for (const std::size_t first :
       {std::size_t{0}, std::size_t{100}, 64 * kBlock + 5, 100 * kBlock, content.size()}) {
    INFO(first);
    const auto path = dir / ("f" + std::to_string(first));
    const Fd fd = open_file(path);
    {
      SparseFile file(fd.get(), 0, true);
      write_in_pieces(file, content.substr(0, first), random);
      file.finish(file.position());
    }
    const std::string stale(10 * kBlock, 'x');
    REQUIRE(::pwrite(fd.get(), stale.data(), stale.size(), static_cast<off_t>(first)) ==
            static_cast<ssize_t>(stale.size()));
    SparseFile file(fd.get(), first, true);
    write_in_pieces(file, content.substr(first), random);
    file.finish(content.size());
    CHECK(read_file(path) == content);
  }
}

TEST_CASE("a file that was cut short since is not continued behind its end") {
  TempDir dir;
  write_file(dir / "f", "12345");
  const Fd fd = open_file(dir / "f");
  try {
    SparseFile(fd.get(), 6, true, "photos/a.jpg");
    FAIL("was accepted");
  } catch (const Error& error) {
    CHECK(error.kind() == ErrorKind::local_io);
    CHECK(std::string(error.what()) == "photos/a.jpg holds 5 bytes, but 6 were written to it before");
    CHECK_FALSE(error.advice().empty());
  }
  CHECK(read_file(dir / "f") == "12345");
}

TEST_CASE("a length that was not written is our own fault") {
  TempDir dir;
  const Fd fd = open_file(dir / "f");
  SparseFile file(fd.get(), 0, true);
  file.write(bytes_of("abc"));
  CHECK_THROWS_AS(file.finish(4), Error);
  CHECK_NOTHROW(file.finish(3));
}

TEST_CASE("a file that can not be written says which and why") {
  const Fd full(::open("/dev/full", O_WRONLY | O_CLOEXEC));
  REQUIRE(full);
  SparseFile file(full.get(), 0, false, "big.iso");
  try {
    file.write(bytes_of("abc"));
    FAIL("was written");
  } catch (const Error& error) {
    CHECK(error.kind() == ErrorKind::local_io);
    CHECK(std::string(error.what()) == "big.iso can't be written: No space left on device");
    CHECK(error.advice().find("Make room") != std::string::npos);
  }
}

TEST_CASE("a file that is too large for its place is a matter of that file alone") {
  TempDir dir;
  const Fd fd = open_file(dir / "f");
  struct rlimit before {};
  REQUIRE(::getrlimit(RLIMIT_FSIZE, &before) == 0);
  ::signal(SIGXFSZ, SIG_IGN);
  const rlimit small{8192, before.rlim_max};
  std::string advice;
  int errno_value = 0;
  SparseFile file(fd.get(), 0, false, "big.iso");
  if (GENERATE(true, false)) file.write_past_cache();
  const AlignedCopy content(std::string(10'000, 'x'));
  REQUIRE(::setrlimit(RLIMIT_FSIZE, &small) == 0);
  try {
    file.write(content.bytes());
  } catch (const PathError& error) {
    advice = error.advice();
    errno_value = error.errno_value();
  }
  ::setrlimit(RLIMIT_FSIZE, &before);
  CHECK(errno_value == EFBIG);
  CHECK(advice.find("no file of this size") != std::string::npos);
}
