// A web server on loopback that answers as it is told, and as badly as real ones do.
#pragma once

#include <atomic>
#include <cstdint>
#include <map>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

namespace outhaul::test {

struct WebRequest {
  std::string line;                            ///< "POST /start HTTP/1.1"
  std::map<std::string, std::string> headers;  ///< names in lower case
  std::string body;
};

struct WebAnswer {
  int status = 200;
  std::string body = "OK";
  std::string more_headers = {};  ///< whole lines with their ends
  enum class Manner : std::uint8_t {
    properly,
    never,       ///< takes the request and says nothing until it is stopped
    breaks_off,  ///< closes the connection instead of an answer
    garbage,     ///< what is no HTTP
  } manner = Manner::properly;
};

/// One connection at a time, one request each.
class WebServer {
 public:
  /// The answers in turn; the last one for all that follow.
  explicit WebServer(std::vector<WebAnswer> answers = {WebAnswer{}});
  ~WebServer();
  WebServer(const WebServer&) = delete;
  WebServer& operator=(const WebServer&) = delete;

  std::string url(const std::string& path = "/") const;
  std::vector<WebRequest> requests() const;

 private:
  void serve();
  void answer(int connection);

  std::vector<WebAnswer> answers_;
  int listener_ = -1;
  std::uint16_t port_ = 0;
  std::atomic<bool> stopping_{false};
  mutable std::mutex mutex_;  // guards requests_
  std::vector<WebRequest> requests_;
  std::thread thread_;
};

}  // namespace outhaul::test
