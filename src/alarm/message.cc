#include "alarm/message.h"

#include <fmt/format.h>

#include <algorithm>

#include "outhaul/error.h"
#include "outhaul/paths.h"
#include "outhaul/shown.h"
#include "report/json.h"
#include "report/json_writer.h"
#include "report/text.h"

namespace outhaul {
namespace {

constexpr std::size_t kMostText = 1500;
constexpr std::size_t kMostProblems = 5;

std::string words_of(ExitCode outcome) {
  std::string words(to_string(outcome));
  std::ranges::replace(words, '_', ' ');
  return words;
}

/// Whole lines, as many as fit.
std::string cut(std::string text) {
  if (text.size() <= kMostText) return text;
  text.resize(kMostText);
  const std::size_t end = text.rfind('\n');
  text.resize(end == std::string::npos ? 0 : end + 1);
  return text + "…\n";
}

/// Below the address, ahead of what it asks for.
std::string below(const std::string& url, std::string_view name) {
  const std::size_t end = std::min(url.find('?'), url.size());
  std::string path = url.substr(0, end);
  while (path.ends_with('/')) path.pop_back();
  return path.append(name).append(url.substr(end));
}

/// What Slack reads as markup.
std::string for_slack(std::string_view text) {
  std::string escaped;
  for (const char c : text) {
    if (c == '&')
      escaped += "&amp;";
    else if (c == '<')
      escaped += "&lt;";
    else if (c == '>')
      escaped += "&gt;";
    else
      escaped += c;
  }
  return escaped;
}

std::string object_with(std::string_view key, const std::string& text) {
  JsonWriter json;
  json.begin_object();
  json.key(key);
  // Lines must stay lines: value() is for one.
  json.bytes(text);
  json.end_object();
  return json.take();
}

Post plain(std::string url, std::string body) {
  return {std::move(url), "text/plain; charset=utf-8", std::move(body), {}};
}

}  // namespace

bool is_due(AlarmOn on, ExitCode now, std::optional<ExitCode> before) noexcept {
  switch (on) {
    case AlarmOn::always:
      return true;
    case AlarmOn::change:
      return !before || is_failure(*before) != is_failure(now);
    case AlarmOn::failure:
      break;
  }
  return is_failure(now);
}

std::string alarm_title(const RunReport& report) {
  return fmt::format("outhaul {}: {}", printable(report.profile), words_of(report.outcome));
}

std::string alarm_text(const RunReport& report) {
  std::string text = alarm_title(report) + '\n';
  if (!report.jobs.empty())
    text += run_text(report);
  else if (!report.message.empty())
    text += printable(report.message) + '\n' + (report.advice.empty() ? "" : printable(report.advice) + '\n');
  std::size_t told = 0;
  for (const JobReport& job : report.jobs)
    for (const Problem& problem : job.problems)
      if (problem.severity == Problem::Severity::error && told++ < kMostProblems)
        text += fmt::format("- {}: {}\n{}", printable(job.job), printable(message_with_path(problem)),
                            problem.advice.empty() ? "" : "  " + printable(problem.advice) + '\n');
  return cut(std::move(text));
}

Post ping_at_start(const std::string& url) {
  return plain(below(url, "/start"), "");
}

Post ping_at_end(const std::string& url, const RunReport& report) {
  if (report.outcome == ExitCode::done) return plain(url, alarm_text(report));
  return plain(below(url, is_failure(report.outcome) ? "/fail" : "/log"), alarm_text(report));
}

Post webhook_post(const Webhook& webhook, const RunReport& report) {
  constexpr const char* kJson = "application/json";
  switch (webhook.form) {
    case Webhook::Form::slack:
      return {webhook.url, kJson, object_with("text", for_slack(alarm_text(report))), {}};
    case Webhook::Form::discord:
      return {webhook.url, kJson, object_with("content", alarm_text(report)), {}};
    case Webhook::Form::ntfy: {
      Post post = plain(webhook.url, alarm_text(report));
      const bool bad = is_failure(report.outcome);
      post.headers = {"Title: " + alarm_title(report), bad ? "Priority: high" : "Priority: default",
                      bad ? "Tags: warning" : "Tags: white_check_mark"};
      return post;
    }
    case Webhook::Form::report:
      break;
  }
  return {webhook.url, kJson, run_json(report) + '\n', {}};
}

}  // namespace outhaul
