// Whether an upload that was gone on with is what it should be: what is read back of it, and how.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <span>
#include <vector>

#include "outhaul/remote.h"

namespace outhaul {

/// For Remote::note().
ServerMemory resume_memory(bool right, std::int64_t now_ns);

/// Bytes [from, to) of a file.
struct ByteRange {
  std::uint64_t from = 0, to = 0;
  friend bool operator==(const ByteRange&, const ByteRange&) = default;
};

/// What of a file of `size` bytes shows whether it was put together rightly at `joins`, the places at which
/// uploads of it went on: 64 KiB at its head and at its end, on either side of each join, and in the middle
/// of what was there before it. Ascending and disjoint. What lies close together is one range: to stop a
/// download costs a connection.
std::vector<ByteRange> ranges_to_prove(std::uint64_t size, std::span<const std::uint64_t> joins);

enum class ReadBack : std::uint8_t {
  right,
  wrong,
  unreadable,  ///< the server gives nothing back
};
/// Bytes [from, from + buffer.size()) of what should be there; false: they are no longer known.
using Expected = std::function<bool(std::uint64_t from, std::span<std::byte> buffer)>;
/// For what is received to pass through, as throttled() does; may be empty.
using PassThrough = std::function<ByteSink(ByteSink)>;

/// Compares ranges of a stored file of `size` bytes. A connection that breaks is no verdict: once for each
/// range it goes on where it was. Throws RemoteError for what nobody can go on after.
ReadBack read_back(Lane& lane, const RemotePath& path, std::uint64_t size, std::span<const ByteRange> ranges,
                   const Expected& expected, const PassThrough& pass = {});

}  // namespace outhaul
