// The certificate that we show to a server that asks for one.
#pragma once

#include <string>

#include "outhaul/profile.h"

namespace outhaul {

/// Throws Error{usage} when the profile's client certificate can't be used: a file that is missing or can't
/// be read, no certificate or key in it, a wrong password, a key that isn't the certificate's. libcurl would
/// find out after the connection is made, with one message for all of them. Does nothing without one.
void check_client_certificate(const TlsSettings& tls, const std::string& key_password);

}  // namespace outhaul
