// A server that means harm: bounded memory, a clear error, nothing believed.
#include <arpa/inet.h>
#include <fmt/format.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <fstream>

#include "base/fd.h"
#include "scripted/client.h"
#include "support/catch.h"

using namespace outhaul;
using namespace outhaul::test;
using F = FailureClass;

namespace {

constexpr std::uint64_t kGiB = 1024ULL * 1024 * 1024;

/// The most memory that this process ever held, in bytes.
std::uint64_t peak_memory() {
  std::ifstream status("/proc/self/status");
  for (std::string word; status >> word;)
    if (word == "VmHWM:") {
      std::uint64_t kilobytes = 0;
      status >> kilobytes;
      return kilobytes * 1024;
    }
  return 0;
}

#ifdef __SANITIZE_ADDRESS__
constexpr std::uint64_t kBound = 512 << 20;  // AddressSanitizer holds on to what was freed: up to 256 MiB
#else
constexpr std::uint64_t kBound = 64 << 20;
#endif

/// Somebody who minds their own business.
class Victim {
 public:
  Victim() : fd_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0)) {
    address_.sin_family = AF_INET;
    address_.sin_addr.s_addr = htonl(INADDR_LOOPBACK + 1);
    socklen_t length = sizeof address_;
    auto* const address = reinterpret_cast<sockaddr*>(&address_);
    REQUIRE((fd_ && ::bind(fd_.get(), address, length) == 0 && ::listen(fd_.get(), 8) == 0 &&
             ::getsockname(fd_.get(), address, &length) == 0));
  }
  std::uint16_t port() const { return ntohs(address_.sin_port); }
  /// The kernel takes a call before anybody accepts it.
  bool was_called() const { return static_cast<bool>(Fd(::accept(fd_.get(), nullptr, nullptr))); }

 private:
  Fd fd_;
  sockaddr_in address_{};
};

/// Carries `action` out; it may not hold much of what a GiB of nonsense would need.
Caught catch_bounded(const std::function<void()>& action) {
  const std::uint64_t before = peak_memory();
  const Caught caught = catch_from(action);
  const std::uint64_t grown = peak_memory() - before;
  CAPTURE(grown, caught.text);
  CHECK(grown < kBound);
  CHECK(caught.text.size() < 4096);
  CHECK(caught.text.find('\n') == caught.text.rfind('\n'));
  return caught;
}

}  // namespace

TEST_CASE("a reply line of 1 GiB is refused in bounded memory") {
  const std::string verb = GENERATE("CONNECT", "LOGIN", "SIZE", "PASV", "STOR");
  CAPTURE(verb);
  Client client;
  client.server.deviate(
      {.verb = verb, .close = true, .times = -1, .flood = flood_of(std::string(256 * 1024, '2'), kGiB)});
  const bool by_lane = verb == "PASV" || verb == "STOR";
  const Caught caught = catch_bounded([&] {
    if (by_lane) return client.put("f", "x");
    const CommandResult result = client.run(SizeOf{wire("f")});
    CHECK(result.status == CommandResult::Status::unanswered);
    throw RemoteError(result.failure, "SIZE: " + result.reply_text);
  });
  CAPTURE(std::string(to_string(caught.failure)));
  const bool known =
      caught.failure == F::reconnect || caught.failure == F::unknown_outcome || caught.failure == F::stop_run;
  CHECK(known);
}

TEST_CASE("a reply of endless lines is refused in bounded memory") {
  const std::string verb = GENERATE("CONNECT", "SIZE", "PASV");
  CAPTURE(verb);
  Client client;
  std::string piece;
  while (piece.size() < 256 * 1024) piece += "213-and so on, and on, and on, for ever and a day\r\n";
  client.server.deviate({.verb = verb, .close = true, .times = -1, .flood = flood_of(piece, kGiB)});
  const Caught caught = catch_bounded([&] {
    if (verb == "PASV") return client.put("f", "x");
    const CommandResult result = client.run(SizeOf{wire("f")});
    CHECK(result.status == CommandResult::Status::unanswered);
    throw RemoteError(result.failure, "SIZE: " + result.reply_text);
  });
  CHECK(caught.failure != F::none);
}

TEST_CASE("an endless listing is ended in bounded memory") {
  Quirks quirks;
  if (GENERATE(true, false)) quirks.unknown = {"MLSD"};
  const std::string kind = GENERATE("one line", "empty lines", "junk lines");
  std::string piece(256 * 1024, kind == "one line" ? 'x' : '\n');
  if (kind == "junk lines")
    for (std::size_t i = 0; i < piece.size(); i += 2) piece[i] = 'x';
  quirks.listing = flood_of(piece, kGiB);
  CAPTURE(kind);
  Client client(quirks);
  const Caught caught = catch_bounded([&] { client.list(); });
  CHECK(caught.failure == F::skip_file);
  CHECK(caught.text.find("no listing of a directory") != std::string::npos);
  CHECK(client.run(SizeOf{wire("f")}).status == CommandResult::Status::missing);
}

TEST_CASE("names that would lead out of a directory are not taken from a listing") {
  Quirks quirks;
  const bool facts = GENERATE(true, false);
  if (!facts) quirks.unknown = {"MLSD"};
  const std::string bad = GENERATE(std::string(".."), std::string("../x"), std::string("/etc/passwd"),
                                   std::string("a/b"), std::string("a\rb"), std::string("a\0b", 3));
  quirks.listing = [line = (facts ? "type=file;size=1; " : "-rw-r--r-- 1 u g 1 Sep 13 2020 ") + bad + "\r\n" +
                           (facts ? "type=file;size=1; good\r\n" : "-rw-r--r-- 1 u g 1 Sep 13 2020 good\r\n"),
                    done = false]() mutable { return std::exchange(done, true) ? std::string() : line; };
  CAPTURE(facts, bad);
  Client client(quirks);
  const Listing listing = client.list();
  // libcurl makes a line end of a lone CR, which leaves a harmless "a" and a line that nobody understands.
  for (const RemoteEntry& entry : listing.entries) CHECK((entry.name == "good" || entry.name == "a"));
  CHECK(!listing.entries.empty());
  if (bad != ".." || facts) CHECK(!listing.untrusted.empty());  // each directory of an "ls -la" has a ".."
}

TEST_CASE("a passive address that points at somebody else is not connected to") {
  const Victim victim;  // at 127.0.0.2, while the server is at 127.0.0.1
  Client client;
  client.server.deviate({.verb = "PASV",
                         .reply = fmt::format("227 Entering Passive Mode (127,0,0,2,{},{})",
                                              victim.port() / 256, victim.port() % 256)});
  const Caught caught = catch_from([&] { client.put("f", std::string(1000, 'x')); });
  CHECK(caught.failure != F::none);
  CHECK_FALSE(victim.was_called());
  client.put("f", "x");
  CHECK(client.server.file("f") == "x");
}

TEST_CASE("words that no FTP server says are no success") {
  const std::string greeting = GENERATE("HTTP/1.1 400 Bad Request", "SSH-2.0-OpenSSH_9.2", "999 what", "");
  Quirks quirks;
  quirks.greeting = greeting;
  Client client(quirks);
  RemoteSettings settings = client.server.settings();
  settings.connect_timeout = std::chrono::seconds(1);
  settings.no_progress_timeout = std::chrono::seconds(1);
  settings.final_reply_timeout = std::chrono::seconds(1);
  client.connect(settings);
  const Caught caught = catch_from([&] { client.put("f", "x"); });
  CAPTURE(greeting, caught.text);
  CHECK(caught.failure != F::none);
  CHECK(!client.server.file("f"));
}
