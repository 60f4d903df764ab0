// One client of a server, and what it was told when something failed.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "base/cancel.h"
#include "contract/remote_contract.h"
#include "remote/connect.h"
#include "support/servers.h"

namespace outhaul::test {

/// Like doctor's small file: it is stored, resumed, looked at, renamed, listed, read back and deleted, over a
/// lane and a command channel.
void live_a_files_life(const RemoteSettings& settings, const Login& login);

/// The test servers' own user.
Login tester(const std::string& proxy_password = {});

struct Told {
  FailureClass failure = FailureClass::none;
  std::string text;  ///< message and advice
};
Told told_by(const std::function<void()>& action);

/// A first upload with these settings.
Told first_put(const RemoteSettings& settings, const Login& login);

}  // namespace outhaul::test
