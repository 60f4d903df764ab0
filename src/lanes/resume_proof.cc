#include "lanes/resume_proof.h"

#include <algorithm>

namespace outhaul {
namespace {

constexpr std::uint64_t kWindow = 64 * 1024;
/// To read so much more costs less than another connection.
constexpr std::uint64_t kClose = 1024 * 1024;

ByteRange around(std::uint64_t place, std::uint64_t before, std::uint64_t after, std::uint64_t size) {
  return {place - std::min(place, before), std::min(size, place + after)};
}

ReadBack compare(Lane& lane, const RemotePath& path, std::uint64_t size, const ByteRange& range,
                 const Expected& expected, const PassThrough& pass) {
  std::uint64_t at = range.from;
  bool equal = true;
  std::vector<std::byte> ours;
  const ByteSink sink = [&](std::span<const std::byte> got) {
    // More may come than SIZE told of: the server was still writing down what had arrived before a cut.
    const auto wanted =
        got.first(static_cast<std::size_t>(std::min<std::uint64_t>(got.size(), range.to - at)));
    ours.resize(wanted.size());
    equal = equal && expected(at, ours) && std::equal(wanted.begin(), wanted.end(), ours.begin());
    at += wanted.size();
    // A download that comes to its end by itself leaves the connection as it is.
    const bool more = range.to == size ? wanted.size() == got.size() : at < range.to;
    return equal && more;
  };
  for (bool first = true;; first = false) {
    try {
      lane.get(path, at, pass ? pass(sink) : sink);
      return equal && at == range.to ? ReadBack::right : ReadBack::wrong;
    } catch (const RemoteError& error) {
      if (error.failure() == FailureClass::skip_file) return ReadBack::unreadable;
      // The server may have closed a connection that was silent while we hashed.
      const bool died =
          error.failure() == FailureClass::reconnect || error.failure() == FailureClass::unknown_outcome;
      if (!first || !died) throw;
    }
  }
}

}  // namespace

ServerMemory resume_memory(bool right, std::int64_t now_ns) {
  ServerMemory found;
  found.resume = right;
  found.resume_seen_ns = now_ns;
  return found;
}

std::vector<ByteRange> ranges_to_prove(std::uint64_t size, std::span<const std::uint64_t> joins) {
  std::vector<ByteRange> wanted{around(0, 0, kWindow, size), around(size, kWindow, 0, size)};
  for (const std::uint64_t join : joins) {
    if (join == 0 || join > size) continue;
    wanted.push_back(around(join, kWindow, kWindow, size));
    wanted.push_back(around(join / 2, kWindow / 2, kWindow / 2, size));
  }
  std::sort(wanted.begin(), wanted.end(),
            [](const ByteRange& a, const ByteRange& b) { return a.from < b.from; });
  std::vector<ByteRange> ranges;
  for (const ByteRange& next : wanted) {
    if (next.from == next.to) continue;
    if (!ranges.empty() && next.from <= ranges.back().to + kClose)
      ranges.back().to = std::max(ranges.back().to, next.to);
    else
      ranges.push_back(next);
  }
  return ranges;
}

ReadBack read_back(Lane& lane, const RemotePath& path, std::uint64_t size, std::span<const ByteRange> ranges,
                   const Expected& expected, const PassThrough& pass) {
  for (const ByteRange& range : ranges)
    if (const ReadBack found = compare(lane, path, size, range, expected, pass); found != ReadBack::right)
      return found;
  return ReadBack::right;
}

}  // namespace outhaul
