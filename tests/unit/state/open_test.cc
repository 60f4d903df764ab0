#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "fixture.h"
#include "state/schema.h"
#include "support/catch.h"

using namespace outhaul;
using namespace outhaul::test;
namespace fs = std::filesystem;

namespace {

mode_t mode_of(const fs::path& path) {
  struct stat status {};
  return ::stat(path.c_str(), &status) == 0 ? status.st_mode & 07777 : 0;
}

}  // namespace

TEST_CASE("a new state is private whatever the umask") {
  for (const mode_t mask : {mode_t{0}, mode_t{022}, mode_t{0777}}) {
    const TempDir tmp;
    CHECK(in_child([&]() -> std::string {
            ::umask(mask);
            State::open(tmp / "deep/er/state/", kProfile, State::Open::create_if_missing);
            return "made";
          }) == "made");
    CHECK(mode_of(tmp / "deep") == 0700);
    CHECK(mode_of(tmp / "deep/er/state") == 0700);
    CHECK(mode_of(tmp / "deep/er/state/state.db") == 0600);
  }
}

TEST_CASE("a directory that exists keeps its mode") {
  const TempDir tmp;
  fs::create_directory(tmp / "state");
  fs::permissions(tmp / "state", fs::perms(0750));
  State::open(tmp / "state", kProfile, State::Open::create_if_missing);
  CHECK(mode_of(tmp / "state") == 0750);
}

TEST_CASE("a state that was closed is one file and says what it is") {
  const TempDir tmp;
  State::open(tmp / "state", kProfile, State::Open::create_if_missing).begin_run(1);
  std::vector<std::string> names;
  for (const auto& item : fs::directory_iterator(tmp / "state")) names.push_back(item.path().filename());
  CHECK(names == std::vector<std::string>{"state.db"});
  const fs::path file = tmp / "state/state.db";
  CHECK(query(file, "PRAGMA application_id") == std::to_string(kApplicationId));
  CHECK(query(file, "PRAGMA user_version") == std::to_string(migrations().size()));
  CHECK(query(file, "PRAGMA journal_mode") == "wal");
  CHECK(query(file, "PRAGMA integrity_check") == "ok");
}

TEST_CASE("a name that is no plain text or looks like a parameter is a name like any other") {
  const TempDir tmp;
  for (const char* name : {"what?mode=memory", "50%25 off", "a#b", "caf\xE9 \n", "-x", "file:y"}) {
    const fs::path dir = tmp / name;
    State::open(dir, kProfile, State::Open::create_if_missing).begin_run(1);
    CHECK(fs::exists(dir / "state.db"));
    CHECK(State::open(dir, kProfile, State::Open::read_only).runs(9).size() == 1);
  }
}

TEST_CASE("a creation that was interrupted starts over") {
  const TempDir tmp;
  fs::create_directory(tmp / "state");
  for (const char* left : {"state.db.new", "state.db.new-wal", "state.db.new-journal", "state.db.new-shm"})
    write_file(tmp / "state" / left, "half of something");
  State::open(tmp / "state", kProfile, State::Open::create_if_missing).begin_run(1);
  CHECK(query(tmp / "state/state.db", "PRAGMA integrity_check") == "ok");
  CHECK_FALSE(fs::exists(tmp / "state/state.db.new"));
  CHECK_FALSE(fs::exists(tmp / "state/state.db.new-wal"));
}

TEST_CASE("a state that must exist is not made") {
  const TempDir tmp;
  for (const auto mode : {State::Open::must_exist, State::Open::read_only}) {
    const auto error = error_of([&] { State::open(tmp / "state", kProfile, mode); });
    REQUIRE(error);
    CHECK(error->kind() == ErrorKind::state);
    CHECK(std::string(error->what()).find("there is no state yet") != std::string::npos);
    CHECK(error->advice().find("outhaul run") != std::string::npos);
  }
  CHECK_FALSE(fs::exists(tmp / "state"));
}

TEST_CASE("a directory that can't be written is named") {
  const TempDir tmp;
  fs::create_directory(tmp / "locked");
  give_to(tmp / "locked", kNobody);
  fs::permissions(tmp / "locked", fs::perms(0500));
  for (const char* below : {"locked", "locked/new"}) {
    const std::string said = in_child(
        [&]() -> std::string {
          const auto error =
              error_of([&] { State::open(tmp / below, kProfile, State::Open::create_if_missing); });
          if (!error || error->kind() != ErrorKind::local_io || error->advice().empty())
            return "no such error";
          return error->what();
        },
        kNobody);
    CHECK(said.find((tmp / "locked").string()) != std::string::npos);
    CHECK(said.find("Permission denied") != std::string::npos);
  }
}

TEST_CASE("a file where the directory should be is named") {
  const TempDir tmp;
  write_file(tmp / "state", "");
  for (const char* below : {"state", "state/deeper"}) {
    const auto error = error_of([&] { State::open(tmp / below, kProfile, State::Open::create_if_missing); });
    REQUIRE(error);
    CHECK(error->kind() == ErrorKind::local_io);
    CHECK(std::string(error->what()).find("Not a directory") != std::string::npos);
  }
}

TEST_CASE("two processes that find no state make one") {
  for (int round = 0; round < 5; ++round) {
    const TempDir tmp;
    const auto open_and_run = [&]() -> std::string {
      State::open(tmp / "state", kProfile, State::Open::create_if_missing).begin_run(1);
      return "ran";
    };
    const std::string said = in_child([&]() -> std::string {
      const pid_t other = ::fork();
      if (other == 0) ::_exit(open_and_run() == "ran" ? 0 : 1);
      const std::string mine = open_and_run();
      int status = 1;
      return ::waitpid(other, &status, 0) == other && status == 0 ? mine : "the other failed";
    });
    CHECK(said == "ran");
    CHECK(State::open(tmp / "state", kProfile, State::Open::must_exist).runs(9).size() == 2);
  }
}
