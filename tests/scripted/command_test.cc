// Commands whose replies differ from server to server.
#include "scripted/client.h"
#include "support/catch.h"

using namespace outhaul;
using namespace outhaul::test;
using Status = CommandResult::Status;
using F = FailureClass;

namespace {

/// The same by the channel and by a lane.
void with_both(const Quirks& quirks, const std::function<void(Client&, CommandRunner&)>& test) {
  for (const bool by_lane : {false, true}) {
    CAPTURE(by_lane);
    Client client(quirks);
    test(client, by_lane ? *client.lane : *client.channel);
  }
}

}  // namespace

TEST_CASE("pain 20: MKD of a directory that is there is done whatever the code") {
  Quirks quirks;
  quirks.made_already =
      GENERATE("521 Directory already exists", "550 File exists",
               "550 Cannot create a file when that file already exists.", "553 Already there", "450 Exists");
  if (GENERATE(true, false)) quirks.unknown = {"MLST", "MLSD"};
  CAPTURE(quirks.made_already);
  with_both(quirks, [](Client& client, CommandRunner& runner) {
    client.server.make_dir("d");
    client.server.put_file("f", "in the way");
    CHECK(run_one(runner, MakeDir{wire("d")}).status == Status::done);
    CHECK(run_one(runner, MakeDir{wire("new")}).status == Status::done);
    CHECK(client.server.is_dir("new"));
    CHECK(run_one(runner, MakeDir{wire("f")}).status == Status::refused);
    CHECK(run_one(runner, MakeDir{wire("no/parent")}).status == Status::refused);
  });
}

TEST_CASE("a server that says 257 to MKD of what is there is not believed about a file") {
  Quirks quirks;
  quirks.made_already = "257 \"/x\" - Directory successfully created";  // ProFTPD 1.3.9
  if (GENERATE(true, false)) quirks.unknown = {"MLST", "MLSD"};
  with_both(quirks, [](Client& client, CommandRunner& runner) {
    client.server.make_dir("d");
    client.server.put_file("f", "in the way");
    CHECK(run_one(runner, MakeDir{wire("d")}).status == Status::done);
    CHECK(run_one(runner, MakeDir{wire("new")}).status == Status::done);
    const CommandResult file = run_one(runner, MakeDir{wire("f")});
    CHECK(file.status == Status::refused);
    CHECK(file.failure == F::skip_file);
    CHECK(client.server.is_dir("new"));
    CHECK(client.server.files().at("f") == "in the way");
  });
}

TEST_CASE("pain 20: DELE and RMD of what is gone are done whatever the code") {
  Quirks quirks;
  quirks.gone_already = GENERATE("550 No such file or directory", "550 Could not delete",
                                 "450 File not found", "553 File unavailable");
  CAPTURE(quirks.gone_already);
  with_both(quirks, [](Client& client, CommandRunner& runner) {
    client.server.put_file("d/f", "1");
    CHECK(run_one(runner, RemoveFile{wire("gone")}).status == Status::done);
    CHECK(run_one(runner, RemoveDir{wire("gone")}).status == Status::done);
    CHECK(run_one(runner, RemoveDir{wire("d")}).status == Status::refused);
    CHECK(run_one(runner, RemoveFile{wire("d/f")}).status == Status::done);
    CHECK(run_one(runner, RemoveDir{wire("d")}).status == Status::done);
  });
}

TEST_CASE("pain 20: a deletion that is refused and not gone stays refused") {
  with_both({}, [](Client& client, CommandRunner& runner) {
    client.server.put_file("f", "1");
    client.server.deviate({.verb = "DELE", .reply = "550 Permission denied"});
    CHECK(run_one(runner, RemoveFile{wire("f")}).status == Status::refused);
    client.server.deviate({.verb = "DELE", .reply = "550 Permission denied"});
    CHECK(run_one(runner, RemoveFile{wire("gone")}).status == Status::refused);
  });
}

TEST_CASE("pain 12: a modification time is set by MFMT or by MDTM or not at all") {
  Quirks quirks;
  const bool mdtm = GENERATE(true, false);
  quirks.mdtm_sets = mdtm;
  quirks.unknown = {"MFMT"};
  if (GENERATE(true, false)) quirks.unknown.insert("MLST");
  with_both(quirks, [&](Client& client, CommandRunner& runner) {
    client.server.put_file("f", "1");
    client.server.put_file("g", "1");
    const std::vector<Command> both{SetMtime{wire("f"), 1'111'111'111}, SetMtime{wire("g"), 1'222'222'222}};
    for (const CommandResult& result : runner.run(both))
      CHECK(result.status == (mdtm ? Status::done : Status::unsupported));
    CHECK(client.server.mtime_s("g") == (mdtm ? 1'222'222'222 : 1'600'000'000));
    CHECK(run_one(runner, SetMtime{wire("gone"), 1}).status != Status::done);
  });
}

TEST_CASE("where SIZE is refused MLST or a lane's listing tells the size") {
  const bool facts = GENERATE(true, false);
  Quirks quirks;
  quirks.unknown = facts ? std::set<std::string>{"SIZE"} : std::set<std::string>{"SIZE", "MLST", "MLSD"};
  Client client(quirks);
  client.server.put_file("f", "12345");
  const CommandResult by_channel = run_one(*client.channel, SizeOf{wire("f")});
  CHECK(by_channel.status == (facts ? Status::done : Status::unsupported));
  const CommandResult by_lane = run_one(*client.lane, SizeOf{wire("f")});
  CHECK(by_lane.status == Status::done);
  CHECK(by_lane.size == 5);
  CHECK(run_one(*client.lane, SizeOf{wire("gone")}).status == Status::missing);
}

TEST_CASE("pain 19: a rename over a name that is in use is refused and changes nothing") {
  Quirks quirks;
  quirks.renames_over = false;
  quirks.rename_over_refusal = GENERATE("550 File exists", "553 Name is in use");
  with_both(quirks, [](Client& client, CommandRunner& runner) {
    client.server.put_file("new", "2");
    client.server.put_file("old", "1");
    const CommandResult result = run_one(runner, Rename{wire("new"), wire("old")});
    CHECK(result.status == Status::refused);
    CHECK(std::string(to_string(result.failure)) == std::string(to_string(F::skip_file)));
    CHECK(client.server.file("old") == "1");
    CHECK(run_one(runner, Rename{wire("gone"), wire("other")}).status == Status::missing);
  });
}

TEST_CASE("each reply to a command has its class") {
  const auto [reply, expected] =
      GENERATE(table<const char*, FailureClass>({{"450 Busy", F::retry},
                                                 {"451 Local error", F::retry},
                                                 {"452 No space", F::no_space},
                                                 {"500 What", F::skip_file},
                                                 {"502 No", F::skip_file},
                                                 {"530 Not logged in", F::reconnect},
                                                 {"532 Need account", F::stop_run},
                                                 {"550 No", F::skip_file},
                                                 {"552 Quota exceeded", F::no_space},
                                                 {"553 No", F::skip_file}}));
  const std::string answer = reply;
  const FailureClass failure = expected;
  CAPTURE(answer);
  with_both({}, [&](Client& client, CommandRunner& runner) {
    client.server.put_file("f", "1");
    client.server.deviate({.verb = "RNTO", .reply = answer});
    const CommandResult result = run_one(runner, Rename{wire("f"), wire("g")});
    CHECK(result.status == Status::refused);
    CHECK(std::string(to_string(result.failure)) == std::string(to_string(failure)));
    CHECK(run_one(runner, Rename{wire("f"), wire("g")}).status == Status::done);
  });
}

TEST_CASE("pain 11: a batch that 421 ends is answered up to there and the rest can be asked again") {
  Client client;
  std::vector<Command> sizes;
  for (int i = 0; i < 20; ++i) {
    client.server.put_file("f" + std::to_string(i), std::string(static_cast<std::size_t>(i), 'x'));
    sizes.push_back(SizeOf{wire("f" + std::to_string(i))});
  }
  client.channel->run(sizes);  // by now it has proven that it answers in order
  client.server.deviate({.verb = "SIZE", .reply = "421 Shutting down", .close = true, .skip = 7});
  const std::vector<CommandResult> results = client.channel->run(sizes);
  for (std::size_t i = 0; i < results.size(); ++i) {
    CAPTURE(i);
    CHECK(results[i].status == (i < 7 ? Status::done : Status::unanswered));
    if (i < 7) CHECK(results[i].size == i);
  }
  const std::vector<CommandResult> again = client.channel->run(sizes);
  for (std::size_t i = 0; i < again.size(); ++i) CHECK(again[i].size == i);
}
