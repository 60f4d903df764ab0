#include "scripted/client.h"

#include "remote/connect.h"

namespace outhaul::test {

Client::Client(const Quirks& quirks) : server(quirks) {
  connect(server.settings());
}

void Client::connect(const RemoteSettings& settings, const ServerMemory& told) {
  lane.reset();
  channel.reset();
  Login login;
  login.user = ScriptedServer::kUser;
  login.password = ScriptedServer::kPassword;
  remote = outhaul::connect(settings, login, told);
  lane = remote->open_lane(cancel);
  channel = remote->open_channel(cancel);
}

Caught catch_from(const std::function<void()>& action) {
  try {
    action();
  } catch (const RemoteError& error) {
    return {error.failure(), error.reply_code(), std::string(error.what()) + "\n" + error.advice()};
  }
  return {};
}

}  // namespace outhaul::test
