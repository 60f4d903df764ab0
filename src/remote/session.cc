#include "remote/session.h"

#include <fmt/format.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <utility>

#include "base/cancel.h"
#include "base/log.h"
#include "remote/explain.h"
#include "remote/host_lookup.h"
#include "remote/proxy.h"
#include "remote/session_callbacks.h"

namespace outhaul {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using std::chrono::steady_clock;

/// 1 ms while things move: old libcurl now and then waits on the wrong socket until the poll ends
/// (docs/ftp-notes.md). A tenth of the silence so far costs at most 10 % then, and a quiet connection next to
/// nothing. 50 ms keep us cancellable.
milliseconds poll_time(steady_clock::duration quiet) {
  const auto tenth = std::chrono::duration_cast<milliseconds>(quiet) / 10;
  return std::clamp(tenth, milliseconds{1}, milliseconds{50});
}

std::string joined(const std::vector<std::string>& parts) {
  std::string text;
  for (const std::string& part : parts) text += (text.empty() ? "" : ";") + part;
  return text;
}

/// After these failures libcurl and the server still agree on what comes next. In all other cases they may
/// not: libcurl 7.88 goes on using a connection on which it has mistaken one reply for another.
bool in_step(CURLcode code, bool ssh) {
  switch (code) {
    case CURLE_OK:
    case CURLE_UPLOAD_FAILED:
    case CURLE_REMOTE_FILE_NOT_FOUND:
    case CURLE_FTP_COULDNT_RETR_FILE:
    case CURLE_REMOTE_ACCESS_DENIED:
      return true;
    case CURLE_QUOTE_ERROR:
    case CURLE_BAD_DOWNLOAD_RESUME:
    case CURLE_RANGE_ERROR:
    case CURLE_REMOTE_FILE_EXISTS:
    case CURLE_REMOTE_DISK_FULL:
      return ssh;  // each answer carries the number of its request
    default:
      return false;
  }
}

long ms(seconds time) {
  return static_cast<long>(milliseconds(time).count());
}

}  // namespace

Session::Session(std::shared_ptr<Endpoint> endpoint, const CancelToken& cancel)
    : endpoint_(std::move(endpoint)), cancel_(cancel), verbose_(log::enabled(log::Level::debug)) {
  init_curl();
  easy_ = new_easy();
  configure();
}

Session::~Session() {
  drop();
}

void Session::configure() {
  const RemoteSettings& settings = endpoint_->settings;
  CURL* easy = easy_.get();
  SessionCallbacks::install(*this);
  set_option(easy, CURLOPT_ERRORBUFFER, static_cast<char*>(error_text_));
  set_option(easy, CURLOPT_VERBOSE, verbose_ ? 1L : 0L);
  set_option(easy, CURLOPT_NOSIGNAL, 1L);
  set_option(easy, CURLOPT_QUICK_EXIT, 1L);  // don't wait for a name server that hangs
  set_option(easy, CURLOPT_PROTOCOLS_STR, settings.scheme == Scheme::sftp ? "sftp" : "ftp,ftps");
  set_option(easy, CURLOPT_FOLLOWLOCATION, 0L);
  set_option(easy, CURLOPT_NETRC, static_cast<long>(CURL_NETRC_IGNORED));
  set_option(easy, CURLOPT_PATH_AS_IS, 1L);
  set_option(easy, CURLOPT_USERNAME, endpoint_->login().user.c_str());
  set_option(easy, CURLOPT_PASSWORD, endpoint_->login().password.c_str());
  set_option(easy, CURLOPT_FTP_FILEMETHOD, static_cast<long>(CURLFTPMETHOD_NOCWD));
  set_option(easy, CURLOPT_FTP_SKIP_PASV_IP, 1L);
  set_option(easy, CURLOPT_CONNECTTIMEOUT_MS, ms(settings.connect_timeout));
  // Our own clock is stricter wherever libcurl gives us one; this bounds its blocking wait for a final reply.
  set_option(easy, CURLOPT_SERVER_RESPONSE_TIMEOUT,
             static_cast<long>(std::max(settings.final_reply_timeout, settings.no_progress_timeout).count()));
  set_option(easy, CURLOPT_MAXAGE_CONN, 24L * 3600);
  configure_way();
  if (settings.scheme == Scheme::sftp)
    configure_ssh();
  else if (!settings.tls.off)
    configure_tls();
}

void Session::configure_tls() {
  const TlsSettings& tls = endpoint_->settings.tls;
  CURL* easy = easy_.get();
  set_option(easy, CURLOPT_USE_SSL, static_cast<long>(CURLUSESSL_ALL));
  set_option(easy, CURLOPT_FTPSSLAUTH, static_cast<long>(CURLFTPAUTH_TLS));
  if (!endpoint_->ca_file.empty()) set_option(easy, CURLOPT_CAINFO, endpoint_->ca_file.c_str());
  // A CA directory switches libcurl's cache of CAs off: they'd be loaded for every data connection
  // (docs/ftp-notes.md, TLS).
  set_option(easy, CURLOPT_CAPATH, static_cast<char*>(nullptr));
  set_option(easy, CURLOPT_SSL_VERIFYPEER, tls.verify ? 1L : 0L);
  set_option(easy, CURLOPT_SSL_VERIFYHOST, tls.verify ? 2L : 0L);
  if (!tls.pins.empty()) set_option(easy, CURLOPT_PINNEDPUBLICKEY, joined(tls.pins).c_str());
  if (!tls.certificate.empty()) {
    set_option(easy, CURLOPT_SSLCERT, tls.certificate.c_str());
    set_option(easy, CURLOPT_SSLKEY, (tls.key.empty() ? tls.certificate : tls.key).c_str());
    // Set even if it is empty, or OpenSSL would ask at the terminal.
    set_option(easy, CURLOPT_KEYPASSWD, endpoint_->login().tls_key_password.c_str());
  }
  tls_.sessions.p256_first = &endpoint_->p256_first;
  watch_certificate(easy, &tls_);
}

/// Before each new connection. One that was opened with TLS 1.3 isn't used on once that was found to fail.
void Session::choose_tls_version() {
  const TlsVersions::Most most = endpoint_->tls_versions.most();
  if (open() && tls_version_ == most) return;
  if (open()) drop();
  tls_version_ = most;
  const long highest =
      most == TlsVersions::Most::v1_2 ? CURL_SSLVERSION_MAX_TLSv1_2 : CURL_SSLVERSION_MAX_TLSv1_3;
  set_option(easy_.get(), CURLOPT_SSLVERSION, static_cast<long>(CURL_SSLVERSION_TLSv1_2) | highest);
  tls_.sessions.hold = most == TlsVersions::Most::v1_3 && endpoint_->tls_policy.hold_session;
}

/// Nothing but AUTH TLS was sent when the server refused the version.
bool Session::should_ask_for_newer_tls(CURLcode code, const Transfer& transfer) {
  return code == CURLE_SSL_CONNECT_ERROR && transfer.fresh && !transfer.logged_in &&
         says_tls_too_old(error_text_) && endpoint_->tls_versions.was_too_old(tls_version_);
}

/// What servers say that miss the control connection's session, and what an upload ends with whose last bytes
/// an early end of TLS has cost (docs/ftp-notes.md, TLS).
void Session::blame_tls(CURLcode code, const Transfer& transfer) {
  const int reply = transfer.last.code;
  const bool session_missed = reply == 425 || reply == 522;
  const bool end_lost = transfer.storing() && code == CURLE_PARTIAL_FILE && reply == 426;
  tls_lowered_ = code != CURLE_OK && (session_missed || end_lost) &&
                 endpoint_->tls_versions.may_have_failed(tls_version_);
}

CURLcode Session::attempt(Transfer& transfer, bool stay) {
  if (cancel_.cancelled()) throw cancelled_error();
  error_text_[0] = '\0';
  parser_.reset();
  pending_command_.clear();
  tls_.seen.plain_code = 0;
  transfer.last_activity = steady_clock::now();
  const bool with_tls = ssh_ == nullptr && !endpoint_->settings.tls.off;
  if (with_tls) choose_tls_version();
  if (!multi_) multi_ = new_multi();
  set_option(easy_.get(), CURLOPT_VERBOSE, verbose_ || ssh_ || transfer.keep_dialogue ? 1L : 0L);
  if (ssh_ && !open()) ssh_->prepare(easy_.get());
  if (!open()) choose_passive_command();
  transfer_ = &transfer;
  if (curl_multi_add_handle(multi_.get(), easy_.get()) != CURLM_OK)
    throw Error(ErrorKind::internal, "libcurl refuses the handle");
  added_ = true;
  CURLcode code = CURLE_OK;
  {
    const Watchdog::Watch watch{endpoint_->watchdog, sockets_, cancel_};
    code = drive(transfer);
  }
  if (code != CURLE_OK || !stay) {
    curl_multi_remove_handle(multi_.get(), easy_.get());
    added_ = false;
  }
  if (transfer.error || !in_step(code, ssh_ != nullptr)) drop();
  transfer_ = nullptr;
  if (code == CURLE_OK && transfer.storing() && transfer.read < transfer.length) code = CURLE_PARTIAL_FILE;
  if (transfer.storing())
    broke_off_ = {!ssh_ && code == CURLE_SEND_ERROR && transfer.started && transfer.last.code < 400,
                  transfer.read};
  if (with_tls) {
    if (!transfer.error && !cancel_.cancelled() && should_ask_for_newer_tls(code, transfer)) {
      transfer.last = {};
      transfer.replies = 0;
      transfer.dialogue.clear();
      return attempt(transfer, stay);
    }
    blame_tls(code, transfer);
  }
  if (transfer.error) std::rethrow_exception(transfer.error);
  if (code != CURLE_OK && cancel_.cancelled()) throw cancelled_error();
  return code;
}

CURLcode Session::drive(Transfer& transfer) {
  for (;;) {
    int running = 0;
    if (const CURLMcode code = curl_multi_perform(multi_.get(), &running); code != CURLM_OK) {
      std::snprintf(error_text_, sizeof error_text_, "%s", curl_multi_strerror(code));
      return code == CURLM_OUT_OF_MEMORY ? CURLE_OUT_OF_MEMORY : CURLE_RECV_ERROR;
    }
    if (const auto code = finished()) return *code;
    if (cancel_.cancelled()) return CURLE_ABORTED_BY_CALLBACK;
    if (out_of_patience(transfer)) return CURLE_OPERATION_TIMEDOUT;
    // libcurl has read where to connect, but watches no socket until it is called again.
    if (std::exchange(transfer.port_told, false)) continue;
    const auto quiet = steady_clock::now() - transfer.last_activity;
    curl_multi_poll(multi_.get(), nullptr, 0, static_cast<int>(poll_time(quiet).count()), nullptr);
  }
}

bool Session::out_of_patience(Transfer& transfer) const {
  transfer.timed_out |= steady_clock::now() - transfer.last_activity > patience(transfer);
  return transfer.timed_out;
}

std::optional<CURLcode> Session::finished() {
  int left = 0;
  while (const CURLMsg* message = curl_multi_info_read(multi_.get(), &left))
    if (message->msg == CURLMSG_DONE && message->easy_handle == easy_.get()) return message->data.result;
  return std::nullopt;
}

seconds Session::patience(const Transfer& transfer) const {
  const RemoteSettings& settings = endpoint_->settings;
  return transfer.all_sent() || transfer.slow ? settings.final_reply_timeout : settings.no_progress_timeout;
}

void Session::take_header(std::string_view bytes) {
  Transfer& transfer = *transfer_;
  transfer.last_activity = steady_clock::now();
  if (ssh_) {
    transfer.headers += bytes;
    return;
  }
  parser_.feed(bytes);
  while (auto reply = parser_.next()) {
    ++transfer.replies;
    transfer.logged_in |= reply->code == 230 || reply->code == 232 || reply->code == 257;
    transfer.started |= reply->code == 125 || reply->code == 150;
    transfer.port_told |= reply->code == 227 || reply->code == 229;
    if (transfer.keep_dialogue) transfer.dialogue.push_back({std::exchange(pending_command_, {}), *reply});
    transfer.last = std::move(*reply);
  }
  if (parser_.bad()) parser_.reset();  // libcurl judges the stream here; we only listen
}

void Session::log_command(std::string_view line) const {
  if (!verbose_) return;
  log::write(log::Level::debug, fmt::format("{} > {}", endpoint_->settings.host,
                                            line.starts_with("PASS")   ? "PASS ****"
                                            : line.starts_with("ACCT") ? "ACCT ****"
                                                                       : printable(line)));
}

void Session::log_reply(std::string_view line) const {
  if (verbose_)
    log::write(log::Level::debug, fmt::format("{} < {}", endpoint_->settings.host, printable(line)));
}

bool Session::secured() const noexcept {
  curl_off_t microseconds = 0;
  return curl_easy_getinfo(easy_.get(), CURLINFO_APPCONNECT_TIME_T, &microseconds) == CURLE_OK &&
         microseconds > 0;
}

std::string Session::words_for(CURLcode code) const {
  return printable(error_text_[0] != '\0' ? error_text_ : curl_easy_strerror(code));
}

void Session::fail(CURLcode code, const Transfer& transfer) {
  const RemoteSettings& settings = endpoint_->settings;
  const std::string reply_text = transfer.last.text();
  FailureStory story;
  story.fault.curl_code = code;
  story.fault.reply = transfer.last.code;
  story.fault.reply_text = reply_text;
  story.fault.fresh = transfer.fresh;
  story.fault.resuming = transfer.resuming;
  story.fault.phase = transfer.fresh && !transfer.logged_in ? Phase::connect
                      : transfer.all_sent()                 ? Phase::store_final
                                                            : transfer.phase;
  long os_error = 0;
  curl_easy_getinfo(easy_.get(), CURLINFO_OS_ERRNO, &os_error);
  story.transport = words_for(code);
  if (code == CURLE_COULDNT_CONNECT && os_error != 0)
    story.transport = std::strerror(static_cast<int>(os_error));
  story.fault.transport_cut = os_error == ECONNRESET || os_error == ETIMEDOUT || os_error == EPIPE ||
                              story.transport.find("SSL_ERROR_SYSCALL") != std::string::npos;
  if (code == CURLE_SSL_CONNECT_ERROR && transfer.replies == 0) story.fault.reply = tls_.seen.plain_code;
  story.proxy = proxy_story(easy_.get(), code, settings.proxy);
  story.fault.proxy = story.proxy.fault;
  story.fault = as_meant(story.fault);
  if (code == CURLE_COULDNT_RESOLVE_HOST) story.fault.name_unknown = name_is_unknown(settings.host);
  story.remote = printable(settings.url);
  story.host = settings.host;
  story.port = settings.port;
  story.active = settings.mode == DataMode::active;
  story.user = endpoint_->login().user;
  story.doing = transfer.doing;
  story.tls_off = settings.tls.off;
  story.timed_out = transfer.timed_out;
  story.waited = transfer.timed_out ? patience(transfer) : settings.final_reply_timeout;
  story.certificate = tls_.seen;
  story.fault.tls_lowered = tls_lowered_;
  story.fault.certificate_wanted = says_certificate_wanted(story.transport);
  story.tls_capped = tls_version_ == TlsVersions::Most::v1_2;
  story.session_lacking = !story.tls_capped && endpoint_->tls_policy.may_lack_session;
  story.client_certificate = !settings.tls.certificate.empty();
  const RemoteError error = explain(story);
  if (error.failure() == FailureClass::reconnect) drop();  // also where libcurl would go on with it
  throw error;
}

void Session::drop() noexcept {
  sockets_.stop_reading();  // libcurl says QUIT and would wait for the answer
  if (added_) curl_multi_remove_handle(multi_.get(), easy_.get());
  added_ = false;
  multi_.reset();
}

void Session::drop_if_stale() noexcept {
  if (sockets_.any_readable()) drop();
}

RemoteError Session::cancelled_error() const {
  return RemoteError(FailureClass::cancelled, fmt::format("{}: stopped", printable(endpoint_->settings.url)));
}

}  // namespace outhaul
