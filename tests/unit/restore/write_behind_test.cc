#include "restore/write_behind.h"

#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

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

TEST_CASE("everything that was written is worked on in order, by each, by the time of a flush or the end") {
  const std::string text = pattern(2 * WriteBehind::kBlocks * WriteBehind::kBlock + 12345);
  const std::size_t piece = GENERATE(100'000, 16'384, 3'000'000);
  std::string got, got_too;
  const auto same_until = [&](std::size_t end) {
    return got == text.substr(0, end) && got_too == text.substr(0, end);
  };
  {
    WriteBehind behind({[&](std::span<const std::byte> bytes) { got += text_of(bytes); },
                        [&](std::span<const std::byte> bytes) { got_too += text_of(bytes); }});
    for (std::size_t at = 0; at < text.size(); at += piece) {
      behind.write(bytes_of(text.substr(at, piece)));
      if (at != 0 && at / piece % 50 == 0) {
        behind.flush();
        CHECK(same_until(at + piece));
      }
    }
  }
  CHECK(same_until(text.size()));
}

TEST_CASE("what one of the works throws comes out of a later write or flush and stops them all") {
  const bool first = GENERATE(true, false);
  int calls = 0;
  std::size_t others = 0;
  const WriteBehind::Work failing = [&](std::span<const std::byte>) {
    ++calls;
    throw std::runtime_error("the disk is full");
  };
  const WriteBehind::Work other = [&](std::span<const std::byte>) { ++others; };
  std::string said;
  {
    WriteBehind behind(first ? std::vector{failing, other} : std::vector{other, failing});
    const std::string block = pattern(WriteBehind::kBlock);
    try {
      for (std::size_t i = 0; i < 5 * WriteBehind::kBlocks; ++i) behind.write(bytes_of(block));
    } catch (const std::runtime_error& error) {
      said = error.what();
    }
    CHECK_THROWS_AS(behind.flush(), std::runtime_error);
  }
  CHECK(said == "the disk is full");
  CHECK(calls == 1);
  CHECK(others <= WriteBehind::kBlocks);
}

TEST_CASE("a work that is slow holds the writer up, but no block is written over before it has seen it") {
  std::size_t seen = 0;
  bool in_order = true;
  {
    WriteBehind behind({[&](std::span<const std::byte> bytes) {
                          std::this_thread::yield();
                          for (const std::byte byte : bytes) in_order &= byte == std::byte(seen % 251);
                          ++seen;
                        },
                        [](std::span<const std::byte>) {}});
    for (std::size_t i = 0; i < 4 * WriteBehind::kBlocks; ++i) {
      const std::string block(WriteBehind::kBlock, static_cast<char>(i % 251));
      behind.write(bytes_of(block));
    }
  }
  CHECK(in_order);
  CHECK(seen == 4 * WriteBehind::kBlocks);
}

TEST_CASE("nothing written is nothing to do") {
  int calls = 0;
  {
    WriteBehind behind({[&](std::span<const std::byte>) { ++calls; }});
    behind.flush();
  }
  CHECK(calls == 0);
}
