// Files that hold secrets: read only when nobody else can read them.
#pragma once

#include <sys/stat.h>

#include <string>

#include "profile/secret.h"

namespace outhaul {

/// The whole of `path`, which must be a regular file of at most 64 KiB that belongs to the caller or to root
/// and that neither group nor others can touch. Throws Error{profile} that says what was found and how to
/// mend it; `what` is the noun of the message: "the secret file".
Secret read_private_file(const std::string& path, const std::string& what);

/// The same for a credential of systemd's. Its directory is what keeps others out, and where the file's owner
/// is root, an access control list lets the service's user in, whose mask shows as the group's bits: only
/// what others may do is looked at.
Secret read_credential_file(const std::string& path);

/// The rule alone: throws unless `status` is a file that `reader` may take a secret from. Pure but for the
/// names of users.
void refuse_exposed(const struct stat& status, uid_t reader, const std::string& path,
                    const std::string& what);

}  // namespace outhaul
