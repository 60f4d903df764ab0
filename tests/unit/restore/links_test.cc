// Several names of one file: restored once, and linked.
#include <sys/stat.h>
#include <unistd.h>

#include <map>

#include "restore/restorer.h"
#include "support/catch.h"
#include "support/fake_remote.h"
#include "support/temp_dir.h"

using namespace outhaul;
using namespace outhaul::test;
namespace fs = std::filesystem;

namespace {

class Silence final : public EventSink {
 public:
  void on(const Event&) noexcept override {}
};

struct Bench {
  TempDir dir;
  FakeServer server;
  std::vector<Entry> entries;
  std::map<std::string, std::string> content_of;

  /// A name of the file with this inode, each with an object of its own.
  void add(const std::string& path, const std::string& content, std::uint64_t inode,
           std::uint32_t links = 2) {
    Entry entry;
    entry.path = RelPath::parse(path);
    entry.size = content.size();
    entry.mtime_ns = 1'700'000'000'000'000'000;
    entry.mode = 0644;
    entry.uid = ::geteuid();
    entry.gid = ::getegid();
    entry.inode = inode;
    entry.links = links;
    server.put_file("t/" + path, content);
    content_of[path] = content;
    entries.push_back(entry);
  }

  RestoreJobReport restore(Overwrite overwrite = Overwrite::never) {
    RestoreJobReport report;
    report.job = "j";
    const Destination to = Destination::open(dir / "back", true);
    RestorePlanner planner(to, overwrite, [&](const Entry& entry) {
      Sha256 hash;
      hash.update(content_of.at(entry.path.bytes()));
      return RemoteCopy{RemotePath::parse("t/" + entry.path.bytes()), entry.size, hash.finish(), {}};
    });
    for (Entry entry : entries) planner.add(std::move(entry));
    RestorePlan plan = planner.take();
    report.planned = plan.counts;
    const std::unique_ptr<Remote> remote = server.remote();
    Silence events;
    SystemClock clock;
    CancelToken cancel;
    Restorer restorer({.remote = *remote,
                       .lanes = 3,
                       .to = to,
                       .overwrite = overwrite,
                       .metadata = {},
                       .retry = {},
                       .connections = {},
                       .clock = clock,
                       .cancel = cancel,
                       .events = events,
                       .look_again = {},
                       .throttle = nullptr},
                      report);
    restorer.run(plan);
    return report;
  }

  ino_t inode(const std::string& path) const {
    struct stat st {};
    return ::stat((dir / "back" / path).c_str(), &st) == 0 ? st.st_ino : 0;
  }
};

}  // namespace

TEST_CASE("several names of one file are one file again") {
  Bench bench;
  bench.add("a", "linked", 7);
  bench.add("b/c", "linked", 7);
  bench.add("d", "linked", 7);
  bench.add("e", "linked", 8);     // equal, but another file
  bench.add("f", "linked", 7, 1);  // an inode that was used again
  const RestoreJobReport report = bench.restore();
  CHECK(report.outcome == ExitCode::done);
  CHECK(report.done.files_fetched == 3);
  CHECK(report.done.links == 2);
  CHECK(bench.inode("a") != 0);
  CHECK(bench.inode("b/c") == bench.inode("a"));
  CHECK(bench.inode("d") == bench.inode("a"));
  CHECK(bench.inode("e") != bench.inode("a"));
  CHECK(bench.inode("f") != bench.inode("a"));
  const RestoreJobReport again = bench.restore();
  CHECK(again.outcome == ExitCode::done);
  CHECK(again.done.files_fetched == 0);
}

TEST_CASE("names that came apart are joined where that is allowed") {
  Bench bench;
  bench.add("a", "linked", 7);
  bench.add("b", "linked", 7);
  bench.restore();
  fs::remove(bench.dir / "back/b");
  write_file(bench.dir / "back/b", "linked");
  CHECK(bench.restore(Overwrite::changed).outcome == ExitCode::done);
  CHECK(bench.inode("a") == bench.inode("b"));
}

TEST_CASE("a name whose first one can't be had is fetched by itself") {
  Bench bench;
  bench.add("a", "linked", 7);
  bench.add("b", "linked", 7);
  bench.server.remove("t/a");
  const RestoreJobReport report = bench.restore();
  CHECK(report.outcome == ExitCode::incomplete);
  REQUIRE(report.problems.size() == 1);
  CHECK(report.problems.front().path == "a");
  CHECK(read_file(bench.dir / "back/b") == "linked");
}

TEST_CASE("names that had another content when they were read are separate files") {
  Bench bench;
  bench.add("a", "before", 7);
  bench.add("b", "after!", 7);
  CHECK(bench.restore().outcome == ExitCode::done);
  CHECK(read_file(bench.dir / "back/a") == "before");
  CHECK(read_file(bench.dir / "back/b") == "after!");
}
