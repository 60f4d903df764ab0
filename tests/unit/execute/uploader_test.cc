#include "execute/uploader.h"

#include "support/catch.h"
#include "support/fake_remote.h"
#include "unit/execute/disk.h"

using namespace outhaul;
using namespace outhaul::test;

namespace {

constexpr const char* kPart = ".outhaul/parts/1.part";

/// One lane to a server in memory, and one file.
struct Bench {
  Disk disk;
  FakeServer server;
  ServerMemory told;
  std::unique_ptr<Remote> remote = server.remote(told);
  CancelToken cancel;
  StubClock clock;
  Ears ears;
  std::unique_ptr<Lane> lane = remote->open_lane(cancel);
  RetryPolicy policy;
  bool may_hand_back = true;
  Action action;

  explicit Bench(const FakeOptions& options = {}, const ServerMemory& memory = {})
      : server(options), told(memory) {
    server.make_dir(".outhaul/parts");
  }
  void file(const std::string& content) { action.entry = disk.write("f", content); }
  Outcome perform(bool resume = false, Task::Kind kind = Task::Kind::upload) {
    return perform_on(*lane, resume, kind);
  }
  Outcome perform_on(Lane& on, bool resume = false, Task::Kind kind = Task::Kind::upload) {
    const SourceTree tree = disk.tree();
    Uploader uploader(on, 0, {tree, policy, clock, cancel, ears, may_hand_back, nullptr, remote.get()});
    task.kind = kind;
    task.action = &action;
    task.part = RemotePath::parse(kPart);
    task.resume = task.touched = resume;
    return uploader.perform(task);
  }
  /// Half of the file lies there, of an earlier run.
  void half_sent(const std::string& content) {
    file(content);
    server.put_file(kPart, content.substr(0, content.size() / 2));
  }
  /// The n-th upload breaks in its middle.
  void break_upload(int n) {
    server.set_faults([n, puts = 0](const FakeCall& call) mutable -> std::optional<Fault> {
      if (call.point != FakePoint::put_middle || ++puts != n) return std::nullopt;
      return Fault{Fault::Effect::lost, FailureClass::reconnect, 0};
    });
  }
  std::optional<bool> resumes() const { return remote->memory().resume; }
  Task task;
  std::string stored() const { return server.file(kPart).value_or("(nothing)"); }
};

std::string pattern(std::size_t size) {
  std::string content;
  for (std::size_t i = 0; i < size; ++i) content += static_cast<char>('a' + (i * 7 + i / 1000) % 26);
  return content;
}

/// A lane whose put() is the test's; all else is the fake's.
class OwnPut final : public Lane {
 public:
  OwnPut(Lane& inner, std::function<void(const Put&)> put) : inner_(inner), put_(std::move(put)) {}
  void put(const Put& put) override { put_(put); }
  void get(const RemotePath& path, std::uint64_t offset, const ByteSink& sink) override {
    inner_.get(path, offset, sink);
  }
  Listing list(const RemotePath& dir) override { return inner_.list(dir); }
  std::vector<CommandResult> run(std::span<const Command> commands) override { return inner_.run(commands); }

 private:
  Lane& inner_;
  std::function<void(const Put&)> put_;
};

using Status = Outcome::Status;

}  // namespace

TEST_CASE("a file is sent whole and its digest is that of what was sent") {
  for (const std::size_t size : {0u, 1u, 1000u, 300'000u, 1'000'000u}) {
    Bench bench;
    bench.file(pattern(size));
    const Outcome outcome = bench.perform();
    CHECK(outcome.status == Status::done);
    CHECK((bench.stored() == pattern(size)));
    CHECK(to_hex(outcome.digest) == sha256_of(pattern(size)));
    CHECK(outcome.entry == bench.action.entry);
    CHECK(outcome.sent == size);
    CHECK_FALSE(outcome.torn);
    CHECK(bench.ears.started == 1);
    CHECK(bench.ears.ended_well == 1);
  }
}

TEST_CASE("a part is continued where it is proven to be of this very file and else sent anew") {
  const std::string content = pattern(1'000'000);
  struct Row {
    const char* what;
    std::string part;
    std::uint64_t resumed;
  };
  std::string bad_tail = content.substr(0, 500'000);
  bad_tail.back() = '!';
  std::string bad_start_of_tail = content.substr(0, 500'000);
  bad_start_of_tail[500'000 - 65'536] = '!';
  const std::vector<Row> table = {
      {"half of it", content.substr(0, 500'000), 500'000},
      {"one byte", content.substr(0, 1), 1},
      {"less than a tail", content.substr(0, 1000), 1000},
      {"all but one byte", content.substr(0, 999'999), 999'999},
      {"all of it", content, 1'000'000},
      {"more than there is", content + "x", 0},
      {"an empty one", "", 0},
      {"a wrong last byte", bad_tail, 0},
      {"a wrong first byte of the tail", bad_start_of_tail, 0},
      {"something else", std::string(400'000, 'z'), 0},
  };
  for (const Row& row : table) {
    INFO(row.what);
    Bench bench;
    bench.file(content);
    bench.server.put_file(kPart, row.part);
    const std::uint64_t before = bench.server.bytes_received();
    const Outcome outcome = bench.perform(true);
    CHECK(outcome.status == Status::done);
    CHECK((bench.stored() == content));
    CHECK(outcome.resumed == row.resumed);
    CHECK(bench.server.bytes_received() - before == content.size() - row.resumed);
    CHECK(to_hex(outcome.digest) == sha256_of(content));
  }
}

TEST_CASE("nothing is asked about a part that is not worth it or not this file's") {
  SECTION("too small") {
    Bench bench;
    bench.file(pattern(1000));
    bench.server.put_file(kPart, pattern(500));
    CHECK(bench.perform(true).resumed == 0);
    CHECK(bench.server.count("SIZE") == 0);
  }
  SECTION("changed since the scan") {
    Bench bench;
    bench.file(pattern(500'000));
    bench.server.put_file(kPart, pattern(300'000));
    bench.action.entry.ctime_ns -= 1;
    CHECK(bench.perform(true).resumed == 0);
    CHECK(bench.server.count("SIZE") == 0);
    CHECK((bench.stored() == pattern(500'000)));
  }
  SECTION("not said to be there") {
    Bench bench;
    bench.file(pattern(500'000));
    bench.server.put_file(kPart, pattern(300'000));
    CHECK(bench.perform(false).resumed == 0);
    CHECK(bench.server.count("SIZE") == 0);
  }
}

TEST_CASE("a part that can't be read back or asked about is sent anew") {
  for (const FakePoint point : {FakePoint::get, FakePoint::command}) {
    Bench bench;
    bench.file(pattern(500'000));
    bench.server.put_file(kPart, pattern(300'000));
    bench.server.set_faults([&](const FakeCall& call) -> std::optional<Fault> {
      if (call.point != point) return std::nullopt;
      return Fault{Fault::Effect::refused, FailureClass::skip_file, 550};
    });
    const Outcome outcome = bench.perform(true);
    CHECK(outcome.status == Status::done);
    CHECK(outcome.resumed == 0);
    CHECK((bench.stored() == pattern(500'000)));
  }
}

TEST_CASE("a connection that fell asleep while a part was hashed costs no retry") {
  Bench bench;
  bench.file(pattern(500'000));
  bench.server.put_file(kPart, pattern(300'000));
  bool struck = false;
  bench.server.set_faults([&](const FakeCall& call) -> std::optional<Fault> {
    if (call.point != FakePoint::get || std::exchange(struck, true)) return std::nullopt;
    return Fault{Fault::Effect::lost, FailureClass::reconnect, 421};
  });
  const Outcome outcome = bench.perform(true);
  CHECK(struck);
  CHECK(outcome.retries == 0);
  CHECK(outcome.resumed == 300'000);
  CHECK((bench.stored() == pattern(500'000)));
}

TEST_CASE("a line that breaks is tried again from where the server has it") {
  Bench bench;
  const std::string content = pattern(2'000'000);
  bench.file(content);
  bench.policy.retries = 3;
  // Every attempt gets half of the rest through: far more breaks than retries, but each is progress.
  int breaks = 0;
  bench.server.set_faults([&](const FakeCall& call) -> std::optional<Fault> {
    if (call.point != FakePoint::put_middle || ++breaks > 6) return std::nullopt;
    return Fault{Fault::Effect::lost, FailureClass::reconnect, 0};
  });
  const Outcome outcome = bench.perform();
  CHECK(outcome.status == Status::done);
  CHECK((bench.stored() == content));
  CHECK(to_hex(outcome.digest) == sha256_of(content));
}

TEST_CASE("what a dead session writes late beyond a hole is not taken for what was sent since") {
  const std::string content = pattern(3'000'000);
  constexpr std::uint64_t kSecond = 1'000'000;
  Bench bench;
  bench.file(content);
  std::vector<std::uint64_t> offsets;
  OwnPut lane(*bench.lane, [&](const Put& put) {
    offsets.push_back(put.offset);
    std::vector<std::byte> sent(content.size());
    const std::size_t most = offsets.size() == 1 ? 2'000'000 : offsets.size() == 2 ? 400'000 : content.size();
    std::size_t got = 0;
    for (std::size_t more = 1; more > 0 && got < most; got += more)
      more = put.source->read(std::span(sent).first(most).subspan(got));
    put.sent(got);
    switch (offsets.size()) {
      case 1:  // the server has written half of it when the line breaks
        bench.server.put_file(kPart, content.substr(0, kSecond));
        throw RemoteError(FailureClass::reconnect, "broke");
      case 2: {  // it begins anew there and breaks again; then the first session writes what it still had
        std::string holed = content.substr(0, kSecond + 100'000);
        holed.resize(kSecond + 200'000, '\0');
        holed += content.substr(holed.size(), 300'000);
        bench.server.put_file(kPart, holed);
        throw RemoteError(FailureClass::reconnect, "broke");
      }
      default: {
        std::string whole = bench.stored().substr(0, put.offset);
        whole.append(reinterpret_cast<const char*>(sent.data()), got);
        bench.server.put_file(kPart, whole);
      }
    }
  });
  const Outcome outcome = bench.perform_on(lane);
  CHECK(outcome.status == Status::done);
  CHECK((bench.stored() == content));
  CHECK(to_hex(outcome.digest) == sha256_of(content));
  CHECK(offsets == std::vector<std::uint64_t>{0, kSecond, kSecond});
}

TEST_CASE("a part that must be sent anew has its retries anew but not for ever") {
  const std::string content = pattern(3'000'000);
  Bench bench;
  bench.file(content);
  int puts = 0;
  OwnPut lane(*bench.lane, [&](const Put& put) {
    ++puts;
    std::vector<std::byte> sent(300'000);
    put.sent(put.source->read(sent));
    std::string part = bench.stored().substr(0, put.offset);
    part.append(content, put.offset, 300'000);
    if (puts % 6 == 0) part.assign(part.size(), '!');  // the disk of this server loses what it had
    bench.server.put_file(kPart, part);
    throw RemoteError(FailureClass::reconnect, "broke");
  });
  CHECK(bench.perform_on(lane).status == Status::remote_failed);
  CHECK(puts > 4 * 6 - 1);
  CHECK(puts < 60);
}

TEST_CASE("sending the same bytes again is no progress however many they are") {
  Bench bench;
  bench.file(pattern(1'000'000));
  // Takes everything, stores nothing, and breaks: as often as it is asked.
  int puts = 0;
  OwnPut lane(*bench.lane, [&](const Put& put) {
    ++puts;
    REQUIRE(puts < 100);
    std::vector<std::byte> buffer(100'000);
    while (const std::size_t got = put.source->read(buffer)) put.sent(got);
    throw RemoteError(FailureClass::reconnect, "broke");
  });
  const Outcome outcome = bench.perform_on(lane);
  CHECK(outcome.status == Status::remote_failed);
  CHECK(outcome.failure == FailureClass::reconnect);
  CHECK(puts == 1 + bench.policy.retries);
  CHECK(outcome.retries == static_cast<std::uint64_t>(puts) - 1);
  CHECK(outcome.sent == 1'000'000u * static_cast<std::uint64_t>(puts));  // what failed counts as sent, too
}

TEST_CASE("what is final is not tried again") {
  using enum FailureClass;
  for (const FailureClass failure : {skip_file, no_space, stop_job, stop_run, cancelled}) {
    INFO(to_string(failure));
    Bench bench;
    bench.file("x");
    bench.server.set_faults([&](const FakeCall& call) -> std::optional<Fault> {
      if (call.point != FakePoint::put_start) return std::nullopt;
      return Fault{Fault::Effect::refused, failure, 550};
    });
    const Outcome outcome = bench.perform();
    CHECK(outcome.status == Status::remote_failed);
    CHECK(outcome.failure == failure);
    CHECK(bench.server.count("PUT") == 1);
    CHECK(bench.clock.waits() == 0);
  }
}

TEST_CASE("too many connections hands the task back unless it is the only connection") {
  for (const bool may_hand_back : {true, false}) {
    Bench bench;
    bench.file("x");
    bench.may_hand_back = may_hand_back;
    bench.policy.retries = 2;
    bench.server.set_faults([&](const FakeCall& call) -> std::optional<Fault> {
      if (call.point != FakePoint::connect) return std::nullopt;
      return Fault{Fault::Effect::refused, FailureClass::lower_cap, 421};
    });
    const Outcome outcome = bench.perform();
    CHECK(outcome.status == (may_hand_back ? Status::handed_back : Status::remote_failed));
    CHECK(bench.server.count("CONNECT") == (may_hand_back ? 1 : 3));
  }
}

TEST_CASE(
    "pain 26: a file that changes under the reader is read again and kept as torn when it does not stop") {
  const int changes = GENERATE(1, 100);
  Bench bench;
  bench.file(pattern(5000));
  int puts = 0;
  OwnPut lane(*bench.lane, [&](const Put& put) {
    bench.lane->put(put);
    if (++puts <= changes)
      write_file(bench.disk.path() / "f", pattern(5000 + static_cast<std::size_t>(puts)));
  });
  const Outcome outcome = bench.perform_on(lane);
  CHECK(outcome.status == Status::done);
  CHECK(outcome.torn == (changes == 100));
  CHECK(puts == (changes == 100 ? 4 : 2));
  CHECK(outcome.entry.size == bench.stored().size());  // what is recorded is what was read
  CHECK(to_hex(outcome.digest) == sha256_of(bench.stored()));
}

TEST_CASE("a file that shrinks every time it is read failed and did not vanish") {
  const auto kind = GENERATE(Task::Kind::upload, Task::Kind::compare);
  Bench bench;
  bench.file(pattern(600'000));
  // Cut when the reading has begun, and long again before it is opened the next time.
  class Cutter final : public EventSink {
   public:
    explicit Cutter(std::filesystem::path file) : file_(std::move(file)) {}
    void on(const Event& event) noexcept override {
      std::error_code ignored;
      if (std::holds_alternative<TransferStarted>(event)) std::filesystem::resize_file(file_, 10, ignored);
      if (std::holds_alternative<TransferEnded>(event)) std::filesystem::resize_file(file_, 600'000, ignored);
    }

   private:
    std::filesystem::path file_;
  };
  Cutter cutter(bench.disk.path() / "f");
  const SourceTree tree = bench.disk.tree();
  Uploader uploader(*bench.lane, 0, {tree, bench.policy, bench.clock, bench.cancel, cutter, true});
  Task task;
  task.kind = kind;
  task.action = &bench.action;
  task.part = RemotePath::parse(kPart);
  const Outcome outcome = uploader.perform(task);
  CHECK(outcome.status == Status::source_failed);
  CHECK(outcome.message.find("became shorter") != std::string::npos);
  CHECK_FALSE(outcome.advice.empty());
}

TEST_CASE("a file that is gone or is something else by now has vanished") {
  const bool fifo = GENERATE(true, false);
  Bench bench;
  bench.file("x");
  std::filesystem::remove(bench.disk.path() / "f");
  if (fifo) std::filesystem::create_symlink("/etc/passwd", bench.disk.path() / "f");
  CHECK(bench.perform().status == Status::vanished);
  CHECK(bench.perform(false, Task::Kind::compare).status == Status::vanished);
  CHECK(bench.server.count("PUT") == 0);
}

TEST_CASE("a compare reads the file and asks the server for nothing") {
  Bench bench;
  bench.file(pattern(600'000));
  const Outcome outcome = bench.perform(false, Task::Kind::compare);
  CHECK(outcome.status == Status::done);
  CHECK(to_hex(outcome.digest) == sha256_of(pattern(600'000)));
  CHECK(bench.server.moments() == 0);
}

TEST_CASE("a request to stop ends a compare and the hashing of a part and the waiting") {
  Bench bench;
  bench.file(pattern(1'000'000));
  SECTION("a compare") {
    bench.cancel.cancel();
    CHECK(bench.perform(false, Task::Kind::compare).failure == FailureClass::cancelled);
  }
  SECTION("hashing what is there") {
    bench.server.put_file(kPart, pattern(900'000));
    bench.server.set_faults([&](const FakeCall& call) -> std::optional<Fault> {
      if (call.what.starts_with("SIZE")) bench.cancel.cancel();
      return std::nullopt;
    });
    CHECK(bench.perform(true).failure == FailureClass::cancelled);
    CHECK(bench.server.count("GET") == 0);
  }
  SECTION("the waiting") {
    bench.server.set_faults([&](const FakeCall& call) -> std::optional<Fault> {
      if (call.point != FakePoint::put_start) return std::nullopt;
      bench.cancel.cancel();
      return Fault{Fault::Effect::lost, FailureClass::reconnect, 0};
    });
    CHECK(bench.perform().failure == FailureClass::cancelled);
    CHECK(bench.server.count("PUT") == 1);
  }
}

TEST_CASE("what a server went on with wrongly is given up with its name and remembered") {
  using enum FakeOptions::Resumes;
  struct Row {
    const char* what;
    FakeOptions::Resumes resumes;
    const char* words;
  };
  for (const Row& row :
       {Row{"the head is zeros", zeroes_head, "it accepted the rest, but has other content than was sent"},
        Row{"only the rest is there", replaces,
            "it accepted the rest, but has 2500000 bytes instead of 5000000"},
        Row{"refused and gone", loses,
            "it had 2500000 bytes, was asked to go on there, and has no such file now"},
        Row{"refused and emptied", empties,
            "it had 2500000 bytes, was asked to go on there, and has 0 bytes now"}}) {
    INFO(row.what);
    Bench bench({.resumes = row.resumes});
    bench.half_sent(pattern(5'000'000));
    const Outcome outcome = bench.perform(true);
    CHECK(outcome.status == Status::name_used);
    CHECK(outcome.task.sent == std::uint64_t{0});  // nothing of it is ever trusted again
    CHECK(outcome.resumed == 0);
    CHECK(bench.resumes() == false);
    REQUIRE(outcome.remarks.size() == 1);
    CHECK(outcome.remarks.front().severity == Problem::Severity::warning);
    CHECK(outcome.remarks.front().message.find(row.words) != std::string::npos);
    CHECK(outcome.remarks.front().advice.find("outhaul doctor") != std::string::npos);
    CHECK(bench.server.connections() == 0);  // whatever it has open there is closed
  }
}

TEST_CASE("a server that is found to resume rightly is believed from then on") {
  const bool digest = GENERATE(false, true);
  FakeOptions options;
  if (digest) options.digest = DigestKind::sha256;
  Bench bench(options);
  const std::string content = pattern(30'000'000);
  bench.half_sent(content);
  CHECK(bench.perform(true).resumed == 15'000'000);
  CHECK(bench.resumes() == true);
  CHECK(bench.server.count("HASH") == 1);  // a server that offers none isn't asked, but the fake counts it
  // Before: head and end of what was there. After: head, middle, join and end, or the digest.
  CHECK(bench.server.count("GET") == (digest ? 2 : 6));
  CHECK((bench.stored() == content));

  bench.server.put_file(kPart, content.substr(0, 20'000'000));
  bench.server.forget_calls();
  CHECK(bench.perform(true).resumed == 20'000'000);
  CHECK(bench.server.count("GET") == 1);
  CHECK(bench.server.count("HASH") == 0);
  CHECK((bench.stored() == content));
}

TEST_CASE("an upload that needs no resuming asks the server nothing about it") {
  Bench bench;
  bench.file(pattern(1'000'000));
  CHECK(bench.perform().status == Status::done);
  CHECK(bench.server.moments() == 4);  // connect, and the upload's three
  CHECK_FALSE(bench.resumes().has_value());
}

TEST_CASE("a wrong resume is found before a broken line makes a night of it") {
  Bench bench({.resumes = FakeOptions::Resumes::zeroes_head});
  const std::string content = pattern(8'000'000);
  bench.half_sent(content);
  bench.break_upload(1);
  const Outcome outcome = bench.perform(true);
  CHECK(outcome.status == Status::name_used);
  CHECK(outcome.sent == 4'000'000);  // handed to the attempt that broke; nothing after that
  CHECK(bench.server.count("PUT") == 1);
  CHECK(bench.resumes() == false);
}

TEST_CASE("where a server is known not to resume rightly the file is sent from its beginning with a note") {
  ServerMemory told;
  told.resume = false;
  Bench bench({.resumes = FakeOptions::Resumes::zeroes_head}, told);
  const std::string content = pattern(3'000'000);
  bench.half_sent(content);
  const Outcome outcome = bench.perform(true);
  CHECK(outcome.status == Status::done);
  CHECK((bench.stored() == content));
  CHECK(outcome.resumed == 0);
  CHECK(outcome.sent == 3'000'000);
  REQUIRE(outcome.remarks.size() == 1);
  CHECK(outcome.remarks.front().severity == Problem::Severity::note);
  CHECK(outcome.remarks.front().message.find("1.4 MiB of it are sent again") != std::string::npos);
  CHECK(bench.server.count("GET") == 0);
  CHECK(bench.server.count("DELE") == 1);
}

TEST_CASE("a refused resume that changes nothing says nothing about the server") {
  Bench bench({.resumes = FakeOptions::Resumes::refuses});
  const std::string content = pattern(3'000'000);
  bench.half_sent(content);
  const Outcome outcome = bench.perform(true);
  CHECK(outcome.status == Status::done);
  CHECK(outcome.resumed == 0);  // it was refused
  CHECK((bench.stored() == content));
  CHECK_FALSE(bench.resumes().has_value());
  CHECK(outcome.remarks.empty());
}

TEST_CASE("a part that is gone though it was sent is told of and costs a fresh start") {
  Bench bench;
  bench.file(pattern(3'000'000));
  bench.task.sent = 2'000'000;
  const Outcome outcome = bench.perform(true);
  CHECK(outcome.status == Status::done);
  REQUIRE(outcome.remarks.size() == 1);
  CHECK(outcome.remarks.front().message.find("no longer on the server") != std::string::npos);
  CHECK_FALSE(bench.resumes().has_value());
}

TEST_CASE("a part that goes with the upload that was cut off is no word against resuming") {
  Bench bench;
  const std::string content = pattern(3'000'000);
  bench.half_sent(content);
  bool once = false;
  OwnPut lane(*bench.lane, [&](const Put& put) {
    if (std::exchange(once, true)) return bench.lane->put(put);
    std::vector<std::byte> some(400'000);
    put.sent(put.source->read(some));
    bench.server.remove(kPart);  // a quota was reached
    throw RemoteError(FailureClass::reconnect, "broke");
  });
  const Outcome outcome = bench.perform_on(lane, true);
  CHECK(outcome.status == Status::done);
  CHECK((bench.stored() == content));
  CHECK(outcome.resumed == 0);
  CHECK_FALSE(bench.resumes().has_value());
  REQUIRE(outcome.remarks.size() == 1);
  CHECK(outcome.remarks.front().message.find("no longer on the server") != std::string::npos);
}

TEST_CASE("what is sent anew to a server that stores it beside the old one is not taken for that") {
  FakeOptions options;
  options.writes_beside = true;
  Bench bench(options);
  // It changes while it is read, and keeps its size: the size proves nothing.
  bench.file(pattern(5000));
  const std::string changed(5000, 'y');
  bool once = false;
  OwnPut lane(*bench.lane, [&](const Put& put) {
    bench.lane->put(put);
    if (!std::exchange(once, true)) write_file(bench.disk.path() / "f", changed);
  });
  CHECK(bench.perform_on(lane).status == Status::done);
  CHECK((bench.stored() == changed));
  CHECK(bench.server.files().size() == 1);
}

TEST_CASE("where the old content can't be removed what is sent anew is read back") {
  const bool beside = GENERATE(false, true);
  FakeOptions options;
  options.writes_beside = beside;
  Bench bench(options);
  bench.file(pattern(5000));
  const std::string changed(5000, 'y');
  bench.server.set_faults([](const FakeCall& call) -> std::optional<Fault> {
    if (!call.what.starts_with("DELE")) return std::nullopt;
    return Fault{Fault::Effect::refused, FailureClass::skip_file, 550};
  });
  bool once = false;
  OwnPut lane(*bench.lane, [&](const Put& put) {
    bench.lane->put(put);
    if (!std::exchange(once, true)) write_file(bench.disk.path() / "f", changed);
  });
  const Outcome outcome = bench.perform_on(lane);
  CHECK(bench.server.count("GET") == 1);
  CHECK(outcome.status == (beside ? Status::remote_failed : Status::done));
  if (beside) CHECK(outcome.advice.find("may delete files") != std::string::npos);
}

TEST_CASE("resumed is what the server had of the file that was stored in the end") {
  Bench bench;
  const std::string content = pattern(4'000'000);
  bench.file(content);
  bench.break_upload(1);
  const Outcome outcome = bench.perform();
  CHECK(outcome.status == Status::done);
  CHECK(outcome.resumed == 2'000'000);
  CHECK((bench.stored() == content));
  CHECK(bench.resumes() == true);
}
