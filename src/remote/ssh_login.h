// What an SSH connection needs beyond what every connection has, and what is learned while it opens. Private
// to this layer.
#pragma once

#include <string>
#include <string_view>

#include "base/fd.h"
#include "remote/curl.h"
#include "remote/endpoint.h"
#include "remote/host_key.h"
#include "remote/ssh_key_file.h"

namespace outhaul {

/// What libcurl says while it connects: VERBOSE's text, for people, reworded in 8.21. Messages are poorer
/// without it, and nothing is taken for granted: empty is unknown.
struct SshNotes {
  std::string methods;      ///< that the server offers to this user: "publickey,password"
  std::string key_refusal;  ///< why the key file didn't work
  std::string agent_refusal;

  /// One line; both wordings.
  void take(std::string_view line);
};

/// One easy handle's login. Not thread-safe.
class SshLogin {
 public:
  /// Throws Error{usage} when there is nothing to log in with.
  explicit SshLogin(const Endpoint& endpoint);

  /// Sets the options that stay the same.
  void configure(CURL* easy);
  /// Before each connection: known_hosts is read again, notes are empty, the key file is looked at. Throws
  /// RemoteError{stop_run} when that can't work.
  void prepare(CURL* easy);
  /// Whether a login that was refused may have been meant otherwise: the server takes the password only as
  /// the answer to a question. True at most once.
  bool ask_for_password_instead();
  /// One line of libcurl's commentary.
  void note(std::string_view line) { notes_.take(line); }

  int socket = -1;  ///< of the connection that was opened last

  HostKeyJudge& judge() noexcept { return judge_; }
  const SshNotes& notes() const noexcept { return notes_; }
  const SshKeyFile& key_file() const noexcept { return key_file_; }

 private:
  void look_at_key();
  void offer_known_hosts(CURL* easy);
  long auth_types() const;

  const Endpoint& endpoint_;
  HostKeyJudge judge_;
  SshNotes notes_;
  SshKeyFile key_file_;
  Fd preference_;  ///< a file in memory: libcurl reads from known_hosts which type of key to ask for
  bool by_question_ = false;
};

}  // namespace outhaul
