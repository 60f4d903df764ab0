// A Session's part in SFTP: the login, the host key, appending.
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include "remote/session_callbacks.h"

namespace outhaul {

void Session::configure_ssh() {
  CURL* easy = easy_.get();
  ssh_ = std::make_unique<SshLogin>(*endpoint_);
  ssh_->configure(easy);
  set_option(easy, CURLOPT_SSH_HOSTKEYFUNCTION, &SessionCallbacks::judge_host_key);
  set_option(easy, CURLOPT_SSH_HOSTKEYDATA, static_cast<void*>(this));
  set_option(easy, CURLOPT_SEEKFUNCTION, &SessionCallbacks::seek);
  set_option(easy, CURLOPT_SEEKDATA, static_cast<void*>(this));
}

bool Session::stands() noexcept {
  return open() && ssh_ && SessionCallbacks::stands(ssh_->socket);
}

int SessionCallbacks::judge_host_key(void* self, int, const char* key, std::size_t size) noexcept {
  try {
    Session& session = *static_cast<Session*>(self);
    HostKeyJudge& judge = session.ssh_->judge();
    if (judge.judge({key, size}) != HostKeyJudge::Verdict::accepted) return CURLKHMATCH_MISMATCH;
    session.endpoint_->host_key_type.found(judge.asked_type());
    return CURLKHMATCH_OK;
  } catch (...) {
    return CURLKHMATCH_MISMATCH;
  }
}

/// libcurl has asked for the remote file's size, has opened it for appending, and skips that much of the
/// source.
int SessionCallbacks::seek(void* self, curl_off_t offset, int origin) noexcept {
  Transfer* transfer = static_cast<Session*>(self)->transfer_;
  if (transfer == nullptr || !transfer->append_at || offset < 0 || origin != SEEK_SET)
    return CURL_SEEKFUNC_FAIL;
  transfer->found_size = static_cast<std::uint64_t>(offset);
  return transfer->found_size == transfer->append_at ? CURL_SEEKFUNC_OK : CURL_SEEKFUNC_FAIL;
}

/// Neither a FIN nor a RST has come.
bool SessionCallbacks::stands(curl_socket_t fd) noexcept {
  tcp_info info{};
  socklen_t size = sizeof info;
  return ::getsockopt(fd, IPPROTO_TCP, TCP_INFO, &info, &size) == 0 && info.tcpi_state == TCP_ESTABLISHED;
}

}  // namespace outhaul
