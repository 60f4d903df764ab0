// What a failure over SFTP means. Pure; the table is docs' and the tests' too.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "outhaul/remote.h"
#include "remote/classify.h"

namespace outhaul {

/// The server's status (draft-ietf-secsh-filexfer-02 §7), as libcurl words it.
enum class SftpStatus : std::uint8_t {
  none,     ///< it was not the server that said no
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
  bool name_unknown = false;  ///< with CURLE_COULDNT_RESOLVE_HOST: the name does not exist
};

/// The status at the end of libcurl's message: "rename command failed: Operation failed".
SftpStatus sftp_status_in(std::string_view words) noexcept;
/// N of "Offset (…) was beyond file size (N)", which is how libcurl tells a remote file's size.
std::optional<std::uint64_t> size_in(std::string_view words) noexcept;
/// Whether the words of a failed handshake say that no common algorithm was found (libssh2's -5).
bool says_no_agreement(std::string_view words) noexcept;

/// Never FailureClass::none or cancelled.
FailureClass classify_sftp(const SftpFault& fault) noexcept;
/// The FTP reply that says the same to those who look at replies (550, 552, 553, 451); 0: none does.
int reply_code_for(const SftpFault& fault) noexcept;

}  // namespace outhaul
