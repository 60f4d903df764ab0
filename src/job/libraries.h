// What `outhaul --version` says of the libraries that run.
#pragma once

#include <string>

namespace outhaul {

/// "libcurl 8.14.1, OpenSSL/3.5.9, libssh2/1.11.1": whoever reports a fault is asked for it.
std::string libraries();

}  // namespace outhaul
