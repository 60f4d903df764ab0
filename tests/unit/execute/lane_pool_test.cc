#include "execute/lane_pool.h"

#include <functional>
#include <set>
#include <thread>

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

using std::chrono::milliseconds;

/// Long waits for what happens soon.
bool eventually(const std::function<bool()>& true_now) {
  for (int i = 0; i < 10'000 && !true_now(); ++i) std::this_thread::sleep_for(milliseconds(1));
  return true_now();
}

/// Shows the token of the lane that was opened last.
class Tapped final : public Remote {
 public:
  explicit Tapped(Remote& remote) : remote_(remote) {}
  std::unique_ptr<Lane> open_lane(const CancelToken& cancel) override {
    token = &cancel;
    return remote_.open_lane(cancel);
  }
  std::unique_ptr<CommandRunner> open_channel(const CancelToken& cancel) override {
    return remote_.open_channel(cancel);
  }
  std::string describe() const override { return remote_.describe(); }
  std::atomic<const CancelToken*> token{nullptr};

 private:
  Remote& remote_;
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

TEST_CASE("pain 9: a lane that was turned away tries again later") {
  Bench bench;
  FakeOptions options;
  options.max_connections = 1;
  bench.server.change(options);
  const ConnectionPolicy policy{milliseconds(60'000), {0, milliseconds(1), milliseconds(1)}};
  LanePool pool(*bench.remote, 3, bench.context(), policy);
  int next = 0;
  const auto send_20 = [&] {
    for (int i = 0; i < 20; ++i) pool.submit(bench.task("f" + std::to_string(next++)));
    while (pool.open() > 0)
      for (Outcome& outcome : pool.wait(std::chrono::seconds(10)))
        if (outcome.status == Status::handed_back) pool.submit(std::move(outcome.task));
  };
  REQUIRE(eventually([&] {
    send_20();
    return pool.use().refused;
  }));
  CHECK(pool.use().used <= 2);
  CHECK_FALSE(pool.exhausted());
  options.max_connections = 3;
  bench.server.change(options);
  CHECK(eventually([&] {
    send_20();
    return bench.server.connections() == 3 && !pool.use().refused;
  }));
  CHECK(pool.use().used == 4);  // with the channel's
}

TEST_CASE("idle lanes close their connections and open new ones when there is work") {
  Bench bench;
  LanePool pool(*bench.remote, 2, bench.context(), {milliseconds(1), {}});
  for (int round = 0; round < 3; ++round) {
    for (int i = 0; i < 10; ++i)
      pool.submit(bench.task("f" + std::to_string(round) + "-" + std::to_string(i)));
    for (const Outcome& outcome : collect(pool)) CHECK(outcome.status == Status::done);
    CHECK(eventually([&] { return bench.server.connections() == 0; }));
  }
  CHECK(bench.server.files().size() == 30);
}

TEST_CASE("pain 10: an idle lane closes its connection for whoever needs it more") {
  Bench bench;
  LanePool pool(*bench.remote, 2, bench.context(),
                {milliseconds(60'000), {0, milliseconds(1), milliseconds(1)}});
  CHECK_FALSE(pool.give_one_up());  // none has one
  pool.submit(bench.task("a"));
  collect(pool);
  CHECK(bench.server.connections() == 1);
  CHECK(pool.give_one_up());
  CHECK(bench.server.connections() == 0);
  CHECK_FALSE(pool.give_one_up());
  pool.submit(bench.task("b"));
  CHECK(collect(pool).front().status == Status::done);
}

TEST_CASE(
    "pain 10: a sending lane gives its connection up when there is no other and its file goes on later") {
  Bench bench;
  Tapped tapped(*bench.remote);
  struct Slow final : EventSink {
    const std::atomic<const CancelToken*>& token;
    std::atomic<bool> sending{false};
    explicit Slow(const std::atomic<const CancelToken*>& t) : token(t) {}
    void on(const Event& event) noexcept override {
      if (!std::holds_alternative<TransferProgress>(event) || sending.exchange(true)) return;
      eventually([&] { return token.load()->cancelled(); });
    }
  } slow(tapped.token);
  Uploader::Context context{
      *bench.tree, {2, milliseconds(1), milliseconds(1)}, bench.clock, bench.cancel, slow, true};
  LanePool pool(tapped, 1, context, {milliseconds(60'000), {0, milliseconds(1), milliseconds(1)}});
  pool.submit(bench.task("a"));
  REQUIRE(eventually([&] { return slow.sending.load(); }));
  CHECK(pool.give_one_up());
  CHECK(bench.server.connections() == 0);
  std::vector<Outcome> back = collect(pool);
  REQUIRE(back.size() == 1);
  CHECK(back.front().status == Status::handed_back);
  CHECK(back.front().task.resume);
  CHECK_FALSE(pool.exhausted());
  pool.submit(std::move(back.front().task));
  CHECK(collect(pool).front().status == Status::done);
  CHECK(bench.server.file("p/a") == "a");
}
