#include "remote/host_lookup.h"

#include <netdb.h>
#include <sys/socket.h>

namespace outhaul {

bool name_is_unknown(const std::string& host) {
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* found = nullptr;
  const int code = ::getaddrinfo(host.c_str(), nullptr, &hints, &found);
  if (found != nullptr) ::freeaddrinfo(found);
  return code == EAI_NONAME;
}

}  // namespace outhaul
