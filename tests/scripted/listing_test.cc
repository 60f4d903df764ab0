// Listings that don't say everything.
#include <fmt/format.h>

#include "scripted/client.h"
#include "support/catch.h"

using namespace outhaul;
using namespace outhaul::test;

namespace {

std::vector<std::string> names(const Listing& listing) {
  std::vector<std::string> names;
  for (const RemoteEntry& entry : listing.entries) names.push_back(entry.name);
  return names;
}

}  // namespace

TEST_CASE("pain 14: a listing that ends at a number at which servers cut is not trusted") {
  Quirks quirks;
  const std::size_t cap = GENERATE(as<std::size_t>(), 1000, 2000, 9998, 10000);
  quirks.listing_cap = cap;
  if (GENERATE(true, false)) quirks.unknown = {"MLSD"};
  Client client(quirks);
  for (std::size_t i = 0; i < cap + 3; ++i) client.server.put_file(fmt::format("d/f{:05}", i), "");
  const Listing listing = client.list("d");
  CHECK(listing.entries.size() == cap);
  CHECK(listing.untrusted.find(fmt::format("exactly {}", cap)) != std::string::npos);
  quirks.listing_cap = 0;
  client.server.change(quirks);
  CHECK(client.list("d").untrusted.empty());
  CHECK(client.list("d").entries.size() == cap + 3);
}

TEST_CASE("pain 14: a server that admits in its last reply that it left entries out is not trusted") {
  Quirks quirks;
  quirks.listing_cap = 7;
  quirks.listing_end = GENERATE("226 Output truncated to 7 matches", "226-Options: -a\r\n226 TRUNCATED",
                                "226-Output truncated to 7 matches\r\n226 done");
  if (GENERATE(true, false)) quirks.unknown = {"MLSD"};
  Client client(quirks);
  for (int i = 0; i < 20; ++i) client.server.put_file(fmt::format("f{}", i), "");
  const Listing listing = client.list();
  CHECK(listing.entries.size() == 7);
  CHECK(listing.untrusted.find("left entries out") != std::string::npos);
}

TEST_CASE("a server that says it has no data connection gets a new session and not the same question again") {
  Client client;
  client.put("f", "1");
  client.list();
  const std::string reply = GENERATE("451 No connector setup, send PASV or PORT",
                                     "425 Use PORT or PASV first.", "503 Bad sequence");
  const std::string verb = GENERATE("MLSD", "STOR", "RETR");
  CAPTURE(reply, verb);
  client.server.forget_commands();
  client.server.deviate({.verb = verb, .when = Deviation::When::instead, .reply = reply});
  const auto action = [&] {
    if (verb == "MLSD") client.list();
    if (verb == "STOR") client.put("f", "2");
    if (verb == "RETR") get_text(*client.lane, "f");
  };
  CHECK(catch_from(action).failure == FailureClass::reconnect);
  CHECK(client.server.count("USER") == 0);
  action();
  CHECK(client.server.count("USER") == 1);
}

TEST_CASE("a server that knows no MLSD is not asked again although LIST failed behind it") {
  Quirks quirks;
  quirks.unknown = {"MLSD"};
  Client client(quirks);
  client.server.deviate({.verb = "LIST", .when = Deviation::When::instead, .reply = "451 send PASV or PORT"});
  CHECK(catch_from([&] { client.list(); }).failure == FailureClass::reconnect);
  client.list();
  CHECK(client.server.count("MLSD") == 1);
}

TEST_CASE("pain 14: a listing that breaks off is no listing") {
  Quirks quirks;
  if (GENERATE(true, false)) quirks.unknown = {"MLSD"};
  const std::string verb = quirks.unknown.empty() ? "MLSD" : "LIST";
  Client client(quirks);
  for (int i = 0; i < 20; ++i) client.server.put_file(fmt::format("f{}", i), "");
  const std::string reply = GENERATE("426 Connection closed", "451 Local error", "");
  CAPTURE(verb, reply);
  client.server.deviate(
      {.verb = verb, .when = Deviation::When::midway, .reply = reply, .close = reply.empty(), .bytes = 200});
  const Caught caught = catch_from([&] { client.list(); });
  CAPTURE(caught.text);
  const bool again = caught.failure == FailureClass::retry || caught.failure == FailureClass::reconnect;
  CHECK(again);
  CHECK(client.list().entries.size() == 20);
}

TEST_CASE("pain 13: MLSD is asked for first and a line that is not understood is no absent file") {
  Client client;
  client.server.put_file("f", "1");
  CHECK(client.list().entries.size() == 1);
  CHECK(client.server.count("LIST") == 0);
  Quirks quirks;
  quirks.listing = flood_of("type=file;size=1; a\r\nwhat is this\r\n", 1);
  client.server.change(quirks);
  const Listing listing = client.list();
  CHECK(listing.untrusted.find("not understood") != std::string::npos);
}

TEST_CASE("pain 13: a 29 February in a listing is a day like others") {
  Quirks quirks;
  quirks.unknown = {"MLSD"};
  quirks.listing =
      flood_of("drwxr-xr-x 2 u g 0 Feb 29 12:00 .\r\n-rw-r--r-- 1 u g 3 Feb 29 12:00 leap\r\n", 1);
  Client client(quirks);
  const Listing listing = client.list();
  CHECK(listing.untrusted.empty());
  CHECK(names(listing) == std::vector<std::string>{"leap"});
}

TEST_CASE("pain 15: hidden files are asked for and shown") {
  Quirks quirks;
  if (GENERATE(true, false)) quirks.unknown = {"MLSD"};
  Client client(quirks);
  client.server.put_file("d/.hidden", "1");
  client.server.put_file("d/plain", "1");
  const Listing listing = client.list("d");
  CHECK(listing.untrusted.empty());
  CHECK(names(listing) == std::vector<std::string>{".hidden", "plain"});
}

TEST_CASE("pain 15: a server that is known to hide names with a dot says nothing by leaving one out") {
  Quirks quirks;
  quirks.hides_dotfiles = true;
  if (GENERATE(true, false)) quirks.unknown = {"MLSD"};
  ServerMemory told;
  told.hidden_files = false;
  Client client(quirks);
  client.connect(client.server.settings(), told);
  client.server.put_file("d/.hidden", "1");
  client.server.put_file("d/plain", "1");
  CHECK(client.list("d").untrusted.find("begin with a dot") != std::string::npos);
  CHECK(client.remote->memory().hidden_files == false);
  quirks.hides_dotfiles = false;
  client.server.change(quirks);
  CHECK(client.list("d").untrusted.empty());
  CHECK(client.remote->memory().hidden_files == true);
}

TEST_CASE("pain 15: a server that takes the option for a name is asked without it") {
  Quirks quirks;
  quirks.unknown = {"MLSD"};
  quirks.list_all = Quirks::ListAll::is_a_name;
  Client client(quirks);
  client.server.put_file("d/plain", "1");
  CHECK(names(client.list("d")) == std::vector<std::string>{"plain"});
  client.server.forget_commands();
  CHECK(names(client.list("d")) == std::vector<std::string>{"plain"});
  CHECK(client.server.count("LIST -a") == 0);
}

TEST_CASE("pain 16: a directory with a strange name is listed from within") {
  Quirks quirks;
  if (GENERATE(true, false)) quirks.unknown = {"MLSD"};
  Client client(quirks);
  for (const std::string name : {"[a]", "-la", "what?", "two  words", " lead", "~", "{x,y}"}) {
    CAPTURE(name);
    client.server.put_file(name + "/f", "1");
    CHECK(names(client.list(name)) == std::vector<std::string>{"f"});
  }
}

TEST_CASE("a directory that isn't there is told from an empty one") {
  Quirks quirks;
  if (GENERATE(true, false)) quirks.unknown = {"MLSD"};
  quirks.list_all = GENERATE(Quirks::ListAll::honoured, Quirks::ListAll::is_a_name);
  Client client(quirks);
  client.server.make_dir("empty");
  CHECK(client.list("empty").entries.empty());
  const Caught caught = catch_from([&] { client.list("gone"); });
  CHECK(caught.failure == FailureClass::skip_file);
  CHECK(caught.reply_code == 550);
}
