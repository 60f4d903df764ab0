// A mail on its way to one server.
#pragma once

#include <string>

#include "alarm/delivery.h"
#include "outhaul/profile.h"

namespace outhaul {

/// Hands `message` (mail_message()) to the server for `recipient`. Empty when the server has taken it; else
/// what kept it, without what the server says of the login. TLS is demanded unless `mail.plain`. What may
/// pass (no connection, a timeout, a 4xx, as greylisting answers) is tried once more. Never throws for what
/// the server does.
std::string send_mail(const Mail& mail, const std::string& recipient, const std::string& password,
                      const std::string& message, const DeliveryLimits& limits = {});

/// "smtps://mail.example.net:465", for messages.
std::string shown_server(const Mail& mail);

}  // namespace outhaul
