// Who is told of a run.
#include <fmt/format.h>

#include <fstream>
#include <nlohmann/json.hpp>

#include "site.h"
#include "support/catch.h"
#include "support/mail_server.h"
#include "support/web_server.h"

using namespace outhaul;
using namespace outhaul::test;
namespace fs = std::filesystem;

namespace {

/// A source and a place on a disk.
struct Told : Site {
  Told() {
    fs::create_directory(dir() / "disk");
    choices.url = "file://" + (dir() / "disk").string();
    write("a", "one");
  }
  void tell(const std::string& alarms) { choices.top_extra = "\"alarms\": {" + alarms + "}"; }
};

std::vector<std::string> lines_of(const WebServer& server) {
  std::vector<std::string> lines;
  for (const WebRequest& request : server.requests())
    lines.push_back(request.line.substr(0, request.line.rfind(' ')));
  return lines;
}

using Lines = std::vector<std::string>;

}  // namespace

TEST_CASE("a service that waits for successes hears of each beginning and end") {
  const WebServer server;
  Told site;
  site.tell(fmt::format(R"("ping": "{}")", server.url("/abc")));
  const RunResult good = site.run();
  INFO(told(good));
  CHECK(good.exit.code == 0);
  CHECK(lines_of(server) == Lines{"POST /abc/start", "POST /abc"});
  CHECK(server.requests()[1].body.starts_with("outhaul nightly: done\n"));

  fs::remove_all(site.source());
  CHECK(site.run().exit.code != 0);
  CHECK(lines_of(server) == Lines{"POST /abc/start", "POST /abc", "POST /abc/start", "POST /abc/fail"});
}

TEST_CASE("a run that something kept from its beginning is told of first of all") {
  const WebServer server;
  Told site;
  site.choices.url = "ftp://backup@127.0.0.1:1/space";
  site.choices.tls = R"("off")";
  site.choices.password = fmt::format(R"({{"file": "{}"}})", (site.dir() / "absent").string());
  site.choices.catalog_let_be = "nothing is stored";
  site.tell(fmt::format(R"("webhooks": [{{"url": "{}"}}])", server.url("/hook")));
  const RunResult no_secret = site.run();
  INFO(told(no_secret));
  CHECK(no_secret.exit.code != 0);
  REQUIRE(server.requests().size() == 1);
  const auto report = nlohmann::json::parse(server.requests()[0].body);
  CHECK(report.at("profile") == "nightly");
  CHECK(report.at("outcome") != "done");

  // Another one has the lock.
  Told busy;
  const fs::path held = busy.dir() / "held";
  busy.choices.job_extra = fmt::format(
      R"("hooks": {{"before": ["sh", "-c", "echo x >{0}; while [ -e {0} ]; do sleep 0.05; done"]}})",
      held.string());
  Process first = busy.start();
  REQUIRE(eventually([&] { return fs::exists(held); }));
  busy.tell(fmt::format(R"("webhooks": [{{"url": "{}", "form": "ntfy"}}])", server.url("/locked")));
  const RunResult second = busy.run();
  INFO(told(second));
  CHECK(second.exit.code == 11);
  CHECK(lines_of(server).back() == "POST /locked");
  CHECK(server.requests().back().headers.at("title") == "outhaul nightly: locked");
  fs::remove(held);
  CHECK(first.wait(std::chrono::seconds(30)) == Exit{0, 0});
}

TEST_CASE("who wants to hear of changes hears of the first failure and of the first success after it") {
  const WebServer server;
  Told site;
  site.tell(
      fmt::format(R"("webhooks": [{{"url": "{}", "on": "change", "form": "slack"}}])", server.url("/hook")));
  auto heard = [&, before = std::size_t{0}]() mutable {
    const std::size_t now = server.requests().size();
    return now - std::exchange(before, now);
  };
  CHECK(site.run().exit.code == 0);
  CHECK(heard() == 1);  // the first run of all
  CHECK(site.run().exit.code == 0);
  CHECK(heard() == 0);
  fs::rename(site.source(), site.dir() / "away");
  for (const std::size_t expected : {1, 0}) {
    CHECK(site.run().exit.code != 0);
    CHECK(heard() == expected);
  }
  fs::rename(site.dir() / "away", site.source());
  CHECK(site.run().exit.code == 0);
  CHECK(heard() == 1);
}

TEST_CASE("an alarm that fails is a warning and the run is as good as it was") {
  const WebServer server({{.status = 403, .body = "no such hook: /secret"}});
  Told site;
  site.tell(fmt::format(R"("ping": "{}", "webhooks": [{{"url": "http://127.0.0.1:1/secret", "on": "always"}}],
                           "metrics": "{}", "timeout": "2 s")",
                        server.url("/secret"), (site.dir() / "absent/x.prom").string()));
  const RunResult result = site.run();
  INFO(told(result));
  CHECK(result.exit.code == 0);
  CHECK(holds(result.err,
              {"could not be told of the run: it answers 403", "http://127.0.0.1:1/…", "absent/x.prom"}));
  CHECK(result.err.find("secret") == std::string::npos);
  CHECK(read_file(site.dir() / "disk/data/a") == "one");
}

TEST_CASE("the metrics keep the time of the last success through failures") {
  Told site;
  const fs::path file = site.dir() / "outhaul.prom";
  site.tell(fmt::format(R"("metrics": "{}")", file.string()));
  const auto value = [&](const std::string& name) {
    const std::string text = "\n" + read_file(file), line = "\nouthaul_" + name + "{profile=\"nightly\"} ";
    const std::size_t at = text.find(line);
    REQUIRE(at != std::string::npos);
    return text.substr(at + line.size(), text.find('\n', at + 1) - at - line.size());
  };
  REQUIRE(site.run().exit.code == 0);
  CHECK(value("last_run_exit_code") == "0");
  CHECK(value("last_run_uploaded_files") == "1");
  CHECK(value("stored_files") == "1");
  const std::string success = value("last_success_timestamp_seconds");
  fs::remove_all(site.source());
  REQUIRE(site.run().exit.code != 0);
  CHECK(value("last_run_exit_code") != "0");
  CHECK(value("last_success_timestamp_seconds") == success);
  CHECK(value("consecutive_failures") == "1");
}

TEST_CASE("in the journal each line has its priority, and elsewhere none") {
  Told site;
  site.write_profile();
  fs::remove_all(site.source());
  const auto run = [&](const std::string& stream) {
    std::vector<std::string> argv{"sh", "-c",
                                  "JOURNAL_STREAM=$(stat -L -c " + stream + " /dev/fd/2) exec \"$@\"", "sh"};
    const std::vector<std::string> command = site.command({"run", site.profile().string()});
    argv.insert(argv.end(), command.begin(), command.end());
    return run_program(argv);
  };
  const RunResult told_journal = run("%d:%i");
  INFO(told(told_journal));
  CHECK(told_journal.exit.code == 4);
  CHECK(told_journal.err.starts_with("<3>error: "));
  CHECK(told_journal.out.find('<') == std::string::npos);  // another stream
  CHECK(run("%d:0").err.starts_with("error: "));
}

TEST_CASE("a dry run and a plan tell nobody") {
  const WebServer server;
  Told site;
  site.tell(fmt::format(R"("ping": "{}", "webhooks": [{{"url": "{}", "on": "always"}}])", server.url("/p"),
                        server.url("/w")));
  site.write_profile();
  CHECK(site.outhaul({"plan", site.profile().string()}).exit.code == 0);
  CHECK(site.outhaul({"run", "--dry-run", site.profile().string()}).exit.code == 0);
  CHECK(server.requests().empty());
}

TEST_CASE("a repair that can't bring everything back is not told as a success") {
  const WebServer server;
  Told site;
  site.choices.on_removal = "retire";
  REQUIRE(site.run().exit.code == 0);
  site.write("a", "other content");
  REQUIRE(site.run().exit.code == 0);
  fs::remove_all(site.dir() / "disk/.outhaul/versions");
  site.tell(fmt::format(R"("ping": "{}")", server.url("/abc")));
  site.write_profile();
  const RunResult repaired = site.outhaul({"run", "--repair", site.profile().string()});
  INFO(told(repaired));
  CHECK(repaired.exit.code == 3);
  CHECK(holds(repaired.out, {"INCOMPLETE", "1 older version is lost on the remote"}));
  CHECK(lines_of(server) == Lines{"POST /abc/start", "POST /abc/fail"});
}

TEST_CASE("a mail reaches its readers over TLS with a login and each one alone") {
  const MailTls tls = GENERATE(MailTls::starttls, MailTls::implicit);
  const MailServer server(tls);
  Told site;
  const fs::path secret = site.dir() / "mail.secret";
  std::ofstream(secret) << MailServer::kPassword << '\n';
  fs::permissions(secret, fs::perms::owner_read);
  site.tell(fmt::format(R"("mail": [{{"url": "{}", "password": {{"file": "{}"}}, "ca": "{}", "on": "always",
    "from": "backup@example.net", "to": ["refused@example.net", "admin@example.net", "grey@example.net"]}}])",
                        server.url(), secret.string(), server.ca().string()));
  const RunResult run = site.run();
  INFO(told(run));
  CHECK(run.exit.code == 0);
  CHECK(holds(run.err, {"refused@example.net over smtp", "could not be told"}));
  const auto mails = server.mails();
  REQUIRE(mails.size() == 2);
  CHECK(mails[0]["recipients"] == nlohmann::json{"admin@example.net"});
  CHECK(mails[1]["recipients"] == nlohmann::json{"grey@example.net"});  // greylisted, and tried again
  const auto& mail = mails[0];
  CHECK(mail["sender"] == "backup@example.net");
  CHECK(mail["user"] == MailServer::kUser);
  CHECK((mail["tls"] == true || tls == MailTls::implicit));
  CHECK(mail["headers"]["subject"] == "outhaul nightly: done");
  CHECK(mail["type"] == "multipart/alternative");
  CHECK(holds(mail["parts"]["text/plain"].get<std::string>(), {"done: nightly run 1"}));
  CHECK(holds(mail["parts"]["text/html"].get<std::string>(), {"<h2", "done: nightly run 1"}));
  CHECK(mail["defects"].empty());
  CHECK(mail["ascii"] == true);
  CHECK(mail["bare_line_ends"] == 0);
  CHECK(mail["longest_line"] <= 78);
  CHECK(mail["headers"]["message-id"] != mails[1]["headers"]["message-id"]);
}

TEST_CASE("a mail server that can't be used is a warning and never a failed run") {
  const MailServer server(MailTls::starttls);
  Told site;
  std::ofstream(site.dir() / "mail.secret") << "wrong";
  fs::permissions(site.dir() / "mail.secret", fs::perms::owner_read);
  const auto mail = [&](const std::string& url, const std::string& more) {
    site.tell(fmt::format(
        R"("timeout": "5 s", "mail": [{{"url": "{}", {} "on": "always", "from": "a@b", "to": ["c@d"]}}])",
        url, more));
    return site.run();
  };
  const std::string login = R"("password": {"file": "mail.secret"},)";
  const RunResult wrong = mail(server.url(), login + fmt::format(R"("ca": "{}",)", server.ca().string()));
  CHECK(wrong.exit.code == 0);
  CHECK(holds(wrong.err, {"it refuses the login"}));
  const RunResult stranger = mail(server.url(), login);  // its certificate is nobody's whom we trust
  CHECK(stranger.exit.code == 0);
  CHECK(holds(stranger.err, {"c@d over smtp", "could not be told", "certificate"}));
  const RunResult nobody = mail(fmt::format("smtp://localhost:{}", SilentPort().port()), R"("tls": "off",)");
  CHECK(nobody.exit.code == 0);
  CHECK(holds(nobody.err, {"could not be told of the run"}));
  const MailServer plain(MailTls::none);
  const RunResult no_tls = mail(plain.url(), "");
  CHECK(no_tls.exit.code == 0);
  CHECK(holds(no_tls.err, {"it offers no TLS"}));
  CHECK(plain.mails().empty());
  CHECK(mail(plain.url(), R"("tls": "off",)").exit.code == 0);
  CHECK(plain.mails().size() == 1);
  CHECK(server.mails().empty());
}
