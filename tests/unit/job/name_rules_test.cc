#include <algorithm>

#include "nightly.h"
#include "outhaul/error.h"
#include "state/state.h"
#include "support/catch.h"

using namespace outhaul;
using namespace outhaul::test;

namespace {

void set_rules(Nightly& nightly, const NameRules& rules) {
  nightly.profile.remote.names = rules;
  for (Job& job : nightly.profile.jobs) job.names = rules;
}

std::string refusal_of(Nightly& nightly) {
  try {
    nightly.run();
  } catch (const Error& error) {
    CHECK(error.kind() == ErrorKind::state);
    return std::string(error.what()) + "\n" + error.advice();
  }
  return {};
}

bool contains(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

}  // namespace

TEST_CASE("names on the remote follow the profile's rules in every phase") {
  Nightly nightly;
  nightly.profile.jobs.front().on_removal = OnRemoval::remove;
  set_rules(nightly, {true, "ISO-8859-1"});
  nightly.write("caf\xC3\xA9:1/nul.txt", "one");
  nightly.write("caf\xC3\xA9:1/old?", "two");
  REQUIRE(nightly.run().outcome == ExitCode::done);
  const auto stored = nightly.stored();
  CHECK(stored == nightly.expected());
  CHECK(std::ranges::any_of(stored,
                            [](const auto& file) { return file.first.ends_with("caf\xE9%3A1/%6Eul.txt"); }));
  nightly.rename("caf\xC3\xA9:1/old?", "caf\xC3\xA9:1/new.");
  nightly.write("caf\xC3\xA9:1/nul.txt", "changed");
  REQUIRE(nightly.run().outcome == ExitCode::done);
  CHECK(nightly.stored() == nightly.expected());
  nightly.remove("caf\xC3\xA9:1/nul.txt");
  REQUIRE(nightly.run().outcome == ExitCode::done);
  CHECK(nightly.stored() == nightly.expected());
}

TEST_CASE("rules for names that would rename what is stored are refused with the way out") {
  Nightly nightly;
  nightly.write("a:b/plain", "x");
  REQUIRE(nightly.run().outcome == ExitCode::done);
  const auto before = nightly.stored();
  set_rules(nightly, {true, {}});
  const std::string refusal = refusal_of(nightly);
  CAPTURE(refusal);
  CHECK(contains(refusal, "\"a:b\" of job \"" + nightly.profile.jobs.front().name + "\""));
  CHECK(contains(refusal, "a%3Ab"));
  CHECK(contains(refusal, "Set them back to \"names\": \"unix\""));
  CHECK_THROWS_AS(nightly.plan(), Error);
  CHECK(nightly.stored() == before);

  SECTION("setting them back goes on") {
    set_rules(nightly, {});
    CHECK(nightly.run().outcome == ExitCode::done);
  }
  SECTION("a new job with a new target starts with the new rules") {
    nightly.profile.jobs.front().name = "again";
    nightly.profile.jobs.front().target = RemotePath::parse("again");
    CHECK(nightly.run().outcome == ExitCode::done);
    CHECK(nightly.server.files().contains("again/a%3Ab/plain"));
  }
}

TEST_CASE("rules for names may change while they rename nothing that is stored") {
  Nightly nightly;
  nightly.write("plain", "x");
  REQUIRE(nightly.run().outcome == ExitCode::done);
  set_rules(nightly, {true, "CP1252"});
  nightly.write("new:1", "y");
  CHECK(nightly.run().outcome == ExitCode::done);
  CHECK(nightly.stored() == nightly.expected());
  set_rules(nightly, {});
  CHECK(contains(refusal_of(nightly), "new:1"));
}
