// Uploads that a server answers strangely, over one connection.
#include "scripted/client.h"
#include "support/catch.h"

using namespace outhaul;
using namespace outhaul::test;
using F = FailureClass;
using When = Deviation::When;

namespace {

const std::string kText(100'000, 'x');

struct Row {
  const char* reply;
  FailureClass before, midway, after;
};

/// The class of one upload's failure, with the reply at that moment; then the lane must still be of use.
void expect_class(const Row& row, When when, FailureClass expected) {
  CAPTURE(row.reply, static_cast<int>(when));
  Client client;
  client.put("warm", "1");
  client.server.deviate({.verb = "STOR", .when = when, .reply = row.reply, .bytes = 1000});
  const Caught caught = catch_from([&] { client.put("f", kText); });
  CAPTURE(caught.text);
  CHECK(std::string(to_string(caught.failure)) == std::string(to_string(expected)));
  CHECK(caught.text.find('\n') == caught.text.rfind('\n'));
  CHECK(caught.text.find("\"f\"") != std::string::npos);
  CHECK(with_retry([&] { client.put("f", kText); }));
  CHECK(client.server.file("f") == kText);
}

}  // namespace

TEST_CASE("each reply to STOR has its class before and while and after the bytes are sent") {
  const Row row = GENERATE(Row{"421 Timeout", F::reconnect, F::reconnect, F::reconnect},
                           Row{"425 No data connection", F::reconnect, F::reconnect, F::reconnect},
                           Row{"426 Broken pipe", F::retry, F::retry, F::retry},
                           Row{"450 Busy", F::retry, F::retry, F::retry},
                           Row{"451 Local error", F::retry, F::retry, F::retry},
                           Row{"452 Disk full", F::no_space, F::no_space, F::no_space},
                           Row{"552 Quota exceeded", F::no_space, F::no_space, F::no_space},
                           Row{"550 Permission denied", F::skip_file, F::skip_file, F::skip_file},
                           Row{"553 Bad name", F::skip_file, F::skip_file, F::skip_file},
                           Row{"532 Need account", F::stop_run, F::stop_run, F::stop_run});
  expect_class(row, When::instead, row.before);
  expect_class(row, When::afterwards, row.after);
}

TEST_CASE("a reply that ends an upload in its middle is taken for that or for a broken line") {
  const char* reply =
      GENERATE("421 Timeout", "426 Broken pipe", "451 Local error", "452 Disk full", "552 Quota exceeded");
  CAPTURE(reply);
  Client client;
  client.server.deviate({.verb = "STOR", .when = When::midway, .reply = reply, .bytes = 1000});
  // More than the kernel's buffers hold: the end of the data connection is met while sending.
  const std::string text(8'000'000, 'x');
  const Caught caught = catch_from([&] { client.put("f", text); });
  CAPTURE(caught.text, std::string(to_string(caught.failure)));
  const bool known =
      caught.failure == F::reconnect || caught.failure == F::retry || caught.failure == F::no_space;
  CHECK(known);
  CHECK(client.server.file("f")->size() == 1000);
  CHECK(with_retry([&] { client.put("f", text); }));
  CHECK(client.server.file("f") == text);
}

TEST_CASE("why an upload is ended in its middle is heard the second time at the latest") {
  struct Said {
    const char* reply;
    F means;
  };
  const Said said = GENERATE(Said{"552 Quota exceeded", F::no_space}, Said{"452 Disk full", F::no_space},
                             Said{"550 Too large", F::skip_file}, Said{"451 Local error", F::retry});
  const std::uint64_t kept = GENERATE(1000u, 3'000'000u);
  CAPTURE(said.reply, kept);
  Client client;
  client.server.deviate(
      {.verb = "STOR", .when = When::midway, .reply = said.reply, .bytes = kept, .times = 2});
  const std::string text(8'000'000, 'x');
  catch_from([&] { client.put("f", text); });
  const Caught caught = catch_from([&] { client.put("f", text); });
  CAPTURE(caught.text);
  CHECK(std::string(to_string(caught.failure)) == std::string(to_string(said.means)));
  CHECK(caught.text.find(said.reply) != std::string::npos);
  CHECK(with_retry([&] { client.put("f", text); }));
  CHECK(client.server.file("f") == text);
}

TEST_CASE("pain 4: a final reply that never comes ends with an unknown outcome after the configured wait") {
  Client client;
  RemoteSettings settings = client.server.settings();
  settings.final_reply_timeout = std::chrono::seconds(1);
  settings.no_progress_timeout = std::chrono::seconds(1);
  client.connect(settings);
  client.server.deviate({.verb = "STOR", .when = When::afterwards, .mute = true});
  const Caught caught = catch_from([&] { client.put("f", kText); });
  CAPTURE(caught.text);
  CHECK(caught.failure == F::unknown_outcome);
  CHECK(client.run(SizeOf{wire("f")}).size == kText.size());
}

TEST_CASE("a control connection that is closed instead of the final reply leaves an unknown outcome") {
  Client client;
  client.server.deviate({.verb = "STOR", .when = When::afterwards, .close = true});
  const Caught caught = catch_from([&] { client.put("f", kText); });
  CAPTURE(caught.text);
  CHECK(caught.failure == F::unknown_outcome);
  CHECK(client.run(SizeOf{wire("f")}).size == kText.size());
}

TEST_CASE("pain 27: the address in the reply to PASV is not believed") {
  Quirks quirks;
  quirks.pasv_address = GENERATE("10,0,0,7", "192,168,1,2", "8,8,8,8");
  Client client(quirks);
  client.put("f", kText);
  client.put("g", kText);
  CHECK(client.server.file("f") == kText);
  CHECK(client.server.file("g") == kText);
  CHECK(get_text(*client.lane, "f") == kText);
  CHECK(client.list().entries.size() == 2);
  CHECK(client.server.count("EPSV") == 0);
}

TEST_CASE("PASV that is refused gives way to EPSV without a failure") {
  const char* reply = GENERATE("500 Unknown command", "502 Not implemented", "522 Use EPSV",
                               "550 Permission denied", "227 Entering Passive Mode somewhere");
  CAPTURE(reply);
  Client client;
  client.server.deviate({.verb = "PASV", .reply = reply, .times = -1});
  for (int i = 0; i < 5; ++i) client.put("f", kText);
  CHECK(client.server.file("f") == kText);
  CHECK(get_text(*client.lane, "f") == kText);
  CHECK(client.list().entries.size() == 1);
  CHECK(client.server.count("PASV") == 1);
  CHECK(client.server.count("EPSV") == 7);
}

TEST_CASE("a server that refuses PASV and EPSV is told of once per attempt") {
  Client client;
  for (const char* verb : {"PASV", "EPSV"})
    client.server.deviate({.verb = verb, .reply = "502 No", .times = -1});
  for (int i = 0; i < 2; ++i) {
    const Caught caught = catch_from([&] { client.put("f", kText); });
    CAPTURE(caught.text);
    CHECK(std::string(to_string(caught.failure)) == std::string(to_string(F::reconnect)));
  }
  // The first attempt asks for EPSV when PASV was refused; libcurl tries PASV whenever EPSV is.
  CHECK(client.server.count("EPSV") == 2);
  CHECK(client.server.count("PASV") == 3);
}

TEST_CASE("a resumed upload falls back to APPE where REST is refused") {
  Quirks quirks;
  quirks.unknown = {"REST"};
  Client client(quirks);
  client.server.put_file("f", std::string(1000, 'x'));
  client.put("f", std::string(99'000, 'x'), 1000);
  CHECK(client.server.file("f") == kText);
  CHECK(client.server.count("APPE") == 1);
  // Not where the server has another number of bytes than we believe.
  CHECK(failure_of([&] { client.put("f", kText, 5); }) == F::retry);
  CHECK(client.server.file("f") == kText);
}

TEST_CASE("pain 23: a full server is final and not asked again") {
  Client client;
  client.server.deviate({.verb = "STOR", .reply = "552 Exceeded storage allocation", .times = -1});
  CHECK(failure_of([&] { client.put("f", kText); }) == F::no_space);
  CHECK(client.server.count("STOR") == 1);
}
