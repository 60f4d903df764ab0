#include "catalog/carrier.h"

#include <filesystem>

#include "bench.h"
#include "outhaul/error.h"
#include "support/catch.h"

using namespace outhaul;
using namespace outhaul::test;

namespace {

std::string pattern(std::size_t size) {
  std::string text;
  for (std::size_t i = 0; i < size; ++i) text += static_cast<char>('a' + i % 23);
  return text;
}

FailureClass failure_of(const std::function<void()>& work) {
  try {
    work();
  } catch (const RemoteError& error) {
    return error.failure();
  }
  return FailureClass::none;
}

}  // namespace

TEST_CASE("a file is stored whole or its name is not there whatever single thing goes wrong") {
  const std::string content = pattern(100'000);
  for (const auto effect : {Fault::Effect::lost, Fault::Effect::lost_after}) {
    for (std::uint64_t nth = 1;; ++nth) {
      Bench bench;
      bench.carrier.make_dir(RemotePath::parse("c"));
      const std::uint64_t before = bench.server.moments();
      bench.server.fail_nth(nth, {effect, FailureClass::reconnect, 0});
      bench.carrier.store(bench.local(content), bench.name, false);
      INFO("fault at moment " << nth);
      CHECK((bench.server.file("c/file") == content));
      CHECK(bench.server.files().size() == 1);
      if (bench.server.moments() - before < nth) break;
    }
  }
}

TEST_CASE("a name that is taken is replaced also where a server can not rename over it") {
  FakeOptions options;
  options.replaces = GENERATE(true, false);
  Bench bench(options);
  bench.server.put_file("c/file", "old");
  bench.carrier.store_text("new", bench.name);
  CHECK(bench.server.file("c/file") == "new");
  CHECK(bench.server.files().size() == 1);
}

TEST_CASE("what a cut run has sent of the same file is gone on with when that is asked for") {
  const std::string content = pattern(100'000);
  Bench bench;
  bench.server.put_file("c/file.part", content.substr(0, 60'000));
  bench.carrier.store(bench.local(content), bench.name, true);
  CHECK((bench.server.file("c/file") == content));
  CHECK(bench.server.bytes_received() == 40'000);
}

TEST_CASE("what a server goes on with wrongly is sent again and the server is not believed any more") {
  using enum FakeOptions::Resumes;
  const std::string content = pattern(100'000);
  for (const FakeOptions::Resumes resumes : {zeroes_head, replaces, loses, empties}) {
    FakeOptions options;
    options.resumes = resumes;
    Bench bench(options);
    bench.server.put_file("c/file.part", content.substr(0, 60'000));
    bench.carrier.store(bench.local(content), bench.name, true);
    CHECK((bench.server.file("c/file") == content));
    CHECK(bench.server.files().size() == 1);
    CHECK(bench.remote->memory().resume == false);
    bench.server.put_file("c/file.part", content.substr(0, 60'000));
    bench.server.forget_calls();
    bench.carrier.store(bench.local(content), bench.name, true);
    CHECK((bench.server.file("c/file") == content));
    CHECK(bench.server.count("PUT") == 1);
  }
}

TEST_CASE("a server that went on rightly once is believed") {
  const std::string content = pattern(100'000);
  Bench bench;
  for (const std::size_t reads : {2u, 1u}) {
    bench.server.put_file("c/file.part", content.substr(0, 60'000));
    bench.server.forget_calls();
    bench.carrier.store(bench.local(content), bench.name, true);
    CHECK(bench.remote->memory().resume == true);
    CHECK(bench.server.count("GET") == reads);  // before it, and the first time after it
    CHECK((bench.server.file("c/file") == content));
  }
}

TEST_CASE("what lies under the name of a part and is something else is not gone on with") {
  const std::string content = pattern(100'000);
  Bench bench;
  bench.server.put_file("c/file.part", std::string(60'000, '?'));
  bench.carrier.store(bench.local(content), bench.name, true);
  CHECK((bench.server.file("c/file") == content));
}

TEST_CASE("an upload that was stored short is seen and sent again") {
  FakeOptions options;
  int puts = 0;
  options.corrupt = [&](std::string bytes) {
    return ++puts == 1 ? bytes.substr(0, bytes.size() / 2) : bytes;
  };
  Bench bench(options);
  bench.server.make_dir("c");
  const std::string content = pattern(50'000);
  bench.carrier.store_text(content, bench.name);
  CHECK((bench.server.file("c/file") == content));
}

TEST_CASE("a server that refuses for good is not asked for ever") {
  Bench bench;
  bench.server.make_dir("c");
  bench.server.set_faults([](const FakeCall& call) -> std::optional<Fault> {
    if (call.point != FakePoint::put_start) return std::nullopt;
    return Fault{Fault::Effect::refused, FailureClass::no_space, 552};
  });
  CHECK(failure_of([&] { bench.carrier.store_text("x", bench.name); }) == FailureClass::no_space);
  bench.server.set_faults([](const FakeCall&) -> std::optional<Fault> {
    return Fault{Fault::Effect::lost, FailureClass::reconnect, 0};
  });
  CHECK(failure_of([&] { bench.carrier.store_text("x", bench.name); }) == FailureClass::reconnect);
}

TEST_CASE("a file is fetched whole whatever breaks and goes on where an earlier attempt ended") {
  const std::string content = pattern(200'000);
  Bench bench;
  bench.server.put_file("c/file", content);
  write_file(bench.dir / "to", content.substr(0, 150'000));
  bench.server.fail_nth(2, {Fault::Effect::lost, FailureClass::reconnect, 0});
  bench.carrier.fetch(bench.name, bench.dir / "to", content.size());
  CHECK((read_whole(bench.dir / "to") == content));
  SECTION("what is longer than it can be is thrown away first") {
    write_file(bench.dir / "to", content + content);
    bench.carrier.fetch(bench.name, bench.dir / "to", content.size());
    CHECK((read_whole(bench.dir / "to") == content));
  }
  SECTION("a server that gives more fills no disk") {
    bench.carrier.fetch(bench.name, bench.dir / "to2", 1000);
    CHECK((read_whole(bench.dir / "to2") == content.substr(0, 1000)));
  }
}

TEST_CASE("a text that is not there is no failure and one that is too long is") {
  Bench bench;
  bench.server.put_file("c/file", "text");
  CHECK(bench.carrier.fetch_text(bench.name, 10) == "text");
  CHECK_FALSE(bench.carrier.fetch_text(RemotePath::parse("c/none"), 10).has_value());
  bool thrown = false;
  try {
    bench.carrier.fetch_text(bench.name, 3);
  } catch (const Error& error) {
    thrown = error.kind() == ErrorKind::state;
  }
  CHECK(thrown);
}

TEST_CASE("a request to stop ends it") {
  Bench bench;
  bench.server.make_dir("c");
  bench.cancel.cancel();
  bench.server.set_faults([](const FakeCall&) -> std::optional<Fault> {
    return Fault{Fault::Effect::lost, FailureClass::reconnect, 0};
  });
  CHECK(failure_of([&] { bench.carrier.store_text("x", bench.name); }) == FailureClass::cancelled);
}

TEST_CASE("a directory that can't be made is named with the server's own reason") {
  Bench bench;
  bench.server.set_faults([](const FakeCall& call) -> std::optional<Fault> {
    if (!call.what.starts_with("MKD")) return std::nullopt;
    return Fault{Fault::Effect::refused, FailureClass::skip_file, call.what == "MKD " ? 521 : 550};
  });
  try {
    bench.carrier.make_dir(RemotePath::parse(".outhaul/catalog"));
    FAIL("it was made");
  } catch (const RemoteError& error) {
    CHECK(error.reply_code() == 550);
    const std::string what = error.what();
    CHECK(what.starts_with("the directory \".outhaul\" can't be made on the remote: "));
    CHECK(what.find("  ") == std::string::npos);
    CHECK(what.find("; nor can the remote's base directory: ") != std::string::npos);
  }
}
