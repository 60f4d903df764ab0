#include "alarm/mail.h"

#include <algorithm>
#include <sstream>

#include "support/catch.h"

using namespace outhaul;

namespace {

Mail to_admin() {
  Mail mail;
  mail.from = "backup@example.net";
  mail.to = {"admin@example.net", "second@example.net"};
  return mail;
}

RunReport failed() {
  RunReport report;
  report.profile = "web01";
  report.outcome = ExitCode::remote_unusable;
  report.message = "ftp.example.net: no route <to> \"host\"";
  report.advice = "Check the line.";
  return report;
}

const MailStamp kStamp{1'796'092'211'000'000'000, "0123456789abcdef", "web01.example.net"};

}  // namespace

TEST_CASE("a mail is ASCII in short lines that end as SMTP wants them") {
  const std::string mail = mail_message(to_admin(), failed(), kStamp);
  CHECK(std::ranges::all_of(mail, [](char c) { return static_cast<unsigned char>(c) < 0x80; }));
  CHECK(mail.ends_with("\r\n"));
  std::istringstream lines(mail);
  std::size_t count = 0;
  for (std::string line; std::getline(lines, line); ++count) {
    REQUIRE(line.ends_with('\r'));
    CHECK(line.size() <= 79);
    CHECK_FALSE(line.starts_with('.'));
  }
  CHECK(count > 10);
}

TEST_CASE("a mail says when, from whom, to whom, about what, and that a machine wrote it") {
  const std::string mail = mail_message(to_admin(), failed(), kStamp);
  CHECK(mail.starts_with(
      "Date: Tue, 01 Dec 2026 02:30:11 +0000\r\nFrom: outhaul <backup@example.net>\r\n"
      "To: admin@example.net,\r\n second@example.net\r\n"
      "Subject: outhaul web01: remote unusable\r\n"
      "Message-ID: <0123456789abcdef@web01.example.net>\r\nAuto-Submitted: auto-generated\r\n"));
}

TEST_CASE("a header's text that isn't short ASCII becomes encoded words") {
  CHECK(header_text("outhaul web01: done", "Subject") == "outhaul web01: done");
  CHECK(header_text("grün", "Subject") == "=?UTF-8?B?Z3LDvG4=?=");
  CHECK(header_text("a =?UTF-8?B?eA==?= b", "Subject").starts_with("=?UTF-8?B?"));
  CHECK(header_text("two\r\nlines", "Subject") == "=?UTF-8?B?dHdvDQpsaW5lcw==?=");
  std::string umlauts;
  for (int i = 0; i < 80; ++i) umlauts += "ü";
  std::istringstream words(header_text(umlauts, "Subject"));
  std::size_t count = 0;
  for (std::string word; std::getline(words, word); ++count) {
    if (word.ends_with('\r')) word.pop_back();
    CHECK(word.size() + (count == 0 ? 9 : 0) <= 76);
    CHECK(word.ends_with("?="));
  }
  CHECK(count == 4);
}

TEST_CASE("dates are written in English and in UTC, whatever the year") {
  CHECK(mail_date(0) == "Thu, 01 Jan 1970 00:00:00 +0000");
  CHECK(mail_date(951'782'399'999'999'999) == "Mon, 28 Feb 2000 23:59:59 +0000");
}
