// The keys of a profile, object by object. Pure.
#pragma once

#include <string>
#include <string_view>

#include "profile/json_reader.h"

namespace outhaul {

Keys profile_keys();
Keys remote_keys();
/// Of the remote's password, and of every other secret, which netrc doesn't know.
Keys password_keys();
Keys secret_keys();
Keys tls_keys();
Keys ssh_keys();
Keys proxy_keys();
Keys bandwidth_keys();
Keys timeout_keys();
Keys version_keys();
Keys changing_keys();
Keys hook_keys();
Keys alarm_keys();
Keys mail_keys();
Keys webhook_keys();
Keys remote_modes_keys();
Keys default_keys();
Keys job_keys();
Keys safety_keys();
Keys verify_keys();

/// A hint for a key that has no place where it was found but one elsewhere; or empty.
std::string key_belongs_elsewhere(std::string_view key);

}  // namespace outhaul
