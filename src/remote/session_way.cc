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

}  // namespace outhaul
