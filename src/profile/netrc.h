// ~/.netrc as ftp(1) and curl read it. Pure.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "profile/secret.h"

namespace outhaul {

/// The login for `host`, and for `user` when one is given: the first "machine" entry of that host (letters'
/// case aside) whose login fits and that has a password, else the first such "default". Tokens may be quoted,
/// with backslash escapes; macro definitions are skipped to their blank line; lines that start with '#' are
/// comments. Throws Error{profile} with the line number, and never a word of the text.
std::optional<Credentials> find_in_netrc(std::string_view text, std::string_view host, std::string_view user);

}  // namespace outhaul
