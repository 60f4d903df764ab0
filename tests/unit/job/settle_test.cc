// What the next run makes of publications that a crash cut in two: nobody was told how the last command
// ended.
#include <fcntl.h>
#include <sys/stat.h>

#include "nightly.h"
#include "state/state.h"
#include "support/catch.h"

using namespace outhaul;
using namespace outhaul::test;

namespace {

/// The line dies with the first command whose text starts with `prefix`, and stays dead for the rest of the
/// run.
void die_at(Nightly& night, const std::string& prefix, Fault::Effect effect, std::size_t nth = 1) {
  night.profile.remote.retries = 0;
  night.profile.remote.connections = 1;
  auto left = std::make_shared<std::size_t>(nth);
  night.server.set_faults([=](const FakeCall& call) -> std::optional<Fault> {
    if (*left == 0) return Fault{Fault::Effect::refused, FailureClass::stop_run, 530};
    if (!call.what.starts_with(prefix) || --*left > 0) return std::nullopt;
    return Fault{effect, FailureClass::reconnect, 0};
  });
}

void recover(Nightly& night) {
  night.server.set_faults({});
  night.profile.remote.retries = 5;
}

/// Writes content and gives the file exactly these times, as a restore does.
void put_back(const Nightly& night, const std::string& path, const std::string& content,
              const struct stat& st) {
  write_file(night.source() / path, content);
  const timespec times[2] = {st.st_atim, st.st_mtim};
  REQUIRE(::utimensat(AT_FDCWD, (night.source() / path).c_str(), times, 0) == 0);
}

void must_be_whole(Nightly& night) {
  INFO(night.events.problems());
  CHECK(night.stored() == night.expected());
  CHECK(night.leftovers().empty());
  CHECK(night.ledger() == 0);
  CHECK(night.plan().empty());
}

}  // namespace

TEST_CASE("an edit whose rename was cut off and that is then taken back does not stay on the remote") {
  const auto compare = GENERATE(Compare::stat, Compare::mtime);
  Nightly night;
  night.profile.jobs[0].compare = compare;
  night.write("f", "AAAA");
  REQUIRE(night.run().outcome == ExitCode::done);
  struct stat before = {};
  REQUIRE(::stat((night.source() / "f").c_str(), &before) == 0);
  night.write("f", "BBBB");
  die_at(night, "RNFR .outhaul/parts/", Fault::Effect::lost_after);
  REQUIRE(night.run().outcome == ExitCode::remote_unusable);
  REQUIRE(night.server.file("t/f") == "BBBB");  // carried out, and nobody knows
  recover(night);
  put_back(night, "f", "AAAA", before);
  CHECK(night.run().outcome == ExitCode::done);
  must_be_whole(night);
}

TEST_CASE("a publication that was cut off before its rename is finished without sending the file again") {
  FakeOptions options;
  options.replaces = GENERATE(true, false);
  Nightly night(options);
  night.have_no_catalog("what is sent is counted");
  night.write("f", "before");
  REQUIRE(night.run().outcome == ExitCode::done);
  night.write("f", std::string(500'000, 'x'));
  die_at(night, "RNFR .outhaul/parts/", Fault::Effect::lost);
  REQUIRE(night.run().outcome == ExitCode::remote_unusable);
  const std::uint64_t sent = night.server.bytes_received();
  recover(night);
  CHECK(night.run().outcome == ExitCode::done);
  CHECK(night.server.bytes_received() == sent);
  must_be_whole(night);
}

TEST_CASE("a proven part that still can't be renamed is kept for the run that can") {
  Nightly night;
  night.have_no_catalog("what is sent is counted");
  night.write("d/f", std::string(500'000, 'x'));
  const auto refuse = [&] {
    night.server.set_faults([](const FakeCall& call) -> std::optional<Fault> {
      if (!call.what.starts_with("RNFR ")) return std::nullopt;
      return Fault{Fault::Effect::refused, FailureClass::skip_file, 550};
    });
  };
  refuse();
  REQUIRE(night.run().outcome == ExitCode::incomplete);
  CHECK(night.run().outcome == ExitCode::incomplete);
  const std::uint64_t sent = night.server.bytes_received();
  CHECK(sent < 600'000);
  recover(night);
  CHECK(night.run().outcome == ExitCode::done);
  CHECK(night.server.bytes_received() == sent);
  must_be_whole(night);
}

TEST_CASE("a foreign file of the same size is not taken for the upload that a crash cut off") {
  Nightly night;
  night.profile.safety.overwrite = true;
  night.server.put_file("t/f", "them");
  night.write("f", "ours");
  die_at(night, "RNFR .outhaul/parts/", Fault::Effect::lost);
  REQUIRE(night.run().outcome == ExitCode::remote_unusable);
  // The first attempt to mend it is cut off as well, wherever that is.
  for (std::size_t n = 1; n < 12; ++n) {
    std::uint64_t left = n;
    night.server.set_faults([&](const FakeCall&) -> std::optional<Fault> {
      if (left == 0) return Fault{Fault::Effect::refused, FailureClass::stop_run, 530};
      if (--left > 0) return std::nullopt;
      return Fault{Fault::Effect::lost_after, FailureClass::reconnect, 0};
    });
    night.profile.remote.retries = 0;
    const bool done = night.run().outcome == ExitCode::done;
    if (done) CHECK(night.server.file("t/f") == "ours");
  }
  recover(night);
  CHECK(night.run().outcome == ExitCode::done);
  CHECK(night.server.file("t/f") == "ours");
  must_be_whole(night);
}

TEST_CASE("pain 19: an old copy that stands aside is put back or replaced wherever the swap was cut") {
  const auto effect = GENERATE(Fault::Effect::lost, Fault::Effect::lost_after);
  const bool same_size = GENERATE(true, false);
  const bool taken_back = GENERATE(true, false);
  FakeOptions options;
  options.replaces = false;
  for (std::size_t n = 1; n <= 6; ++n) {
    INFO("rename " << n << (same_size ? ", same size" : "") << (taken_back ? ", taken back" : ""));
    Nightly night(options);
    night.write("f", "AAAA");
    REQUIRE(night.run().outcome == ExitCode::done);
    struct stat before = {};
    REQUIRE(::stat((night.source() / "f").c_str(), &before) == 0);
    night.write("f", same_size ? "BBBB" : "BBBBBB");
    die_at(night, "RNFR ", effect, n);
    night.run();
    recover(night);
    // At every instant one of the two is whole somewhere.
    std::size_t whole = 0;
    for (const auto& [name, content] : night.server.files())
      whole += content == "AAAA" || content.starts_with("BBBB");
    CHECK(whole >= 1);
    if (taken_back) put_back(night, "f", "AAAA", before);
    CHECK(night.run().outcome == ExitCode::done);
    must_be_whole(night);
  }
}

TEST_CASE("pain 19: an old copy that can't be put back stays in the ledger until it can") {
  FakeOptions options;
  options.replaces = false;
  Nightly night(options);
  night.write("f", "old");
  REQUIRE(night.run().outcome == ExitCode::done);
  night.write("f", "newer");
  // From the moment on at which the old one stands aside, every rename is refused.
  const auto refuse_renames = [&](std::size_t allowed) {
    auto left = std::make_shared<std::size_t>(allowed);
    night.server.set_faults([=](const FakeCall& call) -> std::optional<Fault> {
      if (!call.what.starts_with("RNFR ")) return std::nullopt;
      if (call.what.find("RNTO .outhaul/parts/") != std::string::npos) return std::nullopt;
      if (*left > 0) {
        --*left;
        return std::nullopt;
      }
      return Fault{Fault::Effect::refused, FailureClass::skip_file, 550};
    });
  };
  refuse_renames(0);
  CHECK(night.run().outcome == ExitCode::incomplete);
  REQUIRE_FALSE(night.server.file("t/f"));
  night.remove("f");
  night.write("g", "another");
  CHECK(night.run().outcome != ExitCode::done);  // and it says so
  bool kept = false;
  for (const auto& [name, content] : night.server.files()) kept = kept || content == "old";
  CHECK(kept);  // the only complete copy of it
  recover(night);
  CHECK(night.run().outcome == ExitCode::done);
  must_be_whole(night);
}

namespace {

namespace fs = std::filesystem;

/// A night whose removals reach the remote, and a directory that was stored.
void store_dir(Nightly& night) {
  night.profile.jobs[0].on_removal = OnRemoval::remove;
  night.write("anchor", "never touched");
  night.write("d/f", "ffff");
  night.write("d/sub/g", "gggg");
  REQUIRE(night.run().outcome == ExitCode::done);
}

void all_must_be_equal(Nightly& night) {
  must_be_whole(night);
  CHECK(night.stored_dirs() == night.expected_dirs());
}

}  // namespace

TEST_CASE("a directory that comes back after its removal was cut off is stored again") {
  // Moved as a whole, its files keep every time that they had: only the journal knows.
  const std::string step = GENERATE("DELE t/d/f", "DELE t/d/sub/g", "RMD t/d/sub", "RMD t/d");
  const auto effect = GENERATE(Fault::Effect::lost, Fault::Effect::lost_after);
  const int connections = GENERATE(1, 3);
  INFO(step << (effect == Fault::Effect::lost ? ", not carried out" : ", carried out"));
  Nightly night;
  night.profile.safety.max_delete = Limit{{}, 100};
  store_dir(night);
  const fs::path away = night.source().parent_path() / "away";
  fs::rename(night.source() / "d", away);
  die_at(night, step, effect);
  night.profile.remote.connections = connections;
  REQUIRE(night.run().outcome == ExitCode::remote_unusable);
  recover(night);
  fs::rename(away, night.source() / "d");
  CHECK(night.run().outcome == ExitCode::done);
  all_must_be_equal(night);
}

TEST_CASE("a move that was cut off is found out wherever the file is by then") {
  const auto effect = GENERATE(Fault::Effect::lost, Fault::Effect::lost_after);
  const std::string then = GENERATE("stays", "goes back", "goes on", "goes away", "is edited");
  INFO(then << (effect == Fault::Effect::lost ? ", not carried out" : ", carried out"));
  Nightly night;
  night.have_no_catalog("what is sent is counted");
  night.profile.safety.max_delete = Limit{{}, 100};
  store_dir(night);
  fs::rename(night.source() / "d", night.source() / "e");
  die_at(night, "RNFR t/d/f", effect);
  REQUIRE(night.run().outcome == ExitCode::remote_unusable);
  recover(night);
  if (then == "goes back") fs::rename(night.source() / "e", night.source() / "d");
  if (then == "goes on") fs::rename(night.source() / "e", night.source() / "third");
  if (then == "goes away") fs::remove_all(night.source() / "e");
  if (then == "is edited") night.write("e/f", "other");
  const std::uint64_t sent = night.server.bytes_received();
  CHECK(night.run().outcome == ExitCode::done);
  all_must_be_equal(night);
  if (then == "stays" || then == "goes on") CHECK(night.server.bytes_received() == sent);
}

TEST_CASE("a directory whose making was cut off does not stay when the source has lost it") {
  const auto effect = GENERATE(Fault::Effect::lost, Fault::Effect::lost_after);
  const bool lost = GENERATE(true, false);
  Nightly night;
  if (lost) night.let_the_catalog_be("what came and went again is in no file of it");
  store_dir(night);
  fs::create_directories(night.source() / "new/inner");
  die_at(night, "MKD t/new/inner", effect);
  REQUIRE(night.run().outcome == ExitCode::remote_unusable);
  recover(night);
  if (lost) fs::remove_all(night.source() / "new");
  CHECK(night.run().outcome == ExitCode::done);
  all_must_be_equal(night);
}

TEST_CASE(
    "a file of which a crash left nobody knows what goes from the remote when it goes from the source") {
  Nightly night;
  store_dir(night);
  night.write("d/f", "FFFF");  // the same size: nothing tells which of the two stands under the name
  die_at(night, "RNFR .outhaul/parts/", Fault::Effect::lost_after);
  REQUIRE(night.run().outcome == ExitCode::remote_unusable);
  recover(night);
  night.remove("d/f");
  CHECK(night.run().outcome == ExitCode::done);
  all_must_be_equal(night);
}

TEST_CASE("what a lost connection left in doubt is looked up before the next run of the same job only") {
  Nightly night;
  store_dir(night);
  night.remove("d/f");
  die_at(night, "DELE t/d/f", Fault::Effect::lost_after);
  REQUIRE(night.run().outcome == ExitCode::remote_unusable);
  recover(night);
  CHECK(night.run().outcome == ExitCode::done);
  night.server.forget_calls();
  CHECK(night.run().outcome == ExitCode::done);
  CHECK(night.server.calls().empty());  // the journal is empty again
}
