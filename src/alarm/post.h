// One HTTP POST.
#pragma once

#include <chrono>
#include <filesystem>
#include <string>

#include "alarm/message.h"
#include "base/cancel.h"

namespace outhaul {

struct PostLimits {
  std::chrono::milliseconds whole{30'000};  ///< of one attempt
  std::chrono::milliseconds connect{10'000};
  std::chrono::milliseconds pause{1'000};  ///< before the second attempt
};

/// Sends it. Empty when a 2xx came back; else what came instead, without
/// the address and what the server says of it, which may hold a secret.
/// A redirect isn't followed: a 301, 302 or 303 would make a GET of it. What may pass (no connection, a
/// timeout, 429, 5xx) is tried once more. `token`: sent as "Authorization: Bearer" unless it is empty. Never
/// throws for what the server does.
std::string send_post(const Post& post, const std::string& token, const PostLimits& limits = {});

/// "https://hooks.example.net/…": who an address belongs to; its path may be all the secret that it has.
std::string shown_address(const std::string& url);

}  // namespace outhaul
