#include "outhaul/server_memory.h"

#include "outhaul/profile.h"
#include "support/catch.h"

namespace outhaul {
namespace {

constexpr std::int64_t kDay = 24LL * 3600 * 1'000'000'000;
constexpr std::int64_t kToday = 20'000 * kDay;

TEST_CASE("What was learned of a server survives being written down") {
  ServerMemory memory;
  CHECK(to_facts(memory).empty());
  CHECK(memory_from_facts({}) == memory);

  memory.mlsd = true;
  memory.list_all = false;
  memory.hidden_files = true;
  memory.answers_in_order = false;
  memory.rename_over = true;
  memory.case_sensitive = false;
  memory.mtime = "MDTM";
  memory.hash = "HASH SHA-256";
  memory.clock_offset_s = -3600;
  memory.tls_max = "1.2";
  memory.connections = 3;
  memory.connections_seen_ns = 1'700'000'000'000'000'000;
  memory.limits_seen_ns = 1'700'000'000'000'000'001;
  memory.resume = false;
  memory.resume_seen_ns = 1'700'000'000'000'000'002;
  CHECK(memory_from_facts(to_facts(memory)) == memory);
}

TEST_CASE("A fact that is not understood counts as not known") {
  const ServerMemory memory = memory_from_facts({{"mlsd", "perhaps"},
                                                 {"connections", "0"},
                                                 {"connections_seen_ns", "5"},
                                                 {"clock_offset_s", "12x"},
                                                 {"from_the_future", "yes"}});
  CHECK(memory == ServerMemory{});
}

TEST_CASE("The newer word about a server counts and what nobody asked about stays") {
  ServerMemory known;
  known.mlsd = true;
  known.mtime = "MDTM";
  known.hash = "XSHA256";
  known.connections = 2;
  known.connections_seen_ns = 5;
  ServerMemory found;
  found.mlsd = false;
  found.rename_over = true;
  found.clock_offset_s = 60;
  const ServerMemory now = merged(known, found, kToday);
  CHECK(now.mlsd == false);
  CHECK(now.mtime == "MDTM");
  CHECK(now.hash == "XSHA256");
  CHECK(now.rename_over == true);
  CHECK(now.clock_offset_s == 60);
  CHECK(now.connections == 2);
  CHECK(now.connections_seen_ns == 5);
  CHECK(now.limits_seen_ns == kToday);
  CHECK(merged(now, found, kToday + kDay) == now);  // nothing new, nothing to write down
  CHECK(merged(known, {}, kToday) == known);
}

TEST_CASE("Limits of a server are believed for a month") {
  ServerMemory memory;
  memory.mlsd = false;
  memory.list_all = false;
  memory.statvfs = false;
  memory.answers_in_order = false;
  memory.mtime = "none";
  memory.tls_max = "1.2";
  memory.rename_over = false;  // found out by the file: not probed again by a run
  memory.limits_seen_ns = kToday - 29 * kDay;
  CHECK(without_old_limits(memory, kToday) == memory);
  memory.limits_seen_ns = kToday - 30 * kDay;
  ServerMemory open;
  open.rename_over = false;
  CHECK(without_old_limits(memory, kToday) == open);

  memory.mlsd = true;
  memory.mtime = "MDTM";
  CHECK(without_old_limits(memory, kToday).mlsd == true);
  CHECK(without_old_limits(memory, kToday).mtime == "MDTM");
  memory.limits_seen_ns = kToday + 2 * kDay;  // the clock was ahead when it was written down
  CHECK_FALSE(without_old_limits(memory, kToday).answers_in_order.has_value());
}

TEST_CASE("Whether a server resumes rightly is believed for a month either way") {
  const bool right = GENERATE(true, false);
  ServerMemory memory;
  memory.resume = right;
  memory.resume_seen_ns = kToday - 29 * kDay;
  memory.mlsd = true;
  CHECK(without_old_limits(memory, kToday) == memory);
  ServerMemory found;
  found.resume = !right;
  found.resume_seen_ns = kToday;
  CHECK(merged(memory, found, kToday).resume == !right);
  CHECK(merged(memory, found, kToday).resume_seen_ns == kToday);
  CHECK(merged(memory, {}, kToday) == memory);
  CHECK(merged(memory, found, kToday).limits_seen_ns == 0);  // it is no limit that ages with the others
  memory.resume_seen_ns = kToday - 30 * kDay;
  ServerMemory open;
  open.mlsd = true;
  CHECK(without_old_limits(memory, kToday) == open);
}

TEST_CASE(
    "pain 9: a run starts with the connections that the server let us have and in time tries one more") {
  struct Row {
    const char* what;
    int allowed;
    std::optional<int> learned;
    std::int64_t days_ago;
    int expected;
  };
  for (const Row& row : {
           Row{"nothing learned", 8, {}, 0, 8},
           Row{"learned yesterday", 8, 3, 1, 3},
           Row{"the profile allows less", 2, 3, 1, 2},
           Row{"almost a week ago", 8, 3, 6, 3},
           Row{"a week ago", 8, 3, 7, 4},
           Row{"long ago still only one more", 8, 3, 400, 4},
           Row{"never more than the profile allows", 3, 3, 400, 3},
           Row{"one connection only", 8, 1, 1, 1},
           Row{"a clock that was ahead", 8, 3, -30, 4},
       }) {
    CAPTURE(row.what);
    ServerMemory memory;
    memory.connections = row.learned;
    memory.connections_seen_ns = kToday - row.days_ago * kDay;
    CHECK(connections_to_try(row.allowed, memory, kToday) == row.expected);
  }
}

TEST_CASE("pain 9: what a run saw of the limit is what the next one goes by") {
  ServerMemory memory;
  CHECK(with_connections(memory, {4, false}, kToday) == memory);  // no limit seen
  memory = with_connections(memory, {3, true}, kToday);
  CHECK(memory.connections == 3);
  CHECK(memory.connections_seen_ns == kToday);
  CHECK(with_connections(memory, {0, true}, kToday + kDay) == memory);   // it let nobody in: down, not full
  CHECK(with_connections(memory, {2, false}, kToday + kDay) == memory);  // there was less to do

  const std::int64_t later = kToday + 8 * kDay;
  const ServerMemory more = with_connections(memory, {4, false}, later);
  CHECK(more.connections == 4);
  CHECK(connections_to_try(8, more, later) == 5);  // and one more the next time
  const ServerMemory again = with_connections(memory, {3, true}, later);
  CHECK(connections_to_try(8, again, later) == 3);
}

TEST_CASE("A server is known by its protocol and its address") {
  RemoteSettings remote;
  remote.host = "ftp.example.net";
  CHECK(server_key(remote) == "ftp://ftp.example.net:21");
  remote.port = 2121;
  CHECK(server_key(remote) == "ftp://ftp.example.net:2121");
  remote.port = 0;
  remote.scheme = Scheme::ftps;
  CHECK(server_key(remote) == "ftps://ftp.example.net:990");
  remote.scheme = Scheme::sftp;
  CHECK(server_key(remote) == "sftp://ftp.example.net:22");
  remote.scheme = Scheme::file;
  remote.base = "/mnt/usb";
  CHECK(server_key(remote) == "file:///mnt/usb");
}

}  // namespace
}  // namespace outhaul
