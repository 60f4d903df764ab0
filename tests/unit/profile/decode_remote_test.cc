// The ways to a server: SSH, client certificates, proxies, modes, names, bandwidth.
#include "profile/decode_remote.h"

#include <fmt/format.h>

#include "profile/decode.h"
#include "support/catch.h"

using namespace outhaul;
using Kind = SecretSource::Kind;

namespace {

constexpr const char* kFile = "/etc/outhaul/p.json";
constexpr const char* kFtp = R"("url": "ftp://h/d", )";
constexpr const char* kSftp = R"("url": "sftp://u@h/d", "password": {"env": "P"}, )";
constexpr const char* kDigest = "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU";

std::string profile_with(std::string_view remote) {
  return fmt::format(
      R"({{"profile": "p", "remote": {{{}}}, "jobs": [{{"name": "a", "source": "/a", "target": "a"}}]}})",
      remote);
}

RemoteSettings decoded(std::string_view remote) {
  return decode_profile(profile_with(remote), kFile).remote;
}

/// The one fault, as a person reads it, without the file.
std::string fault_of(std::string_view remote) {
  try {
    decoded(remote);
  } catch (const ProfileError& error) {
    CAPTURE(std::string(error.what()));
    REQUIRE(error.faults().size() == 1);
    return to_string(kFile, error.faults()[0]).substr(std::string_view(kFile).size() + 2);
  }
  return {};
}

}  // namespace

TEST_CASE("what is not said of the ways to a server has the documented default") {
  const RemoteSettings remote = decoded(R"("url": "ftp://h/d")");
  CHECK(remote.mode == DataMode::passive);
  CHECK_FALSE(remote.proxy.used());
  CHECK(remote.account.empty());
  CHECK(remote.names == NameRules{});
  CHECK(remote.bandwidth.empty());
  CHECK(remote.ssh.host_keys.empty());
  CHECK_FALSE(remote.ssh.agent);
  CHECK(remote.tls.max_version.empty());
}

TEST_CASE("the settings of SSH are read") {
  const RemoteSettings remote = decoded(
      fmt::format(R"("url": "sftp://u@h:2222//d", "ssh": {{"known_hosts": "kh", "agent": true, "key": "k",
               "host_key": ["sha256:{0}", "SHA256:{0}="], "passphrase": {{"credential": "c"}}}})",
                  kDigest));
  CHECK(remote.scheme == Scheme::sftp);
  CHECK(remote.port == 2222);
  CHECK(remote.absolute);
  CHECK(remote.ssh.known_hosts == "/etc/outhaul/kh");
  CHECK(remote.ssh.key == "/etc/outhaul/k");
  CHECK(remote.ssh.agent);
  CHECK(remote.ssh.passphrase.kind == Kind::credential);
  CHECK(remote.ssh.passphrase.name == "c");
  const std::string key = std::string("sha256:") + kDigest;
  CHECK(remote.ssh.host_keys == std::vector<std::string>{key, key});
}

TEST_CASE("a client certificate and the highest TLS version are read") {
  const TlsSettings tls =
      decoded(
          R"("url": "ftp://h/d", "tls": {"certificate": "c.pem", "key": "/k.pem", "key_password": {"file": "s"},
             "max_version": "1.2"})")
          .tls;
  CHECK(tls.certificate == "/etc/outhaul/c.pem");
  CHECK(tls.key == "/k.pem");
  CHECK(tls.key_password.name == "/etc/outhaul/s");
  CHECK(tls.max_version == "1.2");
}

TEST_CASE("a proxy is a URL or a URL with a password") {
  const ProxySettings plain = decoded(R"("url": "ftp://h/d", "proxy": "SOCKS5H://[::1]:1080/")").proxy;
  CHECK(plain.url == "socks5h://[::1]:1080");
  CHECK(plain.user.empty());
  const ProxySettings proxy =
      decoded(R"("url": "ftp://h/d", "proxy": {"url": "http://me%40x@p:3128", "password": {"env": "P"}})")
          .proxy;
  CHECK(proxy.url == "http://p:3128");
  CHECK(proxy.user == "me@x");
  CHECK(proxy.password.kind == Kind::env);
}

TEST_CASE("mode and account and names and encoding are read") {
  const RemoteSettings remote = decoded(
      R"("url": "ftp://h/d", "mode": "active", "account": "a 1", "names": "windows", "encoding": "CP1252")");
  CHECK(remote.mode == DataMode::active);
  CHECK(remote.account == "a 1");
  CHECK(remote.names == NameRules{true, "CP1252"});
}

TEST_CASE("what outhaul's own things are called on the server is read") {
  const RemoteSettings remote =
      decoded(R"("url": "ftp://h/d", "control_dir": "_outhaul", "part_suffix": ".tmp")");
  CHECK(remote.names.own == OwnNames{"_outhaul", ".tmp"});
  CHECK(decoded(R"("url": "ftp://h/d")").names.own.standard());
}

TEST_CASE("a name that can't be outhaul's own is refused") {
  const auto [key, value] = GENERATE(table<std::string, std::string>({
      {"control_dir", ""},
      {"control_dir", "."},
      {"control_dir", ".."},
      {"control_dir", "a/b"},
      {"control_dir", "a b"},
      {"control_dir", "dot."},
      {"control_dir", "\u00e4"},
      {"control_dir", std::string(65, 'a')},
      {"part_suffix", ""},
      {"part_suffix", "part"},
      {"part_suffix", "."},
      {"part_suffix", ".p/t"},
      {"part_suffix", ".2"},
      {"part_suffix", ".json"},
      {"part_suffix", ".zst"},
      {"part_suffix", ".a.b"},
      {"part_suffix", ".sixteenletters12"},
  }));
  INFO(value);
  CHECK(fault_of(fmt::format(R"({}"{}": "{}")", kFtp, key, value))
            .starts_with("/remote/" + key + ": "));
}

TEST_CASE("bandwidth is a limit or a timetable") {
  CHECK(decoded(R"("url": "ftp://h/d", "bandwidth": "1 MiB/s")").bandwidth ==
        std::vector<BandwidthRule>{{0, 0, 1048576}});
  CHECK(decoded(R"("url": "ftp://h/d", "bandwidth": [{"from": "08:30", "to": "24:00", "limit": "off"},
                   {"from": "22:00", "to": "06:00", "limit": "1 kB/s"}])")
            .bandwidth == std::vector<BandwidthRule>{{510, 0, 0}, {1320, 360, 1000}});
}

TEST_CASE("a fault in the ways to a server says how to mend it") {
  const auto [remote, expected] = GENERATE(table<std::string, std::string>({
      {std::string(kFtp) + R"("host_key": "x")", "it belongs into \"remote\": {\"ssh\": …}"},
      {std::string(kFtp) + R"("known_hosts": "x")", "it belongs into \"remote\": {\"ssh\": …}"},
      {std::string(kFtp) + R"("key_file": "x")",
       "an SSH key is \"remote\": {\"ssh\": {\"key\": …}}, a TLS client's is \"remote\": {\"tls\": "
       "{\"certificate\": …, \"key\": …}}"},
      {std::string(kFtp) + R"("tls": {"client_certificate": "x"})",
       "it is called \"certificate\", in \"tls\""},
      {std::string(kFtp) + R"("bandwith": "x")", "did you mean \"bandwidth\"?"},
      {std::string(kFtp) + R"("ssh": {"agent": true})",
       "\"ssh\" for an ftp:// remote; expected no \"ssh\"; it is for sftp://; \"tls\" says how an FTP server "
       "proves who it is: remove the key"},
      {std::string(kSftp) + R"("tls": "off")",
       "/remote/tls: \"tls\" for an sftp:// remote; expected no \"tls\"; SSH encrypts by itself, and \"ssh\" "
       "says how the server proves who it is: remove the key"},
      {R"("url": "sftp://u@h/d")",
       "/remote: no way to log in as u; expected \"password\", \"ssh\": {\"key\": \"/PATH\"} or \"ssh\": "
       "{\"agent\": true}; say how we prove who we are"},
      {std::string(kSftp) + R"("ssh": {"host_key": "sha256//x"})",
       "that is the form of a TLS pin: a host key has a single ':'"},
      {std::string(kSftp) + R"("ssh": {"host_key": "MD5:aa:bb"})",
       "MD5 proves nothing any more: ssh-keyscan HOST | ssh-keygen -lf - shows the SHA-256"},
      {std::string(kFtp) + R"("mode": "active", "proxy": "http://p:1")",
       "in active mode the server connects to this machine, which no proxy passes on"},
      {std::string(kFtp) + R"("proxy": "http://p")",
       "/remote/proxy: no port; expected a proxy's URL, such as \"http://proxy.example.net:3128\" or "
       "\"socks5h://127.0.0.1:1080\"; proxies have no usual one: write http://PROXY:3128"},
      {std::string(kFtp) + R"("proxy": "http://me@p:1")",
       "/remote/proxy: the proxy's user me, but no password; expected {\"url\": \"…\", \"password\": "
       "{\"file\": "
       "\"/PATH\"}}; say where the password is, or leave the user out"},
      {std::string(kFtp) + R"("encoding": "klingon")",
       "/remote/encoding: the string \"klingon\", which this system's iconv doesn't know; expected the name "
       "of "
       "a character set as iconv --list shows it, such as \"ISO-8859-1\" or \"CP1252\""},
      {std::string(kFtp) + R"("encoding": "UTF-16")",
       "in which ASCII characters are not ASCII bytes; expected the name of a character set as iconv --list "
       "shows it, such as \"ISO-8859-1\" or \"CP1252\""},
      {std::string(kFtp) + R"("bandwidth": "500 KB/s")", "did you mean \"kB/s\"?"},
      {std::string(kFtp) + R"("bandwidth": [{"from": "8:00", "to": "18:00", "limit": "off"}])",
       "write two digits for the hour"},
  }));
  const std::string fault = fault_of(remote);
  CAPTURE(fault);
  CHECK(fault.ends_with(expected));
}

TEST_CASE("no secret of a remote is repeated in a message") {
  for (const char* remote : {R"("url": "sftp://u@h", "ssh": {"key": "k", "passphrase": "hunter2"})",
                             R"("url": "ftp://h", "tls": {"certificate": "c", "key_password": "hunter2"})",
                             R"("url": "ftp://h", "proxy": "http://me:hunter2@p:1")",
                             R"("url": "ftp://h", "proxy": "http://me:hunter2/@p:1")",
                             R"("url": "ftp://h", "proxy": {"url": "http://me@p:1", "password": "hunter2"})",
                             R"("url": "ftp://u@h", "password": {"credential": "hunter2!"})"}) {
    CAPTURE(remote);
    const std::string fault = fault_of(remote);
    CHECK_FALSE(fault.empty());
    CHECK(fault.find("hunter2") == std::string::npos);
  }
}
