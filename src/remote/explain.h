// A classified failure in an operator's words. Pure.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>

#include "outhaul/remote.h"
#include "remote/certificate.h"
#include "remote/classify.h"

namespace outhaul {

/// Everything that is known about one failure.
struct FailureStory {
  Fault fault;
  std::string remote;  ///< for messages: "ftp://ftp.example.net/web01"
  std::string host;
  std::uint16_t port = 0;  ///< 0 = the scheme's own
  std::string user;
  ProxyStory proxy;
  bool active = false;    ///< the server was to open the data connection
  std::string doing;      ///< "store \"etc/passwd\""; empty: it failed before anything was asked for
  std::string transport;  ///< libcurl's own words, for what has no better ones
  bool tls_off = false;
  bool tls_capped = false;          ///< TLS 1.2 was the best that was asked for
  bool session_lacking = false;     ///< this libcurl can't keep the control connection's TLS 1.3 session
  bool client_certificate = false;  ///< one was shown
  bool timed_out = false;           ///< our own clock ended it
  std::chrono::seconds waited{0};
  PeerCertificate certificate;
};

RemoteError explain(const FailureStory& story);

}  // namespace outhaul
