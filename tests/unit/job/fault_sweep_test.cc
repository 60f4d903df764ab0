// For n = 1, 2, …: the n-th thing that the remote is asked to do goes wrong. Afterwards a clean run must
// bring the remote to equal the source, with nothing left over.
#include <fmt/format.h>

#include "nightly.h"
#include "support/catch.h"
#include "support/sweep.h"

using namespace outhaul;
using namespace outhaul::test;

namespace {

const std::map<std::string, std::string> kFirstTree{
    {"t/keep", "k"},         {"t/edit", "before"}, {"t/grow", std::string(400'000, 'g')},
    {"t/move/me", "moving"}, {"t/drop/one", "1"},  {"t/drop/two", "2"},
    {"t/was-file", "f"},     {"t/was-dir/x", "x"}};

/// A night with a bit of everything: new, changed, moved, removed, type changes, directories.
void prepare(Nightly& night) {
  night.write("keep", "k");
  night.write("edit", "before");
  night.write("grow", std::string(400'000, 'g'));
  night.write("move/me", "moving");
  night.write("drop/one", "1");
  night.write("drop/two", "2");
  night.write("was-file", "f");
  night.write("was-dir/x", "x");
  REQUIRE(night.run().outcome == ExitCode::done);
  night.write("edit", "after, longer");
  night.write("grow", std::string(600'000, 'h'));
  night.rename("move/me", "moved/here");
  night.remove("drop");
  night.write("new/dir/file", "n");
  night.write("new/empty", "");
  night.remove("was-file");
  night.write("was-file/inside", "i");
  night.remove("was-dir");
  night.write("was-dir", "now a file");
}

/// The first night's tree, as a restore would fetch it.
std::map<std::string, std::string> first_tree(const Nightly& night) {
  std::map<std::string, std::string> tree;
  for (const auto& [path, name] : night.names_at(RunId{1}))
    tree["t/" + path] = night.server.file(name).value_or("?");
  return tree;
}

void must_be_whole(Nightly& night, std::uint64_t n, bool dirs_too = true) {
  INFO("fault at moment " << n << ": " << night.events.problems());
  if (night.profile.jobs[0].keeps_versions()) {
    CHECK(first_tree(night) == kFirstTree);
    // edit, grow, drop/one, drop/two, was-file, was-dir/x; and move/me where its rename was refused
    CHECK(night.versions().size() - 6 <= 1);
  }
  CHECK(night.stored() == night.expected());
  if (dirs_too) CHECK(night.stored_dirs() == night.expected_dirs());
  CHECK(night.leftovers().empty());
  CHECK(night.ledger() == 0);
  CHECK(night.plan().empty());
}

/// The state knows where everything stands.
bool needs_no_settling(const Nightly& night) {
  const State state = night.state();
  const JobId job = *state.find_job("data");
  for (const Part& part : state.parts(job))
    if (part.stage != Part::Stage::sending) return false;
  return state.intents(job).empty();
}

/// Hundreds of runs, each looked at with its catalog: the sanitizers are content with the runs.
void spare_the_sanitizers(Nightly& night) {
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
  night.have_no_catalog("the release preset sweeps under a catalog");
#else
  static_cast<void>(night);
#endif
}

/// Sweeps `fault` over every moment of the second night. `connections` 1 makes the moments deterministic.
void sweep(Fault fault, int connections, FakeOptions options = {}, OnRemoval on_removal = OnRemoval::remove) {
  bool struck = true;
  for (Moments moments; struck; moments.next()) {
    const std::uint64_t n = moments.now();
    Nightly night(options);
    spare_the_sanitizers(night);
    night.profile.remote.connections = connections;
    night.profile.jobs[0].on_removal = on_removal;
    prepare(night);
    const std::uint64_t before = night.server.moments();
    night.server.fail_nth(n, fault);
    const RunReport report = night.run();
    struck = night.server.moments() - before >= n;
    night.server.set_faults({});
    if (report.outcome == ExitCode::done) CHECK(night.stored() == night.expected());  // no false success
    if (on_removal == OnRemoval::retire && needs_no_settling(night)) CHECK(first_tree(night) == kFirstTree);
    const RunReport clean = night.run();
    INFO(fmt::format("moment {}: first {}, then {}", n, static_cast<int>(report.outcome),
                     static_cast<int>(clean.outcome)));
    REQUIRE(clean.outcome == ExitCode::done);
    // A directory whose removal was refused for good is left alone from then on.
    const bool final_refusal =
        fault.effect == Fault::Effect::refused && fault.failure == FailureClass::skip_file;
    must_be_whole(night, n, !final_refusal);
    REQUIRE(n < 500);
  }
}

}  // namespace

TEST_CASE("any single lost connection is survived within the run itself or the next") {
  sweep({Fault::Effect::lost, FailureClass::reconnect, 0}, GENERATE(1, 3));
}

TEST_CASE("any single answer that is lost after the deed is survived") {
  sweep({Fault::Effect::lost_after, FailureClass::unknown_outcome, 0}, GENERATE(1, 3));
}

TEST_CASE("any single passing refusal is survived") {
  sweep({Fault::Effect::refused, FailureClass::retry, 450}, GENERATE(1, 3));
}

TEST_CASE("any single final refusal of one path costs that path only until the next run") {
  sweep({Fault::Effect::refused, FailureClass::skip_file, 550}, GENERATE(1, 3));
}

TEST_CASE("a remote that refuses everything from any moment on is survived by the next run") {
  sweep({Fault::Effect::refused, FailureClass::stop_run, 530}, GENERATE(1, 3));
}

TEST_CASE("pain 19: the same sweeps on a server that can't rename over an existing name") {
  FakeOptions options;
  options.replaces = false;
  const auto effect = GENERATE(Fault::Effect::lost, Fault::Effect::lost_after);
  sweep({effect, FailureClass::reconnect, 0}, 1, options);
}

TEST_CASE("with versions any single fault leaves every old copy live or a version") {
  const auto [effect, failure, code] = GENERATE(table<Fault::Effect, FailureClass, int>({
      {Fault::Effect::lost_after, FailureClass::unknown_outcome, 0},
      {Fault::Effect::refused, FailureClass::skip_file, 550},
      {Fault::Effect::refused, FailureClass::stop_run, 530},
  }));
  FakeOptions options;
  options.replaces = code != 550;
  sweep({effect, failure, code}, 1, options, OnRemoval::retire);
}

TEST_CASE("a line that is dead from any moment on leaves every old copy whole and the next run finishes") {
  const auto on_removal = GENERATE(OnRemoval::remove, OnRemoval::retire);
  for (Moments moments;; moments.next()) {
    const std::uint64_t n = moments.now();
    Nightly night;
    spare_the_sanitizers(night);
    night.profile.remote.connections = 1;
    night.profile.remote.retries = 1;
    night.profile.jobs[0].on_removal = on_removal;
    prepare(night);
    const auto before = night.stored();
    const std::uint64_t start = night.server.moments();
    bool struck = false;
    night.server.set_faults([&](const FakeCall& call) -> std::optional<Fault> {
      if (call.number < start + n) return std::nullopt;
      struck = true;
      return Fault{Fault::Effect::lost, FailureClass::reconnect, 0};
    });
    const RunReport report = night.run();
    night.server.set_faults({});
    if (!struck) {
      CHECK(report.outcome == ExitCode::done);
      break;
    }
    CHECK(report.outcome != ExitCode::done);
    // What the source still has unchanged must be there, whole, at every instant.
    CHECK(night.stored().at("t/keep") == "k");
    if (on_removal == OnRemoval::retire) {  // every old copy is somewhere
      std::set<std::string> there;
      for (const auto& [name, content] : night.server.files()) there.insert(content);
      for (const auto& [name, content] : kFirstTree) CHECK(there.contains(content));
    }
    for (const auto& [name, content] : night.stored()) {
      const bool old_copy = before.contains(name) && before.at(name) == content;
      const auto expected = night.expected();
      const bool new_copy = expected.contains(name) && expected.at(name) == content;
      const bool moved = content == "moving";
      INFO("moment " << n << ": " << name);
      CHECK((old_copy || new_copy || moved));
    }
    REQUIRE(night.run().outcome == ExitCode::done);
    must_be_whole(night, n);
    REQUIRE(n < 500);
  }
}
