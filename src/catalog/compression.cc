#include "catalog/compression.h"

#include <fmt/format.h>
#include <zstd.h>

#include <memory>
#include <vector>

#include "catalog/local_file.h"
#include "outhaul/error.h"
#include "outhaul/paths.h"

namespace outhaul {
namespace {

/// Half of what the best level saves costs a tenth of its time.
constexpr int kLevel = 9;

struct FreeContext {
  void operator()(ZSTD_CCtx* context) const noexcept { ZSTD_freeCCtx(context); }
  void operator()(ZSTD_DCtx* context) const noexcept { ZSTD_freeDCtx(context); }
};

[[noreturn]] void bad(const std::filesystem::path& file, std::string_view why) {
  throw Error(ErrorKind::state,
              fmt::format("{} is not what was stored: {}", printable(file.filename().string()), why),
              "It was damaged on the server or on its way.");
}

}  // namespace

Compressed compress_file(const std::filesystem::path& from, const std::filesystem::path& to) {
  LocalReader reader(from);
  LocalWriter writer(to);
  const std::unique_ptr<ZSTD_CCtx, FreeContext> context(ZSTD_createCCtx());
  if (!context) throw std::bad_alloc();
  ZSTD_CCtx_setParameter(context.get(), ZSTD_c_compressionLevel, kLevel);
  ZSTD_CCtx_setParameter(context.get(), ZSTD_c_checksumFlag, 1);
  Compressed done;
  Sha256 hash;
  std::vector<char> buffer(ZSTD_CStreamOutSize());
  for (bool last = false; !last;) {
    const std::string_view piece = reader.next();
    last = piece.empty();
    done.raw_size += piece.size();
    ZSTD_inBuffer in{piece.data(), piece.size(), 0};
    for (std::size_t left = 1; last ? left != 0 : in.pos < in.size;) {
      ZSTD_outBuffer out{buffer.data(), buffer.size(), 0};
      left = ZSTD_compressStream2(context.get(), &out, &in, last ? ZSTD_e_end : ZSTD_e_continue);
      if (ZSTD_isError(left) != 0)
        throw Error(ErrorKind::internal, fmt::format("zstd: {}", ZSTD_getErrorName(left)));
      const std::string_view made(buffer.data(), out.pos);
      writer.write(made);
      hash.update(made);
      done.size += made.size();
    }
  }
  writer.finish();
  done.sha256 = hash.finish();
  return done;
}

std::string compress(std::string_view text) {
  const std::unique_ptr<ZSTD_CCtx, FreeContext> context(ZSTD_createCCtx());
  if (!context) throw std::bad_alloc();
  ZSTD_CCtx_setParameter(context.get(), ZSTD_c_compressionLevel, kLevel);
  ZSTD_CCtx_setParameter(context.get(), ZSTD_c_checksumFlag, 1);
  std::string made(ZSTD_compressBound(text.size()), '\0');
  const std::size_t size = ZSTD_compress2(context.get(), made.data(), made.size(), text.data(), text.size());
  if (ZSTD_isError(size) != 0)
    throw Error(ErrorKind::internal, fmt::format("zstd: {}", ZSTD_getErrorName(size)));
  made.resize(size);
  return made;
}

std::uint64_t decompress_at_most(const std::filesystem::path& from, const std::filesystem::path& to,
                                 std::uint64_t most) {
  LocalReader reader(from);
  LocalWriter writer(to);
  const std::unique_ptr<ZSTD_DCtx, FreeContext> context(ZSTD_createDCtx());
  if (!context) throw std::bad_alloc();
  std::vector<char> buffer(ZSTD_DStreamOutSize());
  std::uint64_t written = 0;
  std::size_t left = 1;
  for (std::string_view piece = reader.next(); !piece.empty(); piece = reader.next()) {
    ZSTD_inBuffer in{piece.data(), piece.size(), 0};
    while (in.pos < in.size) {
      ZSTD_outBuffer out{buffer.data(), buffer.size(), 0};
      left = ZSTD_decompressStream(context.get(), &out, &in);
      if (ZSTD_isError(left) != 0) bad(from, ZSTD_getErrorName(left));
      written += out.pos;
      if (written > most) bad(from, "it holds more than it can");
      writer.write({buffer.data(), out.pos});
    }
  }
  if (left != 0) bad(from, "it is cut short");
  writer.finish();
  return written;
}

void decompress_file(const std::filesystem::path& from, const std::filesystem::path& to,
                     std::uint64_t raw_size) {
  if (decompress_at_most(from, to, raw_size) != raw_size) bad(from, "it holds less than the manifest says");
}

}  // namespace outhaul
