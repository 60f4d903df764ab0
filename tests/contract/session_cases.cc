// Connections: many at a time, cancelled, broken.
#include <atomic>
#include <thread>

#include "contract/remote_contract.h"
#include "support/catch.h"

namespace outhaul::test {
namespace {

using Status = CommandResult::Status;

void many_lanes(Subject& subject) {
  constexpr int kLanes = 4, kFilesEach = 50;
  const CancelToken cancel;
  const auto remote = subject.connect();
  std::atomic<int> failures{0};
  const auto work = [&](int lane_number) {
    try {
      const auto lane = remote->open_lane(cancel);
      for (int i = 0; i < kFilesEach; ++i) {
        put_text(*lane, "f" + std::to_string(lane_number * kFilesEach + i),
                 PatternSource::text(static_cast<std::uint64_t>(i) * 97));
      }
    } catch (const std::exception&) {
      ++failures;
    }
  };
  std::vector<std::thread> threads;
  for (int i = 0; i < kLanes; ++i) threads.emplace_back(work, i);
  for (std::thread& thread : threads) thread.join();
  CHECK(failures == 0);
  int right = 0;
  for (int i = 0; i < kLanes * kFilesEach; ++i) {
    const auto stored = subject.file("f" + std::to_string(i));
    right += stored && stored->size() == static_cast<std::size_t>(i % kFilesEach) * 97 ? 1 : 0;
  }
  CHECK(right == kLanes * kFilesEach);
}

void channel_beside_lanes(Subject& subject) {
  const CancelToken cancel;
  const auto remote = subject.connect();
  const auto lane = remote->open_lane(cancel), other = remote->open_lane(cancel);
  const auto channel = remote->open_channel(cancel);
  for (int i = 0; i < 5; ++i) {
    const std::string name = std::to_string(i);
    put_text(*lane, "part" + name, name);
    put_text(*other, "other" + name, name);
    CHECK(run_one(*channel, Rename{wire("part" + name), wire("final" + name)}).status == Status::done);
  }
  CHECK(subject.file_count() == 10);
}

void cancelled_before(Subject& subject) {
  CancelToken cancel;
  const auto remote = subject.connect();
  const auto lane = remote->open_lane(cancel);
  const auto channel = remote->open_channel(cancel);
  subject.put_file("f", "x");
  cancel.cancel();
  CHECK(failure_of([&] { put_text(*lane, "new", "x"); }) == FailureClass::cancelled);
  CHECK(failure_of([&] { get_text(*lane, "f"); }) == FailureClass::cancelled);
  CHECK(failure_of([&] { lane->list(RemotePath()); }) == FailureClass::cancelled);
  CHECK(failure_of([&] { run_one(*channel, RemoveFile{wire("f")}); }) == FailureClass::cancelled);
  CHECK(subject.file("f") == "x");
  CHECK_FALSE(subject.file("new"));
}

// The source would go on for ever: only cancellation ends it.
void cancelled_put(Subject& subject) {
  CancelToken cancel;
  const auto remote = subject.connect();
  const auto lane = remote->open_lane(cancel);
  PatternSource source(UINT64_C(1) << 40, [&](std::uint64_t position) {
    if (position > 100'000) cancel.cancel();
  });
  CHECK(failure_of([&] {
          lane->put({wire("endless"), &source, 0, UINT64_C(1) << 40, {}});
        }) == FailureClass::cancelled);
}

void cancelled_get(Subject& subject) {
  CancelToken cancel;
  const auto remote = subject.connect();
  const auto lane = remote->open_lane(cancel);
  subject.put_file("f", PatternSource::text(32U << 20));
  CHECK(failure_of([&] {
          lane->get(wire("f"), 0, [&](std::span<const std::byte>) {
            cancel.cancel();
            return true;
          });
        }) == FailureClass::cancelled);
}

void lane_survives_lost_session(Subject& subject) {
  const CancelToken cancel;
  const auto remote = subject.connect();
  const auto lane = remote->open_lane(cancel);
  put_text(*lane, "before", "1");
  subject.drop_sessions();
  CHECK(with_retry([&] { put_text(*lane, "after", "2"); }));
  CHECK(subject.file("after") == "2");
  subject.drop_sessions();
  CHECK(with_retry([&] { CHECK(get_text(*lane, "after") == "2"); }));
  subject.drop_sessions();
  CHECK(with_retry([&] { CHECK(lane->list(RemotePath()).entries.size() == 2); }));
}

// A batch onto a dead connection is either not begun (an error), done, or says of every command that it is
// unanswered.
void runner_survives_lost_session(Subject& subject) {
  with_each_runner(subject, [&](CommandRunner& runner) {
    subject.put_file("f", "12345");
    CHECK(run_one(runner, SizeOf{wire("f")}).size == 5);
    subject.drop_sessions();
    const std::vector<Command> batch(20, SizeOf{wire("f")});
    bool answered = false;
    for (int attempt = 0; attempt < 3 && !answered; ++attempt) {
      std::vector<CommandResult> results;
      if (!with_retry([&] { results = runner.run(batch); })) break;
      REQUIRE(results.size() == 20);
      answered = results.front().status == Status::done;
      for (const CommandResult& result : results) {
        CHECK(result.status == (answered ? Status::done : Status::unanswered));
        if (!answered) CHECK(std::string(to_string(result.failure)) != "none");
      }
    }
    CHECK(answered);
  });
}

void opening_connects_to_nothing(Subject& subject) {
  const CancelToken cancel;
  if (subject.server() != nullptr) subject.server()->forget_commands();
  const auto remote = subject.connect();
  const auto lane = remote->open_lane(cancel);
  const auto channel = remote->open_channel(cancel);
  CHECK_FALSE(remote->describe().empty());
  CHECK(remote->describe().find(TestServer::kPassword) == std::string::npos);
  if (subject.server() != nullptr) CHECK(subject.server()->commands().empty());
}

constexpr ContractCase kSessionCases[] = {
    {"two hundred files over four lanes arrive whole", many_lanes},
    {"a command channel works beside lanes", channel_beside_lanes},
    {"opening a lane or a channel connects to nothing", opening_connects_to_nothing},
    {"nothing is begun after cancellation", cancelled_before},
    {"a put ends when it is cancelled", cancelled_put},
    {"a get ends when it is cancelled", cancelled_get},
    {"a lane goes on after its connection was closed", lane_survives_lost_session},
    {"a command runner goes on after its connection was closed", runner_survives_lost_session},
};

}  // namespace

std::span<const ContractCase> session_cases() {
  return kSessionCases;
}

}  // namespace outhaul::test
