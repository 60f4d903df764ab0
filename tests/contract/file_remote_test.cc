// What only a mounted disk can do to us.
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>

#include "contract/remote_contract.h"
#include "remote/disk.h"
#include "support/catch.h"

using namespace outhaul;
using namespace outhaul::test;

namespace {

namespace fs = std::filesystem;
using Status = CommandResult::Status;

RemoteSettings settings_for(const fs::path& base) {
  RemoteSettings settings;
  settings.scheme = Scheme::file;
  settings.base = base.string();
  settings.absolute = true;
  settings.url = "file://" + base.string();
  return settings;
}

struct Session {
  explicit Session(const fs::path& base)
      : remote(connect_to(settings_for(base))), lane(remote->open_lane(cancel)) {}
  CancelToken cancel;
  std::unique_ptr<Remote> remote;
  std::unique_ptr<Lane> lane;
};

// Root may write everywhere: act as nobody while this lives.
class WithoutRoot {
 public:
  WithoutRoot() : was_root_(::geteuid() == 0) {
    if (was_root_) REQUIRE(::seteuid(65534) == 0);
  }
  ~WithoutRoot() {
    if (was_root_ && ::seteuid(0) != 0) ::_exit(1);
  }

 private:
  bool was_root_;
};

// No file may become longer than this while this lives.
class FileSizeLimit {
 public:
  explicit FileSizeLimit(rlim_t bytes) {
    ::getrlimit(RLIMIT_FSIZE, &old_);
    rlimit limit = old_;
    limit.rlim_cur = bytes;
    old_handler_ = ::signal(SIGXFSZ, SIG_IGN);
    REQUIRE(::setrlimit(RLIMIT_FSIZE, &limit) == 0);
  }
  ~FileSizeLimit() {
    ::setrlimit(RLIMIT_FSIZE, &old_);
    ::signal(SIGXFSZ, old_handler_);
  }

 private:
  rlimit old_{};
  void (*old_handler_)(int) = SIG_DFL;
};

}  // namespace

TEST_CASE("a disk that is not mounted stops the run", "[disk]") {
  const TempDir dir;
  Session s(dir / "absent");
  try {
    put_text(*s.lane, "f", "x");
    FAIL("stored into a directory that does not exist");
  } catch (const RemoteError& error) {
    CHECK(error.failure() == FailureClass::stop_run);
    CHECK(std::string(error.what()).find((dir / "absent").string()) != std::string::npos);
    CHECK(error.advice().find("is the disk mounted?") != std::string::npos);
  }
  CHECK(failure_of([&] { run_one(*s.lane, MakeDir{wire("d")}); }) == FailureClass::stop_run);
  CHECK(failure_of([&] { s.lane->list(RemotePath()); }) == FailureClass::stop_run);
  CHECK_FALSE(fs::exists(dir / "absent"));
  fs::create_directory(dir / "absent");
  put_text(*s.lane, "f", "x");
  CHECK(read_file(dir / "absent/f") == "x");
}

TEST_CASE("nothing is reached through a symlink on the disk", "[disk]") {
  const TempDir dir, outside;
  write_file(outside / "f", "precious");
  fs::create_directory_symlink(outside.path(), dir / "link");
  fs::create_symlink(outside / "f", dir / "flink");
  Session s(dir.path());
  CHECK(failure_of([&] { put_text(*s.lane, "link/f", "x"); }) == FailureClass::skip_file);
  CHECK(failure_of([&] { put_text(*s.lane, "flink", "x"); }) == FailureClass::skip_file);
  CHECK(failure_of([&] { get_text(*s.lane, "flink"); }) == FailureClass::skip_file);
  CHECK(failure_of([&] { s.lane->list(wire("link")); }) == FailureClass::skip_file);
  CHECK(run_one(*s.lane, MakeDir{wire("link")}).status == Status::refused);
  CHECK(run_one(*s.lane, MakeDir{wire("link/d")}).status == Status::refused);
  CHECK(run_one(*s.lane, Rename{wire("flink"), wire("link/g")}).status == Status::refused);
  run_one(*s.lane, RemoveFile{wire("link/f")});
  run_one(*s.lane, SetMtime{wire("flink"), 5});
  CHECK(read_file(outside / "f") == "precious");
  struct stat st = {};
  REQUIRE(::stat((outside / "f").c_str(), &st) == 0);
  CHECK(st.st_mtim.tv_sec != 5);
  const Listing listing = s.lane->list(RemotePath());
  REQUIRE(listing.entries.size() == 2);
  CHECK(listing.entries[0].kind == RemoteEntry::Kind::symlink);
  CHECK(run_one(*s.lane, RemoveFile{wire("flink")}).status == Status::done);
  CHECK(read_file(outside / "f") == "precious");
}

TEST_CASE("a fifo in the place of a file is refused and never waited for", "[disk]") {
  const TempDir dir;
  REQUIRE(::mkfifo((dir / "fifo").c_str(), 0666) == 0);
  Session s(dir.path());
  CHECK(failure_of([&] { put_text(*s.lane, "fifo", "x"); }) == FailureClass::skip_file);
  CHECK(failure_of([&] { get_text(*s.lane, "fifo"); }) == FailureClass::skip_file);
}

TEST_CASE("a directory that may not be written to refuses its own files only", "[disk]") {
  const TempDir dir;
  fs::permissions(dir.path(), fs::perms(0777));
  fs::create_directory(dir / "mine");
  fs::permissions(dir / "mine", fs::perms(0777));
  fs::create_directory(dir / "theirs");
  write_file(dir / "theirs/f", "x");
  fs::permissions(dir / "theirs", fs::perms(0555));
  Session s(dir.path());
  const WithoutRoot guard;
  CHECK(failure_of([&] { put_text(*s.lane, "theirs/new", "x"); }) == FailureClass::skip_file);
  CHECK(run_one(*s.lane, RemoveFile{wire("theirs/f")}).status == Status::refused);
  put_text(*s.lane, "mine/new", "x");
}

TEST_CASE("a name that the disk can't hold is refused for this path only", "[disk]") {
  const TempDir dir;
  Session s(dir.path());
  const std::string name(256, 'n');
  CHECK(failure_of([&] { put_text(*s.lane, name, "x"); }) == FailureClass::skip_file);
  const CommandResult made = run_one(*s.lane, MakeDir{wire(name)});
  CHECK(made.status == Status::refused);
  CHECK(made.failure == FailureClass::skip_file);
  put_text(*s.lane, "short", "x");
}

TEST_CASE("a file that the disk can't hold for its size is refused and says why", "[disk]") {
  const TempDir dir;
  Session s(dir.path());
  const FileSizeLimit limit(1 << 20);
  PatternSource source(4U << 20);
  try {
    s.lane->put({wire("big"), &source, 0, 4U << 20, {}});
    FAIL("stored more than the limit");
  } catch (const RemoteError& error) {
    CHECK(error.failure() == FailureClass::skip_file);
    CHECK(error.advice().find("size") != std::string::npos);
  }
  put_text(*s.lane, "small", "x");
}

TEST_CASE("a put beyond the end of what is there is refused instead of leaving a hole", "[disk]") {
  const TempDir dir;
  Session s(dir.path());
  write_file(dir / "part", "12345");
  CHECK(failure_of([&] { put_text(*s.lane, "part", "x", 6); }) == FailureClass::skip_file);
  CHECK(failure_of([&] { put_text(*s.lane, "absent", "x", 6); }) == FailureClass::skip_file);
  CHECK(read_file(dir / "part") == "12345");
  CHECK_FALSE(fs::exists(dir / "absent"));
}

TEST_CASE("the base directory itself is never written over or removed", "[disk]") {
  const TempDir dir;
  Session s(dir.path());
  CHECK(failure_of([&] { put_text(*s.lane, "", "x"); }) == FailureClass::skip_file);
  CHECK(run_one(*s.lane, RemoveDir{RemotePath()}).status == Status::refused);
  CHECK(run_one(*s.lane, Rename{RemotePath(), wire("x")}).status == Status::refused);
  CHECK(fs::is_directory(dir.path()));
}

TEST_CASE("every errno of a disk has its class", "[disk]") {
  CHECK(classify_errno(0) == FailureClass::none);
  for (const int error : {ENOSPC, EDQUOT}) CHECK(classify_errno(error) == FailureClass::no_space);
  for (const int error :
       {EACCES, EPERM, ENAMETOOLONG, ENOENT, ENOTDIR, EISDIR, ELOOP, EFBIG, EINVAL, EILSEQ, ENOTEMPTY}) {
    CHECK(classify_errno(error) == FailureClass::skip_file);
  }
  for (const int error : {EIO, ENODEV, ESTALE, ENOTCONN})
    CHECK(classify_errno(error) == FailureClass::reconnect);
  for (const int error : {EMFILE, ENOMEM, EBUSY}) CHECK(classify_errno(error) == FailureClass::retry);
  CHECK(classify_errno(EROFS) == FailureClass::stop_run);
  CHECK(reply_code_for(ENOENT) == 550);
  CHECK(reply_code_for(ENOSPC) == 552);
}
