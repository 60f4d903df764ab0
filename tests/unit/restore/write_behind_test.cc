#include "restore/write_behind.h"

#include <stdexcept>
#include <string>

#include "support/catch.h"

using namespace outhaul;

namespace {

std::span<const std::byte> bytes_of(const std::string& text) {
  return std::as_bytes(std::span(text));
}

std::string text_of(std::span<const std::byte> bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

std::string pattern(std::size_t size) {
  std::string text(size, '\0');
  for (std::size_t i = 0; i < size; ++i) text[i] = static_cast<char>(i * 7 + i / 253);
  return text;
}

}  // namespace

TEST_CASE("everything that was written is worked on in order by the time of a flush or the end") {
  const std::string text = pattern(7 * WriteBehind::kBlock + 12345);
  const std::size_t piece = GENERATE(100'000, 16'384, 3'000'000);
  std::string got;
  {
    WriteBehind behind([&](std::span<const std::byte> bytes) { got += text_of(bytes); });
    for (std::size_t at = 0; at < text.size(); at += piece) {
      behind.write(bytes_of(text.substr(at, piece)));
      if (at != 0 && at / piece % 20 == 0) {
        behind.flush();
        const bool same = got == text.substr(0, at + piece);
        CHECK(same);
      }
    }
  }
  const bool same = got == text;
  CHECK(same);
}

TEST_CASE("what the work throws comes out of a later write or flush and stops it") {
  int calls = 0;
  WriteBehind behind([&](std::span<const std::byte>) {
    ++calls;
    throw std::runtime_error("the disk is full");
  });
  const std::string block = pattern(WriteBehind::kBlock);
  std::string said;
  try {
    for (int i = 0; i < 20; ++i) behind.write(bytes_of(block));
  } catch (const std::runtime_error& error) {
    said = error.what();
  }
  CHECK(said == "the disk is full");
  CHECK_THROWS_AS(behind.flush(), std::runtime_error);
  CHECK(calls == 1);
}

TEST_CASE("nothing written is nothing to do") {
  int calls = 0;
  {
    WriteBehind behind([&](std::span<const std::byte>) { ++calls; });
    behind.flush();
  }
  CHECK(calls == 0);
}
