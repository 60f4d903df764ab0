// libcurl's callbacks for a Session. Private to this layer.
#pragma once

#include "remote/session.h"

namespace outhaul {

/// No exception leaves them: it is kept in the transfer and thrown again after the call.
struct SessionCallbacks {
  /// Sets all callbacks of `session`'s easy handle.
  static void install(Session& session);

 private:
  static std::size_t read(char* buffer, std::size_t size, std::size_t count, void* self) noexcept;
  static std::size_t write(char* data, std::size_t size, std::size_t count, void* self) noexcept;
  static std::size_t header(char* data, std::size_t size, std::size_t count, void* self) noexcept;
  static int progress(void* self, curl_off_t, curl_off_t, curl_off_t, curl_off_t up) noexcept;
  static int debug(CURL*, curl_infotype type, char* data, std::size_t size, void* self) noexcept;
  static curl_socket_t open_socket(void* self, curlsocktype, curl_sockaddr* address) noexcept;
  static int tune_socket(void* self, curl_socket_t fd, curlsocktype) noexcept;
  static int close_socket(void* self, curl_socket_t fd) noexcept;
  friend class Session;
  // SFTP only (session_ssh.cc).
  static int seek(void* self, curl_off_t offset, int origin) noexcept;
  static int judge_host_key(void* self, int type, const char* key, std::size_t size) noexcept;
  static bool stands(curl_socket_t fd) noexcept;
};

}  // namespace outhaul
