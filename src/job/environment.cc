#include "job/environment.h"

#include <unistd.h>

#include <cstdlib>

#include "outhaul/error.h"
#include "profile/secret.h"
#include "remote/connect.h"

namespace outhaul {
namespace {

std::filesystem::path from_environment(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? std::filesystem::path{} : std::filesystem::path(value);
}

}  // namespace

std::function<std::unique_ptr<Remote>(const RemoteSettings&, const ServerMemory&)> real_remotes(
    const CancelToken& cancel) {
  return [&cancel](const RemoteSettings& settings, const ServerMemory& memory) {
    const Credentials credentials = resolve_credentials(settings, &cancel);
    return connect(settings,
                   {credentials.user, credentials.password.reveal(), credentials.key_passphrase.reveal(),
                    credentials.tls_key_password.reveal(), credentials.proxy_password.reveal()},
                   memory);
  };
}

void refuse_what_libcurl_cant(const RemoteSettings& settings) {
  refuse_unsupported(settings);
}

bool has_state(const std::filesystem::path& state_dir) noexcept {
  std::error_code fault;
  return std::filesystem::status(state_dir / "state.db", fault).type() !=
         std::filesystem::file_type::not_found;
}

std::filesystem::path find_state_root(const std::filesystem::path& flag) {
  if (!flag.empty()) return std::filesystem::absolute(flag);
  if (const auto dir = from_environment("OUTHAUL_STATE_DIR"); !dir.empty())
    return std::filesystem::absolute(dir);
  if (const auto dir = from_environment("XDG_STATE_HOME"); dir.is_absolute()) return dir / "outhaul";
  if (::geteuid() == 0) return "/var/lib/outhaul";
  if (const auto home = from_environment("HOME"); home.is_absolute()) return home / ".local/state/outhaul";
  throw Error(ErrorKind::usage, "can't tell where to keep the state: HOME is not set",
              "Give --state-dir DIR, or set OUTHAUL_STATE_DIR.");
}

}  // namespace outhaul
