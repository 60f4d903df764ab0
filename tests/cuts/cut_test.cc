// Fifty cuts at random places of one upload, on each server, plain and TLS.
#include <fmt/format.h>

#include <random>

#include "cuts/broken_line.h"
#include "support/catch.h"

using namespace outhaul;
using namespace outhaul::test;

namespace {

constexpr std::uint64_t kMiB = 1 << 20;
constexpr std::uint64_t kSize = 200 * kMiB;
constexpr int kCuts = 50;
/// What may lie in the socket buffers of a connection at its end.
constexpr std::uint64_t kInFlight = 4 * kMiB;

/// Places in the order of the connections that meet them; all of them together lie before the file's end.
void arm(FaultProxy& proxy) {
  std::mt19937_64 random(20261121);
  std::uniform_int_distribution<std::uint64_t> place(64 * 1024, 2 * (kSize / kCuts) - kMiB);
  for (int i = 0; i < kCuts; ++i) proxy.cut(Channel::data, Way::to_server, place(random), LineFault::reset);
}

/// The most that one cut made us send again.
std::uint64_t dearest_cut(const std::vector<Attempt>& attempts) {
  std::uint64_t most = 0;
  for (std::size_t i = 1; i < attempts.size(); ++i) {
    const std::uint64_t reached = attempts[i - 1].offset + attempts[i - 1].sent;
    most = std::max(most, reached - std::min(reached, attempts[i].offset));
  }
  return most;
}

void cut_fifty_times(ServerKind kind, Tls tls) {
  BrokenLine line(kind, tls);
  line.write_random("big", kSize);
  arm(line.proxy);
  const RunReport report = line.run();
  INFO(told(report) << line.attempts->story());
  CHECK(report.outcome == ExitCode::done);
  CHECK(line.proxy.pending() == 0);
  const std::string digest = sha256_of_file(line.source() / "big");
  CHECK(sha256_of_file(line.stored() / "big") == digest);
  CHECK(line.recorded_digest("big") == digest);
  CHECK(line.part_files().empty());

  const std::vector<Attempt> attempts = line.attempts->all();
  CHECK(attempts.size() == kCuts + 1);
  CHECK(dearest_cut(attempts) <= kInFlight);
  std::uint64_t carried = 0;
  for (const FaultProxy::Connection& each : line.proxy.connections())
    if (each.channel == Channel::data) carried += each.to_server.taken;
  INFO(carried - kSize << " bytes more than the file has");
  CHECK(carried <= kSize + kSize / 100 + kCuts * kMiB);  // TLS adds some; the proxy holds little
  WARN(fmt::format("{}: sent again {} bytes in all, {} at most", to_string(kind),
                   report.jobs.front().done.bytes_sent - kSize, dearest_cut(attempts)));
}

}  // namespace

#define OUTHAUL_CUTS(tag, kind, tls)                                                                 \
  TEST_CASE("pain 5: fifty cuts cost what was in flight and nothing is lost on " tag, "[" tag "]") { \
    cut_fifty_times(ServerKind::kind, Tls::tls);                                                     \
  }
OUTHAUL_CUTS("proftpd-plain", proftpd, none)
OUTHAUL_CUTS("proftpd-explicit", proftpd, explicit_)
OUTHAUL_CUTS("vsftpd-plain", vsftpd, none)
OUTHAUL_CUTS("vsftpd-explicit", vsftpd, explicit_)
OUTHAUL_CUTS("pureftpd-plain", pureftpd, none)
OUTHAUL_CUTS("pureftpd-explicit", pureftpd, explicit_)
#undef OUTHAUL_CUTS
