// A line that breaks, between the program and a real server.
#include <fmt/format.h>

#include <chrono>
#include <fstream>
#include <random>

#include "site.h"
#include "support/catch.h"
#include "support/tree.h"

using namespace outhaul;
using namespace outhaul::test;
using namespace std::chrono_literals;

namespace {

constexpr std::uint64_t kMiB = 1 << 20;

/// Every server with every kind of TLS that it has, behind a line.
template <typename Check>
void on_every_server(Check check) {
  for (const ServerKind kind : {ServerKind::proftpd, ServerKind::vsftpd, ServerKind::pureftpd}) {
    for (const Tls tls : {Tls::none, Tls::explicit_}) {
      INFO(to_string(kind) << " " << to_string(tls));
      FaultProxy proxy;
      Site site(proxy, kind, tls);
      site.have_no_catalog("connections are counted");
      check(site, proxy);
    }
  }
}

}  // namespace

TEST_CASE("a run goes through a line in front of every server with and without TLS") {
  on_every_server([](Site& site, FaultProxy& proxy) {
    site.choices.connections = 3;
    site.write_many("small", 30, 4096);
    const RunResult result = site.run();
    INFO(told(result) << site.server().log());
    CHECK(result.exit.code == 0);
    CHECK(site.differences() == std::vector<std::string>{});
    CHECK(proxy.most_open(Channel::control) <= 3);
    std::uint64_t up = 0;
    std::size_t data = 0;
    for (const FaultProxy::Connection& each : proxy.connections()) {
      if (each.channel != Channel::data) continue;
      up += each.to_server.passed;
      ++data;
    }
    CHECK(data >= 30 + 3);  // the first run makes the remote its own
    CHECK(data <= 30 + 5);
    CHECK(up >= 30 * 4096);
  });
}

namespace {

void write_random(const std::filesystem::path& file, std::uint64_t size) {
  std::mt19937_64 random(7);
  std::vector<std::uint64_t> piece(kMiB / sizeof(std::uint64_t));
  std::ofstream out(file, std::ios::binary);
  for (std::uint64_t written = 0; written < size; written += kMiB) {
    for (std::uint64_t& word : piece) word = random();
    out.write(reinterpret_cast<const char*>(piece.data()), kMiB);
  }
  REQUIRE(out.flush());
}

std::uint64_t longest_part(const Site& site) {
  std::uint64_t longest = 0;
  for (const std::filesystem::path& part : site.parts()) {
    std::error_code gone;
    const auto size = std::filesystem::file_size(part, gone);
    if (!gone) longest = std::max<std::uint64_t>(longest, size);
  }
  return longest;
}

std::uint64_t carried(const FaultProxy& proxy) {
  std::uint64_t bytes = 0;
  for (const FaultProxy::Connection& each : proxy.connections())
    if (each.channel == Channel::data) bytes += each.to_server.taken;
  return bytes;
}

/// kill -9 a little further on the way each time, and a new run at once.
void kill_in_the_middle(ServerKind kind, Tls tls) {
  constexpr std::uint64_t kSize = 200 * kMiB, kInFlight = 4 * kMiB;
  constexpr int kKills = 4;
  FaultProxy proxy;
  Site site(proxy, kind, tls);
  write_random(site.source() / "big", kSize);
  proxy.set_rate(200 * kMiB);
  for (int kill = 1; kill <= kKills; ++kill) {
    Process run = site.start();
    const std::uint64_t goal = kSize * static_cast<std::uint64_t>(kill) / (kKills + 1);
    const bool reached = eventually([&] { return longest_part(site) >= goal || run.try_wait(); }, 60s);
    INFO(site.output());
    REQUIRE(reached);
    REQUIRE_FALSE(run.try_wait());
    run.kill_group();
  }
  proxy.set_rate(0);
  const RunResult rest = site.run();
  INFO(told(rest));
  CHECK(rest.exit.code == 0);
  CHECK(site.differences() == std::vector<std::string>{});
  CHECK(site.parts().empty());
  CHECK(rest.out.find("resumed") != std::string::npos);
  CHECK(carried(proxy) >= kSize);
  CHECK(carried(proxy) <= kSize + kSize / 100 + kKills * kInFlight);
}

}  // namespace

TEST_CASE("pain 5: kill -9 in a large file costs what was in flight on ProFTPD") {
  kill_in_the_middle(ServerKind::proftpd, GENERATE(Tls::none, Tls::explicit_));
}

TEST_CASE("pain 5: kill -9 in a large file costs what was in flight on vsftpd") {
  kill_in_the_middle(ServerKind::vsftpd, GENERATE(Tls::none, Tls::explicit_));
}

TEST_CASE("pain 5: kill -9 in a large file costs what was in flight on Pure-FTPd") {
  kill_in_the_middle(ServerKind::pureftpd, GENERATE(Tls::none, Tls::explicit_));
}
