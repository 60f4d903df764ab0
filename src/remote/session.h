// One easy handle in a multi of its own, and the loop that drives it. Private to this layer.
#pragma once

#include <chrono>
#include <cstdint>
#include <cstring>
#include <exception>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "outhaul/remote.h"
#include "remote/certificate.h"
#include "remote/classify.h"
#include "remote/curl.h"
#include "remote/endpoint.h"
#include "remote/reply_parser.h"
#include "remote/ssh_login.h"
#include "remote/watchdog.h"

namespace outhaul {

/// One use of the connection: what is wanted, and what was seen of it.
struct Transfer {
  Phase phase = Phase::command;
  std::string doing;  ///< for messages: "store \"a/b\""
  ByteSource* source = nullptr;
  std::uint64_t length = 0;  ///< bytes that `source` is to give
  const std::function<void(std::uint64_t)>* sent = nullptr;
  const ByteSink* sink = nullptr;
  bool resuming = false;
  bool keep_dialogue = false;
  bool slow = false;  ///< a command among them takes the server long to answer

  struct Exchange {
    std::string command;  ///< empty for what the server said by itself
    Reply reply;
  };
  std::vector<Exchange> dialogue;  ///< with keep_dialogue
  std::string last_command;        ///< with keep_dialogue: what was sent last
  Reply last;                      ///< the server's last words
  std::size_t replies = 0;
  bool fresh = false;  ///< the control connection was opened during this use
  bool logged_in = false;
  bool started = false;                      ///< the server gave 125 or 150
  bool port_told = false;                    ///< the server has just said where the data goes
  bool stopped = false;                      ///< the sink wants no more
  bool timed_out = false;                    ///< by our own clock
  std::uint64_t read = 0, up = 0, down = 0;  ///< bytes taken from the source, sent, received
  std::chrono::steady_clock::time_point last_activity{};
  std::exception_ptr error;  ///< what a callback threw
  // SFTP only.
  std::optional<std::uint64_t> append_at;   ///< storing: where the remote file must end
  std::optional<std::uint64_t> found_size;  ///< with append_at: where it does end
  std::string headers;                      ///< what libcurl says in the place of replies
  bool peer_alive = false;  ///< the server had not closed the connection when libcurl was done with it

  bool storing() const noexcept { return phase == Phase::store; }
  bool all_sent() const noexcept { return storing() && started && up >= length; }
};

/// Not thread-safe. Pinned: libcurl holds its address.
class Session {
 public:
  Session(std::shared_ptr<Endpoint> endpoint, const CancelToken& cancel);
  ~Session();
  Session(Session&&) = delete;

  CURL* easy() const noexcept { return easy_.get(); }
  /// nullptr unless the scheme is sftp.
  SshLogin* ssh() const noexcept { return ssh_.get(); }
  /// libcurl's words for what attempt() returned; printable.
  std::string words_for(CURLcode code) const;
  /// They were longer than libcurl's buffer: what they end with is missing.
  bool words_cut_off() const noexcept { return std::strlen(error_text_) + 1 >= CURL_ERROR_SIZE; }
  /// The last attempt's new connection got as far as a TLS session, or as an SSH login.
  bool secured() const noexcept;
  /// An SSH connection is open, and the server has not closed it.
  bool stands() noexcept;
  Endpoint& endpoint() const noexcept { return *endpoint_; }
  const CancelToken& cancel() const noexcept { return cancel_; }
  /// The attempt failed because the server refuses PASV; on a new connection it will be asked by EPSV.
  bool should_ask_for_epsv(CURLcode code, const Transfer& transfer);

  /// Carries out what the easy handle's options say. Throws what a callback threw, and
  /// RemoteError{cancelled}; any other failure is the returned code. `stay` keeps the handle in the multi
  /// after success (CONNECT_ONLY needs that).
  CURLcode attempt(Transfer& transfer, bool stay = false);
  /// Says what a failed attempt was.
  [[noreturn]] void fail(CURLcode code, const Transfer& transfer);
  /// attempt() that throws RemoteError for any failure.
  void perform(Transfer& transfer) {
    if (const CURLcode code = attempt(transfer); code != CURLE_OK) fail(code, transfer);
  }
  /// Has the token looked at while the caller blocks outside attempt().
  Watchdog::Watch watch() { return {endpoint_->watchdog, sockets_, cancel_}; }
  /// Closes the connection without waiting for the server.
  void drop() noexcept;
  /// Drops a connection on which the server has said good-bye, or which it has closed, while it was idle:
  /// libcurl would replace it by itself, without what belongs at a session's beginning.
  void drop_if_stale() noexcept;
  /// Whether a connection is open on our side.
  bool open() noexcept { return !sockets_.empty(); }
  /// The upload that comes may be told that it has no more to send than it has sent: libcurl from 8.7 on takes that for a
  /// fault where it knows the size. An upload of unknown size that ends early is CURLE_PARTIAL_FILE all the same.
  bool may_end_early() const noexcept { return broke_off_.silently; }
  RemoteError cancelled_error() const;
  /// Writes to the log, with the password masked; only when debug messages are wanted.
  void log_command(std::string_view line) const;
  void log_reply(std::string_view line) const;

 private:
  friend struct SessionCallbacks;
  void configure();
  void configure_tls();
  void choose_tls_version();
  bool should_ask_for_newer_tls(CURLcode code, const Transfer& transfer);
  void blame_tls(CURLcode code, const Transfer& transfer);
  void configure_ssh();
  void configure_way();
  void choose_passive_command();
  bool out_of_patience(Transfer& transfer) const;
  CURLcode drive(Transfer& transfer);
  std::optional<CURLcode> finished();
  std::chrono::seconds patience(const Transfer& transfer) const;
  void take_header(std::string_view bytes);

  std::shared_ptr<Endpoint> endpoint_;
  const CancelToken& cancel_;
  SocketSet sockets_;
  TlsWatch tls_;
  TlsVersions::Most tls_version_ = TlsVersions::Most::v1_2;  ///< that the connection asked for
  bool tls_lowered_ = false;  ///< by the last attempt: what failed has a chance on a new connection
  std::unique_ptr<SshLogin> ssh_;
  ReplyParser parser_;
  std::string pending_command_;
  Transfer* transfer_ = nullptr;  ///< only during attempt()
  char error_text_[CURL_ERROR_SIZE] = {};
  bool added_ = false;
  bool pasv_first_ = false;  ///< on the connection that is open
  int data_ = -1;            ///< the data connection that was opened last
  /// Of the last upload: whether it broke off without a word, after so many bytes. See SessionCallbacks::read.
  struct {
    bool silently = false;
    std::uint64_t at = 0;
  } broke_off_;
  bool verbose_ = false;
  EasyHandle easy_;    // after everything that its callbacks touch
  MultiHandle multi_;  // destroyed first: closes the connections
};

}  // namespace outhaul
