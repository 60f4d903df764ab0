// What is said of a run to those who want to hear of it, and when. Pure.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "outhaul/profile.h"
#include "outhaul/report.h"

namespace outhaul {

/// One HTTP POST.
struct Post {
  std::string url;
  std::string content_type;
  std::string body;
  std::vector<std::string> headers{};  ///< "Name: value"; no control byte in any
};

/// `before`: how the run before ended; none: nobody knows, or there was none.
bool is_due(AlarmOn on, ExitCode now, std::optional<ExitCode> before) noexcept;

/// "outhaul web01: the remote is unusable".
std::string alarm_title(const RunReport& report);
/// The run as its last lines on a terminal say it, and its first grave problems with their advice; at most
/// 1,500 bytes.
std::string alarm_text(const RunReport& report);

/// The address itself for a success, "/start" below it for a beginning, "/fail" for a failure, and "/log" for
/// a window that ended: no success, so that a success that is due is still missed (healthchecks.io, "Pinging
/// API").
Post ping_at_start(const std::string& url);
Post ping_at_end(const std::string& url, const RunReport& report);
/// In the form that the service reads: Slack's and Discord's JSON, ntfy's text and headers, or the report as
/// `outhaul run
/// --json` prints it.
Post webhook_post(const Webhook& webhook, const RunReport& report);

}  // namespace outhaul
