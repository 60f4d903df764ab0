#include "catalog/compression.h"

#include <filesystem>

#include "catalog/local_file.h"
#include "outhaul/error.h"
#include "support/catch.h"
#include "support/temp_dir.h"

using namespace outhaul;
using test::write_file;
namespace fs = std::filesystem;

namespace {

std::string refusal(const std::function<void()>& work) {
  try {
    work();
  } catch (const Error& error) {
    CHECK(error.kind() == ErrorKind::state);
    return error.what();
  }
  return {};
}

}  // namespace

TEST_CASE("what is compressed comes back byte for byte with its sizes and digest") {
  const test::TempDir dir;
  for (const std::size_t size : {0u, 1u, 5000u, 3'000'000u}) {
    std::string text;
    for (std::size_t i = 0; i < size; ++i) text += static_cast<char>(i * i >> 7);
    write_file(dir / "raw", text);
    const Compressed made = compress_file(dir / "raw", dir / "packed");
    CHECK(made.raw_size == size);
    CHECK(made.size == fs::file_size(dir / "packed"));
    CHECK(made.sha256 == digest_of_file(dir / "packed"));
    decompress_file(dir / "packed", dir / "again", size);
    CHECK((read_whole(dir / "again") == text));
    write_file(dir / "packed", compress(text));
    decompress_file(dir / "packed", dir / "again", size);
    CHECK((read_whole(dir / "again") == text));
  }
}

TEST_CASE("what a server has damaged is refused and never fills the disk") {
  const test::TempDir dir;
  const std::string text(2'000'000, 'x');
  const std::string packed = compress(text);
  const auto unpack = [&](const std::string& bytes, std::uint64_t raw_size) {
    write_file(dir / "packed", bytes);
    return refusal([&] { decompress_file(dir / "packed", dir / "raw", raw_size); });
  };
  CHECK(unpack(packed, text.size()).empty());
  CHECK(unpack(packed.substr(0, packed.size() - 3), text.size()).find("cut short") != std::string::npos);
  CHECK(unpack("", 0).find("cut short") != std::string::npos);
  CHECK_FALSE(unpack("not zstd at all", 15).empty());
  CHECK(unpack(packed, text.size() + 1).find("less than") != std::string::npos);
  CHECK(unpack(packed, 1000).find("more than") != std::string::npos);
  CHECK(fs::file_size(dir / "raw") <= 1000);
}

TEST_CASE("a folder that can't be written to is named") {
  const test::TempDir dir;
  write_file(dir / "raw", "text");
  bool thrown = false;
  try {
    compress_file(dir / "raw", dir / "no such folder" / "packed");
  } catch (const Error& error) {
    thrown = true;
    CHECK(error.kind() == ErrorKind::local_io);
    CHECK(std::string(error.what()).find("no such folder") != std::string::npos);
  }
  CHECK(thrown);
}
