#include "profile/secret.h"

#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>

#include "outhaul/error.h"
#include "profile/private_file.h"
#include "profile/wipe.h"
#include "support/catch.h"
#include "support/temp_dir.h"

using namespace outhaul;
using Kind = SecretSource::Kind;

namespace {

RemoteSettings remote_with(SecretSource password, std::string user = "backup") {
  RemoteSettings remote;
  remote.host = "ftp.example.net";
  remote.user = std::move(user);
  remote.password = std::move(password);
  return remote;
}

struct Refusal {
  std::string message, advice;
};

Refusal refusal_of(const RemoteSettings& remote) {
  try {
    resolve_credentials(remote);
  } catch (const Error& error) {
    CHECK(error.kind() == ErrorKind::profile);
    return {error.what(), error.advice()};
  }
  return {};
}

std::string file_with(const test::TempDir& dir, const std::string& content, mode_t mode = 0600) {
  const std::string path = dir / "secret";
  test::write_file(path, content);
  ::chmod(path.c_str(), mode);
  return path;
}

}  // namespace

TEST_CASE("a secret leaves nothing behind where it was") {
  for (const std::string text : {"short", "a secret that is too long to live inside a std::string"}) {
    Secret first{text};
    Secret second{std::move(first)};
    CHECK(first.empty());
    CHECK(std::string(first.reveal().data(), first.reveal().capacity()).find(text) == std::string::npos);
    CHECK(second.reveal() == text);
    Secret third;
    third = std::move(second);
    CHECK(std::string(second.reveal().data(), second.reveal().capacity()).find(text) == std::string::npos);
    CHECK(third.reveal() == text);
  }
}

TEST_CASE("a wiped string holds zeros in all bytes that it owned") {
  std::string text = "0123456789";
  text.resize(4);
  wipe(text);
  CHECK(text.empty());
  CHECK(std::string(text.data(), 10) == std::string(10, '\0'));
}

TEST_CASE("a secret comes from the environment without its newline") {
  ::setenv("OUTHAUL_TEST_PASSWORD", "s3cret\n", 1);
  const Credentials login = resolve_credentials(remote_with({Kind::env, "OUTHAUL_TEST_PASSWORD", {}}));
  CHECK(login.user == "backup");
  CHECK(login.password.reveal() == "s3cret");
  ::unsetenv("OUTHAUL_TEST_PASSWORD");
  CHECK(refusal_of(remote_with({Kind::env, "OUTHAUL_TEST_PASSWORD", {}})).message ==
        "the environment variable OUTHAUL_TEST_PASSWORD is not set");
}

TEST_CASE("a secret comes from a private file without its newline") {
  const test::TempDir dir;
  const auto [content, password] =
      GENERATE(table<std::string, std::string>({{"s3cret", "s3cret"},
                                                {"s3cret\n", "s3cret"},
                                                {"s3cret\r\n", "s3cret"},
                                                {"s3cret\n\n", "s3cret"},
                                                {"s3cret\r", "s3cret"},
                                                {"\xEF\xBB\xBFs3cret\r\n", "s3cret"},
                                                {"s\xC3\xBC\xC3\x9F", "s\xC3\xBC\xC3\x9F"},
                                                {" with spaces ", " with spaces "}}));
  const std::string path = file_with(dir, content);
  CHECK(resolve_credentials(remote_with({Kind::file, path, {}})).password.reveal() == password);
}

TEST_CASE("a secret file that others can touch is refused with the way out") {
  const test::TempDir dir;
  const mode_t mode = GENERATE(0640, 0604, 0644, 0620, 0601);
  const std::string path = file_with(dir, "s3cret", mode);
  const Refusal refusal = refusal_of(remote_with({Kind::file, path, {}}));
  CHECK(refusal.message ==
        fmt::format("the secret file {}: group or others can read or change it (mode {:04o})", path, mode));
  CHECK(refusal.advice == "chmod 600 " + path);
}

TEST_CASE("a secret file must belong to its reader or to root") {
  struct stat status {};
  status.st_mode = S_IFREG | 0600;
  status.st_uid = 1234567;
  CHECK_NOTHROW(refuse_exposed(status, 1234567, "/s", "the secret file"));
  try {
    refuse_exposed(status, 7654321, "/s", "the secret file");
    FAIL("a foreign file was taken");
  } catch (const Error& error) {
    CHECK(std::string(error.what()) ==
          "the secret file /s: belongs to uid 1234567, who could change it; expected uid 7654321 or root");
    CHECK(error.advice() == "chown 7654321 /s");
  }
  status.st_uid = 0;
  CHECK_NOTHROW(refuse_exposed(status, 7654321, "/s", "the secret file"));
}

TEST_CASE("what can't be a password is refused and never shown") {
  const test::TempDir dir;
  const auto [content, what] = GENERATE(table<std::string, std::string>(
      {{"", "it is empty"},
       {"\n", "it is empty"},
       {"hunter2\nhunter3\n", "more than one line"},
       {"\xEF\xBB\xBF\n", "it is empty"},
       {"\nhunter2\n", "more than one line"},
       {"hunter2\r\nhunter3\r\n", "more than one line"},
       {"hun\rter2", "it holds a control byte, which FTP can't send"},
       {std::string("\xFF\xFEh\0u\0", 6), "it is UTF-16 text, which no server takes for the password"},
       {std::string("\xFE\xFF\0h\0u", 6), "it is UTF-16 text, which no server takes for the password"},
       {std::string("h\0u\0n\0\n\0", 8), "it holds NUL bytes: it is no plain text, or UTF-16"},
       {"hun\tter2", "it holds a control byte, which FTP can't send"}}));
  const std::string path = file_with(dir, content);
  CHECK(refusal_of(remote_with({Kind::file, path, {}})).message ==
        fmt::format("the secret file {}: {}", path, what));
}

TEST_CASE("a secret file that isn't one is refused") {
  const test::TempDir dir;
  const std::string missing = dir / "missing", fifo = dir / "fifo";
  CHECK(refusal_of(remote_with({Kind::file, missing, {}})).message ==
        fmt::format("the secret file {}: No such file or directory", missing));
  REQUIRE(::mkfifo(fifo.c_str(), 0600) == 0);
  CHECK(refusal_of(remote_with({Kind::file, fifo, {}})).message ==
        fmt::format("the secret file {}: not a regular file", fifo));
  const std::string large = file_with(dir, std::string(70000, 'x'));
  CHECK(refusal_of(remote_with({Kind::file, large, {}})).message ==
        fmt::format("the secret file {}: larger than 64 KiB, which no secret is", large));
}

TEST_CASE("a secret comes from a command") {
  CHECK(resolve_credentials(remote_with({Kind::command, {}, {"echo", "s3cret"}})).password.reveal() ==
        "s3cret");
  CHECK(refusal_of(remote_with({Kind::command, {}, {"true"}})).message ==
        "what the secret command \"true\" printed: it is empty");
}

TEST_CASE("a login comes from netrc") {
  const test::TempDir dir;
  const std::string path = file_with(dir, "machine ftp.example.net login anna password s3cret\n");
  const Credentials login = resolve_credentials(remote_with({Kind::netrc, path, {}}, ""));
  CHECK(login.user == "anna");
  CHECK(login.password.reveal() == "s3cret");
  const Refusal refusal = refusal_of(remote_with({Kind::netrc, path, {}}, "backup"));
  CHECK(refusal.message ==
        fmt::format("the netrc file {}: no entry with a password for machine ftp.example.net and "
                    "login backup",
                    path));
  CHECK(refusal.advice == "add a line: machine ftp.example.net login backup password …");
  ::chmod(path.c_str(), 0644);
  CHECK(refusal_of(remote_with({Kind::netrc, path, {}}, "")).advice == "chmod 600 " + path);
}

TEST_CASE("a netrc file is text with or without a byte order mark") {
  const test::TempDir dir;
  const std::string entry = "machine ftp.example.net login anna password s3cret\n";
  const std::string marked = file_with(dir, "\xEF\xBB\xBF" + entry);
  CHECK(resolve_credentials(remote_with({Kind::netrc, marked, {}}, "")).user == "anna");
  const std::string wide = file_with(dir, "\xFF\xFE" + entry);
  const Refusal refusal = refusal_of(remote_with({Kind::netrc, wide, {}}, ""));
  CHECK(refusal.message.ends_with("it is UTF-16 text, which no server takes for the password"));
  CHECK(refusal.advice.starts_with("save it as UTF-8 text"));
}

TEST_CASE("a netrc login can't smuggle a second command") {
  const test::TempDir dir;
  const std::string path = file_with(dir, R"(machine ftp.example.net login "a\r\nDELE x" password p)");
  CHECK(refusal_of(remote_with({Kind::netrc, path, {}}, "")).message ==
        fmt::format("the netrc file {}: the login for machine ftp.example.net holds a control byte", path));
}

TEST_CASE("without a user the login is anonymous and with one it needs a password") {
  CHECK(resolve_credentials(remote_with({}, "")).user == "anonymous");
  CHECK(resolve_credentials(remote_with({}, "ftp")).user == "ftp");
  CHECK(refusal_of(remote_with({}, "backup")).message == "no password is given for the user backup");
  RemoteSettings disk = remote_with({}, "");
  disk.scheme = Scheme::file;
  CHECK(resolve_credentials(disk).user.empty());
}

TEST_CASE("sftp with a key or an agent needs no password and has no anonymous login") {
  RemoteSettings remote = remote_with({}, "backup");
  remote.scheme = Scheme::sftp;
  CHECK(refusal_of(remote).message == "no password is given for the user backup");
  remote.user = "anonymous";
  CHECK(refusal_of(remote).message == "no password is given for the user anonymous");
  remote.ssh.agent = true;
  CHECK(resolve_credentials(remote).password.empty());
  remote.ssh = {};
  remote.ssh.key = "/k";
  CHECK(resolve_credentials(remote).user == "anonymous");
}

TEST_CASE("every secret of a remote is resolved") {
  const test::TempDir dir;
  RemoteSettings remote = remote_with({Kind::file, file_with(dir, "one"), {}});
  remote.ssh.passphrase = {Kind::command, {}, {"echo", "two"}};
  ::setenv("OUTHAUL_TEST_PASSWORD", "three", 1);
  remote.tls.key_password = {Kind::env, "OUTHAUL_TEST_PASSWORD", {}};
  remote.proxy.password = {Kind::command, {}, {"echo", "four"}};
  const Credentials login = resolve_credentials(remote);
  CHECK(login.password.reveal() == "one");
  CHECK(login.key_passphrase.reveal() == "two");
  CHECK(login.tls_key_password.reveal() == "three");
  CHECK(login.proxy_password.reveal() == "four");
  ::unsetenv("OUTHAUL_TEST_PASSWORD");
  CHECK(refusal_of(remote).message == "the environment variable OUTHAUL_TEST_PASSWORD is not set");
}

TEST_CASE("a credential comes from the directory that systemd names") {
  const test::TempDir dir;
  const RemoteSettings remote = remote_with({Kind::credential, "secret", {}});
  ::unsetenv("CREDENTIALS_DIRECTORY");
  CHECK(refusal_of(remote).message == "the credential secret: CREDENTIALS_DIRECTORY is not set");
  CHECK(refusal_of(remote).advice.find("LoadCredential=secret:/PATH") != std::string::npos);
  ::setenv("CREDENTIALS_DIRECTORY", dir.path().c_str(), 1);
  CHECK(refusal_of(remote).message ==
        fmt::format("the credential {}/secret: No such file or directory", dir.path().string()));
  // An access control list shows its mask in the place of the group's bits.
  const std::string path = file_with(dir, "s3cret\n", 0440);
  CHECK(resolve_credentials(remote).password.reveal() == "s3cret");
  ::chmod(path.c_str(), 0444);
  CHECK(refusal_of(remote).message ==
        fmt::format("the credential {}: others can read or change it (mode 0444)", path));
  ::unsetenv("CREDENTIALS_DIRECTORY");
}
