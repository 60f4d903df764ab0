// How many connections a run uses when the server lets it have fewer than the profile wants.
#include <algorithm>
#include <atomic>

#include "nightly.h"
#include "support/catch.h"

using namespace outhaul;
using namespace outhaul::test;

namespace {

void write_many(Nightly& night, const std::string& dir, int count) {
  for (int i = 0; i < count; ++i) night.write(dir + "/f" + std::to_string(i), std::string(100, 'x'));
}

}  // namespace

TEST_CASE("pain 9: the cap that a server has shown is remembered for the next run") {
  FakeOptions options;
  options.max_connections = 3;
  Nightly night(options);
  night.have_no_catalog("connections are counted");
  night.profile.remote.connections = 8;
  write_many(night, "first", 1);
  REQUIRE(night.run().outcome == ExitCode::done);  // it looks at the target over a connection of its own
  night.server.forget_calls();
  // Until some were turned away: on a busy machine three lanes may be done before a fourth connects.
  for (int runs = 0; runs < 50 && night.server.count("CONNECT") <= 3; ++runs) {
    night.server.forget_calls();
    write_many(night, "a" + std::to_string(runs), 100);
    REQUIRE(night.run().outcome == ExitCode::done);
  }
  REQUIRE(night.server.count("CONNECT") > 3);

  night.server.forget_calls();
  write_many(night, "b", 100);
  CHECK(night.run().outcome == ExitCode::done);
  CHECK(night.server.count("CONNECT") <= 3);
  CHECK(night.stored() == night.expected());
}

TEST_CASE("pain 9: a server that allows one connection is asked for no second one in the next run") {
  FakeOptions options;
  options.max_connections = 1;
  Nightly night(options);
  night.have_no_catalog("connections are counted");
  write_many(night, "a", 5);
  REQUIRE(night.run().outcome == ExitCode::done);
  night.server.forget_calls();
  write_many(night, "b", 5);
  CHECK(night.run().outcome == ExitCode::done);
  CHECK(night.server.count("CONNECT") == 1);
}

TEST_CASE("pain 9: after a time with one connection the others are tried again in the same run") {
  FakeOptions options;
  options.max_connections = 1;
  Nightly night(options);
  night.connections.refused = {0, std::chrono::milliseconds(0), std::chrono::milliseconds(0)};
  int refused = 0;
  night.server.set_faults([&](const FakeCall& call) -> std::optional<Fault> {
    if (call.point == FakePoint::connect) ++refused;
    return std::nullopt;
  });
  write_many(night, "a", 30);
  CHECK(night.run().outcome == ExitCode::done);
  CHECK(night.stored() == night.expected());
  CHECK(refused > 3);
}

TEST_CASE(
    "pain 11: the channel's reconnect takes a lane's connection when the server still counts the dead one") {
  FakeOptions options;
  options.max_connections = 3;
  options.ghosts = true;
  Nightly night(options);
  bool lost = false;
  int proofs = 0;
  night.server.set_faults([&](const FakeCall& call) -> std::optional<Fault> {
    proofs += call.what.starts_with("SIZE t") || call.what.starts_with("RNFR") ? 1 : 0;
    if (lost || proofs < 30) return std::nullopt;
    lost = true;
    return Fault{Fault::Effect::lost, FailureClass::reconnect, 0};
  });
  write_many(night, "a", 400);
  const RunReport report = night.run();
  INFO(night.events.problems());
  CHECK(lost);
  CHECK(report.outcome == ExitCode::done);
  CHECK(night.stored() == night.expected());
}

TEST_CASE("pain 11: connections that are closed whenever they are idle cost a run nothing but logins") {
  Nightly night;
  night.connections.idle = std::chrono::milliseconds(0);
  write_many(night, "a", 60);
  for (int i = 0; i < 4; ++i) night.write("large" + std::to_string(i), std::string(3'000'000, 'y'));
  const RunReport report = night.run();
  INFO(night.events.problems());
  CHECK(report.outcome == ExitCode::done);
  CHECK(report.jobs[0].done.retries == 0);
  CHECK(night.stored() == night.expected());
  CHECK(night.server.connections() == 0);
  CHECK(night.server.most_connections() <= night.profile.remote.connections);
}

TEST_CASE("pain 8: an upload that was acknowledged and is not whole makes the remote more careful") {
  struct Careful final : Remote {
    std::unique_ptr<Remote> real;
    std::atomic<int>& losses;
    Careful(std::unique_ptr<Remote> r, std::atomic<int>& l) : real(std::move(r)), losses(l) {}
    std::unique_ptr<Lane> open_lane(const CancelToken& cancel) override {
      struct Losing final : Lane {
        std::unique_ptr<Lane> real;
        std::atomic<int>& losses;
        Losing(std::unique_ptr<Lane> r, std::atomic<int>& l) : real(std::move(r)), losses(l) {}
        void put(const Put& put) override {
          if (losses > 0) return real->put(put);
          Put cut = put;
          struct Half final : ByteSource {
            ByteSource& all;
            std::uint64_t left;
            Half(ByteSource& a, std::uint64_t l) : all(a), left(l) {}
            std::size_t read(std::span<std::byte> buffer) override {
              const std::size_t got = all.read(buffer);
              const auto given = static_cast<std::size_t>(std::min<std::uint64_t>(got, left));
              left -= given;
              return given == 0 && got > 0 ? read(buffer) : given;
            }
          } half(*put.source, put.length / 2);
          cut.source = &half;
          cut.length = put.length / 2;
          real->put(cut);
        }
        void get(const RemotePath& path, std::uint64_t offset, const ByteSink& sink) override {
          real->get(path, offset, sink);
        }
        Listing list(const RemotePath& dir) override { return real->list(dir); }
        std::vector<CommandResult> run(std::span<const Command> commands) override {
          return real->run(commands);
        }
      };
      return std::make_unique<Losing>(real->open_lane(cancel), losses);
    }
    std::unique_ptr<CommandRunner> open_channel(const CancelToken& cancel) override {
      return real->open_channel(cancel);
    }
    std::string describe() const override { return real->describe(); }
    ServerMemory memory() const override {
      ServerMemory memory;
      if (losses > 0) memory.tls_max = "1.2";
      return memory;
    }
    void upload_was_lost() override { ++losses; }
  };
  Nightly night;
  std::atomic<int> losses{0};
  std::optional<std::string> told = "nothing yet";
  night.open_remote = [&](const RemoteSettings&, const ServerMemory& memory) -> std::unique_ptr<Remote> {
    told = memory.tls_max;
    return std::make_unique<Careful>(night.server.remote(), losses);
  };
  night.write("a", "four");
  CHECK(night.run().outcome == ExitCode::done);
  CHECK(losses == 1);
  CHECK(night.stored() == night.expected());
  CHECK_FALSE(told.has_value());
  night.write("b", "x");
  CHECK(night.run().outcome == ExitCode::done);
  CHECK(told == "1.2");  // the next night knows
}
