#include "execute/read_ahead.h"

#include <atomic>
#include <cstring>
#include <stdexcept>
#include <string>

#include "support/catch.h"

namespace outhaul {
namespace {

/// `text` in pieces of at most `piece` bytes; then it ends or fails.
class Pieces final : public ByteSource {
 public:
  Pieces(std::string text, std::size_t piece, bool fails = false)
      : text_(std::move(text)), piece_(piece), fails_(fails) {}
  std::size_t read(std::span<std::byte> buffer) override {
    const std::size_t count = std::min({buffer.size(), piece_, text_.size() - at_.load()});
    if (count == 0 && fails_) throw std::runtime_error("the disk is on fire");
    std::memcpy(buffer.data(), text_.data() + at_, count);
    at_ += count;
    return count;
  }
  std::size_t given() const { return at_; }

 private:
  std::string text_;
  std::size_t piece_;
  bool fails_;
  std::atomic<std::size_t> at_{0};
};

std::string text_of(std::size_t size) {
  std::string text(size, '\0');
  for (std::size_t i = 0; i < size; ++i) text[i] = static_cast<char>(i * 31 + i / 251);
  return text;
}

std::string all_of(ByteSource& source, std::size_t piece) {
  std::string all(piece, '\0');
  std::string read;
  while (const std::size_t count = source.read(std::as_writable_bytes(std::span(all))))
    read.append(all, 0, count);
  return read;
}

TEST_CASE("what is read ahead is what the source has whatever the pieces") {
  const std::size_t size = GENERATE(0u, 1u, 3u * ReadAhead::kBlock, 9u * ReadAhead::kBlock + 5u);
  const std::size_t piece = GENERATE(std::size_t{1000}, ReadAhead::kBlock, std::size_t{4} << 20);
  const std::size_t wanted = GENERATE(std::size_t{777}, std::size_t{64} << 10, std::size_t{1} << 20);
  const std::string text = text_of(size);
  Pieces source(text, piece);
  ReadAhead ahead(source);
  CHECK(all_of(ahead, wanted) == text);
  std::byte more{};
  CHECK(ahead.read(std::span(&more, 1)) == 0);  // the end stays the end
}

TEST_CASE("a failure of the source comes behind the bytes that came before it") {
  const std::string text = text_of(3 * ReadAhead::kBlock + 17);
  Pieces source(text, ReadAhead::kBlock, true);
  ReadAhead ahead(source);
  std::string got(text.size(), '\0');
  for (std::size_t at = 0; at < got.size();)
    at += ahead.read(std::as_writable_bytes(std::span(got).subspan(at)));
  CHECK(got == text);
  std::byte more{};
  CHECK_THROWS_WITH(ahead.read(std::span(&more, 1)), "the disk is on fire");
}

TEST_CASE("reading ahead has its bound and ends when nobody wants more") {
  Pieces source(text_of(40 * ReadAhead::kBlock), ReadAhead::kBlock);
  {
    ReadAhead ahead(source);
    std::byte first{};
    CHECK(ahead.read(std::span(&first, 1)) == 1);
  }
  CHECK(source.given() >= ReadAhead::kBlock);
  CHECK(source.given() <= ReadAhead::kBlocks * ReadAhead::kBlock);
}

}  // namespace
}  // namespace outhaul
