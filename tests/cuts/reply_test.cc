// Everything has arrived, but nobody says so; or nothing arrives any more, and nobody says so either.
#include <fmt/format.h>

#include "cuts/broken_line.h"
#include "support/catch.h"

using namespace outhaul;
using namespace outhaul::test;
using namespace std::chrono_literals;

namespace {

constexpr std::uint64_t kMiB = 1 << 20;
constexpr std::uint64_t kSize = 6 * kMiB;
constexpr ServerKind kKinds[] = {ServerKind::proftpd, ServerKind::vsftpd, ServerKind::pureftpd};

void expect_whole(BrokenLine& line, const RunReport& report) {
  CHECK(report.outcome == ExitCode::done);
  CHECK(sha256_of_file(line.stored() / "big") == sha256_of_file(line.source() / "big"));
  CHECK(line.part_files().empty());
  CHECK(line.proxy.pending() == 0);
}

/// `again`: so much may have been lost in the server's buffers, and be sent once more.
template <typename Prepare>
void expect_sent_once(std::uint64_t again, Prepare prepare) {
  for (const ServerKind kind : kKinds) {
    for (const Tls tls : {Tls::none, Tls::explicit_}) {
      INFO(to_string(kind) << " " << to_string(tls));
      BrokenLine line(kind, tls);
      line.write_random("big", kSize);
      prepare(line);
      const RunReport report = line.run();
      INFO(told(report) << line.attempts->story());
      expect_whole(line, report);
      CHECK(report.jobs.front().done.bytes_sent <= kSize + again);
    }
  }
}

}  // namespace

TEST_CASE("pain 4: a final reply that never comes costs its time-out and not a byte") {
  expect_sent_once(0, [](BrokenLine& line) {
    line.profile.remote.no_progress_timeout = line.profile.remote.final_reply_timeout = 1s;
    line.proxy.lose_final_reply(LineFault::mute, kSize);
  });
}

TEST_CASE(
    "pain 4: a control connection that dies before the final reply costs what the sockets held at most") {
  expect_sent_once(4 * kMiB, [](BrokenLine& line) { line.proxy.lose_final_reply(LineFault::reset, kSize); });
}

TEST_CASE("pain 3: a transfer that breaks after its last byte is found to be whole") {
  expect_sent_once(kMiB, [](BrokenLine& line) {
    line.proxy.cut(Channel::data, Way::to_server, FaultProxy::kAtEnd, LineFault::reset);
  });
}

TEST_CASE("pain 2: an end of the data connection before the end of the file is noticed and mended") {
  for (const ServerKind kind : kKinds) {
    INFO(to_string(kind));
    BrokenLine line(kind, Tls::none);
    line.write_random("big", kSize);
    line.proxy.cut(Channel::data, Way::to_server, 4 * kMiB, LineFault::close);
    const RunReport report = line.run();
    INFO(told(report) << line.attempts->story());
    expect_whole(line, report);
    CHECK(report.jobs.front().done.bytes_sent < kSize + 3 * kMiB);
  }
}

TEST_CASE("pain 2 and 8: an end that is lost under TLS 1.3 is sent again with 1.2 which is remembered") {
  const ServerKind kind = GENERATE(ServerKind::proftpd, ServerKind::pureftpd, ServerKind::vsftpd);
  INFO(to_string(kind));
  BrokenLine line(kind, Tls::explicit_);
  line.profile.remote.tls.max_version = "1.3";
  constexpr std::uint64_t kSmall = 100'000;  // all of it is in the sockets before anybody could object
  line.write_random("big", kSmall);
  line.proxy.cut(Channel::data, Way::to_server, kSmall / 2, LineFault::half_close);
  const RunReport report = line.run();
  INFO(told(report) << line.attempts->story());
  INFO(line.server().log());
  expect_whole(line, report);
  // vsftpd objects with 426; the others call the half of it a success, and only its size is left to tell.
  CHECK(line.attempts->all().front().ok == (kind != ServerKind::vsftpd));
  CHECK(report.jobs.front().done.bytes_sent > kSmall);
  CHECK(line.remembered().tls_max == "1.2");
  line.write_random("next", kSmall, 2);
  CHECK(line.run().outcome == ExitCode::done);
  CHECK(line.remembered().tls_max == "1.2");
}

TEST_CASE("an upload that stands still goes on over a new connection") {
  for (const ServerKind kind : kKinds) {
    INFO(to_string(kind));
    ServerOptions options;
    options.data_timeout = 3s;  // until then vsftpd's dead session holds the part
    BrokenLine line(kind, Tls::none, options);
    line.profile.remote.no_progress_timeout = 1s;
    line.write_random("big", kSize);
    line.proxy.cut(Channel::data, Way::to_server, 3 * kMiB, LineFault::stall);
    const RunReport report = line.run();
    INFO(told(report) << line.attempts->story());
    expect_whole(line, report);
    CHECK(report.jobs.front().done.resumed_bytes > kMiB);
  }
}

TEST_CASE("a login and a data connection that are refused once are tried again") {
  for (const ServerKind kind : kKinds) {
    INFO(to_string(kind));
    BrokenLine line(kind, Tls::none);
    line.write_random("big", kSize);
    line.proxy.refuse(Channel::control, 1);
    line.proxy.cut(Channel::data, Way::to_server, 0, LineFault::reset);
    const RunReport report = line.run();
    INFO(told(report) << line.attempts->story());
    expect_whole(line, report);
  }
}
