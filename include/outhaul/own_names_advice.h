// What helps where a server refuses one of outhaul's own names. Pure.
#pragma once

#include <string>
#include <string_view>

#include "outhaul/paths.h"

namespace outhaul {

/// Empty unless `path` is the control directory or a part, which the profile can give other names.
std::string_view advice_on_own_name(const RemotePath& path);

/// `advice`, then that, where the reply may mean the name: 550 and 553 (RFC 959 §4.2.2) say so as well as
/// that the account may not write there.
std::string with_advice_on_own_name(std::string advice, const RemotePath& path, int reply_code);

}  // namespace outhaul
