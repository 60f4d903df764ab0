// Secrets, resolved late and wiped early.
#pragma once

#include <string>

#include "outhaul/profile.h"

namespace outhaul {

class CancelToken;  // base/cancel.h

/// Bytes that are wiped on destruction and never printed.
class Secret {
 public:
  Secret() = default;
  /// Takes the bytes over and wipes what the move leaves behind in `value` (short strings live inside the
  /// object).
  explicit Secret(std::string value);
  Secret(Secret&& other) noexcept;
  Secret& operator=(Secret&& other) noexcept;
  ~Secret();
  bool empty() const noexcept { return value_.empty(); }
  const std::string& reveal() const noexcept { return value_; }

 private:
  std::string value_;
};

/// Everything secret that a connection needs; empty: not needed.
struct Credentials {
  std::string user;
  Secret password;
  Secret key_passphrase{};    ///< of the SSH key
  Secret tls_key_password{};  ///< of the client certificate's key
  Secret proxy_password{};
};

/// The login for `remote`: env, file (refused when group or others can read it, or when it isn't the caller's
/// or root's), command (argv, no shell, its standard error passed on, 60 s limit), credential (systemd's,
/// from $CREDENTIALS_DIRECTORY), netrc (~/.netrc or the named file; machine = host). A trailing newline is
/// cut. Anonymous when FTP, no user named and no secret given. Throws Error{profile} that names the source,
/// never the value; Error{cancelled} when `cancel` fires while a command runs, which is killed.
Credentials resolve_credentials(const RemoteSettings& remote, const CancelToken* cancel = nullptr);
/// Any other secret, by the same ways; empty when none is named.
Secret resolve_secret(const SecretSource& source, const CancelToken* cancel = nullptr);
/// Reads the secrets that are in files, netrc included, and says what is wrong with them; no command is run.
void check_secret_files(const RemoteSettings& remote);

}  // namespace outhaul
