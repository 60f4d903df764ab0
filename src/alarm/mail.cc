#include "alarm/mail.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <ctime>

#include "alarm/message.h"
#include "base/base64.h"
#include "base/nanoseconds.h"
#include "outhaul/odd_names.h"
#include "outhaul/paths.h"
#include "report/html.h"
#include "report/text.h"

namespace outhaul {
namespace {

/// RFC 2047 §2: an encoded word has at most 75 characters; "=?UTF-8?B?" and "?=" are twelve of them.
constexpr std::size_t kWordBytes = (75 - 12) / 4 * 3;
constexpr std::size_t kLine = 76;

std::string in_lines(std::string_view base64) {
  std::string text;
  for (std::size_t at = 0; at < base64.size(); at += kLine)
    text.append(base64.substr(at, kLine)).append("\r\n");
  return text;
}

/// Lines end as they do in a mail, whatever becomes of the encoding on its way (RFC 2045 §6.8).
std::string with_crlf(std::string_view text) {
  std::string lines;
  for (const char c : text) {
    if (c == '\n') lines += '\r';
    lines += c;
  }
  return lines;
}

std::string part(std::string_view boundary, std::string_view type, std::string_view content) {
  return fmt::format("--{}\r\nContent-Type: {}; charset=utf-8\r\nContent-Transfer-Encoding: base64\r\n\r\n{}",
                     boundary, type, in_lines(to_base64(with_crlf(content))));
}

std::string_view colour_of(ExitCode outcome) {
  if (outcome == ExitCode::done) return "#1a7f37";
  return is_failure(outcome) ? "#cf222e" : "#9a6700";
}

std::string html_text(const RunReport& report) {
  std::string text = fmt::format(
      "<!doctype html><html><body style=\"font-family:sans-serif\">"
      "<h2 style=\"border-left:.4em solid {};padding-left:.5em\">{}</h2>",
      colour_of(report.outcome), html(alarm_title(report)));
  text += fmt::format("<p>{}</p>", html(printable(report.remote)));
  const std::string words = alarm_text(report);
  text += fmt::format("<pre style=\"white-space:pre-wrap;font-size:1em\">{}</pre>",
                      html(words.substr(std::min(words.find('\n') + 1, words.size()))));
  return text + "</body></html>\n";
}

std::string joined(const std::vector<std::string>& addresses) {
  std::string text;
  for (const std::string& address : addresses) text += (text.empty() ? "" : ",\r\n ") + address;
  return text;
}

}  // namespace

std::string header_text(std::string_view utf8, std::string_view name) {
  const bool plain = std::ranges::all_of(utf8, [](char c) { return c >= ' ' && c < 0x7F; }) &&
                     utf8.find("=?") == std::string_view::npos && name.size() + 2 + utf8.size() <= kLine;
  if (plain) return std::string(utf8);
  std::string text, word;
  const auto end_word = [&] {
    if (word.empty()) return;
    text += fmt::format("{}=?UTF-8?B?{}?=", text.empty() ? "" : "\r\n ", to_base64(word));
    word.clear();
  };
  // The first line holds the header's name, too.
  std::size_t room = kWordBytes - std::min(kWordBytes - 3, (name.size() + 2 + 2) / 4 * 3 + 3);
  while (!utf8.empty()) {
    const std::size_t length = std::max<std::size_t>(utf8_length(utf8), 1);  // no character in two words
    if (word.size() + length > room) {
      end_word();
      room = kWordBytes;
    }
    word.append(utf8.substr(0, length));
    utf8.remove_prefix(std::min(length, utf8.size()));
  }
  end_word();
  return text;
}

std::string mail_date(std::int64_t ns) {
  static constexpr std::array kDays{"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
  static constexpr std::array kMonths{"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                      "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
  const std::time_t seconds = ns / kNsPerSecond;
  std::tm utc{};
  ::gmtime_r(&seconds, &utc);
  return fmt::format(
      "{}, {:02} {} {:04} {:02}:{:02}:{:02} +0000", kDays[static_cast<std::size_t>(utc.tm_wday)], utc.tm_mday,
      kMonths[static_cast<std::size_t>(utc.tm_mon)], utc.tm_year + 1900, utc.tm_hour, utc.tm_min, utc.tm_sec);
}

std::string mail_message(const Mail& mail, const RunReport& report, const MailStamp& stamp) {
  const std::string boundary = "outhaul-" + stamp.id;
  std::string text;
  text += "Date: " + mail_date(stamp.sent_ns) + "\r\n";
  text += "From: outhaul <" + mail.from + ">\r\n";
  text += "To: " + joined(mail.to) + "\r\n";
  text += "Subject: " + header_text(alarm_title(report), "Subject") + "\r\n";
  text += fmt::format("Message-ID: <{}@{}>\r\n", stamp.id, stamp.host.empty() ? "localhost" : stamp.host);
  text += "Auto-Submitted: auto-generated\r\n";  // RFC 3834: no automatic answers
  text += "MIME-Version: 1.0\r\n";
  text += fmt::format("Content-Type: multipart/alternative;\r\n boundary=\"{}\"\r\n\r\n", boundary);
  text += part(boundary, "text/plain", alarm_text(report));
  text += part(boundary, "text/html", html_text(report));
  return text + fmt::format("--{}--\r\n", boundary);
}

}  // namespace outhaul
