#include "outhaul/server_memory.h"

#include "support/catch.h"

namespace outhaul {
namespace {

TEST_CASE("What was learned of a server survives being written down") {
  ServerMemory memory;
  CHECK(to_facts(memory).empty());
  CHECK(memory_from_facts({}) == memory);

  memory.mlsd = true;
  memory.list_all = false;
  memory.hidden_files = true;
  memory.pipelining = false;
  memory.rename_over = true;
  memory.case_sensitive = false;
  memory.mtime = "MDTM";
  memory.hash = "HASH SHA-256";
  memory.clock_offset_s = -3600;
  memory.tls_max = "1.2";
  memory.connections = 3;
  memory.connections_seen_ns = 1'700'000'000'000'000'000;
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

}  // namespace
}  // namespace outhaul
