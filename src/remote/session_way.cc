// A Session's part in how the server is reached: proxies, active mode, accounts.
#include "remote/proxy.h"
#include "remote/session.h"

namespace outhaul {

void Session::configure_way() {
  const RemoteSettings& settings = endpoint_->settings;
  CURL* easy = easy_.get();
  set_proxy(easy, settings.proxy, endpoint_->login());
  if (!settings.account.empty()) set_option(easy, CURLOPT_FTP_ACCOUNT, settings.account.c_str());
  if (settings.scheme == Scheme::sftp || settings.mode == DataMode::passive) return;
  set_option(easy, CURLOPT_FTPPORT, "-");  // the address that the control connection comes from
  set_option(easy, CURLOPT_FTP_USE_EPRT, 1L);
  set_option(easy, CURLOPT_ACCEPTTIMEOUT_MS,
             static_cast<long>(std::chrono::milliseconds(settings.connect_timeout).count()));
}

/// Before each new connection. EPSV is what IPv6 needs, where libcurl sends it whatever we say, and what a
/// proxy may need that reaches the server over IPv6. Elsewhere PASV: it costs ProFTPD less, and old firewalls
/// know it (docs/ftp-notes.md). The address in its reply isn't believed.
void Session::choose_passive_command() {
  pasv_first_ = !endpoint_->settings.proxy.used() && endpoint_->learned.pasv != Learned::Known::no;
  set_option(easy_.get(), CURLOPT_FTP_USE_EPSV, pasv_first_ ? 0L : 1L);
}

/// libcurl falls back from EPSV to PASV, but not the other way round.
bool Session::should_ask_for_epsv(CURLcode code, const Transfer& transfer) {
  if (!pasv_first_ || (code != CURLE_FTP_WEIRD_PASV_REPLY && code != CURLE_FTP_WEIRD_227_FORMAT))
    return false;
  const int reply = transfer.last.code;
  if (reply != 227 && (reply < 500 || reply == 503 || reply == 530)) return false;
  endpoint_->learned.pasv = Learned::Known::no;
  return true;
}

}  // namespace outhaul
