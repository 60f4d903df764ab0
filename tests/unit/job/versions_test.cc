// What is replaced or removed becomes a version, and what must hold for versions whatever goes wrong.
#include <fmt/format.h>

#include "nightly.h"
#include "outhaul/names.h"
#include "support/catch.h"

using namespace outhaul;
using namespace outhaul::test;

namespace {

using Contents = std::map<std::string, std::string>;

struct VersionedNightly : Nightly {
  explicit VersionedNightly(FakeOptions options = {}) : Nightly(options) {
    profile.jobs[0].on_removal = OnRemoval::retire;
  }
  JobId job() const { return *state().find_job("data"); }
  /// The tree after a run as a restore would fetch it: path → what the server has under the object's name.
  Contents tree_at(RunId run) const {
    Contents tree;
    for (const auto& [path, name] : names_at(run))
      tree[path] = server.file(name).value_or("(not on the server)");
    return tree;
  }
  Contents source_tree() const {
    Contents tree;
    for (const auto& [name, content] : expected()) tree[name.substr(2)] = content;
    return tree;
  }
};

void refuse(Nightly& night, std::string prefix) {
  night.server.set_faults([prefix](const FakeCall& call) -> std::optional<Fault> {
    if (!call.what.starts_with(prefix)) return std::nullopt;
    return Fault{Fault::Effect::refused, FailureClass::skip_file, 553};
  });
}

}  // namespace

TEST_CASE("replaced and removed files are renamed into the versions without being sent again") {
  VersionedNightly night;
  night.have_no_catalog("what is sent is counted");
  night.write("edit", "before");
  night.write("d/gone", "gone");
  night.write("keep", "keep");
  REQUIRE(night.run().outcome == ExitCode::done);
  const Contents first = night.source_tree();
  const std::uint64_t sent = night.server.bytes_received();
  night.write("edit", "after");
  night.remove("d");
  const RunReport report = night.run();
  REQUIRE(report.outcome == ExitCode::done);
  CHECK(report.jobs[0].done.retired == 1);
  CHECK(report.jobs[0].done.superseded == 1);
  CHECK(report.jobs[0].done.removed == 0);
  CHECK(night.server.bytes_received() == sent + 5);
  CHECK(night.stored() == night.expected());
  CHECK(night.stored_dirs() == night.expected_dirs());
  CHECK(night.versions() == Contents{{"2/t/edit", "before"}, {"2/t/d/gone", "gone"}});
  CHECK(night.tree_at(RunId{1}) == first);
  CHECK(night.tree_at(RunId{2}) == night.source_tree());
  CHECK(night.plan().empty());
  CHECK(night.leftovers().empty());
}

TEST_CASE("a moved file stays one live object and a changed type retires what it takes the name of") {
  VersionedNightly night;
  night.write("a", "moves along");
  night.write("file-then-dir", "f");
  night.write("dir-then-file/x", "x");
  REQUIRE(night.run().outcome == ExitCode::done);
  night.rename("a", "sub/b");
  night.remove("file-then-dir");
  night.write("file-then-dir/inside", "i");
  night.remove("dir-then-file");
  night.write("dir-then-file", "now a file");
  const RunReport report = night.run();
  INFO(night.events.problems());
  REQUIRE(report.outcome == ExitCode::done);
  CHECK(report.jobs[0].done.moved == 1);
  CHECK(night.stored() == night.expected());
  CHECK(night.versions() == Contents{{"2/t/file-then-dir", "f"}, {"2/t/dir-then-file/x", "x"}});
  CHECK(night.tree_at(RunId{1}) ==
        Contents{{"a", "moves along"}, {"file-then-dir", "f"}, {"dir-then-file/x", "x"}});
}

TEST_CASE("a plan says what becomes a version") {
  VersionedNightly night;
  night.write("a", "1");
  night.write("b", "2");
  REQUIRE(night.run().outcome == ExitCode::done);
  night.remove("a");
  CHECK(night.plan() == std::vector<std::string>{"retire a"});
}

TEST_CASE("on_removal delete with versions keeps what is replaced and on_removal keep alone keeps nothing") {
  VersionedNightly night;
  night.profile.jobs[0].on_removal = OnRemoval::remove;
  night.profile.jobs[0].versions.daily = 7;
  night.write("a", "1");
  night.write("b", "2");
  REQUIRE(night.run().outcome == ExitCode::done);
  night.write("a", "one");
  night.remove("b");
  REQUIRE(night.run().outcome == ExitCode::done);
  CHECK(night.versions() == Contents{{"2/t/a", "1"}});
  night.profile.jobs[0].versions = {};
  night.profile.jobs[0].on_removal = OnRemoval::keep;
  night.write("a", "won");
  REQUIRE(night.run().outcome == ExitCode::done);
  CHECK(night.versions() == Contents{{"2/t/a", "1"}});
}

TEST_CASE("what on_removal keep left under a name becomes a version when something takes the name") {
  VersionedNightly night;
  night.profile.jobs[0].on_removal = OnRemoval::keep;
  night.write("a", "kept for years");
  night.write("b", "b");
  REQUIRE(night.run().outcome == ExitCode::done);
  night.remove("a");
  REQUIRE(night.run().outcome == ExitCode::done);
  night.profile.jobs[0].on_removal = OnRemoval::retire;
  night.write("a", "new");
  REQUIRE(night.run().outcome == ExitCode::done);
  CHECK(night.versions() == Contents{{"3/t/a", "kept for years"}});
  CHECK(night.tree_at(RunId{1}).at("a") == "kept for years");
}

TEST_CASE("a path that would be too long as a version goes under its object's number") {
  VersionedNightly night;
  std::string deep = "t";
  while (deep.size() + 201 < kMaxRemotePath) deep += '/' + std::string(200, 'n');
  night.profile.jobs[0].target = RemotePath::parse(deep);
  const std::string name(kMaxRemotePath - deep.size() - 1, 'f');
  night.write("stays", "s");
  night.write(name, "deep");
  REQUIRE(night.run().outcome == ExitCode::done);
  night.remove(name);
  REQUIRE(night.run().outcome == ExitCode::done);
  const Contents versions = night.versions();
  REQUIRE(versions.size() == 1);
  CHECK(versions.begin()->first.starts_with("2~/"));
  CHECK(night.tree_at(RunId{1}).at(name) == "deep");
}

TEST_CASE("a file whose old copy can't be kept is not replaced and the next run goes on") {
  VersionedNightly night;
  night.write("a", "before");
  night.write("b", "before too");
  REQUIRE(night.run().outcome == ExitCode::done);
  night.write("a", "after");
  night.remove("b");
  night.write("c", "new");
  refuse(night, "RNFR t/");
  const RunReport report = night.run();
  CHECK(report.outcome == ExitCode::incomplete);
  CHECK(night.stored() == Contents{{"t/a", "before"}, {"t/b", "before too"}, {"t/c", "new"}});
  CHECK(night.versions().empty());
  CHECK(night.events.problems().find("not replaced, because the copy from before can't be kept") !=
        std::string::npos);
  night.server.set_faults({});
  REQUIRE(night.run().outcome == ExitCode::done);
  CHECK(night.stored() == night.expected());
  CHECK(night.versions().size() == 2);
  CHECK(night.leftovers().empty());
  CHECK(night.tree_at(RunId{2}) == Contents{{"a", "before"}, {"b", "before too"}, {"c", "new"}});
}

TEST_CASE("a directory for versions that can't be made costs no copy") {
  VersionedNightly night;
  night.write("a", "before");
  REQUIRE(night.run().outcome == ExitCode::done);
  night.write("a", "after");
  refuse(night, "MKD .outhaul/versions");
  CHECK(night.run().outcome == ExitCode::incomplete);
  CHECK(night.stored() == Contents{{"t/a", "before"}});
}

TEST_CASE("a new copy that can't take the name gives it back to the old one") {
  VersionedNightly night;
  night.write("a", "before");
  REQUIRE(night.run().outcome == ExitCode::done);
  night.write("a", "after");
  refuse(night, "RNFR .outhaul/parts");
  CHECK(night.run().outcome == ExitCode::incomplete);
  CHECK(night.stored() == Contents{{"t/a", "before"}});
  CHECK(night.versions().empty());
  night.server.set_faults({});
  CHECK(night.run().outcome == ExitCode::done);
  CHECK(night.stored() == night.expected());
  CHECK(night.versions().size() == 1);
}

TEST_CASE("when neither copy can take the name the old one is a version and the next run mends the tree") {
  VersionedNightly night;
  night.write("a", "before");
  REQUIRE(night.run().outcome == ExitCode::done);
  night.write("a", "after");
  refuse(night, "RNFR .outhaul/");
  CHECK(night.run().outcome == ExitCode::incomplete);
  CHECK(night.stored().empty());
  CHECK(night.versions() == Contents{{"2/t/a", "before"}});
  CHECK(night.tree_at(RunId{1}) == Contents{{"a", "before"}});
  night.server.set_faults({});
  CHECK(night.run().outcome == ExitCode::done);
  CHECK(night.stored() == night.expected());
  CHECK(night.tree_at(RunId{1}) == Contents{{"a", "before"}});
}

TEST_CASE("a copy that somebody took off the remote has no version and is told") {
  VersionedNightly night;
  night.write("a", "before");
  night.write("b", "b");
  REQUIRE(night.run().outcome == ExitCode::done);
  night.server.remove("t/a");
  night.server.remove("t/b");
  night.write("a", "after");
  night.remove("b");
  const RunReport report = night.run();
  CHECK(report.outcome == ExitCode::done);
  CHECK(night.stored() == night.expected());
  CHECK(night.versions().empty());
  CHECK(report.jobs[0].problem_count == 2);
  CHECK(night.events.problems().find("no version of it") != std::string::npos);
}

TEST_CASE("runs that ended are snapshots and those that did not are none") {
  VersionedNightly night;
  night.write("a", "1");
  REQUIRE(night.run().outcome == ExitCode::done);
  REQUIRE(night.run().outcome == ExitCode::done);  // nothing changed
  night.write("a", "2");
  night.server.set_faults([](const FakeCall&) -> std::optional<Fault> {
    return Fault{Fault::Effect::refused, FailureClass::stop_run, 530};
  });
  REQUIRE(night.run().outcome == ExitCode::remote_unusable);
  night.server.set_faults({});
  REQUIRE(night.run().outcome == ExitCode::done);
  std::vector<RunId> runs;
  for (const Snapshot& snapshot : night.state().snapshots(night.job())) runs.push_back(snapshot.run);
  CHECK(runs == std::vector{RunId{1}, RunId{2}, RunId{4}});
}

TEST_CASE("replacing files costs one more batch for all of them and no round trip for each") {
  VersionedNightly night;
  night.have_no_catalog("commands are counted");
  for (int i = 0; i < 100; ++i) night.write(fmt::format("f{}", i), "before");
  REQUIRE(night.run().outcome == ExitCode::done);
  for (int i = 0; i < 100; ++i) night.write(fmt::format("f{}", i), "after!");
  night.server.forget_calls();
  REQUIRE(night.run().outcome == ExitCode::done);
  CHECK(night.server.count("MKD .outhaul/versions") <= 3);
  CHECK(night.server.count("RNFR ") == 200);
  CHECK(night.server.count("SIZE ") == 100 + 1);  // the one: whose the remote is
}

TEST_CASE("a state that was lost and starts its runs again renames nothing over the versions of before") {
  VersionedNightly night;
  night.write("edit", "first life, one");
  night.write("gone", "first life");
  REQUIRE(night.run().outcome == ExitCode::done);
  night.write("edit", "first life, two");
  night.remove("gone");
  REQUIRE(night.run().outcome == ExitCode::done);
  const Contents before = night.versions();
  REQUIRE(before.size() == 2);
  std::filesystem::rename(night.state_dir(), night.state_root() / "lost");
  night.profile.safety.overwrite = true;
  night.write("gone", "second life");
  REQUIRE(night.run().outcome == ExitCode::done);
  const Contents second_life = night.source_tree();
  night.write("edit", "second life, two");
  night.remove("gone");
  REQUIRE(night.run().outcome == ExitCode::done);
  const Contents after = night.versions();
  for (const auto& [name, content] : before) CHECK(after.at(name) == content);
  CHECK(after.size() == 4);
  CHECK(after.at("2.2/t/edit") == "first life, two");
  CHECK(night.tree_at(RunId{1}) == second_life);
}

TEST_CASE("a file that is moved onto the name of a kept copy makes a version of that copy") {
  VersionedNightly night;
  night.profile.jobs[0].on_removal = OnRemoval::keep;
  night.write("a", "moving");
  night.write("b", "kept");
  REQUIRE(night.run().outcome == ExitCode::done);
  const Contents first = night.source_tree();
  night.remove("b");
  REQUIRE(night.run().outcome == ExitCode::done);
  night.profile.jobs[0].on_removal = OnRemoval::retire;
  night.rename("a", "b");
  REQUIRE(night.run().outcome == ExitCode::done);
  REQUIRE(night.run().outcome == ExitCode::done);
  CHECK(night.stored() == night.expected());
  CHECK(night.tree_at(RunId{1}) == first);
}
