// kill -9 and power cuts: the process dies before or after the n-th remote operation. The remote is a
// directory on disk, so that it outlives the process.
#include "fused_remote.h"
#include "nightly.h"
#include "outhaul/names.h"
#include "state/state.h"
#include "support/catch.h"
#include "support/sweep.h"

using namespace outhaul;
using namespace outhaul::test;

namespace {

void first_night(Nightly& night) {
  night.write("keep", "k");
  night.write("edit", "before");
  night.write("same-size", "AAAA");
  night.write("move/me", "moving");
  night.write("drop", "1");
  night.write("was-file", "f");
}

void edit(Nightly& night) {
  night.write("edit", "after, longer");
  night.write("same-size", "BBBB");
  night.rename("move/me", "moved/here");
  night.remove("drop");
  night.write("new/file", std::string(300'000, 'n'));
  night.remove("was-file");
  night.write("was-file/inside", "i");
}

/// Kills the second night around each operation, `after` it or before it.
void sweep_kills(bool after, int connections, OnRemoval on_removal) {
  bool died = true;
  for (Moments moments; died; moments.next()) {
    const std::uint64_t n = moments.now();
    REQUIRE(n < 300);
    Nightly night;
    night.have_no_catalog("every file on the disk is looked at; nights_test.cc kills runs that have one");
    night.profile.remote.connections = connections;
    night.profile.jobs[0].on_removal = on_removal;
    const TempDir disk;
    first_night(night);
    REQUIRE_FALSE(dies(night, disk.path(), {}));
    edit(night);
    const auto old = files_below(disk.path());
    died = dies(night, disk.path(), {n, after});
    INFO("operation " << n << (after ? ", after it" : ", before it"));

    const auto now = files_below(disk.path());
    CHECK(now.at("t/keep") == "k");
    const auto expected = night.expected();
    for (const auto& [name, content] : now) {
      if (name.starts_with(kControlDir)) continue;
      const bool whole = (old.contains(name) && old.at(name) == content) ||
                         (expected.contains(name) && expected.at(name) == content);
      INFO(name);
      CHECK(whole);  // no half-written file under a name that a restore would pick up
    }
    REQUIRE_FALSE(dies(night, disk.path(), {}));
    auto final_files = files_below(disk.path());
    if (on_removal == OnRemoval::retire) {
      std::map<std::string, std::string> first;
      for (const auto& [path, name] : night.names_at(RunId{1})) first["t/" + path] = final_files[name];
      CHECK(first == old);
      std::erase_if(final_files, [](const auto& file) { return file.first.starts_with(kVersionsDir); });
    }
    CHECK(final_files == expected);  // no part is left either
    CHECK(night.ledger() == 0);
    CHECK(night.plan().empty());
  }
}

}  // namespace

TEST_CASE("kill -9 before any remote operation costs nothing but what was in flight") {
  sweep_kills(false, GENERATE(1, 3), GENERATE(OnRemoval::remove, OnRemoval::retire));
}

TEST_CASE("kill -9 after any remote operation costs nothing but what was in flight") {
  sweep_kills(true, GENERATE(1, 3), GENERATE(OnRemoval::remove, OnRemoval::retire));
}

TEST_CASE("kill -9 around any remote operation of an append-only job leaves every night whole") {
  const bool after = GENERATE(false, true);
  bool died = true;
  for (Moments moments; died; moments.next()) {
    const std::uint64_t n = moments.now();
    REQUIRE(n < 300);
    Nightly night;
    night.profile.jobs[0].append_only = true;
    night.profile.jobs[0].on_removal = OnRemoval::retire;
    const TempDir disk;
    first_night(night);
    std::map<std::string, std::string> first;
    for (const auto& [name, content] : night.expected()) first[name.substr(2)] = content;
    REQUIRE_FALSE(dies(night, disk.path(), {}));
    edit(night);
    const auto old = files_below(disk.path());
    died = dies(night, disk.path(), {n, after});
    INFO("operation " << n << (after ? ", after it" : ", before it"));
    REQUIRE_FALSE(dies(night, disk.path(), {}));
    const auto now = files_below(disk.path());
    for (const auto& [name, content] : old) CHECK(now.at(name) == content);
    std::map<std::string, std::string> tree_before, tree_after, source;
    for (const auto& [path, name] : night.names_at(RunId{1})) tree_before[path] = now.at(name);
    const RunId newest = night.state().runs(1).front().run;
    for (const auto& [path, name] : night.names_at(newest)) tree_after[path] = now.at(name);
    for (const auto& [name, content] : night.expected()) source[name.substr(2)] = content;
    CHECK(tree_before == first);
    CHECK(tree_after == source);
    CHECK(night.ledger() == 0);
    CHECK(night.plan().empty());
  }
}
