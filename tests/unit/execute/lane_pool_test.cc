#include "execute/lane_pool.h"

#include <set>

#include "support/catch.h"
#include "support/fake_remote.h"
#include "unit/execute/disk.h"

using namespace outhaul;
using namespace outhaul::test;

namespace {

using Status = Outcome::Status;

struct Bench {
  Disk disk;
  FakeServer server;
  std::unique_ptr<Remote> remote = server.remote();
  CancelToken cancel;
  StubClock clock;
  Ears ears;
  std::unique_ptr<SourceTree> tree;
  std::deque<Action> actions;

  Bench() {
    server.make_dir("p");
    tree = std::make_unique<SourceTree>(disk.path());
  }
  Uploader::Context context(bool may_hand_back = true) {
    return {*tree, {2, std::chrono::milliseconds(1), std::chrono::milliseconds(1)},
            clock, cancel,
            ears,  may_hand_back};
  }
  Task task(const std::string& name) {
    actions.push_back({});
    actions.back().entry = disk.write(name, name);
    Task task;
    task.action = &actions.back();
    task.part = RemotePath::parse("p/" + name);
    return task;
  }
};

/// Everything that comes back until nothing is under way.
std::vector<Outcome> collect(LanePool& pool) {
  std::vector<Outcome> all;
  while (pool.open() > 0)
    for (Outcome& outcome : pool.wait(std::chrono::seconds(10))) all.push_back(std::move(outcome));
  return all;
}

}  // namespace

TEST_CASE("every task that is submitted comes back once") {
  const int lanes = GENERATE(0, 1, 3, 8);  // 0: inline, on a shared connection
  Bench bench;
  const auto shared = bench.remote->open_lane(bench.cancel);
  auto pool = lanes == 0 ? std::make_unique<LanePool>(*shared, bench.context())
                         : std::make_unique<LanePool>(*bench.remote, lanes, bench.context());
  CHECK(pool->wait(std::chrono::hours(1)).empty());  // nothing under way: no waiting
  for (int i = 0; i < 100; ++i) pool->submit(bench.task("f" + std::to_string(i)));
  const std::vector<Outcome> outcomes = collect(*pool);
  std::set<std::string> names;
  for (const Outcome& outcome : outcomes) {
    CHECK(outcome.status == Status::done);
    names.insert(outcome.task.action->entry.path.bytes());
  }
  CHECK(outcomes.size() == 100);
  CHECK(names.size() == 100);
  CHECK(bench.server.files().size() == 100);
  CHECK(bench.server.most_connections() <= std::max(lanes, 1));
  CHECK_FALSE(pool->exhausted());
}

TEST_CASE("what no lane has begun can be taken back and no longer counts as under way") {
  Bench bench;
  const auto shared = bench.remote->open_lane(bench.cancel);
  LanePool pool(*shared, bench.context());
  for (int i = 0; i < 10; ++i) pool.submit(bench.task("f" + std::to_string(i)));
  CHECK(pool.wait({}).size() == 1);
  CHECK(pool.queued() == 9);
  const std::vector<Task> back = pool.take_back();
  CHECK(back.size() == 9);
  CHECK(back.front().action->entry.path.bytes() == "f1");
  CHECK(pool.open() == 0);
  CHECK(pool.wait(std::chrono::hours(1)).empty());
}

TEST_CASE("lanes that are too many leave one by one and only the last one's refusal exhausts the pool") {
  const int allowed = GENERATE(0, 1, 2);
  Bench bench;
  FakeOptions options;
  options.max_connections = allowed;
  bench.server.change(options);
  if (allowed == 0)
    bench.server.set_faults([](const FakeCall& call) -> std::optional<Fault> {
      if (call.point != FakePoint::connect) return std::nullopt;
      return Fault{Fault::Effect::refused, FailureClass::lower_cap, 421};
    });
  LanePool pool(*bench.remote, 4, bench.context());
  for (int i = 0; i < 60; ++i) pool.submit(bench.task("f" + std::to_string(i)));
  std::size_t done = 0;
  while (pool.open() > 0) {
    std::vector<Outcome> outcomes = pool.wait(std::chrono::seconds(10));
    for (Outcome& outcome : outcomes) {
      done += outcome.status == Status::done ? 1 : 0;
      if (outcome.status != Status::handed_back) continue;
      if (pool.exhausted())
        pool.take_back();
      else
        pool.submit(std::move(outcome.task));
    }
  }
  CHECK(pool.exhausted() == (allowed == 0));
  CHECK(pool.lanes() >= std::max(1, allowed));
  CHECK(done == (allowed == 0 ? 0 : 60));
}

TEST_CASE("a pool ends at once when it was cancelled however much is queued") {
  Bench bench;
  {
    LanePool pool(*bench.remote, 3, bench.context());
    for (int i = 0; i < 200; ++i) pool.submit(bench.task("f" + std::to_string(i)));
    bench.cancel.cancel();
  }
  CHECK(bench.server.connections() == 0);
}
