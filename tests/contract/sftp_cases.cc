// What only SFTP has: who the server is, who we are, and a file that can only grow at its end.
#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <string_view>
#include <thread>
#include <vector>

#include "contract/remote_contract.h"
#include "remote/connect.h"
#include "support/catch.h"
#include "support/leaks.h"
#include "support/sshd.h"

namespace outhaul::test {
namespace {

using Status = CommandResult::Status;

struct Caught {
  FailureClass failure = FailureClass::none;
  std::string text;  // message and advice
};

Caught store(const RemoteSettings& settings, const Login& login) {
  const CancelToken cancel;
  try {
    const auto remote = connect(settings, login);
    const auto lane = remote->open_lane(cancel);
    put_text(*lane, "from store", "x");
  } catch (const RemoteError& error) {
    return {error.failure(), std::string(error.what()) + "\n" + error.advice()};
  }
  return {};
}

Login with_password() {
  Login login;
  login.user = TestServer::kUser;
  login.password = TestServer::kPassword;
  return login;
}

Login without_password(const std::string& passphrase = {}) {
  Login login;
  login.user = TestServer::kUser;
  login.key_passphrase = passphrase;
  return login;
}

bool says(const Caught& caught, const std::string& piece) {
  return caught.text.find(piece) != std::string::npos;
}

std::size_t count_of(const std::string& text, std::string_view piece) {
  std::size_t count = 0;
  for (std::size_t at = text.find(piece); at != std::string::npos; at = text.find(piece, at + 1)) ++count;
  return count;
}

std::string line_of(const TestServer& server, const char* key) {
  const std::string pub = read_file(server.keys() / key);
  return fmt::format("[127.0.0.1]:{} {}", server.port(), pub.substr(0, pub.find(' ', pub.find(' ') + 1)));
}

std::string fingerprint_of(const TestServer& server, const char* key) {
  return ssh_fingerprint(TestServer::unpacked(ServerKind::sshd), server.keys() / key);
}

std::string pin_of(const TestServer& server, const char* key) {
  return "sha256" + fingerprint_of(server, key).substr(6);
}

/// Nothing was accepted silently, and no secret was said.
void check_refused_before_login(TestServer& server, const Caught& caught) {
  CAPTURE(caught.text);
  CHECK(caught.failure == FailureClass::stop_run);
  CHECK(caught.text.find(TestServer::kPassword) == std::string::npos);
  CHECK(server.wait_for_no_sessions());
  CHECK(server.count("PASS") == 0);
}

void unknown_host(Subject& subject) {
  TestServer& server = *subject.server();
  TempDir dir;
  RemoteSettings settings = server.settings();
  for (const char* name : {"absent", "empty", "other host"}) {
    CAPTURE(name);
    server.forget_commands();
    settings.ssh.known_hosts = dir / name;
    if (std::string_view(name) == "empty") write_file(dir / name, "");
    if (std::string_view(name) == "other host")
      write_file(dir / name, "other.example " + read_file(server.keys() / "host_ecdsa.pub"));
    const Caught caught = store(settings, with_password());
    check_refused_before_login(server, caught);
    const bool ecdsa = says(caught, fingerprint_of(server, "host_ecdsa.pub"));
    CHECK((ecdsa || says(caught, fingerprint_of(server, "host_ed25519.pub"))));
    const std::string line = line_of(server, ecdsa ? "host_ecdsa.pub" : "host_ed25519.pub");
    CHECK(says(caught, line));
    CHECK(says(caught, (dir / name).string()));
  }
  write_file(dir / "absent", line_of(server, "host_ed25519.pub") + "\n");
  settings.ssh.known_hosts = dir / "absent";
  CHECK(store(settings, with_password()).failure == FailureClass::none);
}

void changed_host(Subject& subject) {
  TestServer& server = *subject.server();
  TempDir dir;
  make_ssh_key(TestServer::unpacked(ServerKind::sshd), dir / "other", "ed25519");
  write_file(dir / "known_hosts",
             fmt::format("[127.0.0.1]:{} {}", server.port(), read_file(dir / "other.pub")));
  RemoteSettings settings = server.settings();
  settings.ssh.known_hosts = dir / "known_hosts";
  server.forget_commands();
  const Caught caught = store(settings, with_password());
  check_refused_before_login(server, caught);
  CHECK(says(caught, "NOT THE KNOWN ONE"));
  CHECK(says(caught, fingerprint_of(server, "host_ed25519.pub")));
  CHECK(says(caught, ssh_fingerprint(TestServer::unpacked(ServerKind::sshd), dir / "other.pub")));
}

void revoked_host(Subject& subject) {
  TestServer& server = *subject.server();
  TempDir dir;
  write_file(dir / "known_hosts", line_of(server, "host_ed25519.pub") + "\n@revoked " +
                                      line_of(server, "host_ed25519.pub") + "\n");
  RemoteSettings settings = server.settings();
  settings.ssh.known_hosts = dir / "known_hosts";
  server.forget_commands();
  const Caught caught = store(settings, with_password());
  check_refused_before_login(server, caught);
  CHECK(says(caught, "revoked"));
}

void pinned_host(Subject& subject) {
  TestServer& server = *subject.server();
  RemoteSettings settings = server.settings();
  settings.ssh.known_hosts = "/nonexistent/known_hosts";
  settings.ssh.host_keys = {"sha256:" + std::string(43, 'A')};
  server.forget_commands();
  const Caught caught = store(settings, with_password());
  check_refused_before_login(server, caught);
  const bool seen =
      says(caught, pin_of(server, "host_ecdsa.pub")) || says(caught, pin_of(server, "host_ed25519.pub"));
  CHECK(seen);
  for (const char* key : {"host_ecdsa.pub", "host_ed25519.pub"}) {
    settings.ssh.host_keys = {"sha256:" + std::string(43, 'A'), pin_of(server, key)};
    const Caught pinned = store(settings, with_password());
    CAPTURE(key, pinned.text);
    CHECK(pinned.failure == FailureClass::none);
  }
}

/// Each try of a type is a connection without a login, which sshd from 9.8 on punishes.
void many_lanes_and_a_pin(Subject& subject) {
  TestServer& server = *subject.server();
  RemoteSettings settings = server.settings();
  settings.ssh.known_hosts = "/nonexistent/known_hosts";
  settings.ssh.host_keys = {pin_of(server, "host_ecdsa.pub")};  // asked for after ed25519
  const std::size_t before = count_of(server.log(), "Connection from ");
  const CancelToken cancel;
  const auto remote = connect(settings, with_password());
  constexpr int kLanes = 8;
  std::vector<std::thread> threads;
  std::atomic<int> stored{0};
  for (int i = 0; i < kLanes; ++i)
    threads.emplace_back([&, i] {
      try {
        put_text(*remote->open_lane(cancel), "lane " + std::to_string(i), "x");
        ++stored;
      } catch (const RemoteError&) {  // counted
      }
    });
  for (std::thread& thread : threads) thread.join();
  CHECK(stored == kLanes);
  CHECK(count_of(server.log(), "Connection from ") - before == kLanes + 1);
}

/// Debian hashes names. libcurl would take the first hashed line, whosever it is, for the server's.
void hashed_known_hosts(Subject& subject) {
  TestServer& server = *subject.server();
  TempDir dir;
  const auto home = TestServer::unpacked(ServerKind::sshd);
  make_ssh_key(home, dir / "rsa", "rsa");
  write_file(dir / "known_hosts",
             "other.example " + read_file(dir / "rsa.pub") + line_of(server, "host_ed25519.pub") + "\n");
  const RunResult hashed =
      run_program({(home / "usr/bin/ssh-keygen").string(), "-H", "-f", (dir / "known_hosts").string()});
  REQUIRE(hashed.exit.code == 0);
  REQUIRE(read_file(dir / "known_hosts").find("127.0.0.1") == std::string::npos);
  RemoteSettings settings = server.settings();
  settings.ssh.known_hosts = dir / "known_hosts";
  const Caught caught = store(settings, with_password());
  CAPTURE(caught.text);
  CHECK(caught.failure == FailureClass::none);
}

void user_keys(Subject& subject) {
  TestServer& server = *subject.server();
  TempDir dir;
  const auto home = TestServer::unpacked(ServerKind::sshd);
  const auto authorized = server.keys() / "authorized_keys";
  const std::string before = read_file(authorized);
  RemoteSettings settings = server.settings();
  settings.ssh.key = server.keys() / "user_ed25519";
  CHECK(store(settings, without_password()).failure == FailureClass::none);

  make_ssh_key(home, dir / "ecdsa", "ecdsa");
  make_ssh_key(home, dir / "locked", "ed25519", "open it");
  write_file(authorized, before + read_file(dir / "ecdsa.pub") + read_file(dir / "locked.pub"));
  settings.ssh.key = dir / "ecdsa";
  {
    const LeaksOfOthers two_numbers_in_libssh2;  // 1.10, for each ECDSA key in OpenSSH's format
    CHECK(store(settings, without_password()).failure == FailureClass::none);
  }
  settings.ssh.key = dir / "locked";
  const Caught opened = store(settings, without_password("open it"));
  CAPTURE(opened.text);
  CHECK(opened.failure == FailureClass::none);
  const Caught wrong = store(settings, without_password("wrong phrase"));
  CHECK(wrong.failure == FailureClass::stop_run);
  CHECK(says(wrong, "passphrase"));
  CHECK_FALSE(says(wrong, "wrong phrase"));
  const Caught locked = store(settings, without_password());
  CHECK(locked.failure == FailureClass::stop_run);
  CHECK(says(locked, "is encrypted"));
  write_file(authorized, before);
}

void strange_keys(Subject& subject) {
  TestServer& server = *subject.server();
  TempDir dir;
  const auto home = TestServer::unpacked(ServerKind::sshd);
  RemoteSettings settings = server.settings();
  make_ssh_key(home, dir / "rsa", "rsa");
  make_ssh_key(home, dir / "stranger", "ed25519");
  const auto refused_with = [&](const char* key, const char* words) {
    settings.ssh.key = dir / key;
    const Caught caught = store(settings, without_password());
    CAPTURE(key, caught.text);
    CHECK(caught.failure == FailureClass::stop_run);
    CHECK(says(caught, words));
    CHECK(says(caught, (dir / key).string()));
  };
  refused_with("stranger", "authorized_keys");
  refused_with("rsa", "RSA");
  refused_with("absent", "can't be read");
  refused_with("stranger.pub", "public half");
}

void by_agent(Subject& subject) {
  TestServer& server = *subject.server();
  TempDir dir;
  RemoteSettings settings = server.settings();
  settings.ssh.agent = true;
  ::setenv("SSH_AUTH_SOCK", (dir / "nobody").c_str(), 1);
  const Caught nobody = store(settings, without_password());
  CHECK(nobody.failure == FailureClass::stop_run);
  CHECK(says(nobody, "no agent answers"));

  const auto home = TestServer::unpacked(ServerKind::sshd);
  const std::string socket = (dir / "agent").string();
  SpawnOptions around;
  around.env = {{"LD_LIBRARY_PATH", (home / "libs").string()}, {"SSH_AUTH_SOCK", socket}};
  Process agent =
      Process::start({(home / "usr/bin/ssh-agent").string(), "-D", "-a", socket}, around, dir / "output");
  REQUIRE(eventually([&] { return std::filesystem::exists(socket); }));
  const auto add = run_program(
      {(home / "usr/bin/ssh-add").string(), "-q", (server.keys() / "user_ed25519").string()}, around);
  INFO(add.out << add.err);
  REQUIRE(add.exit.code == 0);
  ::setenv("SSH_AUTH_SOCK", socket.c_str(), 1);
  const Caught caught = store(settings, without_password());
  CAPTURE(caught.text);
  CHECK(caught.failure == FailureClass::none);
  ::unsetenv("SSH_AUTH_SOCK");
  agent.kill_group();
}

void password_by_question(Subject&) {
  ServerOptions options;
  options.password_by_question = true;
  const auto server = TestServer::start(ServerKind::sshd, Tls::none, options);
  const Caught right = store(server->settings(), with_password());
  CAPTURE(right.text);
  CHECK(right.failure == FailureClass::none);
  CHECK(server->wait_for_no_sessions());
  server->forget_commands();
  Login wrong = with_password();
  wrong.password = "wrong: secret";
  CHECK(store(server->settings(), wrong).failure == FailureClass::stop_run);
  CHECK(server->wait_for_no_sessions());
  CHECK(server->count("PASS") == 1);
}

void nothing_to_log_in_with(Subject& subject) {
  const CancelToken cancel;
  const auto remote = connect(subject.server()->settings(), without_password());
  CHECK_THROWS_AS(remote->open_lane(cancel), Error);
}

/// Whatever the remote file's size is, bytes are only ever added where they belong.
void append_only_at_the_end(Subject& subject) {
  const CancelToken cancel;
  const auto remote = subject.connect();
  const auto lane = remote->open_lane(cancel);
  const std::string whole = PatternSource::text(300'000);
  for (const std::uint64_t there : {0U, 1U, 99'999U, 100'001U, 300'000U}) {
    CAPTURE(there);
    subject.put_file("part", whole.substr(0, there));
    CHECK(failure_of([&] { put_text(*lane, "part", whole.substr(100'000), 100'000); }) ==
          FailureClass::retry);
    CHECK((subject.file("part") == whole.substr(0, there)));
  }
  CHECK(failure_of([&] { put_text(*lane, "absent", whole.substr(100'000), 100'000); }) ==
        FailureClass::retry);
  subject.put_file("part", whole.substr(0, 100'000));
  CHECK(with_retry([&] { put_text(*lane, "part", whole.substr(100'000), 100'000); }));
  CHECK((subject.file("part") == whole));
  put_text(*lane, "next", "starts at the beginning");
  CHECK(subject.file("next") == "starts at the beginning");
}

/// A directory has a size, too, and OpenSSH opens it.
void directory_is_no_file(Subject& subject) {
  subject.make_dir("dir");
  with_each_runner(subject, [&](CommandRunner& runner) {
    CHECK(run_one(runner, SizeOf{wire("dir")}).status == Status::missing);
    CHECK(run_one(runner, RemoveFile{wire("dir")}).status == Status::refused);
    subject.put_file("file", "x");
    CHECK(run_one(runner, RemoveDir{wire("file")}).status == Status::refused);
    CHECK(subject.file("file") == "x");
    const std::vector<Command> questions{SizeOf{wire("dir")}, SizeOf{wire("file")}, SizeOf{wire("absent")},
                                         SizeOf{wire("file")}, SizeOf{wire("dir")}};
    const std::vector<CommandResult> answers = runner.run(questions);
    for (const std::size_t i : {0U, 2U, 4U}) CHECK(answers[i].status == Status::missing);
    for (const std::size_t i : {1U, 3U}) CHECK(answers[i].size == 1);
  });
}

/// Times beyond what SFTP's 32 bits hold are not set to something else.
void times_out_of_range(Subject& subject) {
  subject.put_file("f", "x");
  with_each_runner(subject, [&](CommandRunner& runner) {
    CHECK(run_one(runner, SetMtime{wire("f"), 0}).status == Status::done);
    CHECK(subject.mtime_s("f") == 0);
    for (const std::int64_t time : {std::int64_t{-1}, std::int64_t{1} << 32})
      CHECK(run_one(runner, SetMtime{wire("f"), time}).status == Status::unsupported);
    CHECK(subject.mtime_s("f") == 0);
  });
}

/// What measuring a file leaves open on the server is closed again: sshd allows some thousand open files.
void many_sizes(Subject& subject) {
  subject.put_file("f", "12345");
  const CancelToken cancel;
  const auto remote = subject.connect();
  const auto channel = remote->open_channel(cancel);
  subject.server()->forget_commands();
  for (int i = 0; i < 50; ++i) CHECK(run_one(*channel, SizeOf{wire("f")}).size == 5);
  CHECK(subject.server()->count("open") == 50);
  CHECK(subject.server()->count("close") >= 49);
}

constexpr ContractCase kSftpCases[] = {
    {"an unknown host is refused with its fingerprint and the line to add", unknown_host},
    {"a changed host key is refused before anything is said", changed_host},
    {"a revoked host key is refused", revoked_host},
    {"a pinned host key is enough and a wrong pin shows the right one", pinned_host},
    {"one lane finds the type of host key that is pinned for all of them", many_lanes_and_a_pin},
    {"a hashed known_hosts finds the right line", hashed_known_hosts},
    {"keys with and without a passphrase log in", user_keys},
    {"a key that can't work is named with the reason", strange_keys},
    {"an agent's key logs in and no agent is named", by_agent},
    {"a server that asks for the password as a question gets it once", password_by_question},
    {"without anything to log in with nothing is begun", nothing_to_log_in_with},
    {"pain 6: bytes are appended only where the remote file ends", append_only_at_the_end},
    {"a directory is not taken for a file nor a file for a directory", directory_is_no_file},
    {"a time that does not fit is not set", times_out_of_range},
    {"measuring files leaves none of them open", many_sizes},
};

}  // namespace

std::span<const ContractCase> sftp_cases() {
  return kSftpCases;
}

}  // namespace outhaul::test
