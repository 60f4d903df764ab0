// One HTTP POST.
#pragma once

#include <filesystem>
#include <string>

#include "alarm/delivery.h"
#include "alarm/message.h"
#include "base/cancel.h"

namespace outhaul {

/// Sends it. Empty when a 2xx came back; else what came instead, without
/// the address and what the server says of it, which may hold a secret.
/// A redirect isn't followed: a 301, 302 or 303 would make a GET of it. What may pass (no connection, a
/// timeout, 429, 5xx) is tried once more. `token`: sent as "Authorization: Bearer" unless it is empty. Never
/// throws for what the server does.
std::string send_post(const Post& post, const std::string& token, const DeliveryLimits& limits = {});

/// "https://hooks.example.net/…": who an address belongs to; its path may be all the secret that it has.
std::string shown_address(const std::string& url);

}  // namespace outhaul
