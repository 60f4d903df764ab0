// Ends blocking waits inside libcurl when an operation is cancelled.
#pragma once

#include <condition_variable>
#include <mutex>
#include <set>
#include <thread>
#include <vector>

namespace outhaul {

class CancelToken;

/// The sockets of one connection, so that another thread may shut them down. Thread-safe.
class SocketSet {
 public:
  void add(int fd);
  void remove(int fd) noexcept;  ///< before the socket is closed
  bool empty() noexcept;
  /// Something can be read from one of them: bytes, or the end.
  bool any_readable() noexcept;
  void shut_down_all() noexcept;
  /// Lets libcurl say QUIT without waiting for the answer.
  void stop_reading() noexcept;

 private:
  void each(int how) noexcept;
  std::mutex mutex_;
  std::vector<int> fds_;
};

/// libcurl waits for TLS handshakes and final replies inside curl_multi_perform (docs/ftp-notes.md), where
/// nobody looks at the token. One thread per remote looks instead, and shuts the sockets of a cancelled
/// operation down: the wait ends.
class Watchdog {
 public:
  Watchdog() = default;
  ~Watchdog();
  Watchdog(Watchdog&&) = delete;

  /// Watches one operation while it lives.
  class Watch {
   public:
    Watch(Watchdog& dog, SocketSet& sockets, const CancelToken& cancel);
    ~Watch();
    Watch(Watch&&) = delete;

   private:
    friend class Watchdog;
    Watchdog& dog_;
    SocketSet& sockets_;
    const CancelToken& cancel_;
  };

 private:
  void patrol();

  std::mutex mutex_;
  std::condition_variable wake_;
  std::set<Watch*> watches_;
  bool sleeping_ = false;
  bool stop_ = false;
  std::thread thread_;  ///< started by the first watch
};

}  // namespace outhaul
