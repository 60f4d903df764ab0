#include <random>

#include "fixture.h"
#include "support/catch.h"

using namespace outhaul;
using namespace outhaul::test;
namespace fs = std::filesystem;

namespace {

constexpr auto kModes = {State::Open::create_if_missing, State::Open::must_exist, State::Open::read_only};

void overwrite(std::string& file, std::size_t at, std::string_view with) {
  for (const char byte : with) file.at(at++) = byte;
}

/// A closed state with a few thousand entries.
struct Closed {
  TempDir tmp;
  fs::path dir = tmp / "state", file = dir / "state.db";
  Closed() {
    State state = State::open(dir, kProfile, State::Open::create_if_missing);
    const JobId job = state.job("www", RemotePath::parse("www"));
    const RunId run = state.begin_run(1);
    Transaction tx = state.begin();
    for (int i = 0; i < 3000; ++i) state.record(job, run, directory_entry(numbered("some/directory/", i)));
    tx.commit();
  }
};

/// Every way of opening says `word`, of kind state, with advice, and changes no byte.
void check_refused(const Closed& closed, const std::string& word, std::string_view profile = kProfile) {
  const std::string before = read_file(closed.file);
  const fs::path wal = closed.file.string() + "-wal";
  const std::string log = fs::exists(wal) ? read_file(wal) : "";
  for (const auto mode : kModes) {
    const auto error = error_of([&] { State::open(closed.dir, profile, mode); });
    REQUIRE(error);
    INFO(error->what());
    CHECK(error->kind() == ErrorKind::state);
    CHECK(std::string(error->what()).find(word) != std::string::npos);
    CHECK(std::string(error->what()).find(closed.file.string()) != std::string::npos);
    CHECK(error->advice().find("kept as it is") != std::string::npos);
    CHECK(read_file(closed.file) == before);
    CHECK((fs::exists(wal) ? read_file(wal) : "") == log);
  }
}

std::string noise(std::size_t size) {
  std::mt19937 random(4711);
  std::string bytes(size, '\0');
  for (char& byte : bytes) byte = static_cast<char>(random());
  return bytes;
}

}  // namespace

TEST_CASE("a damaged state is named and kept and never rebuilt") {
  using Damage = std::function<void(std::string&)>;
  const std::pair<const char*, Damage> damages[] = {
      {"the file is empty", [](std::string& file) { file.clear(); }},
      {"cut off", [](std::string& file) { file.resize(60); }},
      {"damaged", [](std::string& file) { file.resize(100); }},
      {"damaged", [](std::string& file) { file.resize(5000); }},
      {"damaged", [](std::string& file) { file.resize(file.size() / 2); }},
      {"not a database", [](std::string& file) { file = noise(20'000); }},
      {"not a database", [](std::string& file) { overwrite(file, 3, "X"); }},
      {"impossible", [](std::string& file) { overwrite(file, 18, "\x07"); }},
      {"impossible", [](std::string& file) { overwrite(file, 21, "\x07"); }},
      {"damaged", [](std::string& file) { overwrite(file, 16, "\x03\x03"); }},
      {"damaged", [](std::string& file) { overwrite(file, 44, "\xFF\xFF\xFF\xFF"); }},
      {"damaged", [](std::string& file) { overwrite(file, 100, noise(400)); }},
      {"no tables", [](std::string& file) { overwrite(file, 60, std::string(4, '\0')); }},
  };
  for (const auto& [word, damage] : damages) {
    const Closed closed;
    std::string bytes = read_file(closed.file);
    damage(bytes);
    write_file(closed.file, bytes);
    check_refused(closed, word);
  }
}

TEST_CASE("a state that misses a table or an index or a trigger or a column is damaged") {
  for (const char* sql : {"DROP TABLE doubt", "DROP INDEX object_live", "DROP TRIGGER object_delete",
                          "ALTER TABLE server_fact RENAME COLUMN value TO worth", "DELETE FROM identity",
                          "DROP TABLE identity"}) {
    INFO(sql);
    const Closed closed;
    tamper(closed.file, sql);
    check_refused(closed, "damaged");
  }
}

TEST_CASE("a state of a newer outhaul is refused") {
  const Closed closed;
  tamper(closed.file, "PRAGMA user_version = 99");
  check_refused(closed, "newer outhaul (its version is 99");
}

TEST_CASE("a newer version that is only in the log is seen too") {
  const Closed closed;
  {
    sqlite::Database db(closed.file, sqlite::Access::read_write);
    db.keep_files_on_close(true);
    db.exec("PRAGMA user_version = 99");
  }
  REQUIRE(fs::exists(closed.file.string() + "-wal"));
  check_refused(closed, "newer outhaul (its version is 99");
}

TEST_CASE("a database of another program is refused") {
  for (const char* sql : {"PRAGMA application_id = 0", "PRAGMA application_id = 252006675"}) {
    const Closed closed;
    tamper(closed.file, sql);
    check_refused(closed, "belongs to another program");
  }
}

TEST_CASE("the state of another profile is refused by both names") {
  const Closed closed;
  check_refused(closed, "belongs to the profile \"web01\", not to \"web02\"", "web02");
}

TEST_CASE("a log without its database is no new state") {
  const Closed closed;
  fs::rename(closed.file, closed.dir / "elsewhere");
  write_file(closed.file.string() + "-wal", "not empty");
  for (const auto mode : kModes) {
    const auto error = error_of([&] { State::open(closed.dir, kProfile, mode); });
    REQUIRE(error);
    CHECK(error->kind() == ErrorKind::state);
    CHECK(std::string(error->what()).find("state.db-wal") != std::string::npos);
  }
  CHECK_FALSE(fs::exists(closed.file));
}

TEST_CASE("a directory in the place of the database is refused") {
  const TempDir tmp;
  fs::create_directories(tmp / "state/state.db");
  const auto error = error_of([&] { State::open(tmp / "state", kProfile, State::Open::create_if_missing); });
  REQUIRE(error);
  CHECK(error->kind() == ErrorKind::state);
}

TEST_CASE("damage in the middle is named when it is read") {
  const Closed closed;
  std::string bytes = read_file(closed.file);
  const std::size_t middle = bytes.size() / 2 / 4096 * 4096;
  overwrite(bytes, middle, noise(8 * 4096));
  write_file(closed.file, bytes);
  const auto error = error_of([&] {
    State state = State::open(closed.dir, kProfile, State::Open::must_exist);
    all(state.entries(*state.find_job("www")));
  });
  REQUIRE(error);
  CHECK(error->kind() == ErrorKind::state);
  CHECK(error->advice().find("kept as it is") != std::string::npos);
}
