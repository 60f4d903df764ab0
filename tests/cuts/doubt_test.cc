// What is there is looked at before it is continued; any doubt starts over.
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>

#include <fstream>
#include <utility>

#include "cuts/broken_line.h"
#include "support/catch.h"
#include "support/process.h"

using namespace outhaul;
using namespace outhaul::test;

namespace fs = std::filesystem;

namespace {

constexpr std::uint64_t kMiB = 1 << 20;
constexpr std::uint64_t kSize = 12 * kMiB;
constexpr std::uint64_t kCutAt = 7 * kMiB;
constexpr ServerKind kKinds[] = {ServerKind::proftpd, ServerKind::vsftpd, ServerKind::pureftpd};

/// A run that was cut in the middle of its only file and did not try again.
void run_into_cut(BrokenLine& line) {
  line.write_random("big", kSize);
  line.proxy.cut(Channel::data, Way::to_server, kCutAt, LineFault::reset);
  line.profile.remote.retries = 0;
  const RunReport report = line.run();
  INFO(told(report));
  REQUIRE(report.outcome != ExitCode::done);
  REQUIRE(line.server().wait_for_no_sessions());
  REQUIRE(line.part_files().size() == 1);
  REQUIRE(fs::file_size(line.part_files().front()) > kMiB);
}

void expect_whole(BrokenLine& line) {
  const std::string digest = sha256_of_file(line.source() / "big");
  CHECK(sha256_of_file(line.stored() / "big") == digest);
  CHECK(line.recorded_digest("big") == digest);
  CHECK(line.part_files().empty());
}

/// The next run, which must bring everything to its end; where its only transfer began.
std::uint64_t next_run_begins_at(BrokenLine& line) {
  const RunReport report = line.run();
  INFO(told(report) << line.attempts->story());
  CHECK(report.outcome == ExitCode::done);
  expect_whole(line);
  REQUIRE(line.attempts->all().size() == 1);
  return line.attempts->all().front().offset;
}

void overwrite(const fs::path& file, std::uint64_t at, const std::string& bytes) {
  std::fstream out(file, std::ios::binary | std::ios::in | std::ios::out);
  out.seekp(static_cast<std::streamoff>(at));
  out.write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
  REQUIRE(out.flush());
}

/// Returns when the server has written down what had arrived at the cut.
void stand_still(const fs::path& part) {
  std::uintmax_t before = 0;
  int equal = 0;
  eventually([&] {
    const std::uintmax_t now = fs::file_size(part);
    equal = now == std::exchange(before, now) ? equal + 1 : 0;
    return equal > 20;
  });
}

}  // namespace

TEST_CASE("pain 5: the next run goes on where a cut one stopped on every server") {
  for (const ServerKind kind : kKinds) {
    for (const Tls tls : {Tls::none, Tls::explicit_}) {
      INFO(to_string(kind) << " " << to_string(tls));
      BrokenLine line(kind, tls);
      run_into_cut(line);
      const std::uint64_t there = fs::file_size(line.part_files().front());
      CHECK(next_run_begins_at(line) == there);
    }
  }
}

TEST_CASE("pain 6: a part whose tail is not the file's is sent anew on every server") {
  for (const ServerKind kind : kKinds) {
    INFO(to_string(kind));
    BrokenLine line(kind, Tls::none);
    run_into_cut(line);
    const fs::path part = line.part_files().front();
    overwrite(part, fs::file_size(part) - 1000, "somebody else's bytes");
    CHECK(next_run_begins_at(line) == 0);
  }
}

TEST_CASE("pain 6: the times that a server gives to a part mean nothing") {
  for (const std::time_t time : {std::time_t{0}, std::time_t{4'000'000'000}}) {
    BrokenLine line(ServerKind::proftpd, Tls::none);
    run_into_cut(line);
    const fs::path part = line.part_files().front();
    const timespec times[2] = {{time, 0}, {time, 0}};
    REQUIRE(::utimensat(AT_FDCWD, part.c_str(), times, 0) == 0);
    const std::uint64_t there = fs::file_size(part);
    CHECK(next_run_begins_at(line) == there);
  }
}

TEST_CASE("pain 6: a source that changed between two runs is sent anew") {
  for (const ServerKind kind : kKinds) {
    INFO(to_string(kind));
    BrokenLine line(kind, Tls::none);
    run_into_cut(line);
    line.write_random("big", kSize, 2);  // the same size
    CHECK(next_run_begins_at(line) == 0);
  }
}

TEST_CASE("a source that changes between a cut and its resume is sent anew") {
  for (const ServerKind kind : kKinds) {
    INFO(to_string(kind));
    BrokenLine line(kind, Tls::none);
    line.write_random("big", kSize);
    line.proxy.cut(Channel::data, Way::to_server, kCutAt, LineFault::reset);
    line.before_retry = [&] { line.write_random("big", kSize, 2); };
    const RunReport report = line.run();
    INFO(told(report) << line.attempts->story());
    CHECK(report.outcome == ExitCode::done);
    expect_whole(line);
    REQUIRE(line.attempts->all().size() == 2);
    CHECK(line.attempts->all()[1].offset == 0);
  }
}

TEST_CASE("a part that is longer than what was sent is sent anew") {
  // Its tail is the file's: a run of zeros, as a file system leaves them where it has promised room only.
  BrokenLine line(ServerKind::proftpd, Tls::none);
  line.write_random("big", kSize);
  overwrite(line.source() / "big", kCutAt - kMiB, std::string(kSize - kCutAt + kMiB, '\0'));
  overwrite(line.source() / "big", kSize - 1, "!");
  line.proxy.cut(Channel::data, Way::to_server, kCutAt, LineFault::reset);
  SECTION("within a run") {
    line.before_retry = [&] {
      stand_still(line.part_files().front());
      fs::resize_file(line.part_files().front(), kSize - kMiB);
    };
    const RunReport report = line.run();
    INFO(told(report) << line.attempts->story());
    CHECK(report.outcome == ExitCode::done);
    REQUIRE(line.attempts->all().size() == 2);
    CHECK(line.attempts->all()[1].offset == 0);
  }
  SECTION("in the next run") {
    line.profile.remote.retries = 0;
    REQUIRE(line.run().outcome != ExitCode::done);
    REQUIRE(line.server().wait_for_no_sessions());
    fs::resize_file(line.part_files().front(), kSize - kMiB);
    CHECK(next_run_begins_at(line) == 0);
  }
  expect_whole(line);
}

TEST_CASE("where a server goes on nowhere the whole file is sent again") {
  ServerOptions options;
  options.store_restart = false;
  BrokenLine line(ServerKind::proftpd, Tls::none, options);
  line.write_random("big", kSize);
  line.proxy.cut(Channel::data, Way::to_server, kCutAt, LineFault::reset);
  const RunReport report = line.run();
  INFO(told(report) << line.attempts->story());
  CHECK(report.outcome == ExitCode::done);
  expect_whole(line);
  CHECK(line.attempts->all().back().offset == 0);
  CHECK(line.attempts->all().size() <= 4);
}
