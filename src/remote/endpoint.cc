#include "remote/endpoint.h"

#include <fmt/format.h>
#include <openssl/crypto.h>
#include <unistd.h>

#include <algorithm>
#include <array>

#include "outhaul/error.h"
#include "remote/client_certificate.h"
#include "remote/connect.h"
#include "remote/curl.h"

namespace outhaul {
namespace {

/// Where distributions keep the system's bundle: Debian, Fedora, SUSE, Alpine, FreeBSD.
constexpr std::array kBundles = {"/etc/ssl/certs/ca-certificates.crt", "/etc/pki/tls/certs/ca-bundle.crt",
                                 "/etc/ssl/ca-bundle.pem", "/etc/ssl/cert.pem",
                                 "/usr/local/etc/ssl/cert.pem"};

std::string find_bundle(const TlsSettings& tls) {
  if (!tls.ca.empty()) return tls.ca.string();
  for (const char* bundle : kBundles)
    if (::access(bundle, R_OK) == 0) return bundle;
  return {};
}

/// Two breaks at the first try of several commands are no accident.
constexpr int kBelievedFailures = 2;

void refuse_control_bytes(const std::string& text, const char* what) {
  const bool bad = std::any_of(text.begin(), text.end(), [](char c) {
    const auto byte = static_cast<unsigned char>(c);
    return byte < 0x20 || byte == 0x7F;
  });
  if (bad)
    throw Error(ErrorKind::usage, fmt::format("the {} holds a control byte or a line end", what),
                "FTP sends it as one line: remove the control byte");
}

void check(const RemoteSettings& settings) {
  if (settings.host.empty())
    throw Error(ErrorKind::usage, fmt::format("{}: the URL names no host", printable(settings.url)),
                "write ftp://USER@HOST/DIRECTORY");
  refuse_control_bytes(settings.host, "host name");
  refuse_control_bytes(settings.account, "account");
  refuse_unsupported(settings);
  const TlsSettings& tls = settings.tls;
  if (tls.off && settings.scheme == Scheme::ftps)
    throw Error(ErrorKind::usage,
                fmt::format("{}: ftps:// and \"tls\": \"off\" exclude each other", settings.url),
                "use ftp:// for a server without TLS");
  if (!tls.verify && tls.pins.empty())
    throw Error(ErrorKind::usage,
                "\"verify\": false needs a \"pin\": without either, anybody could pose as the server",
                "leave \"verify\" out once, and outhaul names the pin that the server shows");
  for (const std::string& pin : tls.pins)
    if (!pin.starts_with("sha256//") || pin.find(';') != std::string::npos)
      throw Error(ErrorKind::usage, fmt::format("\"{}\" is not a pin", printable(pin)),
                  "a pin is \"sha256//\" and the base64 of the SHA-256 of the server's public key");
}

std::string upper(std::string_view text) {
  std::string result(text);
  std::transform(result.begin(), result.end(), result.begin(),
                 [](char c) { return c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c; });
  return result;
}

}  // namespace

void refuse_unsupported(const RemoteSettings& settings) {
  const bool ftp = settings.scheme == Scheme::ftp || settings.scheme == Scheme::ftps;
  if (ftp && settings.mode == DataMode::active && !settings.tls.off && curl_older_than(8, 0))
    throw Error(
        ErrorKind::usage,
        "\"mode\": \"active\" with TLS: this machine's libcurl would send the files in plain text, as all "
        "do before 8.0",
        "use \"mode\": \"passive\", or a newer libcurl; \"tls\": \"off\" would send the password in plain "
        "text, too");
  if (settings.scheme == Scheme::sftp) refuse_ssh_library(settings.url, curl_ssh_library());
}

void refuse_ssh_library(std::string_view url, std::string_view ssh_library) {
  if (ssh_library.empty())
    throw Error(ErrorKind::usage,
                fmt::format("{}: this machine's libcurl was built without SFTP", printable(url)),
                "install a libcurl with libssh2 (Debian: libcurl4)");
  if (!ssh_library.starts_with("libssh2/"))
    throw Error(
        ErrorKind::usage,
        fmt::format("{}: this machine's libcurl does SSH with {}, and takes no word there on which host "
                    "key is the right one: anybody could pose as the server",
                    printable(url), printable(ssh_library)),
        "SFTP needs a libcurl with libssh2, as Debian, Ubuntu, Alpine and Arch have it; or use ftps:// or "
        "ftp:// with TLS, if the server offers that");
}

std::string libraries_in_use() {
  const curl_version_info_data& info = *curl_version_info(CURLVERSION_NOW);
  const std::string ssh = curl_ssh_library();
  return fmt::format("libcurl {}, {}, {}", info.version,
                     info.ssl_version != nullptr ? info.ssl_version : "no TLS", ssh.empty() ? "no SSH" : ssh);
}

Features Features::from(const Reply& feat) {
  Features features;
  if (!feat.positive()) return features;
  for (const std::string& line : feat.lines) {
    const std::size_t start = line.find_first_not_of(' ');
    if (start == std::string::npos) continue;
    const std::string word = upper(std::string_view(line).substr(start, line.find(' ', start) - start));
    features.mlst |= word == "MLST";
    features.mfmt |= word == "MFMT";
    features.utf8 |= word == "UTF8";
    features.avbl |= word == "AVBL";
    features.digests |= digest_ways_in(line);
  }
  return features;
}

Learned::Learned(const ServerMemory& told) : rest_(told) {
  const auto known = [](const std::optional<bool>& fact) {
    return !fact ? Known::unknown : *fact ? Known::yes : Known::no;
  };
  mlsd = known(told.mlsd);
  list_all = known(told.list_all);
  size = known(told.size);
  statvfs = known(told.statvfs);
  order_ = known(told.answers_in_order);
  if (told.answers_in_order == false) order_failures_ = kBelievedFailures;
  if (told.mtime == "none") mtime = Mtime::none;
  if (told.mtime == "MDTM") mtime = Mtime::told_mdtm;
}

void Learned::order_disproven() noexcept {
  order_failures_ = kBelievedFailures;
  order_ = Known::no;
}

void Learned::order_broke_off() noexcept {
  ++order_failures_;
  order_ = Known::no;
}

void Learned::answered_one_at_a_time() noexcept {
  if (order_ == Known::no && order_failures_ < kBelievedFailures) order_ = Known::unknown;
}

void Learned::note(const ServerMemory& found) {
  const std::lock_guard lock{mutex_};
  rest_ = merged(rest_, found, 0);
}

ServerMemory Learned::memory() const {
  const std::lock_guard lock{mutex_};
  ServerMemory memory = rest_;
  const auto fact = [](std::optional<bool>& member, Known known) {
    if (known != Known::unknown) member = known == Known::yes;
  };
  fact(memory.mlsd, mlsd);
  fact(memory.list_all, list_all);
  fact(memory.size, size);
  fact(memory.statvfs, statvfs);
  if (order_ == Known::yes || order_failures_ >= kBelievedFailures) fact(memory.answers_in_order, order_);
  if (features_ && features_->mfmt)
    memory.mtime = "MFMT";
  else if (mtime != Mtime::unknown)
    memory.mtime = mtime == Mtime::none ? "none" : "MDTM";
  if (features_) {
    const DigestWay* way =
        best_digest_way(features_->digests & static_cast<DigestWays>(~broken_digests.load()));
    memory.hash = way == nullptr   ? std::string("none")
                  : way->by_hash() ? fmt::format("HASH {}", to_string(way->kind))
                                   : std::string(way->verb);
  }
  return memory;
}

std::optional<Features> Learned::features() const {
  const std::lock_guard lock{mutex_};
  return features_;
}

void Learned::set_features(const Features& features) {
  const std::lock_guard lock{mutex_};
  features_ = features;
}

const DigestWay* Learned::digest_way() const {
  const DigestWays offered = features().value_or(Features{}).digests;
  return best_digest_way(offered & static_cast<DigestWays>(~broken_digests.load()));
}

Endpoint::Endpoint(RemoteSettings s, Login l, const ServerMemory& told)
    : settings((check(s), std::move(s))),
      paths(settings),
      ca_file(find_bundle(settings.tls)),
      learned(told),
      tls_policy(outhaul::tls_policy(running_tls_library())),
      tls_versions(settings.tls.max_version, told.tls_max, tls_policy.prefer_1_2),
      login_(std::move(l)) {
  if (login_.user.empty()) login_.user = "anonymous";
  if (login_.user == "anonymous" && login_.password.empty()) login_.password = "outhaul@";
  refuse_control_bytes(login_.user, "user name");
  refuse_control_bytes(login_.password, "password");
  check_client_certificate(settings.tls, login_.tls_key_password);
}

ServerMemory Endpoint::memory() const {
  ServerMemory memory = learned.memory();
  if (const auto version = tls_versions.learned()) memory.tls_max = version;
  return memory;
}

Endpoint::~Endpoint() {
  for (std::string* secret :
       {&login_.password, &login_.key_passphrase, &login_.tls_key_password, &login_.proxy_password})
    OPENSSL_cleanse(secret->data(), secret->size());
}

}  // namespace outhaul
