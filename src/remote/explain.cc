#include "remote/explain.h"

#include <curl/curl.h>
#include <fmt/format.h>

#include "outhaul/paths.h"

namespace outhaul {
namespace {

std::string reply_of(const FailureStory& story) {
  if (story.fault.reply == 0) return {};
  return fmt::format("{} {}", story.fault.reply, story.fault.reply_text);
}

/// " (530 Login incorrect.)"
std::string quoted_reply(const FailureStory& story) {
  const std::string reply = reply_of(story);
  return reply.empty() ? reply : fmt::format(" (the server said: {})", reply);
}

std::string address(const FailureStory& story) {
  return story.port == 0 ? story.host : fmt::format("{} port {}", story.host, story.port);
}

Words too_many(const FailureStory& story) {
  return {
      "the server allows no more connections" + quoted_reply(story),
      "outhaul goes on with fewer; set \"connections\" to what your provider allows, or end other sessions"};
}

Words tls_required(const FailureStory& story) {
  return {"the server accepts only encrypted connections" + quoted_reply(story),
          "remove \"tls\": \"off\" from the profile, or use ftps:// where the server wants TLS from the "
          "first byte"};
}

Words account_wanted(const FailureStory& story) {
  return {
      story.fault.curl_code == CURLE_LOGIN_DENIED
          ? "the server asks for an account behind user and password" + quoted_reply(story)
          : "the server refused the account" + quoted_reply(story),
      "your provider tells you the account's name: it belongs into \"account\" in the profile's \"remote\""};
}

Words login_refused(const FailureStory& story) {
  constexpr int kNeedAccount = 332;  // RFC 959 §4.2
  if (story.fault.reply == kNeedAccount) return account_wanted(story);
  if (classify(story.fault) == FailureClass::lower_cap) return too_many(story);
  if (says_tls_required(story.fault.reply_text)) return tls_required(story);
  return {
      fmt::format("the server refused the login of user \"{}\"{}", printable(story.user),
                  quoted_reply(story)),
      fmt::format(
          "check the user name \"{}\" in the URL and the password where the profile's \"password\" gets it "
          "(file, environment, command or netrc); outhaul tried once only, so that the account is not "
          "locked",
          printable(story.user))};
}

std::string pin_advice(const PeerCertificate& seen) {
  return fmt::format(
      "only if you are sure that this is your server (ask your provider for the fingerprint), write "
      "\"tls\": {{\"pin\": \"{}\", \"verify\": false}} into the profile's \"remote\"; or name its "
      "authority's certificate with \"tls\": {{\"ca\": \"/path/to/ca.pem\"}}",
      seen.pin);
}

std::string certificate_text(const PeerCertificate& seen) {
  if (!seen.seen()) return {};
  return fmt::format("; it shows subject \"{}\", issuer \"{}\", valid {} to {}, pin {}", seen.subject,
                     seen.issuer, seen.not_before, seen.not_after, seen.pin);
}

std::string why_untrusted(const PeerCertificate& seen) {
  if (seen.self_signed()) return "it is self-signed";
  if (seen.of_unknown_authority()) return "it comes from an authority that is not trusted here";
  return seen.verify_text;
}

Words certificate_refused(const FailureStory& story) {
  const PeerCertificate& seen = story.certificate;
  if (!seen.seen())
    return {"the server's certificate is not trusted: " + story.transport,
            "name its authority with \"tls\": {\"ca\": …} in the profile's \"remote\""};
  if (seen.expired())
    return {fmt::format("the server's certificate expired on {}{}", seen.not_after, certificate_text(seen)),
            "tell your provider, and check this machine's clock"};
  if (seen.verify_error == 0)
    return {fmt::format("the server's certificate is for {}, not for \"{}\"{}",
                        seen.names.empty() ? seen.subject : seen.names, story.host, certificate_text(seen)),
            "use the host name that the certificate is for in the URL; " + pin_advice(seen)};
  return {fmt::format("the server's certificate is not trusted: {}{}", why_untrusted(seen),
                      certificate_text(seen)),
          pin_advice(seen)};
}

Words pin_mismatch(const FailureStory& story) {
  return {"the server's key is not the one that the profile pins" + certificate_text(story.certificate),
          story.certificate.seen()
              ? fmt::format(
                    "if your provider has changed its key (ask!), put \"{}\" into \"tls\": {{\"pin\": …}}; "
                    "otherwise somebody may be listening: do not connect",
                    story.certificate.pin)
              : "if your provider has changed its key (ask!), put the new pin into \"tls\": {\"pin\": …}"};
}

Words tls_refused(const FailureStory& story) {
  return {"the server does not offer TLS on this port" + quoted_reply(story),
          "use ftps:// if it expects TLS from the first byte; ask the provider for encrypted access; "
          "\"tls\": \"off\" "
          "would connect all the same, but then your password and your files are readable on the wire"};
}

Words certificate_wanted(const FailureStory& story) {
  return {"the server asks for a client certificate: " + story.transport,
          story.client_certificate
              ? "it doesn't take the one that the profile names: check with your provider which authority it "
                "must come from, and whether it has expired"
              : "name yours with \"tls\": {\"certificate\": …, \"key\": …} in the profile's \"remote\""};
}

Words tls_failed(const FailureStory& story) {
  if (story.fault.phase == Phase::connect && story.fault.reply >= 400) return login_refused(story);
  if (story.fault.phase == Phase::connect && story.fault.reply == 220)
    return {"the server does not speak TLS from the first byte on this port",
            "use ftp:// in the URL: it starts in plain text and switches to TLS before the login"};
  if (story.tls_capped && says_tls_too_old(story.transport))
    return {"the server accepts only TLS versions that the profile doesn't allow: " + story.transport,
            "remove \"max_version\": \"1.2\" from the profile's \"tls\""};
  if (says_certificate_wanted(story.transport)) return certificate_wanted(story);
  if (story.transport.find("alert handshake failure") != std::string::npos && !story.client_certificate)
    return {"the server broke the TLS handshake off: " + story.transport,
            "it may ask for a client certificate (\"tls\": {\"certificate\": …, \"key\": …}), or know no TLS "
            "version or cipher that this machine still accepts"};
  return {
      fmt::format("the TLS handshake failed: {}{}", story.transport, quoted_reply(story)),
      "a server that expects TLS from the first byte wants ftps://, one with AUTH TLS wants ftp://; very old "
      "servers may know no TLS version that this machine still accepts"};
}

Words no_space(const FailureStory& story) {
  return {"the server's disk or your quota is full" + quoted_reply(story),
          "make room on the remote or buy some; what was stored stays, and the next run goes on from here"};
}

Words timed_out(const FailureStory& story) {
  const Fault& fault = story.fault;
  if (fault.phase == Phase::connect && fault.reply == 0)
    return {fmt::format("no connection to {} in time: {}", address(story), story.transport),
            "check that the host is up and that no firewall drops the connection"};
  if (fault.phase == Phase::store_final)
    return {fmt::format("all bytes were sent, but the server's final reply did not come within {} s",
                        story.waited.count()),
            "outhaul looks at the size on the server before it sends anything again"};
  return {fmt::format("nothing moved for {} s{}", story.waited.count(), quoted_reply(story)),
          "check the link; slow servers can be given more time with \"no_progress_timeout\""};
}

/// TLS 1.3 is agreed on before the server has looked at our certificate; its objection often gets lost.
bool ended_before_login_under_tls(const Fault& fault) {
  return fault.phase == Phase::connect && fault.reply == 234;
}

Words closed(const FailureStory& story) {
  if (ended_before_login_under_tls(story.fault))
    return {
        fmt::format("the server closed the connection right after TLS was agreed on: {}", story.transport),
        story.client_certificate
            ? "if it does so every time, it doesn't take the client certificate that the profile names"
            : "if it does so every time, it may ask for a client certificate: \"tls\": {\"certificate\": …, "
              "\"key\": …}"};
  return {
      fmt::format("the connection was lost: {}{}",
                  story.transport.empty() ? "closed by the server" : story.transport, quoted_reply(story)),
      {}};
}

Words data_tls_failed(const FailureStory& story) {
  const std::string what = "the server refused TLS on the data connection" + quoted_reply(story);
  if (story.fault.tls_lowered)
    return {what,
            "it asks for the TLS session of the control connection, and misses it with TLS 1.3: outhaul "
            "goes on with TLS 1.2, and remembers that"};
  if (story.session_lacking)
    return {what,
            "it asks for the TLS session of the control connection, which this machine's libcurl loses with "
            "TLS 1.3 (mended in 8.22; a libcurl with OpenSSL does without): the server has nothing to do "
            "with it"};
  return {what,
          "it asks for the TLS session of the control connection to be used again, and outhaul offers it: if "
          "this persists, ask the provider about TLS session reuse"};
}

Words active_blocked(const FailureStory& story) {
  return {
      fmt::format("the server could not open the data connection to us: {}{}", story.transport,
                  quoted_reply(story)),
      "active mode needs a firewall here that lets the server in, and no NAT in between: without them use "
      "\"mode\": \"passive\""};
}

Words passive_blocked(const FailureStory& story) {
  if (story.active) return active_blocked(story);
  return {fmt::format("the data connection could not be opened: {}{}", story.transport, quoted_reply(story)),
          "the server's passive ports must be open in its firewall and in yours"};
}

Words refused(const FailureStory& story) {
  return {fmt::format("the server refused{}",
                      story.fault.reply == 0 ? ": " + story.transport : quoted_reply(story)),
          {}};
}

Words partial(const FailureStory& story) {
  const Fault& fault = story.fault;
  if (fault.reply == 425 || fault.reply == 522) return data_tls_failed(story);
  if (classify(fault) == FailureClass::no_space) return no_space(story);
  if (fault.reply == 226 || fault.reply == 250)
    return {"the number of bytes that were transferred is not the announced one" + quoted_reply(story),
            "the file changed while it was read: it is read again"};
  if (says_cannot_write(fault.reply_text))
    return {"the server could not write to its disk" + quoted_reply(story),
            "if this persists, its disk or your quota is full: few servers say so"};
  return {fmt::format("the transfer ended early: {}{}", story.transport, quoted_reply(story)), {}};
}

Words cut_off(const FailureStory& story) {
  const Fault& fault = story.fault;
  if (classify(fault) == FailureClass::lower_cap) return too_many(story);
  if (fault.fresh && says_tls_required(fault.reply_text)) return tls_required(story);
  if (fault.reply == 421) return {"the server closed the connection" + quoted_reply(story), {}};
  return fault.curl_code == CURLE_OPERATION_TIMEDOUT ? timed_out(story) : closed(story);
}

Words words_for(const FailureStory& story) {
  const Fault& fault = story.fault;
  if (fault.certificate_wanted && fault.phase == Phase::connect) return certificate_wanted(story);
  if (fault.proxy != ProxyFault::none) return explain_proxy(story.proxy, story.transport);
  switch (fault.curl_code) {
    case CURLE_COULDNT_RESOLVE_HOST:
      return fault.name_unknown
                 ? Words{fmt::format("unknown host \"{}\"", printable(story.host)),
                         "check the host name in the URL"}
                 : Words{fmt::format("the name \"{}\" can't be looked up now", printable(story.host)),
                         "check this machine's network and name server"};
    case CURLE_COULDNT_CONNECT:
      if (!story.proxy.url.empty()) return explain_proxy(story.proxy, story.transport);
      return {fmt::format("no connection to {}: {}", address(story), story.transport),
              "check that the FTP server runs, the port in the URL, and firewalls"};
    case CURLE_OPERATION_TIMEDOUT:
    case CURLE_SEND_ERROR:
    case CURLE_RECV_ERROR:
    case CURLE_GOT_NOTHING:
    case CURLE_FTP_WEIRD_SERVER_REPLY:
      return cut_off(story);
    case CURLE_LOGIN_DENIED:
      return login_refused(story);
    case CURLE_FTP_WEIRD_PASS_REPLY:
      return account_wanted(story);
    case CURLE_PEER_FAILED_VERIFICATION:
    case CURLE_SSL_ISSUER_ERROR:
      return certificate_refused(story);
    case CURLE_SSL_PINNEDPUBKEYNOTMATCH:
      return pin_mismatch(story);
    case CURLE_USE_SSL_FAILED:
      return tls_refused(story);
    case CURLE_SSL_CONNECT_ERROR:
      return tls_failed(story);
    case CURLE_SSL_CERTPROBLEM:
      return {"the client certificate can't be used: " + story.transport,
              "check \"certificate\", \"key\" and \"key_password\" in the profile's \"tls\""};
    case CURLE_SSL_CACERT_BADFILE:
      return {"the CA certificates can't be read: " + story.transport,
              "check \"tls\": {\"ca\": …}, or install ca-certificates"};
    case CURLE_FTP_ACCEPT_FAILED:
    case CURLE_FTP_ACCEPT_TIMEOUT:
    case CURLE_FTP_PORT_FAILED:
      return active_blocked(story);
    case CURLE_FTP_CANT_GET_HOST:
    case CURLE_FTP_WEIRD_PASV_REPLY:
    case CURLE_FTP_WEIRD_227_FORMAT:
      return passive_blocked(story);
    case CURLE_PARTIAL_FILE:
      return partial(story);
    case CURLE_REMOTE_DISK_FULL:
      return no_space(story);
    case CURLE_UPLOAD_FAILED:
      if (fault.reply == 522) return data_tls_failed(story);
      if (fault.reply == 425) return passive_blocked(story);
      break;
    default:
      break;
  }
  if (classify(fault) == FailureClass::no_space) return no_space(story);
  if (classify(fault) == FailureClass::lower_cap) return too_many(story);
  if (says_tls_required(fault.reply_text)) return tls_required(story);
  if (fault.reply >= 400 || fault.curl_code == CURLE_REMOTE_FILE_NOT_FOUND) return refused(story);
  return {story.transport.empty() ? "it failed" + quoted_reply(story) : story.transport + quoted_reply(story),
          {}};
}

}  // namespace

RemoteError explain(const FailureStory& story) {
  const Words words = words_for(story);
  const bool about_server = story.doing.empty() || story.fault.phase == Phase::connect;
  const std::string message = about_server
                                  ? fmt::format("{}: {}", story.remote, words.what)
                                  : fmt::format("{}: cannot {}: {}", story.remote, story.doing, words.what);
  return RemoteError(classify(story.fault), message, words.advice, story.fault.reply,
                     std::string(story.fault.reply_text));
}

}  // namespace outhaul
