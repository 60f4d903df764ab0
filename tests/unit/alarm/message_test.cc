#include "alarm/message.h"

#include <nlohmann/json.hpp>

#include "support/catch.h"

using namespace outhaul;

namespace {

RunReport night(ExitCode outcome) {
  RunReport report;
  report.profile = "web01";
  report.remote = "ftp://ftp.example.net/web01";
  report.run = RunId{17};
  report.started_ns = 1'000'000'000;
  report.finished_ns = 3'000'000'000;
  report.outcome = outcome;
  JobReport job;
  job.job = "www";
  job.outcome = outcome;
  job.done.files_uploaded = 3;
  if (is_failure(outcome)) {
    job.problems = {{Problem::Severity::error, "www", "a<b>&c", "can't be stored: 553", "Ask the provider."}};
    job.problem_count = 1;
    report.message = "a<b>&c: can't be stored: 553";
  }
  report.jobs = {job};
  return report;
}

RunReport refused() {
  RunReport report;
  report.profile = "web01";
  report.outcome = ExitCode::locked;
  report.message = "another run is under way\nas pid 17";
  report.advice = "Wait for its end.";
  return report;
}

}  // namespace

TEST_CASE("who wants to hear of failures, of changes or of everything hears just that") {
  using enum ExitCode;
  for (const ExitCode bad :
       {failed, usage, incomplete, guard_refused, remote_unusable, locked, interrupted, terminated}) {
    CHECK(is_due(AlarmOn::failure, bad, done));
    CHECK(is_due(AlarmOn::failure, bad, bad));
    CHECK(is_due(AlarmOn::change, bad, done));
    CHECK_FALSE(is_due(AlarmOn::change, bad, failed));
    CHECK(is_due(AlarmOn::change, done, bad));
  }
  for (const ExitCode good : {done, window_ended}) {
    CHECK_FALSE(is_due(AlarmOn::failure, good, failed));
    CHECK_FALSE(is_due(AlarmOn::change, good, done));
    CHECK(is_due(AlarmOn::change, good, std::nullopt));
    CHECK(is_due(AlarmOn::always, good, done));
  }
}

TEST_CASE("a ping tells a beginning and a success and a failure and a window's end apart") {
  const std::string url = "https://hc.example.net/ping/abc";
  CHECK(ping_at_start(url).url == url + "/start");
  CHECK(ping_at_end(url, night(ExitCode::done)).url == url);
  CHECK(ping_at_end(url, night(ExitCode::incomplete)).url == url + "/fail");
  CHECK(ping_at_end(url, refused()).url == url + "/fail");
  CHECK(ping_at_end(url, night(ExitCode::window_ended)).url == url + "/log");
  CHECK(ping_at_start("https://h/x/?token=1").url == "https://h/x/start?token=1");
  CHECK(ping_at_start("https://h").url == "https://h/start");
}

TEST_CASE("the text says who and how and what is wrong") {
  const std::string text = alarm_text(night(ExitCode::incomplete));
  CHECK(text.starts_with("outhaul web01: incomplete\n"));
  CHECK(text.find("- www: a<b>&c: can't be stored: 553\n  Ask the provider.\n") != std::string::npos);
  const std::string early = alarm_text(refused());
  CHECK(early == "outhaul web01: locked\nanother run is under way\\x0Aas pid 17\nWait for its end.\n");
}

TEST_CASE("a text is cut at the end of a line") {
  RunReport report = night(ExitCode::incomplete);
  report.jobs[0].problems.assign(
      5, {Problem::Severity::error, "www", std::string(600, 'p'), "can't be stored", {}});
  const std::string text = alarm_text(report);
  CHECK(text.size() <= 1500 + 8);
  CHECK(text.ends_with("can't be stored\n…\n"));
}

TEST_CASE("each service gets the form that it reads") {
  Webhook webhook;
  webhook.url = "https://h/x";
  const RunReport report = night(ExitCode::incomplete);

  webhook.form = Webhook::Form::slack;
  const Post slack = webhook_post(webhook, report);
  CHECK(slack.content_type == "application/json");
  const std::string said = nlohmann::json::parse(slack.body).at("text");
  CHECK(said.find("a&lt;b&gt;&amp;c") != std::string::npos);
  CHECK(said.find('\n') != std::string::npos);

  webhook.form = Webhook::Form::discord;
  const std::string content = nlohmann::json::parse(webhook_post(webhook, report).body).at("content");
  CHECK(content == alarm_text(report));
  CHECK(content.size() <= 2000);

  webhook.form = Webhook::Form::ntfy;
  const Post ntfy = webhook_post(webhook, report);
  CHECK(ntfy.body == alarm_text(report));
  CHECK(ntfy.headers ==
        std::vector<std::string>{"Title: outhaul web01: incomplete", "Priority: high", "Tags: warning"});
  CHECK(webhook_post(webhook, night(ExitCode::done)).headers[1] == "Priority: default");

  webhook.form = Webhook::Form::report;
  const auto whole = nlohmann::json::parse(webhook_post(webhook, report).body);
  CHECK(whole.at("profile") == "web01");
  CHECK(whole.at("outcome") == "incomplete");
}
