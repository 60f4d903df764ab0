#include "alarm/post.h"

#include <curl/curl.h>
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <string_view>

#include "outhaul/paths.h"
#include "remote/curl.h"

namespace outhaul {
namespace {

Attempt judge(CURL* easy, CURLcode code, std::string_view reason) {
  if (code != CURLE_OK) return {reason.empty() ? curl_easy_strerror(code) : std::string(reason), true};
  long status = 0;
  curl_easy_getinfo(easy, CURLINFO_RESPONSE_CODE, &status);
  if (status >= 200 && status < 300) return {};
  if (status >= 300 && status < 400)
    return {fmt::format("it answers {}: it is elsewhere now, and a POST isn't sent there unasked", status),
            false};
  // What it says beside that may repeat the address, or the token, in whatever form.
  return {fmt::format("it answers {}", status), status == 429 || status >= 500};
}

Attempt post_once(const Post& post, const std::string& token, const DeliveryLimits& limits) {
  const EasyHandle easy = new_easy();
  Slist headers;
  append(headers, "Content-Type: " + post.content_type);
  append(headers, "Expect:");  // nobody waits a second for 100-continue
  for (const std::string& header : post.headers) append(headers, header);
  if (!token.empty()) append(headers, "Authorization: Bearer " + token);
  std::array<char, CURL_ERROR_SIZE> reason{};
  CURL* handle = easy.get();
  set_option(handle, CURLOPT_URL, post.url.c_str());
  set_option(handle, CURLOPT_HTTPHEADER, headers.get());
  set_option(handle, CURLOPT_POST, 1L);
  set_option(handle, CURLOPT_POSTFIELDS, post.body.c_str());
  set_option(handle, CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(post.body.size()));
  set_option(handle, CURLOPT_FOLLOWLOCATION, 0L);
  set_option(handle, CURLOPT_PROTOCOLS_STR, "http,https");
  set_option(handle, CURLOPT_NOSIGNAL, 1L);
  set_option(handle, CURLOPT_USERAGENT, "outhaul/" OUTHAUL_VERSION);
  set_option(handle, CURLOPT_CONNECTTIMEOUT_MS, static_cast<long>(limits.connect.count()));
  set_option(handle, CURLOPT_TIMEOUT_MS, static_cast<long>(limits.whole.count()));
  set_option(handle, CURLOPT_WRITEFUNCTION, &drop_answer);
  set_option(handle, CURLOPT_ERRORBUFFER, reason.data());
  const CURLcode code = curl_easy_perform(handle);
  return judge(handle, code, reason.data());
}

}  // namespace

std::string send_post(const Post& post, const std::string& token, const DeliveryLimits& limits) {
  init_curl();
  return tried_twice([&] { return post_once(post, token, limits); }, limits.pause);
}

std::string shown_address(const std::string& url) {
  const std::size_t host = url.find("://");
  if (host == std::string::npos) return "…";
  const std::size_t end = std::min(url.find_first_of("/?#", host + 3), url.size());
  return printable(url.substr(0, end)) + (end < url.size() ? "/…" : "");
}

}  // namespace outhaul
