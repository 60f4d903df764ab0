// The copy of the state on the remote, night after night, and the way back from it.
#include <filesystem>

#include "catalog/manifest.h"
#include "job/queries.h"
#include "job/recover.h"
#include "nightly.h"
#include "state/sqlite.h"
#include "state/state.h"
#include "support/catch.h"

using namespace outhaul;
using namespace outhaul::test;
namespace fs = std::filesystem;

namespace {

class Catalogued : public Nightly {
 public:
  explicit Catalogued(FakeOptions options = {}) : Nightly(options) {
    profile.catalog = profile.claims_remote = true;
    write("a", "one");
    write("d/b", "two");
  }

  Manifest manifest() const {
    const auto text = server.file(".outhaul/catalog/manifest.json");
    REQUIRE(text);
    return parse_manifest(*text);
  }

  /// Of the newest generation.
  std::size_t changes() const { return manifest().generations.front().files.size() - 1; }

  void lose_state() { fs::rename(state_dir(), state_root() / "lost"); }

  RecoverReport recover() {
    return recover_profile(profile, {state_root(), events, clock, cancel, open_remote, {}, connections});
  }

  Error refused() {
    try {
      recover();
    } catch (const Error& error) {
      return error;
    }
    FAIL("it was recovered");
    return Error(ErrorKind::internal, "");
  }

  /// As often as it is tried.
  void refuse_one_upload() {
    server.set_faults([refused = std::string()](const FakeCall& call) mutable -> std::optional<Fault> {
      if (call.point != FakePoint::put_start || !call.what.starts_with("PUT .outhaul/parts/"))
        return std::nullopt;
      if (refused.empty()) refused = call.what;
      if (refused != call.what) return std::nullopt;
      return Fault{Fault::Effect::refused, FailureClass::skip_file, 550};
    });
  }

  /// Of every file that the state calls live.
  std::set<std::string> known() const {
    const State state = State::open(state_dir(), profile.name, State::Open::read_only);
    std::set<std::string> paths;
    const auto job = state.find_job("data");
    if (!job) return paths;
    const auto entries = state.entries(*job);
    for (Entry entry; entries->next(entry);)
      if (entry.object != kNoObject) paths.insert(entry.path.bytes());
    return paths;
  }
};

}  // namespace

TEST_CASE("the first run gives the remote a base and later ones what changed") {
  Catalogued night;
  CHECK(night.run().outcome == ExitCode::done);
  CHECK(night.manifest().generations.size() == 1);
  CHECK(night.changes() == 0);
  CHECK(night.server.file(".outhaul/README.txt")->find("without outhaul") != std::string::npos);
  night.write("c", "three");
  CHECK(night.run().outcome == ExitCode::done);
  CHECK(night.changes() == 1);
  night.remove("a");
  CHECK(night.run().outcome == ExitCode::done);
  CHECK(night.changes() == 2);
  for (const auto& [name, content] : night.server.files()) CHECK_FALSE(name.ends_with(".part"));
}

TEST_CASE("a run that changed nothing has nothing to say to the remote") {
  Catalogued night;
  night.run();
  night.run();  // the directories' times, which the first run's own files moved
  const int opened = night.remotes_opened;
  CHECK(night.run().outcome == ExitCode::done);
  CHECK(night.remotes_opened == opened);
}

TEST_CASE("a lost state is as it was after the last run and the next run sends nothing") {
  Catalogued night;
  night.run();
  night.write("c", "three");
  night.rename("d/b", "d/moved");
  night.run();
  const std::set<std::string> before = night.known();
  CHECK(before == std::set<std::string>{"a", "c", "d/moved"});
  night.lose_state();
  const RecoverReport report = night.recover();
  CHECK(report.outcome == ExitCode::done);
  CHECK(report.problems.empty());
  CHECK(static_cast<std::int64_t>(report.run) == 2);
  CHECK(report.files == 3);
  CHECK(report.changes == 1);
  CHECK(night.known() == before);
  night.write("e", "five");
  const RunReport after = night.run();
  CHECK(after.outcome == ExitCode::done);
  CHECK(after.jobs.front().done.files_uploaded == 1);
  CHECK(night.stored() == night.expected());
  CHECK(night.manifest().generations.front().number == 2);  // the new state begins a generation of its own
  CHECK(night.manifest().generations.size() == 2);
}

TEST_CASE(
    "a run that is cut off while it stores the catalog has stored its files and the next one catches up") {
  for (std::uint64_t nth = 1;; ++nth) {
    Catalogued night;
    night.run();
    night.write("c", "three");
    const std::uint64_t before = night.server.moments();
    night.server.fail_nth(nth, {Fault::Effect::refused, FailureClass::stop_job, 550});
    const RunReport report = night.run();
    INFO("refusal at moment " << nth << " of " << night.server.moments() - before);
    night.server.set_faults({});
    CHECK((report.outcome == ExitCode::done) == night.events.problems().empty());
    night.run();
    CHECK(night.stored() == night.expected());
    night.lose_state();
    CHECK(night.recover().outcome == ExitCode::done);
    CHECK(night.known() == std::set<std::string>{"a", "c", "d/b"});
    if (night.server.moments() - before < nth) break;
  }
}

TEST_CASE("a catalog that can not be stored makes a run incomplete and says so") {
  Catalogued night;
  night.run();
  night.write("c", "three");
  night.server.set_faults([](const FakeCall& call) -> std::optional<Fault> {
    if (call.point != FakePoint::put_start || call.what.find("catalog") == std::string::npos)
      return std::nullopt;
    return Fault{Fault::Effect::refused, FailureClass::no_space, 552};
  });
  const RunReport report = night.run();
  CHECK(report.outcome == ExitCode::incomplete);
  CHECK(report.message.find("the catalog is not") != std::string::npos);
  CHECK(report.jobs.front().outcome == ExitCode::done);
  const State state = State::open(night.state_dir(), night.profile.name, State::Open::read_only);
  CHECK(state.runs(1).front().outcome == ExitCode::incomplete);
}

TEST_CASE("nothing is called stored for the catalog's sake when a file was not") {
  Catalogued night;
  night.run();
  night.write("c", "three");
  night.server.set_faults([](const FakeCall& call) -> std::optional<Fault> {
    const bool catalog = call.point == FakePoint::put_start && call.what.find("catalog") != std::string::npos;
    const bool file = call.point == FakePoint::command && call.what.find("RNTO") != std::string::npos;
    if (!catalog && !file) return std::nullopt;
    return Fault{Fault::Effect::refused, catalog ? FailureClass::stop_job : FailureClass::skip_file, 553};
  });
  const RunReport report = night.run();
  CHECK(report.outcome == ExitCode::incomplete);
  CHECK(night.events.problems().find("the catalog could not be stored either") != std::string::npos);
  CHECK(night.events.problems().find("the files are stored") == std::string::npos);
}

TEST_CASE("a base that was cut off is gone on with by the next run") {
  Catalogued night;
  int sent = 0;
  night.server.set_faults([&](const FakeCall& call) -> std::optional<Fault> {
    if (call.point != FakePoint::put_middle || call.what.find("base") == std::string::npos)
      return std::nullopt;
    return ++sent > 1 ? std::nullopt : std::optional(Fault{Fault::Effect::lost, FailureClass::stop_job, 0});
  });
  CHECK(night.run().outcome == ExitCode::incomplete);
  night.write("c", "three");
  CHECK(night.run().outcome == ExitCode::done);
  CHECK(night.manifest().generations.front().number == 1);
  night.write("e", "five");
  night.run();
  night.lose_state();
  CHECK(night.recover().outcome == ExitCode::done);
  CHECK(night.known() == std::set<std::string>{"a", "c", "d/b", "e"});
}

TEST_CASE("two generations are kept and what is older leaves the remote") {
  Catalogued night;
  for (int generation = 1; generation <= 4; ++generation) {
    night.write("f" + std::to_string(generation), "x");
    night.run();
    State state = State::open(night.state_dir(), night.profile.name, State::Open::must_exist);
    state.renew_catalog_base();  // as if its changes had outgrown it
  }
  night.write("last", "x");
  night.run();
  const Manifest manifest = night.manifest();
  REQUIRE(manifest.generations.size() == 2);
  std::set<std::string> named{".outhaul/catalog/manifest.json"};
  for (const Generation& generation : manifest.generations)
    for (const CatalogFile& file : generation.files) named.insert(file.name.wire());
  std::set<std::string> there;
  for (const auto& [name, content] : night.server.files())
    if (name.starts_with(".outhaul/catalog/")) there.insert(name);
  CHECK(there == named);
}

TEST_CASE("verify proves the catalog and what is wrong with it is mended by the next run") {
  struct Case {
    const char* what;
    VerifyFinding::Kind kind;
  };
  using Kind = VerifyFinding::Kind;
  const auto [what, kind] =
      GENERATE(Case{"missing base", Kind::missing}, Case{"missing changes", Kind::missing},
               Case{"short base", Kind::size_differs}, Case{"rotten base", Kind::content_differs},
               Case{"rotten changes", Kind::content_differs}, Case{"missing manifest", Kind::missing},
               Case{"rotten manifest", Kind::content_differs}, Case{"old manifest", Kind::content_differs},
               Case{"another's manifest", Kind::content_differs});
  CAPTURE(what);
  Catalogued night;
  night.run();
  const std::string first_manifest = *night.server.file(".outhaul/catalog/manifest.json");
  night.write("c", "three");
  night.run();
  VerifyChoices reading;
  reading.read = ReadChoice{ReadChoice::How::all, 100, 0};
  {
    const VerifyReport sound = night.verify(reading);
    CHECK(sound.outcome == ExitCode::done);
    CHECK(sound.counts.catalog == 3);
    CHECK(sound.counts.catalog_wrong == 0);
  }
  const std::string_view words = what;
  const bool is_manifest = words.ends_with("manifest");
  const std::string name =
      is_manifest
          ? ".outhaul/catalog/manifest.json"
          : night.manifest().generations.front().files.at(words.ends_with("base") ? 0 : 1).name.wire();
  std::string content = *night.server.file(name);
  if (words.starts_with("missing")) {
    night.server.remove(name);
  } else if (words.starts_with("short")) {
    night.server.put_file(name, content.substr(0, content.size() / 2));
  } else if (words.starts_with("old")) {
    night.server.put_file(name, first_manifest);
  } else if (words.starts_with("another")) {
    Manifest others = night.manifest();
    others.state_id = std::string(32, 'f');
    night.server.put_file(name, to_json(others));
  } else {
    content[content.size() / 2] = static_cast<char>(content[content.size() / 2] ^ 0x55);
    night.server.put_file(name, content);
  }

  const VerifyReport report = GENERATE(false, true) ? night.verify(reading) : night.verify();
  CHECK(report.outcome == ExitCode::incomplete);
  CHECK(report.counts.catalog_wrong == 1);
  REQUIRE(report.findings.size() == 1);
  CHECK(report.findings.front().kind == kind);
  CHECK(report.findings.front().path.wire() == name);
  CHECK(report.recorded == 0);
  CHECK(night.run().outcome == ExitCode::done);
  CHECK(night.manifest().generations.front().number == (is_manifest ? 1 : 2));
  night.lose_state();
  CHECK(night.recover().outcome == ExitCode::done);
  CHECK(night.known() == std::set<std::string>{"a", "c", "d/b"});
}

TEST_CASE("verify leaves a catalog alone of which it can not tell") {
  Catalogued night;
  night.run();
  night.server.set_faults([](const FakeCall& call) -> std::optional<Fault> {
    if (call.what.find("catalog") == std::string::npos) return std::nullopt;
    return Fault{Fault::Effect::refused, FailureClass::stop_job, 553};
  });
  const VerifyReport report = night.verify();
  INFO(night.events.problems());
  CHECK(report.outcome != ExitCode::done);
  night.server.set_faults({});
  CHECK(night.verify().outcome == ExitCode::done);
  const int opened = night.remotes_opened;
  night.run();
  night.run();
  CHECK(night.manifest().generations.front().number == 1);
  CHECK(night.remotes_opened <= opened + 1);
}

TEST_CASE("a file of the catalog that can not be read is stored anew") {
  Catalogued night;
  night.run();
  const std::string_view name = GENERATE("base-", "manifest");
  night.server.set_faults([name](const FakeCall& call) -> std::optional<Fault> {
    if (!call.what.starts_with("GET ") || call.what.find(name) == std::string::npos) return std::nullopt;
    return Fault{Fault::Effect::refused, FailureClass::skip_file, 550};
  });
  VerifyChoices reading;
  reading.read = ReadChoice{ReadChoice::How::all, 100, 0};
  const VerifyReport report = night.verify(reading);
  INFO(night.events.problems());
  CHECK(report.outcome == ExitCode::incomplete);
  CHECK(report.counts.catalog_wrong == 1);
  CHECK(report.renews_catalog);
  night.server.set_faults({});
  CHECK(night.run().outcome == ExitCode::done);
  CHECK(night.manifest().generations.front().number == (name == "manifest" ? 1 : 2));
  CHECK(night.verify(reading).outcome == ExitCode::done);
}

TEST_CASE("a profile without a catalog has none to verify") {
  Catalogued night;
  night.profile.catalog = false;
  night.run();
  const VerifyReport report = night.verify();
  CHECK(report.outcome == ExitCode::done);
  CHECK(report.counts.catalog == 0);
}

TEST_CASE("a damaged catalog gives back what can be trusted and names the rest") {
  Catalogued night;
  night.run();
  night.write("c", "three");
  night.run();
  night.write("e", "five");
  night.run();
  const auto files = night.manifest().generations.front().files;
  REQUIRE(files.size() == 3);
  const auto damage = [&](std::size_t i) {
    std::string content = *night.server.file(files[i].name.wire());
    content[content.size() / 2] = static_cast<char>(content[content.size() / 2] ^ 1);
    night.server.put_file(files[i].name.wire(), content);
  };
  night.lose_state();
  SECTION("the last changes are damaged") {
    damage(2);
    const RecoverReport report = night.recover();
    CHECK(report.outcome == ExitCode::incomplete);
    CHECK(static_cast<std::int64_t>(report.run) == 2);
    REQUIRE_FALSE(report.problems.empty());
    CHECK(report.problems.front().message.find("run 3") != std::string::npos);
    CHECK(night.known() == std::set<std::string>{"a", "c", "d/b"});
    CHECK(night.run().outcome == ExitCode::done);  // what is unknown is sent again
    CHECK(night.stored() == night.expected());
  }
  SECTION("changes in between are gone") {
    night.server.remove(files[1].name.wire());
    CHECK(night.recover().outcome == ExitCode::incomplete);
    CHECK(night.known() == std::set<std::string>{"a", "d/b"});
  }
  SECTION("the only base is damaged") {
    damage(0);
    const Error error = night.refused();
    CHECK(error.kind() == ErrorKind::state);
    CHECK(error.advice().find("adopt") != std::string::npos);
    CHECK_FALSE(has_state(night.state_dir()));
  }
  SECTION("the manifest is cut short or gone") {
    const auto manifest = *night.server.file(".outhaul/catalog/manifest.json");
    const bool gone = GENERATE(false, true);
    if (gone)
      night.server.remove(".outhaul/catalog/manifest.json");
    else
      night.server.put_file(".outhaul/catalog/manifest.json", manifest.substr(0, manifest.size() / 2));
    const RecoverReport report = night.recover();
    CHECK(report.outcome == ExitCode::incomplete);
    CHECK(report.changes == 2);
    CHECK(static_cast<std::int64_t>(report.run) == 3);
    CHECK(report.written_by.empty());
    REQUIRE(report.problems.size() == 2);
    CHECK(report.problems.front().message.find("a later run, if there was one, stored") != std::string::npos);
    CHECK(report.problems.back().message.find("manifest") != std::string::npos);
    CHECK(night.known() == std::set<std::string>{"a", "c", "d/b", "e"});
    CHECK(night.state().gap());  // nobody knows whether that is all
    CHECK(night.restore().outcome == ExitCode::incomplete);
    night.write("f", "six");
    const RunReport after = night.run();
    CHECK(after.outcome == ExitCode::done);
    CHECK(after.jobs.front().done.files_uploaded == 1);
    CHECK_FALSE(night.state().gap());
    CHECK(night.manifest().generations.front().number == 2);
    CHECK(night.verify().outcome == ExitCode::done);
  }
}

TEST_CASE("the generation before is taken where the newest can not be read") {
  Catalogued night;
  night.run();
  {
    State state = State::open(night.state_dir(), night.profile.name, State::Open::must_exist);
    state.renew_catalog_base();
  }
  night.write("c", "three");
  night.run();
  const Manifest manifest = night.manifest();
  REQUIRE(manifest.generations.size() == 2);
  night.server.put_file(manifest.generations.front().files.front().name.wire(), "zeros");
  night.lose_state();
  const RecoverReport report = night.recover();
  CHECK(report.outcome == ExitCode::incomplete);
  CHECK(report.generation == manifest.generations.back().number);
  CHECK(night.known() == std::set<std::string>{"a", "d/b"});
  CHECK(night.state().gap());
}

TEST_CASE("a state that ends before the newest run is loud until a run has ended with done") {
  Catalogued night;
  night.run();
  night.write("c", "three");
  night.run();
  night.write("e", "five");
  night.run();
  const auto files = night.manifest().generations.front().files;
  night.server.put_file(files.at(1).name.wire(), "zeros");
  night.lose_state();
  const RecoverReport report = night.recover();
  CHECK(report.outcome == ExitCode::incomplete);
  CHECK(static_cast<std::int64_t>(report.run) == 1);
  CHECK(static_cast<std::int64_t>(report.newest_run) == 3);
  REQUIRE_FALSE(report.problems.empty());
  CHECK(report.problems.front().message.find("NOT COMPLETE") != std::string::npos);
  CHECK(report.problems.front().message.find("What runs 2 to 3") != std::string::npos);
  CHECK(report.problems.front().advice.find("outhaul verify") != std::string::npos);

  const auto status = [&] {
    return status_of(night.profile, night.state_dir(), std::chrono::hours(26), night.clock.now_ns());
  };
  const RestoreReport restored = night.restore();
  CHECK(restored.outcome == ExitCode::incomplete);
  CHECK(night.events.problems().find("what runs 2 to 3 stored is unknown") != std::string::npos);
  CHECK(fs::exists(night.beside("back") / "a"));
  {
    RestoreOptions known;
    known.at = "1";
    known.to = night.beside("known");
    CHECK(night.restore(known).outcome == ExitCode::done);
    RestoreOptions lost;
    lost.at = "3";
    lost.to = night.beside("lost");
    CHECK(night.restore(lost).outcome == ExitCode::incomplete);
  }
  CHECK_FALSE(status().healthy);
  CHECK(status().verdict.find("damaged catalog") != std::string::npos);

  SECTION("a run that ends with done ends that") {
    const RunReport run = night.run();
    CHECK(run.outcome == ExitCode::done);
    CHECK(static_cast<std::int64_t>(run.run) == 4);
    RestoreOptions again;
    again.to = night.beside("again");
    CHECK(night.restore(again).outcome == ExitCode::done);
    CHECK(status().healthy);
  }
  SECTION("a run that ends otherwise does not, and another recovery knows it") {
    night.server.set_faults([](const FakeCall& call) -> std::optional<Fault> {
      if (call.point != FakePoint::put_start || !call.what.starts_with("PUT .outhaul/parts/"))
        return std::nullopt;
      return Fault{Fault::Effect::refused, FailureClass::skip_file, 550};
    });
    CHECK(night.run().outcome == ExitCode::incomplete);
    night.server.set_faults({});
    CHECK(night.state().gap());
    CHECK_FALSE(status().healthy);
    fs::remove_all(night.state_dir());
    CHECK(night.recover().outcome == ExitCode::incomplete);
    CHECK(night.state().gap()->known_run == RunId{1});
    RestoreOptions again;
    again.to = night.beside("again");
    CHECK(night.restore(again).outcome == ExitCode::incomplete);
  }
}

TEST_CASE("an upload that was refused while a base was written costs no later night") {
  Catalogued night;
  night.profile.remote.connections = 1;
  night.refuse_one_upload();
  CHECK(night.run().outcome == ExitCode::incomplete);
  CHECK(night.changes() == 0);
  night.server.set_faults({});
  CHECK(night.run().outcome == ExitCode::done);
  for (const char* file : {"n1", "n2", "n3"}) {
    night.write(file, file);
    CHECK(night.run().outcome == ExitCode::done);
  }
  CHECK(night.verify().outcome == ExitCode::done);
  night.lose_state();
  const RecoverReport report = night.recover();
  CHECK(report.outcome == ExitCode::done);
  CHECK(static_cast<std::int64_t>(report.run) == 5);
  CHECK(night.known() == std::set<std::string>{"a", "d/b", "n1", "n2", "n3"});
  CHECK(night.restore().outcome == ExitCode::done);
}

TEST_CASE("a second generation follows on so many changes and can be recovered again and again") {
  Catalogued night;
  night.run();
  night.let_the_catalog_be("nothing but the end of 260 nights is looked at");
  for (int i = 0; i < 260; ++i) {
    night.write("f", std::to_string(i));
    if (i >= 253) {  // an upload that stands open when the second base is written
      night.write("g" + std::to_string(i), "x");
      night.refuse_one_upload();
    }
    REQUIRE(night.run().outcome == (i < 253 ? ExitCode::done : ExitCode::incomplete));
  }
  night.server.set_faults({});
  CHECK(night.run().outcome == ExitCode::done);
  CHECK(night.manifest().generations.front().number == 2);
  CHECK(night.changes() > 1);
  for (int times = 0; times < 2; ++times) {
    fs::remove_all(night.state_dir());
    CHECK(night.recover().outcome == ExitCode::done);
    CHECK(night.known().size() == 10);
    night.write("after" + std::to_string(times), "x");
    CHECK(night.run().outcome == ExitCode::done);
    night.remove("after" + std::to_string(times));
    CHECK(night.run().outcome == ExitCode::done);
  }
  CHECK(night.manifest().generations.front().number == 4);
}

TEST_CASE("a chain that no longer gives the state is found by verify and by the next run") {
  Catalogued night;
  night.run();
  night.write("c", "three");
  night.run();
  const bool proven_before = GENERATE(false, true);  // then it is only read back
  if (proven_before) REQUIRE(night.verify().outcome == ExitCode::done);
  {
    sqlite::Database db(night.state_dir() / "state.db", sqlite::Access::read_write);
    db.exec("UPDATE run SET message = 'by hand' WHERE id = 1");  // nobody recorded that
  }
  const bool verified = GENERATE(false, true);
  if (verified) {
    const VerifyReport report = night.verify();
    CHECK(report.outcome == ExitCode::incomplete);
    REQUIRE(report.findings.size() == 1);
    CHECK(report.findings.front().message.find("would not give this state") != std::string::npos);
    CHECK(report.renews_catalog);
  }
  night.write("e", "five");
  CHECK(night.run().outcome == ExitCode::done);
  CHECK(night.manifest().generations.front().number == 2);
  if (!verified) CHECK(night.events.problems().find("a new base was stored instead") != std::string::npos);
  CHECK(night.verify().outcome == ExitCode::done);
}

TEST_CASE("a profile of which nothing was ever stored has nothing to restore and says so") {
  Catalogued night;
  night.server.set_faults([](const FakeCall& call) -> std::optional<Fault> {
    if (call.point != FakePoint::connect) return std::nullopt;
    return Fault{Fault::Effect::refused, FailureClass::stop_run, 530};
  });
  CHECK(night.run().outcome == ExitCode::remote_unusable);
  RestoreOptions options;
  options.dry_run = GENERATE(false, true);
  CHECK(night.restore(options).outcome == ExitCode::failed);
  CHECK(night.events.problems().find("nothing was ever stored") != std::string::npos);
  CHECK_THROWS_AS(list_entries(night.profile, night.state_dir(), {{&night.profile.jobs.front(), {}}},
                               parse_when("latest", 0), [](LsRow&&) {}),
                  Error);
}

TEST_CASE("what comes back before any run has ended is not said to be everything") {
  Catalogued night;
  night.server.set_faults([](const FakeCall& call) -> std::optional<Fault> {
    if (call.point != FakePoint::put_start || !call.what.starts_with("PUT .outhaul/parts/"))
      return std::nullopt;
    return Fault{Fault::Effect::refused, FailureClass::stop_job, 553};
  });
  CHECK(night.run().outcome != ExitCode::done);
  night.server.set_faults({});
  CHECK(night.restore().outcome == ExitCode::incomplete);
  CHECK(night.events.problems().find("no run has brought this job to its end") != std::string::npos);
}

TEST_CASE("a source that was empty gives an empty tree back") {
  Catalogued night;
  night.remove("a");
  night.remove("d");
  CHECK(night.run().outcome == ExitCode::done);
  CHECK(night.restore().outcome == ExitCode::done);
}

TEST_CASE("a recovered state is compared with the remote and what can not be proven is named") {
  Catalogued night;
  night.run();
  night.lose_state();
  SECTION("everything is there") {
    const RecoverReport report = night.recover();
    CHECK(report.outcome == ExitCode::done);
    CHECK(report.check.complete);
    CHECK(report.check.objects == 2);
    CHECK(report.check.proven == 2);
    CHECK(report.check.foreign == 0);
  }
  SECTION("a file is gone and another one has a new size") {
    night.server.remove("t/a");
    night.server.put_file("t/d/b", "longer than it was");
    night.server.put_file("t/strange", "x");
    const RecoverReport report = night.recover();
    CHECK(report.outcome == ExitCode::incomplete);
    CHECK(report.check.complete);
    CHECK(report.check.wrong == 2);
    CHECK(report.check.proven == 0);
    CHECK(report.check.foreign == 1);
    std::set<std::string> named;
    for (const Problem& problem : report.problems) named.insert(problem.path);
    CHECK(named == std::set<std::string>{"", "t/a", "t/d/b"});
    CHECK(night.known() == std::set<std::string>{"a", "d/b"});  // it is told, not acted on
    CHECK(night.verify().outcome == ExitCode::incomplete);
    CHECK(night.run().outcome == ExitCode::done);
    CHECK(night.server.file("t/a") == "one");
    CHECK(night.server.file("t/d/b") == "two");
  }
  SECTION("the remote is lost meanwhile") {
    night.server.set_faults([&](const FakeCall& call) -> std::optional<Fault> {
      if (call.what != "LIST t") return std::nullopt;
      return Fault{Fault::Effect::refused, FailureClass::stop_run, 421};
    });
    const RecoverReport report = night.recover();
    CHECK(report.outcome == ExitCode::incomplete);
    CHECK_FALSE(report.check.complete);
    CHECK(night.known() == std::set<std::string>{"a", "d/b"});
  }
}

TEST_CASE("recover refuses what it must not touch") {
  Catalogued night;
  SECTION("there is a state") {
    night.run();
    const Error error = night.refused();
    CHECK(error.kind() == ErrorKind::usage);
    CHECK(error.advice().find("move its directory away") != std::string::npos);
  }
  SECTION("there is no catalog") {
    CHECK(std::string(night.refused().what()).find("no catalog") != std::string::npos);
    CHECK_FALSE(has_state(night.state_dir()));
  }
  SECTION("it is another profile's") {
    night.run();
    night.lose_state();
    night.profile.name = "other";
    CHECK(std::string(night.refused().what()).find("profile \"nightly\"") != std::string::npos);
    CHECK_FALSE(has_state(night.state_dir()));
  }
}

TEST_CASE("a profile that wants no catalog has none") {
  Catalogued night;
  night.profile.catalog = false;
  CHECK(night.run().outcome == ExitCode::done);
  for (const auto& [name, content] : night.server.files()) CHECK(name.find("catalog") == std::string::npos);
}

TEST_CASE("a job that the recovered state does not know is said and one that the profile has not too") {
  Catalogued night;
  night.run();
  night.lose_state();
  night.profile.jobs.front().name = "renamed";
  const RecoverReport report = night.recover();
  CHECK(report.outcome == ExitCode::done);
  REQUIRE(report.problems.size() == 2);
  CHECK(report.problems[0].job == "renamed");
  CHECK(report.problems[1].job == "data");
}

TEST_CASE("verify says when the catalog on the remote ends before the newest run") {
  Catalogued night;
  const bool has_one = GENERATE(false, true);
  CAPTURE(has_one);
  night.write("early", "early");
  if (has_one) REQUIRE(night.run().outcome == ExitCode::done);
  night.write("late", "late");
  night.server.set_faults([](const FakeCall& call) -> std::optional<Fault> {
    if (call.what.find(".outhaul/catalog/") == std::string::npos) return std::nullopt;
    return Fault{Fault::Effect::refused, FailureClass::skip_file, 550};
  });
  CHECK(night.run().outcome == ExitCode::incomplete);
  night.server.set_faults({});
  const VerifyReport behind = night.verify();
  CHECK(behind.outcome == ExitCode::incomplete);
  REQUIRE(behind.findings.size() == 1);
  CHECK(behind.findings.front().message.find("a recovery would") != std::string::npos);
  CHECK(night.run().outcome == ExitCode::done);
  CHECK(night.verify().outcome == ExitCode::done);
}
