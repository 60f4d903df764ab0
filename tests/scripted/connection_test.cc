// Servers that turn us away, hang up, or talk in strange ways.
#include "scripted/client.h"
#include "support/catch.h"

using namespace outhaul;
using namespace outhaul::test;
using F = FailureClass;

namespace {

/// The failure of the first operation, by a lane and by the channel.
void expect_both(Client& client, FailureClass expected, const std::string& words) {
  for (const bool by_lane : {true, false}) {
    const Caught caught = catch_from([&] {
      if (by_lane)
        client.put("f", "x");
      else
        client.run(SizeOf{wire("f")});
    });
    CAPTURE(by_lane, caught.text);
    CHECK(std::string(to_string(caught.failure)) == std::string(to_string(expected)));
    CHECK(caught.text.find(words) != std::string::npos);
    CHECK(caught.text.find(ScriptedServer::kPassword) == std::string::npos);
  }
}

struct TurnedAway {
  const char* verb;
  const char* reply;
  FailureClass failure;
};

}  // namespace

TEST_CASE("pain 9: what turns a connection away at the greeting or at the login has its class") {
  const TurnedAway row =
      GENERATE(TurnedAway{"CONNECT", "421 Too many connections from your address", F::lower_cap},
               TurnedAway{"CONNECT", "421 Service not available", F::lower_cap},
               TurnedAway{"CONNECT", "500 Go away", F::stop_run},
               TurnedAway{"CONNECT", "530 Sorry, the maximum number of clients is connected", F::lower_cap},
               TurnedAway{"USER", "421 There are too many connected users", F::lower_cap},
               TurnedAway{"USER", "530 This FTP server is anonymous only", F::stop_run},
               TurnedAway{"LOGIN", "421 Maximum login limit has been reached", F::lower_cap},
               TurnedAway{"LOGIN", "530 Too many connections for this user", F::lower_cap},
               TurnedAway{"LOGIN", "530 Login incorrect", F::stop_run},
               TurnedAway{"LOGIN", "430 Invalid user name or password", F::reconnect},
               TurnedAway{"LOGIN", "532 Need account for login", F::stop_run});
  CAPTURE(row.verb, row.reply);
  Client client;
  client.server.deviate({.verb = row.verb, .reply = row.reply, .close = true, .times = -1});
  expect_both(client, row.failure, row.reply);
}

TEST_CASE("pain 9: the connection too many is told from a wrong password") {
  Quirks quirks;
  quirks.max_sessions = 1;
  quirks.too_many =
      GENERATE("421 Too many users are connected", "530 Sorry, too many connections for tester");
  Client client(quirks);
  client.put("f", "x");
  const Caught caught = catch_from([&] { client.run(SizeOf{wire("f")}); });
  CAPTURE(caught.text);
  CHECK(caught.failure == F::lower_cap);
  client.put("f", "xy");
  CHECK(client.server.most_sessions() == 1);
}

TEST_CASE("pain 11: a connection that was idle and got 421 is replaced without a failure") {
  Client client;
  client.put("a", "1");
  CHECK(client.run(SizeOf{wire("a")}).size == 1);
  const std::string verb = GENERATE("PASV", "SIZE");
  client.server.deviate({.verb = verb, .reply = "421 Idle for too long", .close = true});
  if (verb == "PASV") {
    client.put("b", "22");
    CHECK(client.server.file("b") == "22");
  } else {
    const CommandResult size = client.run(SizeOf{wire("a")});
    CHECK(size.status == CommandResult::Status::unanswered);
    CHECK(std::string(to_string(size.failure)) == std::string(to_string(F::reconnect)));
    CHECK(client.run(SizeOf{wire("a")}).size == 1);
  }
}

TEST_CASE("a connection that replaces another one speaks UTF-8 as well") {
  Client client;
  client.server.make_dir("d");
  CHECK(client.run(MakeDir{wire("d")}).status ==
        CommandResult::Status::done);  // the channel asks FEAT for all
  const auto greetings = [&] { return client.server.count("OPTS UTF8 ON"); };
  const std::size_t before = greetings();
  client.put("a", "1");
  REQUIRE(greetings() == before + 1);
  client.server.deviate({.verb = "PASV", .reply = "421 Idle for too long", .close = true});
  client.put("b", "2");
  CHECK(greetings() == before + 2);
  client.server.deviate({.verb = "STOR",
                         .when = Deviation::When::afterwards,
                         .reply = "226 Stored, and good-bye",
                         .close = true});
  client.put("c", "3");
  client.put("e", "4");
  CHECK(greetings() == before + 3);
}

TEST_CASE("a get that is cancelled while its last bytes are taken ends as cancelled") {
  Client client;
  client.server.put_file("f", "all of it");
  for (int i = 0; i < 20; ++i) {
    CancelToken cancel;
    const auto lane = client.remote->open_lane(cancel);
    const ByteSink sink = [&](std::span<const std::byte>) {
      cancel.cancel();
      return true;
    };
    CHECK(failure_of([&] { lane->get(wire("f"), 0, sink); }) == F::cancelled);
  }
}

TEST_CASE("replies of several lines and replies that come byte by byte are understood") {
  Quirks quirks;
  quirks.wordy = GENERATE(true, false);
  quirks.one_byte_at_a_time = true;
  quirks.greeting = "220-Welcome\r\n220-230 is not a code here\r\n  530 nor here\r\n220 Go on";
  Client client(quirks);
  client.put("f", std::string(10'000, 'x'));
  CHECK(client.run(SizeOf{wire("f")}).size == 10'000);
  CHECK(client.run(MakeDir{wire("d")}).status == CommandResult::Status::done);
  CHECK(client.run(Rename{wire("f"), wire("d/g")}).status == CommandResult::Status::done);
  CHECK(client.list("d").entries.size() == 1);
  CHECK(client.lane->run(std::vector<Command>{SizeOf{wire("d/g")}}).front().size == 10'000);
  CHECK(client.run(RemoveFile{wire("d/g")}).status == CommandResult::Status::done);
}

TEST_CASE("a server that loses pipelined commands gets them one at a time") {
  Quirks quirks;
  quirks.drops_pipelined = true;
  Client client(quirks);
  RemoteSettings settings = client.server.settings();
  settings.no_progress_timeout = std::chrono::seconds(1);
  client.connect(settings);
  for (int i = 0; i < 30; ++i)
    client.server.put_file("f" + std::to_string(i), std::string(static_cast<std::size_t>(i), 'x'));
  std::vector<Command> sizes;
  for (int i = 0; i < 30; ++i) sizes.push_back(SizeOf{wire("f" + std::to_string(i))});
  const std::vector<CommandResult> results = client.channel->run(sizes);
  for (std::size_t i = 0; i < results.size(); ++i) CHECK(results[i].size == i);
}

TEST_CASE("a server without FEAT is asked for nothing beyond RFC 959 that it might not have") {
  Quirks quirks;
  quirks.unknown = {"FEAT", "MLST", "MLSD", "MFMT", "OPTS"};
  quirks.mdtm_sets = true;
  Client client(quirks);
  client.put("f", "x");
  CHECK(client.run(SetMtime{wire("f"), 1'234'567'890}).status == CommandResult::Status::done);
  CHECK(client.server.mtime_s("f") == 1'234'567'890);
  CHECK(client.run(SizeOf{wire("f")}).size == 1);
  CHECK(client.list().entries.size() == 1);
}

namespace {

/// Long names, so that thirty commands are more than goes out at once.
RemotePath numbered(const char* letter, int i) {
  return wire(std::string(100, *letter) + std::to_string(i));
}

/// Thirty files of different sizes, and what asks for them.
std::vector<Command> thirty_sizes(Client& client) {
  std::vector<Command> sizes;
  for (int i = 0; i < 30; ++i) {
    client.server.put_file(numbered("f", i).wire(), std::string(static_cast<std::size_t>(i), 'x'));
    sizes.push_back(SizeOf{numbered("f", i)});
  }
  return sizes;
}

std::vector<Command> thirty_renames() {
  std::vector<Command> renames;
  for (int i = 0; i < 30; ++i) renames.push_back(Rename{numbered("f", i), numbered("g", i)});
  return renames;
}

}  // namespace

TEST_CASE("a server that carries out packets at the same time is found out before anything is sent ahead") {
  Quirks quirks;
  quirks.concurrent = true;
  Client client(quirks);
  const std::vector<CommandResult> sizes = client.channel->run(thirty_sizes(client));
  for (std::size_t i = 0; i < sizes.size(); ++i) CHECK(sizes[i].size == i);
  CHECK(client.remote->memory().answers_in_order == false);
  for (const CommandResult& renamed : client.channel->run(thirty_renames())) {
    CHECK(renamed.status == CommandResult::Status::done);
    CHECK_FALSE(renamed.out_of_step);
  }
  for (int i = 0; i < 30; ++i)
    CHECK(client.server.file(numbered("g", i).wire()) == std::string(static_cast<std::size_t>(i), 'x'));
}

TEST_CASE("a server proves once that it answers in order, and is asked for it by a batch that is worth it") {
  Client client;
  const std::vector<Command> sizes = thirty_sizes(client);
  client.channel->run(std::span(sizes).first(4));
  CHECK(client.server.count("NOOP") == 0);
  CHECK_FALSE(client.remote->memory().answers_in_order.has_value());
  client.channel->run(sizes);
  CHECK(client.server.count("NOOP") > 0);
  CHECK(client.remote->memory().answers_in_order == true);
  client.server.forget_commands();
  client.channel->run(sizes);
  client.connect(client.server.settings(), client.remote->memory());
  client.channel->run(sizes);
  CHECK(client.server.count("NOOP") == 0);
}

TEST_CASE("replies out of their places are no answers, and the connection goes with them") {
  Quirks quirks;
  quirks.concurrent = true;
  Client client(quirks);
  ServerMemory told;
  told.answers_in_order = true;
  client.connect(client.server.settings(), told);
  thirty_sizes(client);
  for (const CommandResult& renamed : client.channel->run(thirty_renames())) {
    CHECK(renamed.status == CommandResult::Status::unanswered);
    CHECK(renamed.out_of_step);
  }
  CHECK(client.remote->memory().answers_in_order == false);
  CHECK(client.run(SizeOf{wire("nothing")}).status == CommandResult::Status::missing);
}

TEST_CASE("a reply too many, or one that can't be, makes nothing of what was answered around it") {
  Client client;
  const std::vector<Command> sizes = thirty_sizes(client);
  const bool on_lane = GENERATE(false, true);
  CAPTURE(on_lane);
  client.server.deviate({.verb = "RNTO", .reply = on_lane ? "350 And to?" : "451 No\r\n451 No"});
  const std::vector<Command> batch{sizes[1], Rename{numbered("f", 2), numbered("g", 2)}, sizes[3]};
  CommandRunner& runner = on_lane ? static_cast<CommandRunner&>(*client.lane) : *client.channel;
  for (const CommandResult& result : runner.run(batch)) {
    CHECK(result.status == CommandResult::Status::unanswered);
    CHECK(result.out_of_step);
  }
  CHECK(runner.run(std::span(sizes).subspan(3, 1)).front().size == 3);
}

TEST_CASE("one command at a time: RNTO follows nothing but its RNFR's 350") {
  Client client;
  ServerMemory told;
  told.answers_in_order = false;
  client.connect(client.server.settings(), told);
  const CommandResult result = client.run(Rename{wire("nothing"), wire("g")});
  CHECK(result.status == CommandResult::Status::missing);
  CHECK(client.server.count("RNTO") == 0);
}
