// A run as a mail. Pure.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "outhaul/profile.h"
#include "outhaul/report.h"

namespace outhaul {

/// What is different in each mail.
struct MailStamp {
  std::int64_t sent_ns = 0;
  std::string id;    ///< letters and digits that no other mail has
  std::string host;  ///< this machine's name; may be empty
};

/// The whole message as SMTP takes it: CRLF behind each line, ASCII only, no line that needs dot-stuffing or
/// is longer than 78 bytes (RFC 5322 §2.1.1), a text and an HTML part (RFC 2046 §5.1.4).
std::string mail_message(const Mail& mail, const RunReport& report, const MailStamp& stamp);

/// A header's text as RFC 2047 writes it: as it is where it is short printable ASCII, else in encoded words.
std::string header_text(std::string_view utf8, std::string_view name);

/// "Tue, 01 Dec 2026 02:30:11 +0000" (RFC 5322 §3.3).
std::string mail_date(std::int64_t ns);

}  // namespace outhaul
