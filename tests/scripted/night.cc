#include "scripted/night.h"

#include "outhaul/names.h"
#include "remote/connect.h"

namespace outhaul::test {

ScriptedNight::ScriptedNight(const Quirks& quirks) : scripted(quirks), settings(scripted.settings("space")) {
  have_no_catalog("what the server is asked is counted");
  scripted.make_dir("space");
  open_remote = [this](const RemoteSettings&, const ServerMemory& memory) {
    ++remotes_opened;
    Login login;
    login.user = ScriptedServer::kUser;
    login.password = ScriptedServer::kPassword;
    return connect(settings, login, memory);
  };
}

std::map<std::string, std::string> ScriptedNight::held() const {
  static constexpr std::string_view kBase = "space/";
  std::map<std::string, std::string> held;
  for (auto& [path, content] : scripted.files())
    if (path.starts_with(kBase) && !path.starts_with("space/.outhaul"))
      held[path.substr(kBase.size())] = content;
  return held;
}

std::vector<std::string> ScriptedNight::leavings() const {
  std::vector<std::string> names;
  for (const auto& [path, content] : scripted.files())
    if (path.starts_with("space/.outhaul")) names.push_back(path);
  return names;
}

}  // namespace outhaul::test
