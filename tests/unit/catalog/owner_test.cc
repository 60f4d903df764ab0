#include "catalog/owner.h"

#include "bench.h"
#include "outhaul/error.h"
#include "support/catch.h"
#include "support/json_judge.h"

using namespace outhaul;
using namespace outhaul::test;

namespace {

const std::string kAnn(32, 'a'), kBob(32, 'b');

Owner owner(const std::string& id) {
  Owner made;
  made.state_id = id;
  made.profile = id == kAnn ? "ann" : "bob";
  made.host = "host-of-" + made.profile;
  made.since_ns = 1'700'000'000'000'000'000;
  made.outhaul = "0.1.0";
  return made;
}

std::string marker(const std::string& id) {
  return ".outhaul/owner-" + id;
}

/// Empty: it wasn't refused.
std::string refusal_of(const std::function<void()>& act) {
  try {
    act();
  } catch (const Error& error) {
    CHECK(error.kind() == ErrorKind::guard);
    CHECK_FALSE(error.advice().empty());
    return error.what();
  }
  return {};
}

std::string refusal_of(Carrier& carrier, const Owner& self) {
  return refusal_of([&] { require_ownership(carrier, self); });
}

}  // namespace

TEST_CASE("an owner's file is read as it was written and obeys its schema") {
  Owner written = owner(kAnn);
  written.before = kBob;
  const Owner read = parse_owner(to_json(written));
  CHECK(read.state_id == kAnn);
  CHECK(read.profile == "ann");
  CHECK(read.host == "host-of-ann");
  CHECK(read.since_ns == written.since_ns);
  CHECK(read.outhaul == "0.1.0");
  CHECK(read.before == kBob);
  for (const auto& verdict :
       judge_documents(schema_file("owner.schema.json"), {to_json(written), to_json(owner(kBob))})) {
    INFO(verdict.error);
    CHECK(verdict.valid);
  }
}

TEST_CASE("what is no owner's file says that nobody can tell whose the backup is") {
  for (const std::string text : {"", "{}", "[]", "{\"state_id\": \"short\"}", "{\"state_id\": 7}", "\x01\xFF",
                                 "{\"state_id\": \"../../../../../../../../../../../\"}"}) {
    INFO(text);
    CHECK(refusal_of([&] { parse_owner(text); }).find("nobody knows whose backup this is") !=
          std::string::npos);
  }
}

TEST_CASE("only a marker's whole name is a marker's") {
  CHECK(marked_by("owner-" + kAnn) == kAnn);
  for (const std::string& name : {std::string("owner.json"), "owner-" + kAnn + ".part", std::string("owner-"),
                                  "owner-" + std::string(32, 'A'), "owner-" + std::string(31, 'a'), kAnn})
    CHECK_FALSE(marked_by(name));
}

TEST_CASE("a remote without an owner gets the first one and refuses the second") {
  Bench bench;
  CHECK(refusal_of(bench.carrier, owner(kAnn)).empty());
  CHECK(parse_owner(*bench.server.file(".outhaul/owner.json")).state_id == kAnn);
  CHECK(bench.server.file(marker(kAnn)));
  const auto before = bench.server.files();
  const std::string refusal = refusal_of(bench.carrier, owner(kBob));
  CHECK(refusal.find("profile \"ann\" on host-of-ann, since 2023-11-14T22:13:20Z") != std::string::npos);
  CHECK(refusal.find(kAnn) != std::string::npos);
  CHECK(bench.server.files() == before);
  CHECK(refusal_of(bench.carrier, owner(kAnn)).empty());
}

TEST_CASE("who takes a remote over has it alone and the one before is refused") {
  Bench bench;
  require_ownership(bench.carrier, owner(kAnn));
  const auto before = take_over(bench.carrier, owner(kBob)).before;
  REQUIRE(before);
  CHECK(before->state_id == kAnn);
  CHECK(parse_owner(*bench.server.file(".outhaul/owner.json")).before == kAnn);
  CHECK_FALSE(bench.server.file(marker(kAnn)));
  CHECK(bench.server.file(marker(kBob)));
  CHECK(refusal_of(bench.carrier, owner(kAnn)).find("bob") != std::string::npos);
  CHECK(refusal_of(bench.carrier, owner(kBob)).empty());
  CHECK_FALSE(take_over(bench.carrier, owner(kBob)).before);  // twice is once
}

TEST_CASE("a takeover that is cut off anywhere leaves exactly one owner in the end") {
  for (std::uint64_t nth = 1;; ++nth) {
    Bench bench;
    require_ownership(bench.carrier, owner(kAnn));
    const std::uint64_t before = bench.server.moments();
    bench.server.fail_nth(nth, {Fault::Effect::refused, FailureClass::stop_job, 550});
    bool cut_off = false;
    try {
      take_over(bench.carrier, owner(kBob));
    } catch (const RemoteError&) {
      cut_off = true;
    }
    INFO("refused at moment " << nth);
    const bool reached = bench.server.moments() - before >= nth;
    bench.server.set_faults({});
    if (!cut_off) CHECK(refusal_of(bench.carrier, owner(kBob)).empty());
    const bool bob = refusal_of(bench.carrier, owner(kBob)).empty();
    const bool ann = refusal_of(bench.carrier, owner(kAnn)).empty();
    CHECK(bob != ann);
    if (bob) CHECK_FALSE(bench.server.file(marker(kAnn)));
    if (!reached) break;
  }
}

TEST_CASE("of two that claim a remote at the same moment at most one has it") {
  Bench bench;
  bench.server.put_file(marker(kAnn), to_json(owner(kAnn)));  // Ann is between her marker and her look
  CHECK(refusal_of(bench.carrier, owner(kBob)).find("profile \"ann\"") != std::string::npos);
  CHECK_FALSE(bench.server.file(marker(kBob)));
  CHECK_FALSE(bench.server.file(".outhaul/owner.json"));
  CHECK(refusal_of(bench.carrier, owner(kAnn)).empty());
}

TEST_CASE("who was told that a remote is free finds the owner that came meanwhile") {
  Bench bench;
  require_ownership(bench.carrier, owner(kAnn));
  CHECK_FALSE(refusal_of([&] { require_ownership(bench.carrier, owner(kBob), true); }).empty());
  bench.server.remove(marker(kAnn));  // by somebody who tidied up
  CHECK_FALSE(refusal_of([&] { require_ownership(bench.carrier, owner(kBob), true); }).empty());
  CHECK_FALSE(bench.server.file(marker(kBob)));
  CHECK(refusal_of(bench.carrier, owner(kAnn)).empty());
}

TEST_CASE("where nothing can be removed an owner is claimed once and a takeover adds another") {
  FakeOptions options;
  options.drop_box = DropBox::strict;
  Bench bench(options);
  CHECK(refusal_of(bench.adding, owner(kAnn)).empty());
  CHECK(parse_owner(*bench.server.file(".outhaul/owner.json")).state_id == kAnn);
  const auto before = bench.server.files();
  CHECK(refusal_of(bench.adding, owner(kBob)).find("profile \"ann\"") != std::string::npos);
  CHECK(bench.server.files() == before);
  const auto [taken, shut_out] = take_over(bench.adding, owner(kBob));
  CHECK_FALSE(shut_out);
  REQUIRE(taken);
  CHECK(taken->state_id == kAnn);
  CHECK(bench.server.file(marker(kBob)));
}

TEST_CASE("an owner's file that the account may not read or that is far too long is somebody's") {
  Bench bench;
  require_ownership(bench.carrier, owner(kAnn));
  SECTION("it is not given") {
    bench.server.set_faults([](const FakeCall& call) -> std::optional<Fault> {
      if (call.what != "GET .outhaul/owner.json") return std::nullopt;
      return Fault{Fault::Effect::refused, FailureClass::skip_file, 550};
    });
  }
  SECTION("it is no such file") {
    bench.server.put_file(".outhaul/owner.json", std::string(100'000, 'x'));
  }
  const auto before = bench.server.files();
  CHECK(refusal_of(bench.carrier, owner(kBob)).find("nobody knows whose backup this is") !=
        std::string::npos);
  CHECK(bench.server.files() == before);
}

TEST_CASE("who claims nothing is refused by another owner only") {
  Bench bench;
  CHECK_NOTHROW(refuse_another_owner(bench.carrier, kAnn));
  CHECK(bench.server.files().empty());
  require_ownership(bench.carrier, owner(kAnn));
  CHECK_NOTHROW(refuse_another_owner(bench.carrier, kAnn));
  CHECK(refusal_of([&] { refuse_another_owner(bench.carrier, kBob); }).find("belongs to another backup") !=
        std::string::npos);
}

TEST_CASE("a damaged owner's file stops a run and a takeover replaces it") {
  Bench bench;
  bench.server.put_file(".outhaul/owner.json", "half a {");
  CHECK(refusal_of(bench.carrier, owner(kAnn)).find("can't be read") != std::string::npos);
  CHECK(take_over(bench.carrier, owner(kAnn)).before);
  CHECK(refusal_of(bench.carrier, owner(kAnn)).empty());
}

TEST_CASE("an account that may not delete can take a remote over and run") {
  Bench bench;
  require_ownership(bench.carrier, owner(kAnn));
  bool may_rename = true;
  bench.server.set_faults([&](const FakeCall& call) -> std::optional<Fault> {
    const bool refused =
        call.what.starts_with("DELE ") || (!may_rename && call.what.starts_with("RNFR " + marker(kAnn)));
    if (!refused) return std::nullopt;
    return Fault{Fault::Effect::refused, FailureClass::skip_file, 550};
  });
  SECTION("it may rename: the owner before is kept out") {
    const Takeover takeover = take_over(bench.carrier, owner(kBob));
    CHECK(takeover.shut_out);
    CHECK(refusal_of(bench.carrier, owner(kBob)).empty());
    CHECK_FALSE(bench.server.file(marker(kAnn)));
    CHECK_FALSE(refusal_of(bench.carrier, owner(kAnn)).empty());
  }
  SECTION("it may do neither with the marker") {
    may_rename = false;
    const Takeover takeover = take_over(bench.carrier, owner(kBob));
    CHECK_FALSE(takeover.shut_out);
    CHECK(takeover.before->state_id == kAnn);
    CHECK(refusal_of(bench.carrier, owner(kBob)).empty());
  }
  SECTION("a takeover was cut off before its end") {
    may_rename = false;
    Owner bob = owner(kBob);
    bob.before = kAnn;
    bench.server.put_file(".outhaul/owner.json", to_json(bob));
    CHECK(refusal_of(bench.carrier, owner(kBob)).empty());
    CHECK(bench.server.file(marker(kBob)));
  }
  SECTION("a second state that is refused leaves nothing that lets it in the next time") {
    CHECK_FALSE(refusal_of([&] { require_ownership(bench.carrier, owner(kBob), true); }).empty());
    CHECK_FALSE(bench.server.file(marker(kBob)));
  }
}
