#include "remote/explain.h"

#include <curl/curl.h>

#include "support/catch.h"

namespace outhaul {
namespace {

bool has(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

FailureStory story(int code, int reply = 0, std::string_view text = {}, Phase phase = Phase::connect) {
  FailureStory s;
  s.fault = {.curl_code = code,
             .reply = reply,
             .reply_text = text,
             .phase = phase,
             .fresh = phase == Phase::connect};
  s.remote = "ftp://ftp.example.net/web01";
  s.host = "ftp.example.net";
  s.user = "backup";
  s.transport = "transport words";
  return s;
}

PeerCertificate certificate() {
  PeerCertificate seen;
  seen.pin = "sha256//AAAA";
  seen.subject = "CN = ftp.example.org";
  seen.issuer = "CN = Example CA";
  seen.names = "ftp.example.org";
  seen.not_before = "Jan  1 00:00:00 2026 GMT";
  seen.not_after = "Jan  1 00:00:00 2027 GMT";
  return seen;
}

TEST_CASE("a wrong password names the user and where the password comes from") {
  const RemoteError error = explain(story(CURLE_LOGIN_DENIED, 530, "Login incorrect."));
  CHECK(error.failure() == FailureClass::stop_run);
  CHECK(has(error.what(), "ftp.example.net"));
  CHECK(has(error.what(), "\"backup\""));
  CHECK(has(error.what(), "Login incorrect."));
  CHECK(has(error.advice(), "password"));
  CHECK(error.reply_code() == 530);
}

TEST_CASE("a data connection without its TLS session is the provider's business only if it isn't ours") {
  FailureStory s = story(CURLE_PARTIAL_FILE, 425, "Unable to build data connection", Phase::store);
  CHECK(has(explain(s).advice(), "provider"));
  s.fault.tls_lowered = true;
  CHECK(has(explain(s).advice(), "goes on with TLS 1.2"));
  CHECK_FALSE(has(explain(s).advice(), "provider"));
  s.fault.tls_lowered = false;
  s.session_lacking = true;
  CHECK(has(explain(s).advice(), "this machine's libcurl"));
  CHECK(has(explain(s).advice(), "8.22"));
  CHECK_FALSE(has(explain(s).advice(), "provider"));
}

TEST_CASE("a certificate that is not trusted is shown with its pin") {
  FailureStory s = story(CURLE_PEER_FAILED_VERIFICATION, 234);
  s.certificate = certificate();
  s.certificate.verify_error = 18;  // X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT
  const RemoteError error = explain(s);
  CHECK(has(error.what(), "self-signed"));
  CHECK(has(error.what(), "sha256//AAAA"));
  CHECK(has(error.what(), "CN = Example CA"));
  CHECK(has(error.advice(), "\"pin\": \"sha256//AAAA\""));
  CHECK(has(error.advice(), "\"ca\""));
}

TEST_CASE("a certificate of an unknown authority is not called self-signed") {
  FailureStory s = story(CURLE_PEER_FAILED_VERIFICATION, 234);
  s.certificate = certificate();
  s.certificate.verify_error = GENERATE(19, 20, 21);  // X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN and its like
  const RemoteError error = explain(s);
  CHECK(!has(error.what(), "self-signed"));
  CHECK(has(error.what(), "authority that is not trusted here"));
  CHECK(has(error.what(), "sha256//AAAA"));
  CHECK(has(error.advice(), "\"ca\""));
}

TEST_CASE("an expired certificate says since when") {
  FailureStory s = story(CURLE_PEER_FAILED_VERIFICATION, 234);
  s.certificate = certificate();
  s.certificate.verify_error = 10;  // X509_V_ERR_CERT_HAS_EXPIRED
  CHECK(has(explain(s).what(), "expired on Jan  1 00:00:00 2027 GMT"));
}

TEST_CASE("a certificate for another host says for which") {
  FailureStory s = story(CURLE_PEER_FAILED_VERIFICATION, 234);
  s.certificate = certificate();
  const RemoteError error = explain(s);
  CHECK(has(error.what(), "ftp.example.org"));
  CHECK(has(error.what(), "not for \"ftp.example.net\""));
}

TEST_CASE("a pin that does not match says which one was seen") {
  FailureStory s = story(CURLE_SSL_PINNEDPUBKEYNOTMATCH, 234);
  s.certificate = certificate();
  const RemoteError error = explain(s);
  CHECK(error.failure() == FailureClass::stop_run);
  CHECK(has(error.what(), "sha256//AAAA"));
  CHECK(has(error.advice(), "sha256//AAAA"));
}

TEST_CASE("switching TLS off is never advised without saying what it costs") {
  const RemoteError error = explain(story(CURLE_USE_SSL_FAILED, 500, "AUTH not understood"));
  CHECK(has(error.advice(), "\"tls\": \"off\""));
  CHECK(has(error.advice(), "readable on the wire"));
}

TEST_CASE("a server that wants TLS is named as such and not as a wrong password") {
  const RemoteError error =
      explain(story(CURLE_LOGIN_DENIED, 550, "SSL/TLS required on the control channel"));
  CHECK(has(error.what(), "only encrypted"));
  CHECK_FALSE(has(error.what(), "login"));
}

TEST_CASE("an unknown host and a refused connection and a full disk are told apart") {
  FailureStory unknown = story(CURLE_COULDNT_RESOLVE_HOST);
  unknown.fault.name_unknown = true;
  CHECK(has(explain(unknown).what(), "unknown host \"ftp.example.net\""));
  CHECK(
      has(explain(story(CURLE_COULDNT_CONNECT)).what(), "no connection to ftp.example.net: transport words"));
  FailureStory full = story(CURLE_PARTIAL_FILE, 452, "No space left on device", Phase::store);
  full.doing = "store \"etc/passwd\"";
  const RemoteError error = explain(full);
  CHECK(error.failure() == FailureClass::no_space);
  CHECK(has(error.what(), "cannot store \"etc/passwd\""));
  CHECK(has(error.what(), "full"));
}

TEST_CASE("too many connections is not a wrong password") {
  const RemoteError error =
      explain(story(CURLE_LOGIN_DENIED, 530, "Sorry, the maximum number of clients are connected"));
  CHECK(error.failure() == FailureClass::lower_cap);
  CHECK(has(error.what(), "no more connections"));
  CHECK(has(error.advice(), "\"connections\""));
}

}  // namespace
}  // namespace outhaul
