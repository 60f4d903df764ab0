// Uploads that don't fit on the remote.
#include "nightly.h"
#include "support/catch.h"

using namespace outhaul;
using namespace outhaul::test;

namespace {

using Contents = std::map<std::string, std::string>;

/// Two nights: 100 bytes in the tree, 100 as a version, and another 100 to be sent in the third.
struct Full : Nightly {
  explicit Full(FakeOptions options = {}) : Nightly(options) {
    have_no_catalog("each byte on the server counts");
    profile.jobs[0].on_removal = OnRemoval::retire;
    profile.jobs[0].versions.last = 2;
    for (const char letter : {'x', 'y'}) {
      write("a", std::string(100, letter));
      REQUIRE(run().outcome == ExitCode::done);
    }
    write("a", std::string(100, 'z'));
    server.forget_calls();
  }
  std::optional<GuardRefusal> planned_refusal() {
    std::optional<GuardRefusal> refusal;
    plan_profile(profile, {}, environment(), [&](PlannedJob&& planned) {
      if (!planned.refusals.empty()) refusal = planned.refusals.front();
    });
    return refusal;
  }
};

FakeOptions with_capacity(std::uint64_t bytes) {
  FakeOptions options;
  options.capacity = bytes;
  options.tells_space = true;
  return options;
}

/// How the room on the remote becomes known.
enum class Known { by_quota, by_the_server, by_nothing };

/// `kB` kilobytes; letters tell contents apart.
std::string kilobytes(int kB, char letter) {
  return std::string(static_cast<std::size_t>(kB) * 1000, letter);
}

/// A remote of 4 MB.
struct Small : Nightly {
  static constexpr std::uint64_t kSize = 4'000'000;
  explicit Small(Known known = Known::by_nothing, bool drops_misfits = false)
      : Nightly(options(known, drops_misfits)) {
    if (known == Known::by_quota) profile.remote.quota = kSize;
    connections.refused = RetryPolicy{};
  }
  static FakeOptions options(Known known, bool drops_misfits) {
    FakeOptions options;
    options.capacity = kSize;
    options.tells_space = known == Known::by_the_server;
    options.drops_misfits = drops_misfits;
    return options;
  }
  bool says(const std::string& words) const { return events.problems().find(words) != std::string::npos; }
  /// When the first call that begins so was made; 0: never.
  std::uint64_t first(const std::string& prefix) const {
    for (const FakeCall& call : server.calls())
      if (call.what.starts_with(prefix)) return call.number;
    return 0;
  }
  std::size_t small_ones() const {
    std::size_t count = 0;
    for (const auto& [path, content] : stored()) count += path.starts_with("t/small") ? 1 : 0;
    return count;
  }
};

}  // namespace

TEST_CASE("what the plan removes for certain makes room for what is new, and the next night too") {
  const Known known = GENERATE(Known::by_quota, Known::by_the_server, Known::by_nothing);
  const bool drops = GENERATE(false, true);
  CAPTURE(static_cast<int>(known), drops);
  Small night(known, drops);
  for (int day = 1; day <= 4; ++day)
    night.write("dump" + std::to_string(day), kilobytes(850, static_cast<char>('0' + day)));
  REQUIRE(night.run().outcome == ExitCode::done);
  for (int day = 5; day <= 8; ++day) {
    night.remove("dump" + std::to_string(day - 4));
    night.write("dump" + std::to_string(day), kilobytes(850, static_cast<char>('0' + day)));
    night.server.forget_calls();
    const RunReport report = night.run();
    INFO(night.events.problems());
    CHECK(report.outcome == ExitCode::done);
    CHECK(report.jobs.at(0).refusals.empty());
    CHECK(night.stored() == night.expected());
    CHECK(night.leftovers().empty());
    if (known != Known::by_nothing) CHECK(night.first("DELE t/dump") < night.first("PUT "));
  }
}

TEST_CASE("a file that may be what is removed under a new name forbids its removal and no other one") {
  const Known known = GENERATE(Known::by_quota, Known::by_the_server, Known::by_nothing);
  CAPTURE(static_cast<int>(known));
  Small night(known);
  night.write("old", kilobytes(3000, 'a'));
  night.write("other", kilobytes(500, 'b'));
  REQUIRE(night.run().outcome == ExitCode::done);
  night.remove("old");
  night.remove("other");
  night.write("new", kilobytes(3000, 'a'));  // the same content, as far as anybody can tell
  const RunReport report = night.run();
  INFO(night.events.problems());
  CHECK(report.outcome == (known == Known::by_nothing ? ExitCode::incomplete : ExitCode::guard_refused));
  CHECK(night.stored().count("t/old") == 1);
  CHECK(night.stored().count("t/other") == (known == Known::by_nothing ? 0 : 1));
  if (known == Known::by_nothing) CHECK(night.says("1 removal is put off"));
  night.write("new", kilobytes(3000, 'c'));
  CHECK(night.run().outcome == ExitCode::done);
  CHECK(night.stored() == night.expected());
}

TEST_CASE("a copy that fits no more under a new name stays under its old one") {
  Small night;
  night.write("old", kilobytes(3000, 'a'));
  REQUIRE(night.run().outcome == ExitCode::done);
  night.profile.remote.quota = 2'000'000;  // lowered since
  night.remove("old");
  night.write("new", kilobytes(3000, 'a'));
  CHECK(night.run().outcome == ExitCode::incomplete);
  CHECK(night.stored().count("t/old") == 1);
  night.write("new", kilobytes(3000, 'b'));
  CHECK(night.run().outcome == ExitCode::incomplete);
  CHECK(night.stored().empty());
}

TEST_CASE("what becomes a version makes no room and is retired all the same") {
  Small night;
  night.profile.jobs[0].on_removal = OnRemoval::retire;
  night.write("old", kilobytes(3000, 'a'));
  REQUIRE(night.run().outcome == ExitCode::done);
  night.remove("old");
  night.write("new", kilobytes(2000, 'b'));
  CHECK(night.run().outcome == ExitCode::incomplete);
  CHECK(night.stored().empty());
  CHECK(night.versions().count("2/t/old") == 1);
}

TEST_CASE("an approved plan that can't fit has all the room made for it that may be made") {
  Small night(Known::by_quota);
  night.write("a", kilobytes(3000, 'a'));
  REQUIRE(night.run().outcome == ExitCode::done);
  night.remove("a");
  night.write("b", kilobytes(2500, 'b'));
  night.write("c", kilobytes(2500, 'c'));
  const RunReport refused = night.run();
  REQUIRE(refused.outcome == ExitCode::guard_refused);
  CHECK(night.says("although 3.00 MB would go first"));
  CHECK(night.stored().count("t/a") == 1);
  RunOptions approved;
  approved.approve = {refused.jobs.at(0).plan_id};
  CHECK(night.run(approved).outcome == ExitCode::incomplete);
  CHECK(night.stored().size() == 1);
  CHECK(night.stored().count("t/a") == 0);
}

TEST_CASE("what one job frees serves the next one") {
  Small night(Known::by_quota);
  night.add_job("second");
  night.write("stays", "s");
  night.write("a", kilobytes(3000, 'a'));
  REQUIRE(night.run().outcome == ExitCode::done);
  night.remove("a");
  night.write("../second-source/b", kilobytes(3500, 'b'));
  bool refused = false;
  plan_profile(night.profile, {}, night.environment(),
               [&](PlannedJob&& planned) { refused |= !planned.refusals.empty(); });
  CHECK_FALSE(refused);
  CHECK(night.run().outcome == ExitCode::done);
  CHECK(night.server.file("second/b"));
}

TEST_CASE("the plan says what goes first as the run does it") {
  Small night(Known::by_quota);
  night.write("a", kilobytes(3000, 'a'));
  REQUIRE(night.run().outcome == ExitCode::done);
  night.write("b", kilobytes(500, 'b'));
  const auto planned = [&] {
    PlannedJob found;
    plan_profile(night.profile, {}, night.environment(), [&](PlannedJob&& job) { found = std::move(job); });
    return found;
  };
  CHECK_FALSE(planned().removals_first);
  night.remove("a");
  CHECK_FALSE(planned().removals_first);  // there is room for both
  night.write("b", kilobytes(1500, 'b'));
  const PlannedJob plan = planned();
  CHECK(plan.removals_first);
  CHECK_FALSE(plan.versions_first);
  CHECK(plan.first_bytes == 3'000'000);
  CHECK(plan.refusals.empty());
  CHECK(night.run().outcome == ExitCode::done);
  CHECK(night.says("a file that left the source is removed before the uploads"));
}

TEST_CASE("one file that doesn't fit doesn't starve the small ones, night after night") {
  const Known known = GENERATE(Known::by_quota, Known::by_the_server, Known::by_nothing);
  const bool drops = GENERATE(false, true);
  const int connections = GENERATE(1, 3, 6);
  CAPTURE(static_cast<int>(known), drops, connections);
  Small night(known, drops);
  night.have_no_catalog("what is sent is counted");
  night.profile.remote.connections = connections;
  night.write("large", kilobytes(5000, 'L'));
  std::size_t small = 0;
  for (int run = 1; run <= 5; ++run) {
    for (int i = 0; i < 10; ++i)
      night.write("small" + std::to_string(small++), kilobytes(70, static_cast<char>('a' + i)));
    night.server.forget_calls();
    const RunReport report = night.run();
    INFO("run " << run << "\n" << night.events.problems());
    CHECK(report.outcome == ExitCode::incomplete);
    CHECK(night.small_ones() == small);
    CHECK(night.stored().count("t/large") == 0);
    CHECK(night.leftovers().empty());
    CHECK(night.says("large: not stored: it has 5.00 MB"));
  }
  if (known != Known::by_nothing) CHECK(night.server.bytes_received() == small * 70'000);
  night.remove("large");
  CHECK(night.run().outcome == ExitCode::done);
}

TEST_CASE("small files leave the room that the catalog needs") {
  Small night;
  night.profile.catalog = true;
  for (int i = 0; i < 50; ++i)
    night.write("small" + std::to_string(i), kilobytes(90, static_cast<char>('a' + i % 26)));
  for (int i = 0; i < 40; ++i) night.write("tiny" + std::to_string(i), kilobytes(1, 't'));
  for (int run = 1; run <= 2; ++run) {
    CHECK(night.run().outcome == ExitCode::incomplete);
    INFO(night.events.problems());
    CHECK(night.small_ones() == 44);  // 40 kB are left, which the tiny ones would take to the last byte
    CHECK_FALSE(night.says("the catalog is not"));
    CHECK(night.server.file(".outhaul/catalog/manifest.json"));
    CHECK_FALSE(night.server.file(".outhaul/parts/reserve"));
  }
}

TEST_CASE("a night after a full one tries last what did not fit") {
  Small night;
  night.profile.remote.connections = 1;
  night.write("a large one", kilobytes(5000, 'L'));
  night.write("small", kilobytes(70, 's'));
  REQUIRE(night.run().outcome == ExitCode::incomplete);
  night.write("small2", kilobytes(80, 's'));
  const std::uint64_t before = night.server.bytes_received();
  REQUIRE(night.run().outcome == ExitCode::incomplete);
  CHECK(night.small_ones() == 2);
  CHECK(night.server.bytes_received() - before <= Small::kSize);  // it was sent once, as far as it went
}

TEST_CASE("of files that don't fit together so many are stored as do") {
  const int connections = GENERATE(1, 2, 3, 6);
  const bool drops = GENERATE(false, true);
  CAPTURE(connections, drops);
  Small night(Known::by_nothing, drops);
  night.profile.remote.connections = connections;
  for (int i = 0; i < 7; ++i)
    night.write("f" + std::to_string(i), kilobytes(900, static_cast<char>('a' + i)));
  const RunReport report = night.run();
  INFO(night.events.problems());
  CHECK(report.outcome == ExitCode::incomplete);
  CHECK(night.stored().size() == 4);
  CHECK(night.leftovers().empty());
  CHECK(night.says("3 files (2.70 MB) not stored, because the remote has no room for them"));
  CHECK(report.jobs.at(0).left.files == 3);
  CHECK(report.jobs.at(0).left.bytes == 2'700'000);
}

TEST_CASE("a larger version that doesn't fit leaves the copy from before in its place") {
  const Known known = GENERATE(Known::by_quota, Known::by_the_server, Known::by_nothing);
  const int size = GENERATE(3000, 4500);
  CAPTURE(static_cast<int>(known), size);
  Small night(known);
  night.write("f", kilobytes(2000, 'o'));
  REQUIRE(night.run().outcome == ExitCode::done);
  night.write("f", kilobytes(size, 'n'));
  night.write("small", kilobytes(10, 's'));
  const RunReport report = night.run();
  CHECK(night.stored().at("t/f") == kilobytes(2000, 'o'));
  const bool refused = known != Known::by_nothing && size == 3000;
  CHECK(report.outcome == (refused ? ExitCode::guard_refused : ExitCode::incomplete));
  CHECK(night.small_ones() == (refused ? 0 : 1));
  if (!refused) CHECK(night.says("copy from before stays"));
}

TEST_CASE("a server that tells nothing lets retention make room when it is full") {
  FakeOptions options;
  options.capacity = 250;
  Full night(options);
  CHECK(night.run().outcome == ExitCode::done);
  CHECK(night.stored() == night.expected());
  CHECK(night.versions() == Contents{{"3/t/a", std::string(100, 'y')}});
}

TEST_CASE("a full drop box still takes what is small") {
  FakeOptions options;
  options.capacity = 1500;
  options.drop_box = DropBox::resume;
  Nightly night(options);
  night.profile.jobs[0].append_only = true;
  night.profile.jobs[0].on_removal = OnRemoval::retire;
  night.profile.remote.connections = 1;
  night.write("a", std::string(1000, 'a'));
  night.write("b", std::string(600, 'b'));
  night.write("c", "");
  CHECK(night.run().outcome == ExitCode::incomplete);
  CHECK(night.server.count("STORED") >= 3);
  night.server.change({});
  CHECK(night.run().outcome == ExitCode::done);
}

TEST_CASE("uploads beyond the quota are refused before anything is sent and by the plan already") {
  Full night;
  night.profile.remote.quota = 199;  // 300 are needed, and retention can give 100 back
  REQUIRE(night.planned_refusal());
  CHECK(night.planned_refusal()->guard == Guard::no_space);
  CHECK(night.remotes_opened == 2);
  const RunReport refused = night.run();
  REQUIRE(refused.outcome == ExitCode::guard_refused);
  CHECK(refused.jobs.at(0).refusals.at(0).guard == Guard::no_space);
  CHECK(night.server.calls().empty());
  CHECK(night.versions() == Contents{{"2/t/a", std::string(100, 'x')}});

  RunOptions approved;
  approved.approve = {refused.jobs.at(0).plan_id};
  CHECK(night.run(approved).outcome == ExitCode::done);
  CHECK(night.stored() == night.expected());
}

TEST_CASE("what retention would delete anyhow goes first when the quota needs its room") {
  Full night;
  night.profile.remote.quota = 200;
  CHECK_FALSE(night.planned_refusal());
  const RunReport report = night.run();
  CHECK(report.outcome == ExitCode::done);
  CHECK(night.events.problems().find("deleted before its uploads") != std::string::npos);
  CHECK(night.versions() == Contents{{"3/t/a", std::string(100, 'y')}});
  CHECK(night.stored() == night.expected());
}

TEST_CASE("the newest tree that can be restored never makes room") {
  Full night;
  night.profile.jobs[0].versions.last = 1;
  night.profile.remote.quota = 200;
  CHECK(night.planned_refusal());
  CHECK(night.run().outcome == ExitCode::guard_refused);
  CHECK(night.versions().size() == 1);
}

TEST_CASE("a run that fails after it made room has lost nothing but what was due to go") {
  Full night;
  night.profile.remote.quota = 200;
  night.server.set_faults([](const FakeCall& call) -> std::optional<Fault> {
    if (call.point != FakePoint::put_start) return std::nullopt;
    return Fault{Fault::Effect::refused, FailureClass::skip_file, 553};
  });
  CHECK(night.run().outcome == ExitCode::incomplete);
  CHECK(night.versions().empty());
  CHECK(night.stored() == Contents{{"t/a", std::string(100, 'y')}});
  night.server.set_faults({});
  CHECK(night.run().outcome == ExitCode::done);
  CHECK(night.versions() == Contents{{"4/t/a", std::string(100, 'y')}});
}

TEST_CASE("uploads beyond what the server has left are refused before a byte is sent") {
  Full night(with_capacity(250));
  night.profile.jobs[0].versions = {};  // nothing may go
  const RunReport refused = night.run();
  REQUIRE(refused.outcome == ExitCode::guard_refused);
  CHECK(refused.jobs.at(0).refusals.at(0).guard == Guard::no_space);
  CHECK(night.server.bytes_received() == 200);
  CHECK(night.versions().size() == 1);

  night.profile.remote.watch_space = false;
  CHECK(night.run().outcome != ExitCode::guard_refused);  // it tries
}

TEST_CASE("what retention would delete anyhow goes first when the server needs its room") {
  Full night(with_capacity(250));
  const RunReport report = night.run();
  CHECK(report.outcome == ExitCode::done);
  CHECK(report.jobs.at(0).refusals.empty());
  CHECK(night.stored() == night.expected());
  CHECK(night.versions() == Contents{{"3/t/a", std::string(100, 'y')}});
}

TEST_CASE("free space is asked for once and only when something is uploaded") {
  FakeOptions options;
  options.tells_space = true;
  Nightly night(options);
  night.write("d/a", "1");
  night.write("d/b", "2");
  REQUIRE(night.run().outcome == ExitCode::done);
  const auto asked = [&] {
    int count = 0;
    for (const FakeCall& call : night.server.calls()) count += call.what.starts_with("AVBL") ? 1 : 0;
    return count;
  };
  CHECK(asked() == 1);
  night.server.forget_calls();
  night.remove("d/b");
  REQUIRE(night.run().outcome == ExitCode::done);
  CHECK(asked() == 0);
}
