// What a run does when nothing goes wrong.
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "execute/left_behind.h"
#include "job/remote_identity.h"
#include "nightly.h"
#include "state/state.h"
#include "support/catch.h"

using namespace outhaul;
using namespace outhaul::test;

TEST_CASE("the first run stores every file and leaves no part behind") {
  Nightly night;
  night.write("a.txt", "alpha");
  night.write("dir/sub/b", std::string(300'000, 'b'));
  night.write("dir/empty", "");
  std::filesystem::create_directories(night.source() / "hollow/inner");
  const RunReport report = night.run();
  INFO(night.events.problems());
  CHECK(report.outcome == ExitCode::done);
  CHECK(report.jobs.at(0).done.files_uploaded == 3);
  CHECK(night.stored() == night.expected());
  CHECK(night.server.is_dir("t/hollow/inner"));
  CHECK(night.leftovers().empty());
  CHECK(night.ledger() == 0);
}

TEST_CASE("a run over an unchanged tree asks for no remote and so for no secret") {
  Nightly night;
  night.write("a", "1");
  night.write("d/b", "2");
  REQUIRE(night.run().outcome == ExitCode::done);
  REQUIRE(night.remotes_opened == 1);
  CHECK(night.run().outcome == ExitCode::done);
  CHECK(night.remotes_opened == 1);
  CHECK(night.plan().empty());
}

TEST_CASE("edits and additions are sent and removals are deleted") {
  Nightly night;
  for (int i = 0; i < 20; ++i) night.write("d/f" + std::to_string(i), std::to_string(i));
  REQUIRE(night.run().outcome == ExitCode::done);
  night.write("d/f3", "three, longer");
  night.write("new/file", "n");
  night.remove("d/f4");
  night.write("gone/x", "x");
  REQUIRE(night.run().outcome == ExitCode::done);
  night.remove("gone");
  const RunReport report = night.run();
  CHECK(report.outcome == ExitCode::done);
  CHECK(report.jobs.at(0).done.dirs_removed == 1);
  CHECK(night.stored() == night.expected());
  CHECK_FALSE(night.server.is_dir("t/gone"));
}

TEST_CASE("a moved file is renamed on the server and not sent again") {
  Nightly night;
  night.have_no_catalog("what is sent is counted");
  night.write("big", std::string(100'000, 'x'));
  REQUIRE(night.run().outcome == ExitCode::done);
  const std::uint64_t sent = night.server.bytes_received();
  night.rename("big", "elsewhere/big2");
  const RunReport report = night.run();
  CHECK(report.outcome == ExitCode::done);
  CHECK(report.jobs.at(0).done.moved == 1);
  CHECK(night.server.bytes_received() == sent);
  CHECK(night.stored() == night.expected());
  CHECK(night.plan().empty());
}

namespace {

/// Another content for the file, with the size and time that it had.
void edit_unseen(const std::filesystem::path& file, const std::string& content) {
  struct stat st = {};
  REQUIRE(::stat(file.c_str(), &st) == 0);
  write_file(file, content);
  const timespec times[2] = {st.st_atim, st.st_mtim};
  REQUIRE(::utimensat(AT_FDCWD, file.c_str(), times, 0) == 0);
}

}  // namespace

TEST_CASE("a file that was moved and edited unseen is sent and its old copy goes in the same run") {
  const OnRemoval policy = GENERATE(OnRemoval::remove, OnRemoval::retire);
  Nightly night;
  night.profile.jobs[0].on_removal = policy;
  night.write("old/a", "before");
  night.write("old/b", "b");
  REQUIRE(night.run().outcome == ExitCode::done);
  night.rename("old/a", "new/a");
  edit_unseen(night.source() / "new/a", "behind");
  night.remove("old");
  SECTION("and nothing is in the way") {}
  SECTION("and a file takes the name of its directory") {
    night.write("old", "a file now");
  }
  const RunReport report = night.run();
  INFO(night.events.problems());
  CHECK(report.outcome == ExitCode::done);
  CHECK(night.stored() == night.expected());
  CHECK(night.stored_dirs() == night.expected_dirs());
  CHECK(night.leftovers().empty());
  CHECK(night.plan().empty());
  CHECK(night.versions().size() == (policy == OnRemoval::retire ? 2u : 0u));
}

TEST_CASE("a file that was moved and edited unseen makes room for what takes its old name") {
  Nightly night;
  night.write("name", "before");
  REQUIRE(night.run().outcome == ExitCode::done);
  night.rename("name", "elsewhere");
  edit_unseen(night.source() / "elsewhere", "behind");
  night.write("name/inside", "a directory now");
  const RunReport report = night.run();
  INFO(night.events.problems());
  CHECK(report.outcome == ExitCode::done);
  CHECK(night.stored() == night.expected());
  CHECK(night.plan().empty());
}

TEST_CASE("a move that becomes an upload removes nothing where the server may take both names for one") {
  const OnRemoval policy = GENERATE(OnRemoval::remove, OnRemoval::retire);
  const bool edited = GENERATE(true, false);
  Nightly night;
  night.profile.jobs[0].on_removal = policy;
  night.write("Report.txt", "before");
  REQUIRE(night.run().outcome == ExitCode::done);
  night.rename("Report.txt", "report.txt");
  if (edited) edit_unseen(night.source() / "report.txt", "behind");
  night.server.set_faults([](const FakeCall& call) -> std::optional<Fault> {
    if (!call.what.starts_with("RNFR t/Report.txt")) return std::nullopt;
    return Fault{Fault::Effect::refused, FailureClass::skip_file, 553};
  });
  CHECK(night.run().outcome == ExitCode::done);
  CHECK(night.events.problems().find("may be the same to the server") != std::string::npos);
  night.server.set_faults({});
  CHECK(night.run().outcome == ExitCode::done);
  // This server tells them apart, so the old copy can be seen: nobody has touched it, and nobody knows it.
  CHECK(night.stored().at("t/Report.txt") == "before");
  CHECK(night.stored().at("t/report.txt") == (edited ? "behind" : "before"));
  CHECK(night.plan().empty());
  CHECK(night.versions().empty());
}

TEST_CASE("old copies of moves are not removed beyond the limit that the guard would have refused") {
  Nightly night;
  night.profile.jobs[0].on_removal = OnRemoval::remove;
  night.profile.safety.max_delete = Limit{std::nullopt, 3};
  for (int i = 0; i < 5; ++i) night.write("old/" + std::to_string(i), "before " + std::to_string(i));
  night.write("stays", "s");
  REQUIRE(night.run().outcome == ExitCode::done);
  for (int i = 0; i < 5; ++i) {
    const std::string name = "old/" + std::to_string(i);
    night.rename(name, name + ".locked");
    edit_unseen(night.source() / (name + ".locked"), "locked " + std::to_string(i));
  }
  const RunReport report = night.run();
  CHECK(report.outcome == ExitCode::incomplete);
  CHECK(night.events.problems().find("more than may be removed unasked") != std::string::npos);
  CHECK(night.stored().at("t/old/0") == "before 0");
  CHECK(night.stored().at("t/old/0.locked") == "locked 0");
  CHECK(night.run().outcome == ExitCode::guard_refused);
  CHECK(night.stored().at("t/old/0") == "before 0");
}

TEST_CASE("names that a server may take for one are told") {
  const auto one = [](const char* a, const char* b) {
    return may_be_one_name(RelPath::trusted(a), RelPath::trusted(b));
  };
  CHECK(one("Report.txt", "report.TXT"));
  CHECK(one("Dir/f", "dir/f"));
  CHECK(one("caf\xC3\xA9", "cafe\xCC\x81"));   // composed, decomposed
  CHECK(one("\xC3\x84rger", "\xC3\xA4rger"));  // large, small
  CHECK_FALSE(one("a/b", "b/b"));
  CHECK_FALSE(one("report", "report1"));
  CHECK_FALSE(one("old/a", "new/a"));
}

TEST_CASE("a moved file whose new copy was not stored keeps the old one") {
  Nightly night;
  night.profile.remote.retries = 0;
  night.write("old", "before");
  REQUIRE(night.run().outcome == ExitCode::done);
  night.rename("old", "new");
  edit_unseen(night.source() / "new", "behind");
  night.server.set_faults([](const FakeCall& call) -> std::optional<Fault> {
    if (call.point != FakePoint::put_start) return std::nullopt;
    return Fault{Fault::Effect::refused, FailureClass::skip_file, 550};
  });
  CHECK(night.run().outcome == ExitCode::incomplete);
  CHECK(night.stored().at("t/old") == "before");
  night.server.set_faults({});
  CHECK(night.run().outcome == ExitCode::done);
  CHECK(night.stored() == night.expected());
}

TEST_CASE("a file whose times were touched is compared and sent only when its content differs") {
  Nightly night;
  night.have_no_catalog("remotes are counted");
  night.write("same", "content");
  REQUIRE(night.run().outcome == ExitCode::done);
  struct stat status {};
  REQUIRE(::stat((night.source() / "same").c_str(), &status) == 0);
  REQUIRE(::chmod((night.source() / "same").c_str(), status.st_mode) == 0);  // moves ctime, keeps size and mtime
  CHECK(night.plan() == std::vector<std::string>{"compare same"});
  const RunReport report = night.run();
  CHECK(report.jobs.at(0).done.compared == 1);
  CHECK(report.jobs.at(0).done.files_uploaded == 0);
  CHECK(night.remotes_opened == 1);
  CHECK(night.plan().empty());
}

TEST_CASE("pain 28: an edit that keeps size and modification time is found") {
  Nightly night;
  night.write("f", "before");
  REQUIRE(night.run().outcome == ExitCode::done);
  struct stat st = {};
  REQUIRE(::stat((night.source() / "f").c_str(), &st) == 0);
  write_file(night.source() / "f", "behind");
  const timespec times[2] = {st.st_atim, st.st_mtim};
  REQUIRE(::utimensat(AT_FDCWD, (night.source() / "f").c_str(), times, 0) == 0);
  CHECK(night.run().outcome == ExitCode::done);
  CHECK(night.stored().at("t/f") == "behind");
}

TEST_CASE("with on_removal keep nothing ever leaves the remote") {
  Nightly night;
  night.profile.jobs[0].on_removal = OnRemoval::keep;
  night.write("a", "1");
  night.write("d/b", "2");
  REQUIRE(night.run().outcome == ExitCode::done);
  night.remove("d");
  const RunReport report = night.run();
  CHECK(report.outcome == ExitCode::done);
  CHECK(report.jobs.at(0).done.kept == 1);
  CHECK(night.stored().count("t/d/b") == 1);
  CHECK(night.plan().empty());
}

TEST_CASE("a file becomes a directory and a directory becomes a file") {
  Nightly night;
  night.write("f", "file");
  night.write("d/x", "1");
  night.write("d/y/z", "2");
  night.write("other", "o");
  REQUIRE(night.run().outcome == ExitCode::done);
  night.remove("f");
  night.remove("d");
  night.write("f/inside", "now a directory");
  night.write("d", "now a file");
  const RunReport report = night.run();
  INFO(night.events.problems());
  CHECK(report.outcome == ExitCode::done);
  CHECK(night.stored() == night.expected());
  CHECK(night.plan().empty());
  CHECK(night.leftovers().empty());
}

TEST_CASE("what is left out from now on counts as removed and what is taken in again as new") {
  Nightly night;
  night.write("a", "1");
  night.write("grows", "1");
  night.write("cache/x", "1");
  night.write("cache/sub/y", "1");
  night.profile.jobs[0].leave_out = {.larger_than = 100, .if_present = {".nobackup"}};
  REQUIRE(night.run().outcome == ExitCode::done);
  CHECK(night.stored().size() == 4);
  night.write("cache/.nobackup", "");
  night.write("grows", std::string(101, 'x'));
  CHECK(night.run().outcome == ExitCode::done);
  CHECK(night.stored() == std::map<std::string, std::string>{{"t/a", "1"}, {"t/cache/.nobackup", ""}});
  CHECK(night.plan().empty());
  night.remove("cache/.nobackup");
  night.profile.jobs[0].leave_out = {};
  CHECK(night.run().outcome == ExitCode::done);
  CHECK(night.stored() == night.expected());
}

TEST_CASE("a marker that takes most of the tree is a mass deletion") {
  Nightly night;
  night.profile.jobs[0].leave_out = {.if_present = {".nobackup"}};
  for (int i = 0; i < 30; ++i) night.write("d/f" + std::to_string(i), "x");
  REQUIRE(night.run().outcome == ExitCode::done);
  night.write(".nobackup", "");
  const RunReport report = night.run();
  REQUIRE(report.outcome == ExitCode::guard_refused);
  CHECK(report.jobs.at(0).refusals.at(0).guard == Guard::mass_deletion);
  CHECK(night.stored().size() == 30);
}

TEST_CASE("symlinks are remembered and not followed") {
  Nightly night;
  night.write("f", "1");
  std::filesystem::create_symlink("/etc", night.source() / "link");
  REQUIRE(night.run().outcome == ExitCode::done);
  CHECK(night.stored().size() == 1);
  CHECK(night.plan().empty());
  const State state = State::open(night.state_root() / "nightly", "nightly", State::Open::read_only);
  const auto link = state.entry(*state.find_job("data"), RelPath::parse("link"));
  REQUIRE(link);
  CHECK(link->link_target == "/etc");
}

TEST_CASE("a state directory inside the source leaves itself out") {
  Nightly night;
  night.profile.jobs[0].source = night.source().parent_path();  // holds source and state
  night.write("f", "1");
  REQUIRE(night.run().outcome == ExitCode::done);
  CHECK(night.stored().count("t/source/f") == 1);
  for (const auto& [name, content] : night.stored()) CHECK(name.find("state.db") == std::string::npos);
  CHECK(night.plan().empty());
}

TEST_CASE("names that FTP can't hold are stored under escaped names") {
  Nightly night;
  const std::vector<std::string> names = {"new\nline",   "tab\t",   "back\\slash",     "trailing ",
                                          "50%0A",       "-dash",   "~home",           "latin\xE9",
                                          "iac\xFF",     " lead",   "[x]*?#;&'\"$(a)", ".hidden",
                                          "caf\xC3\xA9", "del\x7F", "a:b|c<d>",        std::string(255, 'n')};
  for (const std::string& name : names) night.write(name + "/" + name, name);
  const RunReport report = night.run();
  INFO(night.events.problems());
  CHECK(report.outcome == ExitCode::done);
  CHECK(night.stored() == night.expected());
  CHECK(night.stored().size() == names.size());
}

TEST_CASE("a name that is too long even for its escape is reported and the rest goes on") {
  Nightly night;
  night.write(std::string(200, '\n'), "too long");
  night.write("fine", "1");
  const RunReport report = night.run();
  CHECK(report.outcome == ExitCode::incomplete);
  CHECK(night.stored().size() == 1);
  CHECK(night.events.problems().find("longer than 255 bytes") != std::string::npos);
}

TEST_CASE("only the jobs that were asked for run and an unknown one is named") {
  Nightly night;
  night.write("f", "1");
  RunOptions options;
  options.jobs = {"nope"};
  try {
    night.run(options);
    FAIL("an unknown job was accepted");
  } catch (const Error& error) {
    CHECK(error.kind() == ErrorKind::usage);
    CHECK(std::string(error.what()).find("no job \"nope\"") != std::string::npos);
    CHECK(error.advice() == "Its jobs are: data.");
  }
}

TEST_CASE("one connection is enough for everything") {
  Nightly night;
  night.profile.remote.connections = 1;
  for (int i = 0; i < 40; ++i)
    night.write("d/f" + std::to_string(i), std::string(static_cast<std::size_t>(i), 'x'));
  REQUIRE(night.run().outcome == ExitCode::done);
  night.rename("d/f1", "e/f1");
  night.remove("d/f2");
  CHECK(night.run().outcome == ExitCode::done);
  CHECK(night.stored() == night.expected());
  CHECK(night.server.most_connections() == 1);
}

TEST_CASE("never more connections than the profile's cap are open") {
  Nightly night;
  night.profile.remote.connections = 4;
  for (int i = 0; i < 200; ++i) night.write("f" + std::to_string(i), "x");
  REQUIRE(night.run().outcome == ExitCode::done);
  CHECK(night.server.most_connections() <= 4);
}

TEST_CASE("a state does not speak of another remote") {
  Nightly night;
  night.profile.remote.host = "ftp.example.net";
  night.profile.remote.user = "backup";
  night.profile.remote.base = "web01";
  night.write("f", "1");
  REQUIRE(night.run().outcome == ExitCode::done);
  const auto refused = [&] {
    try {
      night.run();
    } catch (const Error& error) {
      return error.kind() == ErrorKind::state ? std::string(error.what()) : "another kind of error";
    }
    return std::string("accepted");
  };
  night.profile.remote.port = 990;  // implicit TLS is another way to the same place
  CHECK(night.run().outcome == ExitCode::done);
  night.profile.remote.base = "web02";
  CHECK(refused() ==
        "the state speaks of another remote: it knows what is at \"backup@ftp.example.net/web01\", but the "
        "profile says "
        "\"backup@ftp.example.net/web02\"");
  CHECK_THROWS_AS(night.plan(), Error);
  night.profile.remote.base = "web01";
  night.profile.remote.user = "other";
  CHECK(refused().starts_with("the state speaks of another remote"));
  night.profile.remote.port = 2121;
  RunOptions moved;
  moved.remote_moved = true;
  CHECK(night.run(moved).outcome == ExitCode::done);
  CHECK(night.run().outcome == ExitCode::done);  // it knows the new address now
}

namespace {

Fault turned_away() {
  return {Fault::Effect::refused, FailureClass::stop_run, 530};
}

struct Correction {
  const char* what;
  void (*wrong)(Profile&);
};

const Correction kCorrections[] = {
    {"user", [](Profile& p) { p.remote.user = "wrong"; }},
    {"host", [](Profile& p) { p.remote.host = "ftp.example.org"; }},
    {"port", [](Profile& p) { p.remote.port = 2121; }},
    {"path", [](Profile& p) { p.remote.base = "wbe01"; }},
    {"scheme", [](Profile& p) { p.remote.scheme = Scheme::sftp, p.remote.port = 2222; }},
    {"target", [](Profile& p) { p.jobs[0].target = RemotePath::parse("wrong"); }},
    {"names", [](Profile& p) { p.jobs[0].names.windows = true; }},
    {"append-only", [](Profile& p) { p.jobs[0].append_only = true; }},
    {"on_removal", [](Profile& p) { p.jobs[0].on_removal = OnRemoval::retire; }},
};

}  // namespace

TEST_CASE("what was wrong in a first night that stored nothing is corrected and nothing stands in the way") {
  const Correction& correction = kCorrections[GENERATE(range(std::size_t{0}, std::size(kCorrections)))];
  // At the login, at the first directory, and with a file half sent.
  const FakePoint fails_at = GENERATE(FakePoint::connect, FakePoint::command, FakePoint::put_middle);
  INFO(correction.what << " " << static_cast<int>(fails_at));
  Nightly night;
  night.profile.remote.host = "ftp.example.net";
  night.profile.remote.user = "backup";
  night.profile.remote.base = "web01";
  const Profile right = night.profile;
  correction.wrong(night.profile);
  night.write("d/a?", "1");
  night.write("b", std::string(300'000, 'b'));
  std::filesystem::create_symlink("b", night.source() / "link");
  night.mount = SeenMount{{"/srv/wrong", "ext4", 1}, {"/srv/wrong"}};
  night.server.set_faults([&](const FakeCall& call) -> std::optional<Fault> {
    if (call.point != fails_at) return std::nullopt;
    if (fails_at != FakePoint::put_middle) return turned_away();
    return Fault{Fault::Effect::lost, FailureClass::reconnect, 0};
  });
  CHECK(night.run().outcome != ExitCode::done);
  // A half file under a name of its own is something that an append-only remote keeps.
  if (night.profile.jobs[0].append_only && fails_at == FakePoint::put_middle) return;
  CHECK_FALSE(has_stored(night.state()));

  night.profile.jobs = right.jobs;
  night.profile.remote = right.remote;
  night.mount = SeenMount{{"/srv", "xfs", 2}, {"/srv"}};
  night.server.set_faults({});
  CHECK_FALSE(night.plan().empty());
  CHECK(night.run().outcome == ExitCode::done);
  CHECK(night.stored() == night.expected());
  CHECK(night.ledger() == 0);
  CHECK(night.plan().empty());
}

TEST_CASE("directories that a failed first night made elsewhere are made where they belong") {
  Nightly night;
  night.profile.remote.user = "wrong";
  std::filesystem::create_directories(night.source() / "empty/below");
  night.write("d/f", "1");
  night.server.set_faults([](const FakeCall& call) -> std::optional<Fault> {
    if (call.point != FakePoint::put_start) return std::nullopt;
    return Fault{Fault::Effect::refused, FailureClass::stop_run, 530};
  });
  CHECK(night.run().outcome != ExitCode::done);
  CHECK(night.server.is_dir("t/empty/below"));
  night.server.set_faults({});
  for (const char* path : {"t", ".outhaul"}) night.server.remove(path);  // the other place has none of it
  night.profile.remote.user = "right";
  CHECK(night.run().outcome == ExitCode::done);
  CHECK(night.stored() == night.expected());
  CHECK(night.stored_dirs() == night.expected_dirs());
  CHECK(night.plan().empty());
}

TEST_CASE("a plan refuses a changed target as the run does") {
  Nightly night;
  night.write("f", "1");
  REQUIRE(night.run().outcome == ExitCode::done);
  night.profile.jobs[0].target = RemotePath::parse("elsewhere");
  CHECK_THROWS_AS(night.plan(), Error);
  CHECK(night.run().outcome == ExitCode::failed);
}
