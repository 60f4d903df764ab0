// TLS as it is in the wild: versions, session reuse with many lanes, client certificates.
#include <atomic>
#include <string>
#include <thread>
#include <vector>

#include "contract/remote_contract.h"
#include "remote/connect.h"
#include "support/catch.h"

namespace outhaul::test {
namespace {

struct Caught {
  FailureClass failure = FailureClass::none;
  std::string text;
};

Caught catch_from(const std::function<void()>& action) {
  try {
    action();
  } catch (const RemoteError& error) {
    return {error.failure(), std::string(error.what()) + "\n" + error.advice()};
  } catch (const Error& error) {
    return {FailureClass::stop_run, std::string(error.what()) + "\n" + error.advice()};
  }
  return {};
}

Caught first_put(const RemoteSettings& settings, const std::string& key_password = {}) {
  return catch_from([&] {
    const CancelToken cancel;
    const auto remote = connect(settings, {settings.user, TestServer::kPassword, {}, key_password, {}}, {});
    put_text(*remote->open_lane(cancel), "first", "x");
  });
}

/// Stores the file and has its size proven, tried again as a run does. False: it failed for good.
bool store_proven(Remote& remote, Lane& lane, const std::string& name) {
  try {
    return with_retry([&] {
      put_text(lane, name, name);
      if (run_one(lane, SizeOf{wire(name)}).size == name.size()) return;
      remote.upload_was_lost();
      throw RemoteError(FailureClass::retry, "the server has less of it");
    });
  } catch (const RemoteError&) {
    return false;  // counted: an exception would end the thread, and assertions belong to the main one
  }
}

/// So many small files over so many lanes. How many failed for good.
int store_many(Remote& remote, int lanes, int files_each) {
  const CancelToken cancel;
  std::atomic<int> failures{0};
  std::vector<std::thread> threads;
  for (int number = 0; number < lanes; ++number)
    threads.emplace_back([&, number] {
      const auto lane = remote.open_lane(cancel);
      for (int i = 0; i < files_each; ++i)
        failures += store_proven(remote, *lane, std::to_string(number) + "-" + std::to_string(i)) ? 0 : 1;
    });
  for (std::thread& thread : threads) thread.join();
  return failures;
}

int whole_files(const TestServer& server, int lanes, int files_each) {
  int whole = 0;
  for (int number = 0; number < lanes; ++number)
    for (int i = 0; i < files_each; ++i) {
      const std::string name = std::to_string(number) + "-" + std::to_string(i);
      std::error_code fault;
      whole += std::filesystem::file_size(server.root() / name, fault) == name.size() ? 1 : 0;
    }
  return whole;
}

TEST_CASE("pain 7: servers that demand the session of the control connection get it from eight lanes",
          "[tls]") {
  const ServerKind kind = GENERATE(ServerKind::vsftpd, ServerKind::proftpd);
  const std::string version = GENERATE(as<std::string>{}, "", "1.3");
  CAPTURE(std::string(to_string(kind)), version);
  constexpr int kLanes = 8, kFiles = 12;
  const auto server = TestServer::start(kind, Tls::explicit_);
  RemoteSettings settings = server->settings();
  settings.tls.max_version = version;
  const auto remote = connect_to(settings);
  CHECK(store_many(*remote, kLanes, kFiles) == 0);
  CHECK(whole_files(*server, kLanes, kFiles) == kLanes * kFiles);
  if (version.empty()) CHECK_FALSE(remote->memory().tls_max.has_value());
}

TEST_CASE("pain 2 and 8: what TLS 1.3 loses is seen by its size and sent again with 1.2", "[tls]") {
  const auto server = TestServer::start(ServerKind::vsftpd, Tls::implicit);
  RemoteSettings settings = server->settings();
  settings.tls.max_version = "1.3";
  const CancelToken cancel;
  const auto remote = connect_to(settings);
  const auto lane = remote->open_lane(cancel);
  put_text(*lane, "before", "x");
  remote->upload_was_lost();
  CHECK(remote->memory().tls_max == "1.2");
  CHECK(with_retry([&] { put_text(*lane, "after", "x"); }));
  const auto next_night = connect_to(settings, TestServer::kPassword, remote->memory());
  CHECK(store_many(*next_night, 1, 3) == 0);
  CHECK(next_night->memory().tls_max == "1.2");
}

TEST_CASE("a server that speaks nothing but TLS 1.3 is used and remembered", "[tls]") {
  const Tls tls = GENERATE(Tls::explicit_, Tls::implicit);
  ServerOptions options;
  options.tls_1_3_only = true;
  const auto server = TestServer::start(ServerKind::proftpd, tls, options);
  const auto remote = connect_to(server->settings());
  CHECK(store_many(*remote, 3, 10) == 0);
  CHECK(whole_files(*server, 3, 10) == 30);
  const CancelToken cancel;
  CHECK(run_one(*remote->open_channel(cancel), SizeOf{wire("0-0")}).size == 3);

  RemoteSettings old = server->settings();
  old.tls.max_version = "1.2";
  const Caught caught = first_put(old);
  CAPTURE(caught.text);
  CHECK(caught.failure == FailureClass::stop_run);
  CHECK(caught.text.find("max_version") != std::string::npos);
}

TEST_CASE("a server that asks for a client certificate gets the profile's", "[tls]") {
  const ServerKind kind = GENERATE(ServerKind::proftpd, ServerKind::vsftpd);
  const std::string version = GENERATE(as<std::string>{}, "1.2", "1.3");
  CAPTURE(std::string(to_string(kind)), version);
  ServerOptions options;
  options.client_certificate = true;
  const auto server = TestServer::start(kind, Tls::explicit_, options);
  const Certificates& files = server->certificates();
  RemoteSettings settings = server->settings();
  settings.tls.max_version = version;

  const Caught without = first_put(settings);
  CAPTURE(without.text);
  // With TLS 1.3 the server objects after the handshake, and its alert may be lost with the connection.
  const auto is_clear = [&](const Caught& caught) {
    return caught.failure == FailureClass::stop_run ||
           (version == "1.3" && caught.failure == FailureClass::reconnect);
  };
  CHECK(is_clear(without));
  CHECK(without.text.find("client certificate") != std::string::npos);

  settings.tls.certificate = files.stranger;
  const Caught stranger = first_put(settings);
  CAPTURE(stranger.text);
  CHECK(is_clear(stranger));
  CHECK(stranger.text.find("the profile names") != std::string::npos);

  settings.tls.certificate = files.client;
  settings.tls.key = files.client_key;
  CHECK(first_put(settings).text == "");
  settings.tls.key = files.client_locked_key;
  CHECK(first_put(settings, kClientKeyPassword).text == "");
}

TEST_CASE("a client certificate that can't be used is an error before anybody connects", "[tls]") {
  const auto server = TestServer::start(ServerKind::proftpd, Tls::explicit_);
  const Certificates& files = server->certificates();
  struct Row {
    std::filesystem::path certificate, key;
    std::string password;
    std::vector<std::string> words;
  };
  for (const Row& row : {
           Row{files.client,
               files.client_locked_key,
               "wrong",
               {"does not open", "client-locked.key", "key_password"}},
           Row{files.client, files.client_locked_key, "", {"has a password", "key_password"}},
           Row{files.client, "/nowhere/client.key", "", {"/nowhere/client.key", "No such file", "\"key\""}},
           Row{"/nowhere/client.pem", "", "", {"/nowhere/client.pem", "No such file", "\"certificate\""}},
           Row{files.client, "", "", {"no private key", "client.pem"}},
           Row{files.client_key, "", "", {"no certificate", "client.key"}},
           Row{files.client, files.key, "", {"not that of the client certificate", "server.key"}},
           Row{"", files.client_key, "", {"without a client certificate"}},
       }) {
    RemoteSettings settings = server->settings();
    settings.tls.certificate = row.certificate;
    settings.tls.key = row.key;
    const std::string text = first_put(settings, row.password).text;
    CAPTURE(row.certificate.string(), row.key.string(), text);
    for (const std::string& word : row.words) CHECK(text.find(word) != std::string::npos);
    if (!row.password.empty()) CHECK(text.find("\"" + row.password + "\"") == std::string::npos);
  }
  CHECK(server->wait_for_no_sessions());
  CHECK(server->count("AUTH") == 0);
}

TEST_CASE("pain 25: whatever is wrong with a certificate the refusal names the pin that was seen", "[tls]") {
  ServerOptions options;
  options.certificate_names =
      GENERATE(as<std::string>{}, "DNS:localhost,IP:127.0.0.1", "DNS:another.example.net");
  const Tls tls = GENERATE(Tls::explicit_, Tls::implicit);
  const auto server = TestServer::start(ServerKind::proftpd, tls, options);
  RemoteSettings settings = server->settings();
  const bool wrong_name = options.certificate_names.find("another") != std::string::npos;
  if (!wrong_name) settings.tls.ca.clear();  // the system's
  const Caught caught = first_put(settings);
  CAPTURE(caught.text);
  CHECK(caught.failure == FailureClass::stop_run);
  CHECK(caught.text.find(server->certificates().pin) != std::string::npos);

  settings.tls.pins = {"sha256//AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="};
  settings.tls.verify = false;
  const Caught pinned = first_put(settings);
  CAPTURE(pinned.text);
  CHECK(pinned.failure == FailureClass::stop_run);
  CHECK(pinned.text.find(server->certificates().pin) != std::string::npos);
  CHECK(server->count("PASS") == 0);
}

}  // namespace
}  // namespace outhaul::test
