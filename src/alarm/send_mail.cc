#include "alarm/send_mail.h"

#include <curl/curl.h>
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <string_view>

#include "outhaul/paths.h"
#include "remote/curl.h"

namespace outhaul {
namespace {

std::size_t give_message(char* into, std::size_t size, std::size_t count, void* rest) noexcept {
  std::string_view& left = *static_cast<std::string_view*>(rest);
  const std::size_t length = std::min(size * count, left.size());
  std::memcpy(into, left.data(), length);
  left.remove_prefix(length);
  return length;
}

Attempt judge_mail(CURL* easy, CURLcode code, std::string_view reason) {
  if (code == CURLE_OK) return {};
  long reply = 0;
  curl_easy_getinfo(easy, CURLINFO_RESPONSE_CODE, &reply);
  const bool passing = reply == 0 || (reply >= 400 && reply < 500);
  if (code == CURLE_LOGIN_DENIED) return {fmt::format("it refuses the login ({})", reply), passing};
  if (code == CURLE_USE_SSL_FAILED)
    return {"it offers no TLS; \"tls\": \"off\" is for a server on this machine", false};
  if (code == CURLE_SEND_ERROR && reply >= 400)
    return {fmt::format("it refuses the mail ({})", reply), passing};
  return {reason.empty() ? curl_easy_strerror(code) : printable(reason), passing};
}

Attempt mail_once(const Mail& mail, const std::string& recipient, const std::string& password,
                  const std::string& message, const DeliveryLimits& limits) {
  const EasyHandle easy = new_easy();
  CURL* handle = easy.get();
  Slist recipients;
  append(recipients, recipient);
  std::string_view rest = message;
  std::array<char, CURL_ERROR_SIZE> reason{};
  set_option(handle, CURLOPT_URL, shown_server(mail).c_str());
  set_option(handle, CURLOPT_PROTOCOLS_STR, "smtp,smtps");
  set_option(handle, CURLOPT_USE_SSL, static_cast<long>(mail.plain ? CURLUSESSL_NONE : CURLUSESSL_ALL));
  if (!mail.ca.empty()) set_option(handle, CURLOPT_CAINFO, mail.ca.c_str());
  if (!mail.user.empty()) {
    set_option(handle, CURLOPT_USERNAME, mail.user.c_str());
    set_option(handle, CURLOPT_PASSWORD, password.c_str());
  }
  set_option(handle, CURLOPT_MAIL_FROM, mail.from.c_str());
  set_option(handle, CURLOPT_MAIL_RCPT, recipients.get());
  set_option(handle, CURLOPT_UPLOAD, 1L);
  set_option(handle, CURLOPT_READFUNCTION, &give_message);
  set_option(handle, CURLOPT_READDATA, &rest);
  set_option(handle, CURLOPT_WRITEFUNCTION, &drop_answer);
  set_option(handle, CURLOPT_NOSIGNAL, 1L);
  set_option(handle, CURLOPT_CONNECTTIMEOUT_MS, static_cast<long>(limits.connect.count()));
  set_option(handle, CURLOPT_TIMEOUT_MS, static_cast<long>(limits.whole.count()));
  set_option(handle, CURLOPT_ERRORBUFFER, reason.data());
  const CURLcode code = curl_easy_perform(handle);
  return judge_mail(handle, code, reason.data());
}

}  // namespace

std::string send_mail(const Mail& mail, const std::string& recipient, const std::string& password,
                      const std::string& message, const DeliveryLimits& limits) {
  init_curl();
  return tried_twice([&] { return mail_once(mail, recipient, password, message, limits); }, limits.pause);
}

std::string shown_server(const Mail& mail) {
  const bool brackets = mail.host.find(':') != std::string::npos;
  return fmt::format("{}://{}{}{}:{}", mail.implicit_tls ? "smtps" : "smtp", brackets ? "[" : "", mail.host,
                     brackets ? "]" : "", mail.port);
}

}  // namespace outhaul
