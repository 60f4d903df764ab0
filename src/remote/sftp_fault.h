// What a failure over SFTP means. Pure; the table is docs' and the tests' too.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "outhaul/remote.h"
#include "remote/classify.h"

namespace outhaul {

/// The server's status (draft-ietf-secsh-filexfer-02 §7), by libcurl's code or its words.
enum class SftpStatus : std::uint8_t {
  none,     ///< it was not the server that said no
  unsaid,   ///< the server said no, but libcurl doesn't say what: whoever must know looks
  missing,  ///< no such file, or a directory on the way isn't one
  denied,
  failure,  ///< OpenSSH's word for nearly everything: exists, not empty, disk full, …
  exists,
  no_space,
  not_empty,
  unsupported,
  bad_name,
  lost,  ///< libssh2's: the connection
  other,
};

struct SftpFault {
  int curl_code = 0;
  SftpStatus status = SftpStatus::none;
  Phase phase = Phase::command;
  bool logged_in = true;
  bool peer_alive = false;    ///< the connection stood when it failed: the server refused, nothing was cut
  bool no_agreement = false;  ///< the two sides share no algorithm
  bool no_sftp = false;       ///< logged in, but the server offers no SFTP
  bool no_greeting = false;   ///< the server ended the connection before it said who it is
  bool name_unknown = false;  ///< with CURLE_COULDNT_RESOLVE_HOST: the name does not exist
  ProxyFault proxy = ProxyFault::none;
};

/// By the code where it has one of its own; else by the end of libcurl's message, which is all that a refused
/// command has: "rename command failed: Operation failed", from 8.18 on `rename "A" to "B" failed: Operation
/// failed`. Names in the message are never taken for a status. Words that nobody knows are SftpStatus::none.
SftpStatus sftp_status(int curl_code, std::string_view words) noexcept;
/// libcurl's code for a download from beyond the file's end: 36, from 8.18 on 33.
bool is_beyond_the_end(int curl_code) noexcept;
/// N of "Offset (…) was beyond file size (N)", which is how libcurl tells a remote file's size. Not 0:
/// from 8.18 on that may also be a server which tells no size.
std::optional<std::uint64_t> size_in(std::string_view words) noexcept;
/// Whether the words of a failed handshake say that no common algorithm was found (libssh2's -5).
bool says_no_agreement(std::string_view words) noexcept;
/// Whether they say that the connection ended in the place of the server's first line.
bool says_no_greeting(std::string_view words) noexcept;

/// Never FailureClass::none or cancelled.
FailureClass classify_sftp(const SftpFault& fault) noexcept;
/// The FTP reply that says the same to those who look at replies (550, 552, 553, 451); 0: none does.
int reply_code_for(const SftpFault& fault) noexcept;

}  // namespace outhaul
