#include "alarm/post.h"

#include <curl/curl.h>
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <string_view>
#include <thread>

#include "outhaul/paths.h"
#include "remote/curl.h"

namespace outhaul {
namespace {

/// What a failed answer says in its body is worth a line.
constexpr std::size_t kMostAnswer = 4096, kShownAnswer = 200;

std::size_t keep_answer(char* data, std::size_t, std::size_t size, void* into) noexcept {
  try {
    auto& answer = *static_cast<std::string*>(into);
    answer.append(data, std::min(size, kMostAnswer - std::min(kMostAnswer, answer.size())));
  } catch (...) {
    return 0;
  }
  return size;  // the rest is read and forgotten: to break off would hide the code
}

struct Answer {
  std::string failure;
  bool may_pass = false;
};

std::string first_line(std::string_view body) {
  const std::size_t begin = std::min(body.find_first_not_of(" \r\n\t"), body.size());
  std::string_view line = body.substr(begin);
  line = line.substr(0, std::min({line.find('\n'), line.find('\r'), kShownAnswer}));
  return printable(line);
}

Answer judge(CURL* easy, CURLcode code, const std::string& body, std::string_view reason) {
  if (code != CURLE_OK) return {reason.empty() ? curl_easy_strerror(code) : std::string(reason), true};
  long status = 0;
  curl_easy_getinfo(easy, CURLINFO_RESPONSE_CODE, &status);
  if (status >= 200 && status < 300) return {};
  if (status >= 300 && status < 400)
    return {fmt::format("it answers {}: it is elsewhere now, and a POST isn't sent there unasked", status),
            false};
  std::string failure = fmt::format("it answers {}", status);
  if (const std::string line = first_line(body); !line.empty()) failure += ": " + line;
  return {std::move(failure), status == 429 || status >= 500};
}

Answer attempt(const Post& post, const std::string& token, const PostLimits& limits) {
  const EasyHandle easy = new_easy();
  Slist headers;
  append(headers, "Content-Type: " + post.content_type);
  append(headers, "Expect:");  // nobody waits a second for 100-continue
  for (const std::string& header : post.headers) append(headers, header);
  if (!token.empty()) append(headers, "Authorization: Bearer " + token);
  std::string body;
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
  set_option(handle, CURLOPT_WRITEFUNCTION, &keep_answer);
  set_option(handle, CURLOPT_WRITEDATA, &body);
  set_option(handle, CURLOPT_ERRORBUFFER, reason.data());
  const CURLcode code = curl_easy_perform(handle);
  return judge(handle, code, body, reason.data());
}

}  // namespace

std::string send_post(const Post& post, const std::string& token, const PostLimits& limits) {
  init_curl();
  Answer answer = attempt(post, token, limits);
  if (answer.failure.empty() || !answer.may_pass) return answer.failure;
  std::this_thread::sleep_for(limits.pause);
  return attempt(post, token, limits).failure;
}

std::string shown_address(const std::string& url) {
  const std::size_t host = url.find("://");
  if (host == std::string::npos) return "…";
  const std::size_t end = std::min(url.find_first_of("/?#", host + 3), url.size());
  return printable(url.substr(0, end)) + (end < url.size() ? "/…" : "");
}

}  // namespace outhaul
