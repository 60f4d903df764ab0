// Nights on servers that go on with broken uploads wrongly: never a wrong file, and each thing is found out
// once.
#include "outhaul/names.h"
#include "support/catch.h"
#include "unit/job/nightly.h"

using namespace outhaul;
using namespace outhaul::test;

namespace {

using enum FakeOptions::Resumes;

std::string pattern(std::size_t size) {
  std::string content;
  for (std::size_t i = 0; i < size; ++i) content += static_cast<char>('a' + (i * 7 + i / 1000) % 26);
  return content;
}

FakeOptions that(FakeOptions::Resumes resumes) {
  FakeOptions options;
  options.resumes = resumes;
  return options;
}

/// A run whose upload of "f" breaks in its middle for good.
void cut_off(Nightly& night) {
  const int retries = std::exchange(night.profile.remote.retries, 0);
  night.server.set_faults([](const FakeCall& call) -> std::optional<Fault> {
    if (call.point != FakePoint::put_middle) return std::nullopt;
    return Fault{Fault::Effect::lost, FailureClass::reconnect, 0};
  });
  CHECK(night.run().outcome != ExitCode::done);
  night.server.set_faults({});
  night.server.forget_calls();
  night.profile.remote.retries = retries;
}

std::optional<std::string> fact(const Nightly& night, const std::string& name) {
  for (const auto& [fact, value] : night.state().server_facts(server_key(night.profile.remote)))
    if (fact == name) return value;
  return std::nullopt;
}

void expect_whole(const Nightly& night) {
  CHECK((night.stored() == night.expected()));
  CHECK(night.leftovers().empty());
  CHECK(night.ledger() == 0);
}

}  // namespace

TEST_CASE("an upload that a server goes on with wrongly costs a fresh start and never a wrong file") {
  const FakeOptions::Resumes resumes = GENERATE(zeroes_head, replaces, loses, empties);
  CAPTURE(static_cast<int>(resumes));
  Nightly night(that(resumes));
  night.write("f", pattern(900'000));
  cut_off(night);
  const RunReport report = night.run();
  CHECK(report.outcome == ExitCode::done);
  expect_whole(night);
  CHECK(report.jobs[0].done.resumed_bytes == 0);
  CHECK(report.jobs[0].done.files_uploaded == 1);
  CHECK(says(night, "doesn't go on with broken uploads rightly"));
  CHECK(fact(night, "resume") == "no");

  night.write("g", pattern(1'000'000));
  cut_off(night);
  const RunReport next = night.run();
  CHECK(next.outcome == ExitCode::done);
  expect_whole(night);
  CHECK(says(night, "0.5 MiB of it are sent again, because this server was found not to go on"));
  CHECK(next.jobs[0].done.bytes_sent == 1'000'000);
  CHECK(next.jobs[0].done.resumed_bytes == 0);
  CHECK(night.server.count("GET") == 0);
}

TEST_CASE("a server that goes on rightly is proven once and resumed bytes are those that were kept") {
  Nightly night;
  night.write("f", pattern(900'000));
  cut_off(night);
  const RunReport report = night.run();
  CHECK(report.outcome == ExitCode::done);
  expect_whole(night);
  CHECK(report.jobs[0].done.resumed_bytes == 450'000);
  CHECK(report.jobs[0].done.bytes_sent == 450'000);
  CHECK(fact(night, "resume") == "yes");
  CHECK(night.server.count("GET") == 2);  // the part before it was gone on with, and the whole after that

  night.write("g", pattern(900'000));
  cut_off(night);
  CHECK(night.run().jobs[0].done.resumed_bytes == 450'000);
  CHECK(night.server.count("GET") == 1);
  expect_whole(night);
}

TEST_CASE("what was believed of a server's resuming is forgotten after a month") {
  Nightly night(that(zeroes_head));
  night.write("f", pattern(900'000));
  cut_off(night);
  CHECK(night.run().outcome == ExitCode::done);
  REQUIRE(fact(night, "resume") == "no");
  night.server.change(that(rightly));
  night.write("g", pattern(900'000));
  cut_off(night);
  night.clock.ahead_ns = 31LL * 24 * 3600 * 1'000'000'000;
  CHECK(night.run().jobs[0].done.resumed_bytes == 450'000);
  CHECK(fact(night, "resume") == "yes");
  expect_whole(night);
}

TEST_CASE("a server that was replaced by one that resumes wrongly is found out by its digests or sizes") {
  const Proof proof = GENERATE(Proof::hash, Proof::read_back, Proof::size);
  FakeOptions options;
  options.digest = DigestKind::sha1;
  Nightly night(options);
  night.profile.jobs[0].proof = proof;
  night.write("f", pattern(900'000));
  cut_off(night);
  CHECK(night.run().outcome == ExitCode::done);
  REQUIRE(fact(night, "resume") == "yes");
  options.resumes = proof == Proof::size ? replaces : zeroes_head;
  night.server.change(options);
  night.write("g", pattern(900'000));
  cut_off(night);
  const RunReport report = night.run();
  CHECK(report.outcome == ExitCode::done);
  expect_whole(night);
  CHECK(fact(night, "resume") == "no");
  CHECK(report.jobs[0].done.resumed_bytes == 0);
  CHECK(says(night, "doesn't go on with broken uploads rightly"));
}

TEST_CASE("an append-only job stores under another name what the server went on with wrongly") {
  const FakeOptions::Resumes resumes = GENERATE(zeroes_head, replaces);
  FakeOptions options = that(resumes);
  options.drop_box = DropBox::resume;
  Nightly night(options);
  night.profile.jobs[0].append_only = true;
  night.write("f", pattern(900'000));
  cut_off(night);
  const RunReport report = night.run();
  CHECK(report.outcome == ExitCode::done);
  CHECK(report.jobs[0].done.resumed_bytes == 0);
  CHECK(fact(night, "resume") == "no");
  CHECK(says(night, "doesn't go on with broken uploads rightly"));
  const VerifyReport verified = night.verify({{}, ReadChoice{ReadChoice::How::all, 0, 0}, {}, false});
  CHECK(verified.outcome == ExitCode::done);
}

TEST_CASE("a spoiled part that can't be removed is never gone on with and removed by a later run") {
  Nightly night(that(zeroes_head));
  night.write("f", pattern(900'000));
  cut_off(night);
  night.server.set_faults([](const FakeCall& call) -> std::optional<Fault> {
    if (!call.what.starts_with("DELE")) return std::nullopt;
    return Fault{Fault::Effect::refused, FailureClass::skip_file, 550};
  });
  CHECK(night.run().outcome == ExitCode::done);
  CHECK((night.stored() == night.expected()));
  CHECK(night.ledger() == 1);
  night.server.set_faults({});
  CHECK(night.run().outcome == ExitCode::done);
  expect_whole(night);
}
