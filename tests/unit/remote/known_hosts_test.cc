// Which keys known_hosts knows a server by. The hashed lines are ssh-keygen -H's.
#include "remote/known_hosts.h"

#include <filesystem>
#include <fstream>

#include "remote/host_key.h"
#include "remote/ssh_key_file.h"
#include "support/catch.h"
#include "support/temp_dir.h"

using namespace outhaul;
using Verdict = HostKeyJudge::Verdict;

namespace {

constexpr const char* kKey = "AAAAC3NzaC1lZDI1NTE5AAAAIOMqqnkVzrm0SdG6UOoqKLsabgH5C9okWi0dh2l9GKJl";
constexpr const char* kOther = "AAAAC3NzaC1lZDI1NTE5AAAAILM+rvN+ot98qgEN796jTiQfZfG1KaT0PtFDJ/XFSqti";
constexpr const char* kFingerprint = "SHA256:+DiY3wvvV6TuJJhbpZisF/zLDA0zPMSvHdkr4UvCOqU";

std::string line(const std::string& names, const char* key = kKey) {
  return names + " ssh-ed25519 " + key + " comment\n";
}

std::size_t found(const std::string& text, const char* host = "backup.example.net", std::uint16_t port = 0) {
  return known_keys(text, host, port).accepted.size();
}

std::string blob(const char* key = kKey) {
  return known_keys(line("h", key), "h", 22).accepted.at(0);
}

RemoteSettings settings_for(const std::filesystem::path& known_hosts) {
  RemoteSettings settings;
  settings.scheme = Scheme::sftp;
  settings.host = "backup.example.net";
  settings.ssh.known_hosts = known_hosts;
  return settings;
}

}  // namespace

TEST_CASE("a line of known_hosts counts for the hosts that it names and no other") {
  struct Row {
    const char* names;
    const char* host;
    std::uint16_t port;
    bool counts;
  };
  const Row rows[] = {
      {"backup.example.net", "backup.example.net", 0, true},
      {"backup.example.net", "backup.example.net", 22, true},
      {"Backup.Example.NET", "backup.EXAMPLE.net", 22, true},
      {"backup.example.net", "backup.example.net", 2222, false},
      {"[backup.example.net]:2222", "backup.example.net", 2222, true},
      {"[backup.example.net]:2222", "backup.example.net", 0, false},
      {"a,backup.example.net,b", "backup.example.net", 0, true},
      {"*.example.net", "backup.example.net", 0, true},
      {"backup?.example.net", "backup.example.net", 0, false},
      {"*.example.net,!backup.example.net", "backup.example.net", 0, false},
      {"!backup.example.net", "backup.example.net", 0, false},
      {"*", "anything", 0, true},
      {"backup.example.ne", "backup.example.net", 0, false},
      {"[::1]:23", "::1", 23, true},
      {"::1", "::1", 22, true},
  };
  for (const Row& row : rows) {
    CAPTURE(row.names, row.host, row.port);
    CHECK((found(line(row.names), row.host, row.port) == 1) == row.counts);
  }
}

TEST_CASE("comments and damage and authorities in known_hosts say nothing and revoked keys are told apart") {
  CHECK(found("") == 0);
  CHECK(found("# " + line("backup.example.net") + "\n\n   \n") == 0);
  CHECK(found("backup.example.net\nbackup.example.net ssh-ed25519\nbackup.example.net ssh-ed25519 ====\n") ==
        0);
  CHECK(found("backup.example.net ssh-rsa " + std::string(kKey) + "\n") == 0);
  CHECK(found("@cert-authority " + line("*")) == 0);
  CHECK(found("  \t" + line("backup.example.net")) == 1);
  CHECK(found("backup.example.net ssh-ed25519 " + std::string(kKey)) == 1);
  CHECK(found("backup.example.net ssh-ed25519 " + std::string(kKey) + "\r\n") == 1);
  const KnownKeys known = known_keys("@revoked " + line("*") + line("h", kOther), "h", 0);
  REQUIRE(known.revoked.size() == 1);
  CHECK(known.revoked[0] == blob());
  CHECK(known.accepted == std::vector<std::string>{blob(kOther)});
}

TEST_CASE("hashed names of known_hosts are found") {
  // HMAC-SHA1 with the salt 00 01 … 13.
  const std::string hashed = "|1|AAECAwQFBgcICQoLDA0ODxAREhM=|oRcD4R5uEmcnfFSRI9pj6qpiHKM=";
  CHECK(found(line(hashed)) == 1);
  CHECK(found(line(hashed), "other.example.net") == 0);
  CHECK(found(line("|1|AAECAwQFBgcICQoLDA0ODxAREhM=")) == 0);
  CHECK(found(line("|1||")) == 0);
  CHECK(found(line("|1|?|?")) == 0);
}

TEST_CASE("a key's fingerprint and its line are those of OpenSSH") {
  CHECK(key_type_of(blob()) == "ssh-ed25519");
  CHECK(key_fingerprint(blob()) == kFingerprint);
  CHECK(known_hosts_line("Host", 0, "ssh-ed25519", blob()) == "host ssh-ed25519 " + std::string(kKey));
  CHECK(known_hosts_line("h", 22, "ssh-ed25519", blob()).starts_with("h ssh-ed25519 "));
  CHECK(known_hosts_line("::1", 23, "ssh-ed25519", blob()).starts_with("[::1]:23 ssh-ed25519 "));
  CHECK(key_type_of("") == "");
  CHECK(key_type_of(std::string("\0\0\0\7ssh", 7)) == "");
  CHECK(key_type_of(std::string("\xFF\xFF\xFF\xFF", 4) + std::string(70, 'x')) == "");
}

TEST_CASE("no host key is accepted that nobody has vouched for") {
  const test::TempDir dir;
  const auto file = dir / "known_hosts";
  HostKeyJudge judge(settings_for(file));
  CHECK(judge.judge(blob()) == Verdict::unknown);
  CHECK(judge.preference() == "");
  test::write_file(file, line("backup.example.net"));
  CHECK(judge.judge(blob()) == Verdict::unknown);  // until the next connection
  judge.prepare();
  CHECK(judge.preference().starts_with("backup.example.net ssh-ed25519 "));
  CHECK(judge.judge(blob()) == Verdict::accepted);
  CHECK(judge.judge(blob(kOther)) == Verdict::changed);
  CHECK(judge.expected() == std::vector<std::string>{kFingerprint});
  CHECK(judge.judge("") == Verdict::unknown);
  CHECK(judge.judge("nonsense") == Verdict::unknown);
  test::write_file(file, line("backup.example.net") + "@revoked " + line("*"));
  judge.prepare();
  CHECK(judge.judge(blob()) == Verdict::revoked);
}

TEST_CASE("a pin decides alone whatever known_hosts says") {
  const test::TempDir dir;
  test::write_file(dir / "known_hosts", line("backup.example.net", kOther));
  RemoteSettings settings = settings_for(dir / "known_hosts");
  settings.ssh.host_keys = {"sha256" + std::string(kFingerprint).substr(6)};
  HostKeyJudge judge(settings);
  CHECK(judge.judge(blob()) == Verdict::accepted);
  CHECK(judge.judge(blob(kOther)) == Verdict::not_pinned);
  // Its type is not known: one after the other is asked for, at last any.
  int types = 1;
  while (judge.prefer_next()) ++types;
  CHECK(types == 4);
  CHECK(judge.preference() == "");
  judge.start_over();
  CHECK(judge.preference().find("ssh-ed25519") != std::string::npos);
}

TEST_CASE("a private key file is told by its text") {
  using Kind = SshKeyFile::Kind;
  const auto pem = [](const std::string& name, const std::string& head = {}) {
    return "-----BEGIN " + name + "-----\n" + head + "AAAA\n-----END " + name + "-----\n";
  };
  CHECK(inspect_ssh_key(pem("RSA PRIVATE KEY")).kind == Kind::rsa);
  CHECK_FALSE(inspect_ssh_key(pem("RSA PRIVATE KEY")).encrypted);
  CHECK(inspect_ssh_key(pem("RSA PRIVATE KEY", "Proc-Type: 4,ENCRYPTED\n")).encrypted);
  CHECK(inspect_ssh_key(pem("EC PRIVATE KEY")).kind == Kind::ecdsa);
  CHECK(inspect_ssh_key(pem("DSA PRIVATE KEY")).kind == Kind::dsa);
  CHECK(inspect_ssh_key(pem("ENCRYPTED PRIVATE KEY")).encrypted);
  CHECK(inspect_ssh_key(line("ssh-ed25519 AAAA")).kind == Kind::public_key);
  CHECK(inspect_ssh_key("PuTTY-User-Key-File-3: ssh-ed25519\n").kind == Kind::putty);
  for (const char* text :
       {"", "nonsense", "-----BEGIN OPENSSH PRIVATE KEY-----", "-----BEGIN OPENSSH PRIVATE KEY-----\n",
        "-----BEGIN OPENSSH PRIVATE KEY-----\nAAAA\n-----END OPENSSH PRIVATE KEY-----\n"}) {
    CAPTURE(text);
    CHECK(inspect_ssh_key(text).kind == Kind::unknown);
  }
}
