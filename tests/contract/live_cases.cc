// What only a server can do to us: refuse, throttle, time out, show a strange certificate.
#include <algorithm>
#include <cstdlib>

#include "contract/remote_contract.h"
#include "support/catch.h"

namespace outhaul::test {
namespace {

using Status = CommandResult::Status;

struct Caught {
  FailureClass failure = FailureClass::none;
  std::string text;  // message and advice
};

Caught catch_from(const std::function<void()>& action) {
  try {
    action();
  } catch (const RemoteError& error) {
    return {error.failure(), std::string(error.what()) + "\n" + error.advice()};
  }
  return {};
}

Caught first_command(const RemoteSettings& settings, const std::string& password = TestServer::kPassword) {
  const CancelToken cancel;
  const auto remote = connect_to(settings, password);
  const auto channel = remote->open_channel(cancel);
  return catch_from([&] { channel->run(std::vector<Command>{SizeOf{wire("f")}}); });
}

Caught first_put(const RemoteSettings& settings, const std::string& password = TestServer::kPassword) {
  const CancelToken cancel;
  const auto remote = connect_to(settings, password);
  const auto lane = remote->open_lane(cancel);
  return catch_from([&] { put_text(*lane, "from first_put", "x"); });
}

void wrong_password(Subject& subject) {
  TestServer& server = *subject.server();
  for (const auto attempt : {first_command, first_put}) {
    server.forget_commands();
    const Caught caught = attempt(server.settings(), "wrong: secret");
    CAPTURE(caught.text);
    CHECK(caught.failure == FailureClass::stop_run);
    CHECK(caught.text.find("wrong: secret") == std::string::npos);
    CHECK(caught.text.find(TestServer::kUser) != std::string::npos);
    CHECK(server.wait_for_no_sessions());
    CHECK(server.count("PASS") == 1);
  }
}

void server_down(Subject& subject) {
  TestServer& server = *subject.server();
  const CancelToken cancel;
  const auto remote = subject.connect();
  const auto lane = remote->open_lane(cancel);
  const auto channel = remote->open_channel(cancel);
  put_text(*lane, "before", "1");
  CHECK(run_one(*channel, SizeOf{wire("before")}).size == 1);
  server.stop();
  for (int i = 0; i < 2; ++i) {
    const FailureClass failure = failure_of([&] { put_text(*lane, "while down", "x"); });
    const bool may_try_again = failure == FailureClass::retry || failure == FailureClass::reconnect ||
                               failure == FailureClass::unknown_outcome;
    CAPTURE(std::string(to_string(failure)));
    CHECK(may_try_again);
  }
  server.resume();
  CHECK(with_retry([&] { put_text(*lane, "after", "2"); }));
  CommandResult size;
  for (int i = 0; i < 2 && size.status != Status::done; ++i) {
    CHECK(with_retry([&] { size = run_one(*channel, SizeOf{wire("after")}); }));
  }
  CHECK(size.size == 1);
}

/// Item by item: what the first connection had to find out, the next run's doesn't ask for again.
void remembers_the_server(Subject& subject) {
  TestServer& server = *subject.server();
  const CancelToken cancel;
  std::size_t again = 0;  // ftp-srv forgets a PASV now and then: "451 No connector setup"
  const auto list_twice = [&](const ServerMemory& memory) {
    server.forget_commands();
    std::size_t tries = 0;
    const auto remote = connect_to(server.settings(), TestServer::kPassword, memory);
    {
      const auto lane = remote->open_lane(cancel);
      for (int i = 0; i < 2; ++i)
        CHECK(with_retry([&] {
          ++tries;
          lane->list({});
        }));
    }
    again = tries - 2;
    CHECK(server.wait_for_no_sessions());
    return remote->memory();
  };
  const auto asked = [&](std::size_t times) {
    const std::size_t count = server.count("MLSD");
    return count >= times && (times == 0 ? count == 0 : count <= times + again);
  };
  const ServerMemory found = list_twice({});
  REQUIRE(found.mlsd.has_value());
  CHECK(asked(*found.mlsd ? 2 : 1));
  CHECK(list_twice(found) == found);
  CHECK(asked(*found.mlsd ? 2 : 0));
  ServerMemory wrong = found;
  wrong.mlsd = true;
  wrong.list_all = false;
  wrong.size = false;
  CHECK(list_twice(wrong).mlsd == found.mlsd);
  CHECK(asked(*found.mlsd ? 2 : 1));
}

void costs_two_commands(Subject& subject) {
  TestServer& server = *subject.server();
  server.forget_commands();
  {
    const CancelToken cancel;
    const auto remote = subject.connect();
    const auto lane = remote->open_lane(cancel);
    for (int i = 0; i < 10; ++i) put_text(*lane, "f" + std::to_string(i), "content");
  }
  CHECK(server.wait_for_no_sessions());
  CHECK(server.count("STOR") == 10);
  CHECK(server.count("PASV") == 10);
  CHECK(server.count("USER") == 1);
  CHECK(server.count("TYPE") == 1);
  CHECK(server.count("CWD") <= 1);
  CHECK(server.count("SIZE") == 0);
  CHECK(server.count("MKD") == 0);
}

void untrusted_certificate(Subject& subject) {
  TestServer& server = *subject.server();
  RemoteSettings settings = server.settings();
  if (settings.tls.off) return;
  settings.tls.ca.clear();  // the system's authorities don't know ours
  for (const auto attempt : {first_command, first_put}) {
    server.forget_commands();
    const Caught caught = attempt(settings, TestServer::kPassword);
    CAPTURE(caught.text);
    CHECK(caught.failure == FailureClass::stop_run);
    CHECK(caught.text.find(server.certificates().pin) != std::string::npos);
    CHECK(server.count("USER") == 0);
  }
  settings.tls.verify = false;
  settings.tls.pins = {server.certificates().pin};
  const Caught pinned = first_put(settings);
  CAPTURE(pinned.text);
  CHECK(pinned.failure == FailureClass::none);
  CHECK(first_command(settings).failure == FailureClass::none);
}

void wrong_pin(Subject& subject) {
  TestServer& server = *subject.server();
  RemoteSettings settings = server.settings();
  if (settings.tls.off) return;
  settings.tls.pins = {"sha256//AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="};
  for (const auto attempt : {first_command, first_put}) {
    server.forget_commands();
    const Caught caught = attempt(settings, TestServer::kPassword);
    CAPTURE(caught.text);
    CHECK(caught.failure == FailureClass::stop_run);
    CHECK(caught.text.find(server.certificates().pin) != std::string::npos);
    CHECK(server.count("USER") == 0);
  }
  settings.tls.pins.push_back(server.certificates().pin);
  CHECK(first_put(settings).failure == FailureClass::none);
}

// Whoever asks for TLS never says a password without it; whoever doesn't is told that the server wants it.
void tls_mismatch(Subject& subject) {
  TestServer& server = *subject.server();
  if (subject.traits().tls == Tls::implicit) return;
  RemoteSettings settings = server.settings();
  settings.tls.off = !settings.tls.off;
  settings.tls.ca = server.certificates().ca;
  for (const auto attempt : {first_command, first_put}) {
    server.forget_commands();
    const Caught caught = attempt(settings, TestServer::kPassword);
    CAPTURE(caught.text);
    CHECK(caught.failure == FailureClass::stop_run);
    CHECK(caught.text.find("TLS") != std::string::npos);
    CHECK(server.wait_for_no_sessions());
    if (!settings.tls.off) CHECK(server.count("PASS") == 0);
  }
}

ServerKind kind_of(const Subject& subject) {
  return subject.traits().kind.value();
}

std::unique_ptr<TestServer> own_server(const Subject& subject, const ServerOptions& options) {
  return TestServer::start(kind_of(subject), subject.traits().tls, options);
}

// Signed by an authority that we trust, but for somebody else.
void wrong_host_name(Subject& subject) {
  if (subject.traits().tls == Tls::none) return;
  ServerOptions options;
  options.certificate_names = "DNS:other.example";
  const auto server = own_server(subject, options);
  for (const auto attempt : {first_command, first_put}) {
    const Caught caught = attempt(server->settings(), TestServer::kPassword);
    CAPTURE(caught.text);
    CHECK(caught.failure == FailureClass::stop_run);
    CHECK(server->wait_for_no_sessions());
    CHECK(server->count("USER") == 0);
  }
}

void too_many_connections(Subject& subject) {
  if (!subject.traits().limits_clients) return;
  ServerOptions options;
  options.max_clients = 1;
  const auto server = own_server(subject, options);
  const CancelToken cancel;
  const auto remote = connect_to(server->settings());
  auto first = remote->open_lane(cancel);
  put_text(*first, "f", "x");
  const auto second = remote->open_lane(cancel);
  const auto channel = remote->open_channel(cancel);
  CHECK(failure_of([&] { put_text(*second, "g", "x"); }) == FailureClass::lower_cap);
  CHECK(failure_of([&] { run_one(*channel, SizeOf{wire("f")}); }) == FailureClass::lower_cap);
  put_text(*first, "h", "x");
  first.reset();
  CHECK(server->wait_for_no_sessions());
  put_text(*second, "g", "x");
}

void full_disk(Subject& subject) {
  ServerOptions options;
  options.limited_space = true;
  const auto server = own_server(subject, options);
  const CancelToken cancel;
  const auto remote = connect_to(server->settings());
  const auto lane = remote->open_lane(cancel);
  put_text(*lane, "before", "fits");
  server->set_free_space(0);
  const Caught small = catch_from([&] { put_text(*lane, "small", PatternSource::text(5000)); });
  CAPTURE(small.text);
  CHECK(small.failure == (subject.traits().full_disk_is_451 ? FailureClass::retry : FailureClass::no_space));
  server->set_free_space(100'000);
  CHECK(run_one(*lane, RemoveFile{wire("before")}).status == Status::done);
  const FailureClass large = failure_of([&] { put_text(*lane, "large", PatternSource::text(20U << 20)); });
  CAPTURE(std::string(to_string(large)));
  const bool known = large == FailureClass::no_space || large == FailureClass::reconnect ||
                     large == FailureClass::unknown_outcome || large == FailureClass::retry;
  CHECK(known);
  server->set_free_space(std::nullopt);
  CHECK(with_retry([&] { put_text(*lane, "after", "fits again"); }));
}

void idle_session(Subject& subject) {
  if (kind_of(subject) == ServerKind::pureftpd) return;  // it counts in minutes
  ServerOptions options;
  options.idle_timeout = std::chrono::seconds(2);  // on a busy machine a login can take as long
  const auto server = own_server(subject, options);
  const CancelToken cancel;
  const auto remote = connect_to(server->settings());
  const auto lane = remote->open_lane(cancel);
  const auto channel = remote->open_channel(cancel);
  for (const char* name : {"f", "g"}) {
    CHECK(with_retry([&] { put_text(*lane, name, "x"); }));
    CommandResult size;
    for (int i = 0; i < 3 && size.status != Status::done; ++i) {
      CHECK(with_retry([&] { size = run_one(*channel, SizeOf{wire(name)}); }));
    }
    CHECK(size.status == Status::done);
    REQUIRE(server->wait_for_no_sessions());
  }
}

void no_mtime(Subject& subject) {
  if (kind_of(subject) == ServerKind::pureftpd) return;  // it always can
  ServerOptions options;
  options.set_mtime = false;
  const auto server = own_server(subject, options);
  const CancelToken cancel;
  const auto remote = connect_to(server->settings());
  const auto channel = remote->open_channel(cancel);
  write_file(server->root() / "f", "12345");
  server->hand_over(server->root() / "f");
  const std::vector<Command> batch{SetMtime{wire("f"), 1'000'000'000}, SizeOf{wire("f")},
                                   SetMtime{wire("f"), 1}, Rename{wire("f"), wire("g")}};
  const std::vector<CommandResult> results = channel->run(batch);
  REQUIRE(results.size() == 4);
  for (const std::size_t i : {0U, 2U}) {
    CAPTURE(results[i].status, results[i].reply_code, results[i].reply_text);
    const bool said_no = results[i].status == Status::unsupported || results[i].status == Status::refused;
    CHECK(said_no);
  }
  INFO(server->log());
  CHECK(results[1].size == 5);
  CHECK(results[3].status == Status::done);
}

void read_only_directory(Subject& subject) {
  TestServer& server = *subject.server();
  subject.make_dir("read only");
  subject.put_file("read only/f", "x");
  const CancelToken cancel;
  const auto remote = subject.connect();
  const auto lane = remote->open_lane(cancel);
  run_one(*lane, MakeDir{wire("read only")});  // connected before the modes change
  for (const auto& entry : std::filesystem::recursive_directory_iterator(server.root())) {
    if (entry.path().filename() == "read only") {
      std::filesystem::permissions(entry.path(), std::filesystem::perms(0555));
    }
  }
  CHECK(failure_of([&] { put_text(*lane, "read only/new", "x"); }) == FailureClass::skip_file);
  const CommandResult removed = run_one(*lane, RemoveFile{wire("read only/f")});
  CHECK(removed.status == Status::refused);
  CHECK(removed.failure == FailureClass::skip_file);
  CHECK(subject.file("read only/f") == "x");
  CHECK(with_retry([&] { put_text(*lane, "elsewhere", "x"); }));
}

/// OUTHAUL_ORDER_TRIES: how often, for those who measure (docs/ftp-notes.md).
int order_tries() {
  const char* const text = std::getenv("OUTHAUL_ORDER_TRIES");
  return text == nullptr ? 3 : std::atoi(text);
}

void proves_its_order(Subject& subject) {
  if (subject.traits().is_sftp) return;
  const CancelToken cancel;
  const std::vector<Command> many(6, SizeOf{wire("nothing")});
  int proven = 0;
  for (int i = 0; i < order_tries(); ++i) {
    const auto remote = subject.connect();
    const auto channel = remote->open_channel(cancel);
    for (const CommandResult& result : channel->run(many)) CHECK(result.status == Status::missing);
    REQUIRE(remote->memory().answers_in_order.has_value());
    proven += *remote->memory().answers_in_order ? 1 : 0;
  }
  CHECK(proven == (subject.traits().answers_in_order ? order_tries() : 0));
}

constexpr ContractCase kLiveCases[] = {
    {"a server that answers in order proves it each time it is asked and no other ever does",
     proves_its_order},
    {"a wrong password stops the run after one attempt", wrong_password},
    {"a server that was down is used again when it is back", server_down},
    {"what was learned of a server is not asked for again", remembers_the_server, true},
    {"a small file on a warm lane costs PASV and STOR", costs_two_commands, true},
    {"an untrusted certificate stops the run and shows the pin that would trust it", untrusted_certificate,
     true},
    {"a wrong pin stops the run before the login", wrong_pin, true},
    {"a certificate for another host is refused", wrong_host_name, true},
    {"a mismatch in TLS stops the run and no password goes out in the clear", tls_mismatch, true},
    {"one connection too many asks for a lower cap", too_many_connections, true},
    {"a full disk is told apart and deletions go on", full_disk},
    {"a session that the server ended for idleness is replaced", idle_session},
    {"a server that can't set times refuses that alone", no_mtime, true},
    {"a read-only directory refuses its own files only", read_only_directory},
};

}  // namespace

std::span<const ContractCase> live_cases() {
  return kLiveCases;
}

}  // namespace outhaul::test
