#include "remote/session_callbacks.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <linux/sockios.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "base/cancel.h"

namespace outhaul {
namespace {

using std::chrono::steady_clock;

Session& session_of(void* self) noexcept {
  return *static_cast<Session*>(self);
}

std::uint64_t unsigned_of(curl_off_t value) noexcept {
  return value > 0 ? static_cast<std::uint64_t>(value) : 0;
}

// When a server ends an upload in its middle, libcurl can't send any more, closes everything, and what the server
// says beside the end of the data connection ("552 Quota exceeded") is lost. So where the upload after that may
// end, each piece waits until the server has had the one before, and the end of the data connection is seen before
// anything is sent into it: then libcurl is told that this is all, and reads the reply.
constexpr std::size_t kCarefulPiece = 64 * 1024;
/// The buffers on both sides held some of what was sent when it broke off; and it goes on from what was stored of
/// it, or from its beginning.
constexpr std::uint64_t kBuffers = 12 * 1024 * 1024, kPieces = 1024 * 1024;
/// What a server takes to say no after it has had a piece.
constexpr int kSettle = 2;  // milliseconds

bool may_end_soon(std::uint64_t sent, std::uint64_t broke_off_at) noexcept {
  return sent < kPieces || (sent + kBuffers >= broke_off_at && sent < broke_off_at + kPieces);
}

enum class Room { yes, ended, stopped };

bool has_ended(int fd, int wait_ms) noexcept {
  pollfd look{fd, POLLRDHUP, 0};
  return ::poll(&look, 1, wait_ms) > 0 && look.revents != 0;
}

/// Waits until all that was sent over the data connection has arrived.
Room wait_for_arrival(int fd, std::chrono::seconds patience, const CancelToken& cancel) noexcept {
  const auto until = steady_clock::now() + patience;
  int unacknowledged = 0;
  while (::ioctl(fd, SIOCOUTQ, &unacknowledged) == 0 && unacknowledged > 0 && steady_clock::now() < until) {
    if (cancel.cancelled()) return Room::stopped;
    if (has_ended(fd, 1)) return Room::ended;
  }
  return has_ended(fd, kSettle) ? Room::ended : Room::yes;
}

/// Routers forget a connection that is silent for minutes, as a control connection is while a large file goes
/// over its data connection. That one is never silent for long: CURLOPT_TCP_KEEPALIVE would only cost each
/// small file three system calls more.
void keep_alive(int fd) noexcept {
  const int on = 1;
  const int idle_s = 30;
  static_cast<void>(::setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof on));
  static_cast<void>(::setsockopt(fd, IPPROTO_TCP, TCP_KEEPIDLE, &idle_s, sizeof idle_s));
  static_cast<void>(::setsockopt(fd, IPPROTO_TCP, TCP_KEEPINTVL, &idle_s, sizeof idle_s));
}

}  // namespace

void SessionCallbacks::install(Session& session) {
  CURL* easy = session.easy();
  void* self = &session;
  set_option(easy, CURLOPT_READFUNCTION, &read);
  set_option(easy, CURLOPT_READDATA, self);
  set_option(easy, CURLOPT_WRITEFUNCTION, &write);
  set_option(easy, CURLOPT_WRITEDATA, self);
  set_option(easy, CURLOPT_HEADERFUNCTION, &header);
  set_option(easy, CURLOPT_HEADERDATA, self);
  set_option(easy, CURLOPT_XFERINFOFUNCTION, &progress);
  set_option(easy, CURLOPT_XFERINFODATA, self);
  set_option(easy, CURLOPT_NOPROGRESS, 0L);
  set_option(easy, CURLOPT_DEBUGFUNCTION, &debug);
  set_option(easy, CURLOPT_DEBUGDATA, self);
  set_option(easy, CURLOPT_OPENSOCKETFUNCTION, &open_socket);
  set_option(easy, CURLOPT_OPENSOCKETDATA, self);
  set_option(easy, CURLOPT_SOCKOPTFUNCTION, &tune_socket);
  set_option(easy, CURLOPT_SOCKOPTDATA, self);
  set_option(easy, CURLOPT_CLOSESOCKETFUNCTION, &close_socket);
  set_option(easy, CURLOPT_CLOSESOCKETDATA, self);
}

std::size_t SessionCallbacks::read(char* buffer, std::size_t size, std::size_t count, void* self) noexcept {
  Transfer* transfer = session_of(self).transfer_;
  if (transfer == nullptr || transfer->source == nullptr) return CURL_READFUNC_ABORT;
  if (transfer->append_at && transfer->found_size != transfer->append_at) return CURL_READFUNC_ABORT;
  try {
    // libcurl would send what is beyond the announced size, too.
    const std::uint64_t left = transfer->length - transfer->read;
    std::size_t wanted = static_cast<std::size_t>(std::min<std::uint64_t>(size * count, left));
    if (wanted == 0) return 0;
    const Session& session = session_of(self);
    if (session.broke_off_.silently && session.data_ >= 0 &&
        may_end_soon(transfer->read, session.broke_off_.at)) {
      wanted = std::min(wanted, kCarefulPiece);
      const Room room = wait_for_arrival(session.data_, session.patience(*transfer), session.cancel_);
      if (room == Room::stopped) return CURL_READFUNC_ABORT;
      if (room == Room::ended) return 0;
    }
    const std::size_t got = transfer->source->read({reinterpret_cast<std::byte*>(buffer), wanted});
    transfer->read += got;
    transfer->last_activity = steady_clock::now();
    return got;
  } catch (...) {
    transfer->error = std::current_exception();
    return CURL_READFUNC_ABORT;
  }
}

std::size_t SessionCallbacks::write(char* data, std::size_t size, std::size_t count, void* self) noexcept {
  const Session& session = session_of(self);
  Transfer* transfer = session.transfer_;
  if (transfer == nullptr || transfer->sink == nullptr) return size * count;
  try {
    transfer->down += size * count;
    const bool more = (*transfer->sink)({reinterpret_cast<const std::byte*>(data), size * count});
    transfer->last_activity = steady_clock::now();
    transfer->stopped = !more;
    // On a fast line libcurl takes tens of MB before it gives us the turn back, and then all may be there.
    return more && !session.cancel_.cancelled() ? size * count : 0;
  } catch (...) {
    transfer->error = std::current_exception();
    return 0;
  }
}

std::size_t SessionCallbacks::header(char* data, std::size_t size, std::size_t count, void* self) noexcept {
  Session& session = session_of(self);
  if (session.transfer_ == nullptr) return size * count;
  try {
    session.take_header({data, size * count});
  } catch (...) {
    session.transfer_->error = std::current_exception();
    return 0;
  }
  return size * count;
}

int SessionCallbacks::progress(void* self, curl_off_t, curl_off_t, curl_off_t, curl_off_t up) noexcept {
  const Session& session = session_of(self);
  Transfer* transfer = session.transfer_;
  if (transfer == nullptr) return 0;
  // libcurl waits inside for the end of an SFTP transfer, and asks here now and then.
  if (session.ssh_) {
    transfer->peer_alive = stands(session.ssh_->socket);
    if (session.out_of_patience(*transfer)) return 1;
  }
  const std::uint64_t now_up = unsigned_of(up);
  if (now_up <= transfer->up) return 0;
  const std::uint64_t delta = now_up - transfer->up;
  transfer->up = now_up;
  transfer->last_activity = steady_clock::now();
  try {
    if (transfer->sent != nullptr && *transfer->sent) (*transfer->sent)(delta);
  } catch (...) {
    transfer->error = std::current_exception();
    return 1;
  }
  return 0;
}

int SessionCallbacks::debug(CURL*, curl_infotype type, char* data, std::size_t size, void* self) noexcept {
  Session& session = session_of(self);
  try {
    std::string_view text{data, size};
    while (!text.empty() && (text.back() == '\n' || text.back() == '\r')) text.remove_suffix(1);
    if (type == CURLINFO_TEXT && session.ssh_) {
      session.ssh_->note(text);
      session.log_reply(text);
    }
    if (type == CURLINFO_HEADER_IN) session.log_reply(text);
    if (type != CURLINFO_HEADER_OUT) return 0;
    session.log_command(text);
    for (const std::string_view secret : {"PASS", "ACCT"})
      if (text.starts_with(secret)) text = secret;  // a dialogue is for the server's words, not for ours
    session.pending_command_ = text;
    if (session.transfer_ != nullptr && session.transfer_->keep_dialogue)
      session.transfer_->last_command = text;
  } catch (
      ...) {  // a poorer log; a lost command text makes the dialogue incomplete, which its reader notices
  }
  return 0;
}

curl_socket_t SessionCallbacks::open_socket(void* self, curlsocktype, curl_sockaddr* address) noexcept {
  Session& session = session_of(self);
  const int fd = ::socket(address->family, address->socktype | SOCK_CLOEXEC, address->protocol);
  if (fd < 0) return CURL_SOCKET_BAD;
  // A data connection is opened after at least one reply, or in active mode beside a control connection: this
  // is a new control connection.
  const bool beside = session.endpoint_->settings.mode == DataMode::active && session.open();
  if (session.transfer_ != nullptr && session.transfer_->replies == 0 && !beside) {
    session.transfer_->fresh = true;
    session.tls_.control_secured = false;
  } else {
    session.data_ = fd;
  }
  if (session.ssh_) session.ssh_->socket = fd;
  try {
    session.sockets_.add(fd);
  } catch (...) {
    ::close(fd);
    return CURL_SOCKET_BAD;
  }
  return fd;
}

int SessionCallbacks::tune_socket(void* self, curl_socket_t fd, curlsocktype) noexcept {
  using std::chrono::milliseconds;
  const Session& session = session_of(self);
  const milliseconds limit = session.endpoint_->settings.no_progress_timeout;
  const auto timeout = static_cast<unsigned>(std::clamp<std::int64_t>(limit.count(), 1000, 3'600'000));
  static_cast<void>(::setsockopt(fd, IPPROTO_TCP, TCP_USER_TIMEOUT, &timeout, sizeof timeout));
  // What waits in the kernel to be sent is lost at a cut and makes progress a guess. What is under way isn't
  // meant.
  const int unsent = 512 * 1024;
  static_cast<void>(::setsockopt(fd, IPPROTO_TCP, TCP_NOTSENT_LOWAT, &unsent, sizeof unsent));
  if (session.transfer_ == nullptr || session.transfer_->replies == 0) keep_alive(fd);
  return CURL_SOCKOPT_OK;
}

int SessionCallbacks::close_socket(void* self, curl_socket_t fd) noexcept {
  Session& session = session_of(self);
  session.sockets_.remove(fd);
  if (session.data_ == fd) session.data_ = -1;
  const Transfer* transfer = session.transfer_;
  if (transfer != nullptr && transfer->storing() && !transfer->all_sent()) {
    // What the kernel still holds must not arrive after we have looked at the part's size.
    const linger at_once{1, 0};
    static_cast<void>(::setsockopt(fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once));
  }
  return ::close(fd);
}

}  // namespace outhaul
