// Jobs on accounts that may only add.
#include <sys/stat.h>

#include <fmt/format.h>

#include "job/recover.h"
#include "nightly.h"
#include "outhaul/increment.h"
#include "outhaul/names.h"
#include "support/catch.h"
#include "support/sweep.h"

using namespace outhaul;
using namespace outhaul::test;
namespace fs = std::filesystem;

namespace {

using Files = std::map<std::string, std::string>;

FakeOptions account(DropBox box) {
  FakeOptions options;
  options.drop_box = box;
  return options;
}

class Vault : public Nightly {
 public:
  explicit Vault(DropBox box = DropBox::strict) : Nightly(account(box)) {
    have_no_catalog("every file on the server is looked at");
    profile.jobs[0].append_only = true;
    profile.jobs[0].on_removal = OnRemoval::retire;
  }

  /// Path → content, of what the state says the tree was after a run, as the server has it.
  Files tree_at(RunId run) const {
    Files tree;
    for (const auto& [path, name] : names_at(run)) tree[path] = server.file(name).value_or("(gone)");
    return tree;
  }
  Files tree() const { return tree_at(newest()); }
  RunId newest() const { return state().runs(1).front().run; }
  Files source_files() const {
    Files files;
    for (const auto& [name, content] : expected()) files[name.substr(2)] = content;  // without "t/"
    return files;
  }
  std::size_t trespasses() const { return server.count("DELE") + server.count("RMD") + server.count("RNFR"); }
  VerifyReport verify_all() {
    VerifyChoices choices;
    choices.read = ReadChoice{ReadChoice::How::all, 100, 0};
    return verify(choices);
  }
};

const Files kFirst{{"keep", "k"},         {"edit", "before"}, {"grow", std::string(400'000, 'g')},
                   {"move/me", "moving"}, {"drop/one", "1"},  {"drop/two", "2"},
                   {"was-file", "f"},     {"was-dir/x", "x"}};

void first_night(Vault& night) {
  for (const auto& [path, content] : kFirst) night.write(path, content);
}

void second_night(Vault& night) {
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

void must_be_whole(Vault& night) {
  INFO(night.events.problems());
  CHECK(night.tree_at(RunId{1}) == kFirst);
  CHECK(night.tree() == night.source_files());
  CHECK(night.trespasses() == 0);
  CHECK(night.ledger() == 0);
  CHECK(night.plan().empty());
  const VerifyReport verified = night.verify_all();
  CHECK(verified.outcome == ExitCode::done);
  for (const VerifyFinding& finding : verified.findings) FAIL_CHECK(finding.path.wire());
}

void sweep(Fault fault, int connections, DropBox box) {
  bool struck = true;
  for (Moments moments; struck; moments.next()) {
    const std::uint64_t n = moments.now();
    Vault night(box);
    night.profile.remote.connections = connections;
    first_night(night);
    REQUIRE(night.run().outcome == ExitCode::done);
    second_night(night);
    const std::uint64_t before = night.server.moments();
    night.server.fail_nth(n, fault);
    const RunReport report = night.run();
    struck = night.server.moments() - before >= n;
    night.server.set_faults({});
    INFO("fault at moment " << n << ": " << night.events.problems());
    CHECK(night.tree_at(RunId{1}) == kFirst);
    if (report.outcome == ExitCode::done) CHECK(night.tree() == night.source_files());  // no false success
    REQUIRE(night.run().outcome == ExitCode::done);
    must_be_whole(night);
    REQUIRE(n < 500);
  }
}

}  // namespace

TEST_CASE("an append-only job stores each night in a directory of its own and touches nothing of before") {
  Vault night;
  first_night(night);
  REQUIRE(night.run().outcome == ExitCode::done);
  const Files first = night.server.files();
  for (const auto& [name, content] : first) {
    INFO(name);
    CHECK(name.starts_with("t/run-000001-"));
    CHECK(kFirst.contains(name.substr(name.find('/', 2) + 1)));
  }
  second_night(night);
  const RunReport second = night.run();
  INFO(night.events.problems());
  REQUIRE(second.outcome == ExitCode::done);
  CHECK(second.jobs[0].done.files_uploaded == 6);
  CHECK(second.jobs[0].done.moved == 1);
  CHECK(second.jobs[0].done.retired == 4);
  CHECK(second.jobs[0].done.superseded == 2);
  for (const auto& [name, content] : first) CHECK(night.server.file(name) == content);
  CHECK(night.server.files().size() == first.size() + 6);
  CHECK(night.names_at(RunId{2}).at("moved/here") == night.names_at(RunId{1}).at("move/me"));
  must_be_whole(night);
}

TEST_CASE("an append-only job with nothing to do touches no remote") {
  Vault night;
  first_night(night);
  REQUIRE(night.run().outcome == ExitCode::done);
  fs::create_directory(night.source() / "empty");
  night.remove("drop");
  const int opened = night.remotes_opened;
  REQUIRE(night.run().outcome == ExitCode::done);
  CHECK(night.remotes_opened == opened);
  must_be_whole(night);
}

TEST_CASE("every night of an append-only job comes back") {
  Vault night;
  first_night(night);
  REQUIRE(night.run().outcome == ExitCode::done);
  second_night(night);
  REQUIRE(night.run().outcome == ExitCode::done);
  RestoreOptions options;
  options.to = night.beside("back");
  options.at = "1";
  CHECK(night.restore(options).outcome == ExitCode::done);
  for (const auto& [path, content] : kFirst) CHECK(read_file(night.beside("back") / path) == content);
}

TEST_CASE("an append-only job survives any single lost connection") {
  sweep({Fault::Effect::lost, FailureClass::reconnect, 0}, 1, DropBox::strict);
}

TEST_CASE("an append-only job survives any single answer that is lost after the deed") {
  sweep({Fault::Effect::lost_after, FailureClass::unknown_outcome, 0}, 3, DropBox::resume);
}

TEST_CASE("an append-only job survives any single refusal") {
  const auto [failure, code] =
      GENERATE(table<FailureClass, int>({{FailureClass::skip_file, 550}, {FailureClass::stop_run, 530}}));
  sweep({Fault::Effect::refused, failure, code}, 1, DropBox::strict);
}

TEST_CASE("an append-only upload that was cut off goes on where the server lets it") {
  Vault night(DropBox::resume);
  night.profile.remote.retries = 0;
  night.write("big", std::string(900'000, 'b'));
  night.server.fail_nth(1, {});
  night.server.set_faults([](const FakeCall& call) -> std::optional<Fault> {
    if (call.what.starts_with("SENDING")) return Fault{Fault::Effect::lost, FailureClass::reconnect, 0};
    return std::nullopt;
  });
  CHECK(night.run().outcome != ExitCode::done);
  night.server.set_faults({});
  const RunReport next = night.run();
  REQUIRE(next.outcome == ExitCode::done);
  CHECK(next.jobs[0].done.resumed_bytes == 450'000);
  CHECK(night.server.files().size() == 1);
  CHECK(night.tree() == night.source_files());
}

TEST_CASE("what an append-only upload left half sent is no version and not foreign") {
  Vault night;
  night.profile.remote.retries = 0;
  night.write("big", std::string(900'000, 'b'));
  night.server.set_faults([](const FakeCall& call) -> std::optional<Fault> {
    if (call.what.starts_with("SENDING")) return Fault{Fault::Effect::lost, FailureClass::reconnect, 0};
    return std::nullopt;
  });
  CHECK(night.run().outcome != ExitCode::done);
  night.server.set_faults({});
  night.write("big", std::string(800'000, 'c'));
  REQUIRE(night.run().outcome == ExitCode::done);
  CHECK(night.server.files().size() == 2);
  CHECK(night.state().totals().versions == 0);
  CHECK(night.ledger() == 0);
  const VerifyReport verified = night.verify_all();
  CHECK(verified.outcome == ExitCode::done);
  CHECK(verified.counts.foreign == 0);
  CHECK(verified.counts.objects == 1);
}

TEST_CASE("append-only names that only case tells apart lie in directories of their own") {
  Vault night;
  night.write("Readme", "one");
  night.write("README", "two");
  night.write("readme", "three");
  REQUIRE(night.run().outcome == ExitCode::done);
  std::set<std::string> folded;
  for (const auto& [name, content] : night.server.files()) {
    std::string lower = name;
    for (char& c : lower) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
    folded.insert(lower);
  }
  CHECK(folded.size() == 3);
  CHECK(night.tree() == night.source_files());
}

TEST_CASE("a job becomes append-only and what was there stays where it is") {
  Vault night(DropBox::no);
  night.profile.jobs[0].append_only = false;
  first_night(night);
  REQUIRE(night.run().outcome == ExitCode::done);
  const Files before = night.server.files();
  night.server.change(account(DropBox::strict));
  night.server.forget_calls();
  night.profile.jobs[0].append_only = true;
  CHECK(night.plan().empty());
  second_night(night);
  REQUIRE(night.run().outcome == ExitCode::done);
  for (const auto& [name, content] : before) CHECK(night.server.file(name) == content);
  must_be_whole(night);
}

TEST_CASE("an append-only job that holds files is not turned back into a mirror") {
  Vault night;
  night.write("a", "a");
  night.profile.jobs[0].append_only = false;
  night.server.change({});
  night.remove("a");
  REQUIRE(night.run().outcome == ExitCode::done);
  night.profile.jobs[0].append_only = true;
  REQUIRE(night.run().outcome == ExitCode::done);
  night.profile.jobs[0].append_only = false;
  REQUIRE(night.run().outcome == ExitCode::done);  // nothing was stored so
  night.profile.jobs[0].append_only = true;
  night.write("a", "a");
  REQUIRE(night.run().outcome == ExitCode::done);
  night.profile.jobs[0].append_only = false;
  const auto refusal = [](const auto& attempt) {
    try {
      attempt();
    } catch (const Error& error) {
      return std::string(error.what()) + " | " + error.advice();
    }
    return std::string();
  };
  const std::string told = refusal([&] { night.run(); });
  CHECK(told.find("was append-only") != std::string::npos);
  CHECK(told.find("new name and a new target") != std::string::npos);
  CHECK(refusal([&] { night.plan(); }) == told);
}

TEST_CASE("a lost state of an append-only remote comes back from the last manifest that is whole") {
  Vault night;
  night.profile.catalog = true;
  first_night(night);
  REQUIRE(night.run().outcome == ExitCode::done);
  second_night(night);
  REQUIRE(night.run().outcome == ExitCode::done);
  night.write("edit", "third");
  REQUIRE(night.run().outcome == ExitCode::done);
  CHECK(night.trespasses() == 0);
  std::vector<std::string> manifests;
  for (const auto& [name, content] : night.server.files())
    if (name.starts_with(".outhaul/catalog/manifest-")) manifests.push_back(name);
  REQUIRE(manifests.size() == 3);
  CHECK(night.server.file(".outhaul/README-append-only.txt").has_value());
  const Files third = night.tree();
  const bool cut_off = GENERATE(false, true);
  if (cut_off) {
    const std::string half = night.server.file(manifests.back())->substr(0, 40);
    night.server.put_file(manifests.back(), half);
  }
  fs::rename(night.state_dir(), night.state_root() / "lost");
  const RecoverReport report = recover_profile(night.profile, {night.state_root(),
                                                               night.events,
                                                               night.clock,
                                                               night.cancel,
                                                               night.open_remote,
                                                               {},
                                                               night.connections});
  CHECK(report.run == RunId{cut_off ? 2 : 3});
  CHECK(report.problems.size() == (cut_off ? 1 : 0));
  CHECK(night.tree_at(RunId{1}) == kFirst);
  if (!cut_off) CHECK(night.tree() == third);
  // Run numbers begin anew after the last that is known: their names must not.
  const Files before = night.server.files();
  night.clock.ahead_ns += 2'000'000'000;
  night.write("after", "the disaster");
  REQUIRE(night.run().outcome == ExitCode::done);
  for (const auto& [name, content] : before) CHECK(night.server.file(name) == content);
  CHECK(night.tree() == night.source_files());
  CHECK(night.trespasses() == 0);
}

TEST_CASE("a state that was lost for good gives no name again") {
  Vault night;
  first_night(night);
  REQUIRE(night.run().outcome == ExitCode::done);
  const Files before = night.server.files();
  fs::rename(night.state_dir(), night.state_root() / "lost");
  night.clock.ahead_ns += 2'000'000'000;
  REQUIRE(night.run().outcome == ExitCode::done);
  for (const auto& [name, content] : before) CHECK(night.server.file(name) == content);
  CHECK(night.server.files().size() == 2 * before.size());
}

TEST_CASE("an increment's name sorts by run and is its own") {
  const RemotePath target = RemotePath::parse("a/b");
  CHECK(increment_dir(target, RunId{12}, 1'700'000'000'999'999'999).wire() ==
        "a/b/run-000012-20231114T221320Z");
  CHECK(increment_dir({}, RunId{1}, -1, 3).wire() == "run-000001-19691231T235959Z.3");
}
