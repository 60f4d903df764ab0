#include "state/lock.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "fixture.h"
#include "support/catch.h"

using namespace outhaul;
using namespace outhaul::test;
namespace fs = std::filesystem;

namespace {

struct Pipe {
  Fd read, write;
  Pipe() {
    int ends[2];
    if (::pipe2(ends, O_CLOEXEC) != 0) throw std::runtime_error("no pipe");
    read = Fd(ends[0]);
    write = Fd(ends[1]);
  }
  /// True when a byte came, false at the end.
  bool wait() const {
    char byte = 0;
    return ::read(read.get(), &byte, 1) == 1;
  }
  void signal() const {
    if (::write(write.get(), "x", 1) != 1) ::_exit(9);
  }
};

/// A child that holds the lock until it is killed.
struct Holder {
  Pipe ready;
  pid_t pid;
  explicit Holder(const fs::path& dir) : pid(::fork()) {
    if (pid == 0) {
      const StateLock lock = StateLock::take(dir, "run web01-nightly");
      ready.signal();
      ::pause();
      ::_exit(0);
    }
    ready.write.reset();
    REQUIRE(ready.wait());
  }
  ~Holder() { kill(); }
  void kill() {
    if (pid <= 0) return;
    ::kill(pid, SIGKILL);
    ::waitpid(std::exchange(pid, 0), nullptr, 0);
  }
};

}  // namespace

TEST_CASE("pain 24: the second run is kept out and told who holds the lock") {
  const TempDir tmp;
  const fs::path dir = tmp / "state";
  const Holder holder(dir);
  const std::string name = numbered("pid ", holder.pid) + " on ";
  const auto error = error_of([&] { StateLock::take(dir, "run again"); });
  REQUIRE(error);
  CHECK(error->kind() == ErrorKind::locked);
  const std::string what = error->what();
  CHECK(what.find(name) != std::string::npos);
  CHECK(what.find(" UTC (run web01-nightly)") != std::string::npos);
  CHECK_FALSE(error->advice().empty());
  const auto seen = StateLock::holder(dir);
  REQUIRE(seen);
  CHECK(seen->find(name) == 0);
}

TEST_CASE("pain 24: the lock of a killed run is free at once") {
  const TempDir tmp;
  const fs::path dir = tmp / "state";
  Holder holder(dir);
  holder.kill();
  CHECK_FALSE(StateLock::holder(dir));
  const StateLock lock = StateLock::take(dir, "run");
  REQUIRE(StateLock::holder(dir));
  CHECK(StateLock::holder(dir)->find(numbered("pid ", ::getpid())) == 0);
}

TEST_CASE("a second run in the same process is kept out too") {
  const TempDir tmp;
  {
    const StateLock lock = StateLock::take(tmp / "state", "run");
    const auto error = error_of([&] { StateLock::take(tmp / "state", "run"); });
    REQUIRE(error);
    CHECK(error->kind() == ErrorKind::locked);
    CHECK(StateLock::holder(tmp / "state"));
  }
  CHECK_FALSE(StateLock::holder(tmp / "state"));
  StateLock::take(tmp / "state", "run");
}

TEST_CASE("a program that a run started does not keep its lock") {
  const TempDir tmp;
  const fs::path dir = tmp / "state";
  const Pipe input;  // closed by us: only then does the hook end
  const Pipe started;
  const pid_t run = ::fork();
  if (run == 0) {
    const StateLock lock = StateLock::take(dir, "run");
    const pid_t hook = ::fork();
    if (hook == 0) {
      ::dup2(input.read.get(), 0);
      ::dup2(started.write.get(), 1);
      ::execlp("sh", "sh", "-c", "echo; read line", nullptr);
      ::_exit(127);
    }
    started.wait();  // the hook is running: whatever it could inherit it has
    ::_exit(0);
  }
  int status = 0;
  ::waitpid(run, &status, 0);
  REQUIRE(status == 0);
  CHECK_FALSE(StateLock::holder(dir));
  StateLock::take(dir, "run");
}

TEST_CASE("a lock whose text is missing or garbled still says where to look") {
  const TempDir tmp;
  const fs::path dir = tmp / "state";
  const Holder holder(dir);
  for (const std::string& text : {std::string(), std::string("pid 47"), std::string("\x1B[2Jgarbage\n"),
                                  std::string(5000, 'x'), std::string("\0\0\0", 3)}) {
    write_file(dir / "lock", text);
    const auto seen = StateLock::holder(dir);
    REQUIRE(seen);
    CHECK(seen->find("a process that left no readable name in " + (dir / "lock").string()) == 0);
    const auto error = error_of([&] { StateLock::take(dir, "run"); });
    REQUIRE(error);
    CHECK(error->kind() == ErrorKind::locked);
  }
}

TEST_CASE("what a holder calls itself can't move the cursor") {
  const TempDir tmp;
  const StateLock lock = StateLock::take(tmp / "state", "run \x1B[2J\nevil");
  const auto seen = StateLock::holder(tmp / "state");
  REQUIRE(seen);
  CHECK(seen->find("(run \\x1B[2J\\x0Aevil)") != std::string::npos);
}

TEST_CASE("asking who holds the lock makes nothing") {
  const TempDir tmp;
  CHECK_FALSE(StateLock::holder(tmp / "state"));
  CHECK_FALSE(fs::exists(tmp / "state"));
  fs::create_directory(tmp / "state");
  CHECK_FALSE(StateLock::holder(tmp / "state"));
  CHECK(fs::is_empty(tmp / "state"));
}

TEST_CASE("taking the lock makes a private directory") {
  const TempDir tmp;
  const StateLock lock = StateLock::take(tmp / "a/state", "run");
  struct stat status {};
  REQUIRE(::stat((tmp / "a/state").c_str(), &status) == 0);
  CHECK((status.st_mode & 07777) == 0700);
  REQUIRE(::stat((tmp / "a/state/lock").c_str(), &status) == 0);
  CHECK((status.st_mode & 07777) == 0600);
}

TEST_CASE("a lock that can't be opened is named") {
  const TempDir tmp;
  fs::create_directory(tmp / "state");
  give_to(tmp / "state", kNobody);
  fs::permissions(tmp / "state", fs::perms(0500));
  const std::string said = in_child(
      [&]() -> std::string {
        const auto error = error_of([&] { StateLock::take(tmp / "state", "run"); });
        return error && error->kind() == ErrorKind::local_io && !error->advice().empty() ? error->what()
                                                                                         : "no error";
      },
      kNobody);
  CHECK(said.find("Permission denied") != std::string::npos);
  CHECK(said.find((tmp / "state/lock").string()) != std::string::npos);
}

TEST_CASE("a state directory below a place where none can be made is refused and named") {
  for (const char* place : {"/proc/outhaul", "/proc/outhaul/web01", "/proc/self/fd/outhaul/"}) {
    INFO(place);
    try {
      StateLock::take(place, "run web01");
      FAIL("it was made");
    } catch (const Error& error) {
      CHECK(error.kind() == ErrorKind::local_io);
      CHECK(std::string(error.what()).find("can't make the state directory") != std::string::npos);
      CHECK(error.advice().find("--state-dir") != std::string::npos);
    }
  }
}
