#include "remote/classify.h"

#include <curl/curl.h>

#include <algorithm>
#include <initializer_list>

#include "outhaul/ascii_case.h"

namespace outhaul {
namespace {

bool has(std::string_view text, std::string_view word) noexcept {
  return std::search(text.begin(), text.end(), word.begin(), word.end(),
                     [](char a, char b) { return ascii_lower(a) == b; }) != text.end();
}

bool has_any(std::string_view text, std::initializer_list<std::string_view> words) noexcept {
  return std::any_of(words.begin(), words.end(), [&](std::string_view word) { return has(text, word); });
}

bool has_reply(const Fault& fault) noexcept {
  return fault.reply >= 400;
}
bool transient(int reply) noexcept {
  return reply >= 400 && reply < 500;
}
bool storing(Phase phase) noexcept {
  return phase == Phase::store || phase == Phase::store_final;
}

/// A greeting or login that was turned away with a reply.
FailureClass turned_away(const Fault& fault) noexcept {
  if (says_tls_required(fault.reply_text)) return FailureClass::stop_run;
  if (says_too_many(fault.reply_text)) return FailureClass::lower_cap;
  // A server on its last legs that gives a login no time is not one that has too many.
  if (fault.reply == 421)
    return has_any(fault.reply_text, {"idle", "timeout", "timed out"}) ? FailureClass::reconnect
                                                                       : FailureClass::lower_cap;
  return transient(fault.reply) ? FailureClass::reconnect : FailureClass::stop_run;
}

/// The connection died, or a reply did not come in time.
FailureClass cut(const Fault& fault) noexcept {
  if (fault.phase == Phase::connect && has_reply(fault)) return turned_away(fault);
  if (fault.reply == 421) return classify_reply(421, fault.reply_text);
  if (fault.phase == Phase::store_final || fault.phase == Phase::command)
    return FailureClass::unknown_outcome;
  return FailureClass::reconnect;
}

/// The data connection ended early, or the final reply was not 226 (libcurl's 18).
FailureClass partial(const Fault& fault) noexcept {
  switch (fault.reply) {
    case 421:
      return classify_reply(421, fault.reply_text);
    case 425:
    case 522:
      return FailureClass::reconnect;
    case 452:
    case 552:
      return FailureClass::no_space;
    case 503:  // a session that has lost its place
      return FailureClass::reconnect;
    case 530:
    case 532:
    case 534:
      return FailureClass::stop_run;
    default:
      break;
  }
  if (says_no_space(fault.reply_text) && has_reply(fault)) return FailureClass::no_space;
  if (transient(fault.reply) || fault.reply == 226 || fault.reply == 250) return FailureClass::retry;
  if (has_reply(fault)) return FailureClass::skip_file;
  return fault.phase == Phase::store_final ? FailureClass::unknown_outcome : FailureClass::reconnect;
}

FailureClass store_refused(const Fault& fault) noexcept {
  switch (fault.reply) {
    case 421:
      return classify_reply(421, fault.reply_text);
    case 425:
    case 503:
      return FailureClass::reconnect;
    case 452:
    case 552:
      return FailureClass::no_space;
    case 522:
      return fault.tls_lowered ? FailureClass::reconnect : FailureClass::stop_run;
    case 530:
    case 532:
    case 534:
      return FailureClass::stop_run;
    default:
      break;
  }
  if (says_no_space(fault.reply_text)) return FailureClass::no_space;
  if (says_no_data_connection(fault.reply_text)) return FailureClass::reconnect;
  // ProFTPD's MaxTransfersPerUser: "451 Limit of maximum number of data transfers reached".
  if (transient(fault.reply) && says_too_many(fault.reply_text)) return FailureClass::lower_cap;
  // A server without REST or APPE says so in many ways; the whole file can still be sent.
  if (transient(fault.reply) || fault.resuming) return FailureClass::retry;
  return FailureClass::skip_file;
}

/// RETR or a listing.
FailureClass fetch_refused(const Fault& fault) noexcept {
  switch (fault.reply) {
    case 421:
    case 425:
    case 426:
    case 503:
    case 530:  // the login worked: a session that has forgotten it
      return FailureClass::reconnect;
    case 522:
    case 532:
    case 534:
      return FailureClass::stop_run;
    default:
      break;
  }
  if (says_no_data_connection(fault.reply_text)) return FailureClass::reconnect;
  return transient(fault.reply) ? FailureClass::retry : FailureClass::skip_file;
}

FailureClass tls_failed(const Fault& fault) noexcept {
  // Turned away in plain text where TLS was expected from the first byte.
  if (fault.phase == Phase::connect && has_reply(fault)) return turned_away(fault);
  const bool on_data_connection = !fault.fresh || fault.reply == 150 || fault.reply == 125;
  return on_data_connection || fault.transport_cut ? FailureClass::reconnect : FailureClass::stop_run;
}

}  // namespace

bool says_too_many(std::string_view text) noexcept {
  return has_any(text, {"too many", "maximum", "connection limit", "limit reached", "limit exceeded",
                        "connections exceeded", "max connections", "already logged in"});
}

bool says_tls_required(std::string_view text) noexcept {
  const bool tls = has_any(text, {"tls", "ssl", "encrypt", "secure", "cleartext"});
  return tls &&
         has_any(text,
                 {"requir", "must", "only", "refuse", "mandatory", "not allowed", "not accepted", "need"}) &&
         !says_too_many(text);
}

bool says_no_space(std::string_view text) noexcept {
  return has_any(
      text, {"no space", "quota", "disk full", "disk is full", "insufficient storage", "not enough space",
             "out of space", "exceeded storage", "file system full", "filesystem full"});
}

bool says_no_data_connection(std::string_view text) noexcept {
  return has_any(text, {"send pasv", "use pasv", "send port", "use port", "pasv first", "port first"});
}

bool says_cannot_write(std::string_view text) noexcept {
  return has_any(text, {"writing to local file", "during write to file", "error writing", "write error",
                        "input/output error", "i/o error"});
}

bool says_certificate_wanted(std::string_view text) noexcept {
  return has_any(text, {"alert certificate required", "alert bad certificate", "alert unknown ca",
                        "alert certificate expired", "alert certificate revoked",
                        "alert unsupported certificate", "alert no certificate"});
}

bool says_tls_too_old(std::string_view text) noexcept {
  return has(text, "alert protocol version");
}

bool says_absent(std::string_view text) noexcept {
  return has_any(text, {"no such file", "no such directory", "not found", "does not exist", "doesn't exist"});
}

bool says_denied(std::string_view text) noexcept {
  // "Unable to handle command": ProFTPD, for MLST below <Limit MLST>.
  return has_any(text, {"denied", "permission", "not permitted", "forbidden", "prohibited", "read-only",
                        "read only", "unable to handle command"});
}

FailureClass classify_reply(int code, std::string_view text) noexcept {
  switch (code) {
    case 421:
      return says_too_many(text) ? FailureClass::lower_cap : FailureClass::reconnect;
    case 425:
    case 426:
    case 503:
      return FailureClass::reconnect;
    case 452:
    case 552:
      return FailureClass::no_space;
    case 530:
      return says_too_many(text) ? FailureClass::lower_cap : FailureClass::reconnect;
    case 532:
    case 534:
      return FailureClass::stop_run;
    default:
      break;
  }
  if (says_no_space(text)) return FailureClass::no_space;
  // Pure-FTPd gives 451 for a rename into a directory that does not exist.
  if (says_absent(text) || says_denied(text)) return FailureClass::skip_file;
  return transient(code) ? FailureClass::retry : FailureClass::skip_file;
}

Fault as_meant(Fault fault) noexcept {
  const bool about_file = fault.reply == 450 || fault.reply == 451 || fault.reply == 452 ||
                          (fault.reply >= 550 && fault.reply <= 553);
  if (fault.curl_code == CURLE_FTP_WEIRD_PASV_REPLY && about_file)
    fault.curl_code = storing(fault.phase) ? CURLE_UPLOAD_FAILED : CURLE_FTP_COULDNT_RETR_FILE;
  return fault;
}

FailureClass classify(const Fault& raw) noexcept {
  const Fault fault = as_meant(raw);
  if (fault.certificate_wanted && fault.phase == Phase::connect) return FailureClass::stop_run;
  if (fault.proxy != ProxyFault::none)
    return fault.proxy == ProxyFault::failed ? FailureClass::reconnect : FailureClass::stop_run;
  switch (fault.curl_code) {
    case CURLE_OK:
      return classify_reply(fault.reply, fault.reply_text);
    case CURLE_COULDNT_RESOLVE_HOST:
      return fault.name_unknown ? FailureClass::stop_run : FailureClass::reconnect;
    case CURLE_OPERATION_TIMEDOUT:
    case CURLE_SEND_ERROR:
    case CURLE_RECV_ERROR:
    case CURLE_GOT_NOTHING:
      return cut(fault);
    case CURLE_FTP_WEIRD_SERVER_REPLY:
      return cut(fault);
    case CURLE_LOGIN_DENIED:
    case CURLE_FTP_WEIRD_PASS_REPLY:  // to ACCT
      return turned_away(fault);
    case CURLE_REMOTE_ACCESS_DENIED:
      return transient(fault.reply) ? FailureClass::retry : FailureClass::skip_file;
    case CURLE_PARTIAL_FILE:
      return partial(fault);
    case CURLE_UPLOAD_FAILED:
      return store_refused(fault);
    case CURLE_FTP_COULDNT_USE_REST:
      return storing(fault.phase) ? FailureClass::retry : FailureClass::skip_file;
    case CURLE_REMOTE_DISK_FULL:
      return FailureClass::no_space;
    case CURLE_QUOTE_ERROR:
      return storing(fault.phase) ? store_refused(fault) : classify_reply(fault.reply, fault.reply_text);
    case CURLE_FTP_COULDNT_RETR_FILE:
      return fetch_refused(fault);
    case CURLE_BAD_DOWNLOAD_RESUME:
    case CURLE_REMOTE_FILE_NOT_FOUND:
    case CURLE_URL_MALFORMAT:
      return FailureClass::skip_file;
    case CURLE_SSL_CONNECT_ERROR:
      return tls_failed(fault);
    case CURLE_USE_SSL_FAILED:
    case CURLE_PEER_FAILED_VERIFICATION:
    case CURLE_SSL_PINNEDPUBKEYNOTMATCH:
    case CURLE_SSL_CACERT_BADFILE:
    case CURLE_SSL_CERTPROBLEM:
    case CURLE_SSL_CIPHER:
    case CURLE_SSL_ENGINE_NOTFOUND:
    case CURLE_SSL_ENGINE_SETFAILED:
    case CURLE_SSL_ENGINE_INITFAILED:
    case CURLE_SSL_ISSUER_ERROR:
    case CURLE_SSL_CRL_BADFILE:
    case CURLE_SSL_INVALIDCERTSTATUS:
    case CURLE_UNSUPPORTED_PROTOCOL:
    case CURLE_FAILED_INIT:
    case CURLE_NOT_BUILT_IN:
    case CURLE_OUT_OF_MEMORY:
      return FailureClass::stop_run;
    default:
      return FailureClass::reconnect;  // 7, 13, 14, 15, 17, …: the network, or a server that is not itself
  }
}

}  // namespace outhaul
