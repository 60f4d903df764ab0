// One connection tries which type of host key a server can show; the others use what it found.
#include "remote/host_key_type.h"

#include <atomic>
#include <optional>
#include <thread>
#include <vector>

#include "base/cancel.h"
#include "support/catch.h"

namespace outhaul {
namespace {

TEST_CASE("one connection at a time tries types of host keys and the others use what it found") {
  HostKeyType type;
  const CancelToken cancel;
  std::atomic<int> trying{0}, most{0}, tries{0};
  std::vector<std::thread> lanes;
  for (int i = 0; i < 8; ++i)
    lanes.emplace_back([&] {
      const auto turn = type.wait(cancel);
      if (type.known()) return;
      most = std::max(most.load(), ++trying);
      ++tries;
      std::this_thread::yield();
      --trying;
      type.found("ecdsa-sha2-nistp256");
    });
  for (std::thread& lane : lanes) lane.join();
  CHECK(most == 1);
  CHECK(tries == 1);
  CHECK(type.known() == "ecdsa-sha2-nistp256");
}

TEST_CASE("whoever fails to find the type of host key leaves the turn to the next") {
  HostKeyType type;
  const CancelToken cancel;
  { const auto turn = type.wait(cancel); }
  CHECK_FALSE(type.known());
  {
    const auto turn = type.wait(cancel);  // nobody waits for ever
    type.found("ssh-ed25519");
  }
  CHECK(type.known() == "ssh-ed25519");
  type.forget();
  CHECK_FALSE(type.known());
}

TEST_CASE("waiting for the type of host key ends with the run") {
  HostKeyType type;
  CancelToken cancel;
  const auto turn = type.wait(cancel);
  std::thread other([&] { const auto none = type.wait(cancel); });
  cancel.cancel();
  other.join();
  CHECK_FALSE(type.known());
}

}  // namespace
}  // namespace outhaul
