// What an upload must show before it counts as stored, on servers that lose, change or conceal what they
// have.
#include "nightly.h"
#include "support/catch.h"

using namespace outhaul;
using namespace outhaul::test;

namespace {

/// Keeps the size, flips a bit.
std::string flipped(std::string bytes) {
  if (!bytes.empty()) bytes[bytes.size() / 2] = static_cast<char>(bytes[bytes.size() / 2] ^ 1);
  return bytes;
}

FakeOptions corrupting(std::optional<DigestKind> digest = std::nullopt) {
  FakeOptions options;
  options.digest = digest;
  options.corrupt = flipped;
  return options;
}

Nightly& with(Nightly& night, Proof proof, int connections = 3) {
  night.profile.jobs.front().proof = proof;
  night.profile.remote.connections = connections;
  return night;
}

}  // namespace

TEST_CASE("a server that changes a byte gets past sizes and not past digests or reading back") {
  struct Row {
    Proof proof;
    std::optional<DigestKind> digest;
    bool caught;
    const char* words;
  };
  const std::vector<Row> rows{{Proof::size, std::nullopt, false, ""},
                              {Proof::hash, DigestKind::sha256, true, "had other content: SHA-256 "},
                              {Proof::hash, DigestKind::md5, true, "had other content: MD5 "},
                              {Proof::hash, DigestKind::crc32, true, "had other content: CRC32 "},
                              {Proof::read_back, std::nullopt, true, "gave other content back"}};
  for (const int connections : {1, 3}) {
    for (const Row& row : rows) {
      CAPTURE(connections, static_cast<int>(row.proof), row.words);
      Nightly night(corrupting(row.digest));
      night.have_no_catalog("what is sent is counted");
      with(night, row.proof, connections).write("d/f", "some content");
      const RunReport report = night.run();
      INFO(night.events.problems());
      CHECK(night.server.count("PUT ") == (row.caught ? 3 : 1));
      CHECK(report.outcome == (row.caught ? ExitCode::incomplete : ExitCode::done));
      CHECK(night.stored().count("t/d/f") == (row.caught ? 0 : 1));  // a bad copy is never renamed into place
      if (!row.caught) continue;
      CHECK(says(night, "accepted the upload 3 times"));
      CHECK(says(night, row.words));
      FakeOptions honest;
      honest.digest = row.digest;
      night.server.change(honest);
      CHECK(night.run().outcome == ExitCode::done);
      CHECK(night.stored() == night.expected());
      CHECK(night.leftovers().empty());
    }
  }
}

TEST_CASE("an upload that was changed once on its way is sent again") {
  for (const Proof proof : {Proof::hash, Proof::read_back}) {
    Nightly night(corrupting(DigestKind::sha1));
    int stored = 0;
    FakeOptions once = corrupting(DigestKind::sha1);
    once.corrupt = [&](std::string bytes) { return stored++ == 0 ? flipped(std::move(bytes)) : bytes; };
    night.server.change(once);
    with(night, proof).write("f", std::string(300'000, 'x'));
    const RunReport report = night.run();
    INFO(night.events.problems());
    CHECK(report.outcome == ExitCode::done);
    CHECK(report.jobs.at(0).done.retries == 1);
    CHECK(night.stored() == night.expected());
  }
}

TEST_CASE("every digest that a server may compute equals ours") {
  for (const DigestKind kind :
       {DigestKind::crc32, DigestKind::md5, DigestKind::sha1, DigestKind::sha512, DigestKind::sha256}) {
    CAPTURE(to_string(kind));
    FakeOptions options;
    options.digest = kind;
    Nightly night(options);
    with(night, Proof::hash).write("empty", "");
    night.write("d/f", "content");
    CHECK(night.run().outcome == ExitCode::done);
    CHECK(night.stored() == night.expected());
    CHECK(night.server.count("HASH .outhaul/parts/") == 3);  // one to find out, one for each file
  }
}

TEST_CASE("a server without digests stops a job that wants them before the first byte") {
  Nightly night;
  with(night, Proof::hash).write("f", "x");
  const RunReport report = night.run();
  CHECK(report.outcome == ExitCode::remote_unusable);
  CHECK(night.server.count("PUT ") == 0);
  CHECK(says(night, "the server offers no digests"));
  CHECK(says(night, "Set \"proof\" to \"size\", or to \"read_back\""));
  night.profile.jobs.front().proof = Proof::read_back;
  CHECK(night.run().outcome == ExitCode::done);
  CHECK(night.stored() == night.expected());
}

TEST_CASE("reading back goes on where the line broke and sends nothing again") {
  Nightly night;
  night.have_no_catalog("what is sent is counted");
  with(night, Proof::read_back).write("f", std::string(1'000'000, 'y'));
  int broken = 0;
  night.server.set_faults([&](const FakeCall& call) -> std::optional<Fault> {
    if (call.point != FakePoint::get || broken == 2) return std::nullopt;
    ++broken;
    return Fault{Fault::Effect::lost, FailureClass::reconnect, 0};
  });
  const RunReport report = night.run();
  INFO(night.events.problems());
  CHECK(broken == 2);
  CHECK(report.outcome == ExitCode::done);
  CHECK(night.server.bytes_received() == 1'000'000);
  CHECK(night.stored() == night.expected());
}

TEST_CASE("an account that may not read says so when files are to be read back") {
  Nightly night;
  with(night, Proof::read_back).write("f", "x");
  night.server.set_faults([&](const FakeCall& call) -> std::optional<Fault> {
    if (call.point != FakePoint::get) return std::nullopt;
    return Fault{Fault::Effect::refused, FailureClass::skip_file, 550};
  });
  CHECK(night.run().outcome == ExitCode::incomplete);
  CHECK(says(night, "it can't be read back"));
  CHECK(says(night, "set \"proof\" to \"hash\" or \"size\""));
  CHECK(night.stored().empty());
}

TEST_CASE("a server without SIZE proves its uploads by a listing and gets no more connections than allowed") {
  for (const int connections : {1, 2, 4}) {
    CAPTURE(connections);
    FakeOptions options;
    options.has_size = false;
    Nightly night(options);
    with(night, Proof::size, connections);
    for (int i = 0; i < 300; ++i) night.write("d/f" + std::to_string(i), std::to_string(i));
    const RunReport report = night.run();
    INFO(night.events.problems());
    CHECK(report.outcome == ExitCode::done);
    CHECK(night.stored() == night.expected());
    CHECK(night.leftovers().empty());
    CHECK(night.server.most_connections() <= connections);
  }
}

TEST_CASE("a server without SIZE that loses a file is found out by the listing") {
  FakeOptions options;
  options.has_size = false;
  options.corrupt = [](std::string bytes) { return bytes.substr(0, bytes.size() / 2); };
  Nightly night(options);
  night.write("f", "content");
  CHECK(night.run().outcome == ExitCode::incomplete);
  CHECK(says(night, "then had 3 bytes instead of 7"));
  CHECK(night.stored().empty());
}

TEST_CASE("pain 14: what an untrusted listing shows is proof and what it doesn't show is not called lost") {
  FakeOptions options;
  options.has_size = false;
  options.listing_untrusted = "it ends at 10000 entries";
  Nightly night(options);
  night.write("f", "content");
  CHECK(night.run().outcome == ExitCode::done);
  night.write("g", "content");
  night.server.set_faults([&](const FakeCall& call) -> std::optional<Fault> {
    // As if the part were among the entries that were left out.
    if (!call.what.starts_with("SIZE .outhaul/parts/")) return std::nullopt;
    return Fault{Fault::Effect::refused, FailureClass::none, 226};
  });
  CHECK(night.run().outcome == ExitCode::incomplete);
  CHECK(says(night, "its size there can't be learned"));
  CHECK(night.stored().count("t/g") == 0);
}

TEST_CASE("a run that a crash cut off is settled and resumed on a server without SIZE") {
  FakeOptions options;
  options.has_size = false;
  Nightly night(options);
  night.have_no_catalog("what is sent is counted");
  night.write("f", std::string(600'000, 'x'));
  night.profile.remote.retries = 0;
  night.server.set_faults([&](const FakeCall& call) -> std::optional<Fault> {
    if (call.point != FakePoint::put_middle) return std::nullopt;
    return Fault{Fault::Effect::lost, FailureClass::reconnect, 0};
  });
  CHECK(night.run().outcome != ExitCode::done);
  const std::uint64_t before = night.server.bytes_received();
  REQUIRE(before == 300'000);
  night.server.set_faults([&](const FakeCall& call) -> std::optional<Fault> {
    if (!call.what.starts_with("RNFR")) return std::nullopt;  // now between journal and rename
    return Fault{Fault::Effect::lost_after, FailureClass::reconnect, 0};
  });
  CHECK(night.run().outcome != ExitCode::done);
  CHECK(night.server.bytes_received() - before == 300'000);  // resumed
  night.server.set_faults({});
  CHECK(night.run().outcome == ExitCode::done);
  CHECK(night.server.bytes_received() - before == 300'000);  // settled: nothing is sent again
  CHECK(night.stored() == night.expected());
  CHECK(night.leftovers().empty());
}
