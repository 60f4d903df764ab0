#include "cli/alarm_bell.h"

#include <fmt/format.h>

#include <algorithm>
#include <system_error>
#include <utility>

#include "alarm/mail.h"
#include "alarm/message.h"
#include "alarm/metrics.h"
#include "alarm/post.h"
#include "alarm/send_mail.h"
#include "base/log.h"
#include "base/machine.h"
#include "base/whole_file.h"
#include "cli/terminal_output.h"
#include "job/queries.h"
#include "outhaul/paths.h"
#include "profile/secret.h"

namespace outhaul::cli {
namespace {

/// None: it can't be asked, or there is none yet.
std::optional<StatusReport> status_now(const Profile& profile, const std::filesystem::path& state_dir,
                                       std::int64_t now_ns) {
  try {
    return status_of(profile, state_dir, std::chrono::hours(24), now_ns);
  } catch (const Error&) {
    return std::nullopt;
  }
}

}  // namespace

AlarmBell::AlarmBell(const Profile& profile, std::filesystem::path state_dir, const Clock& clock)
    : profile_(profile), state_dir_(std::move(state_dir)), clock_(clock), began_ns_(clock.now_ns()) {
  const auto by_change = [](const auto& alarm) { return alarm.on == AlarmOn::change; };
  if (std::ranges::none_of(profile.alarms.webhooks, by_change) &&
      std::ranges::none_of(profile.alarms.mail, by_change))
    return;
  if (const auto status = status_now(profile, state_dir_, began_ns_); status && status->last_run)
    before_ = status->last_run->outcome.value_or(ExitCode::failed);  // cut off
}

void AlarmBell::warn(const std::string& what, const std::string& failure) const {
  const std::string text =
      fmt::format("warning: {}: {} could not be told of the run: {}", profile_.name, what, failure);
  complain(text);
  log::write(log::Level::warning, text);
}

void AlarmBell::started() {
  const std::string& url = profile_.alarms.ping;
  if (url.empty()) return;
  const std::string failure = send_post(ping_at_start(url), {}, {.whole = profile_.alarms.timeout});
  if (!failure.empty()) warn(shown_address(url), failure);
}

void AlarmBell::ended(const RunReport& report) {
  const Alarms& alarms = profile_.alarms;
  if (!alarms.any()) return;
  if (!alarms.ping.empty()) {
    const std::string failure = send_post(ping_at_end(alarms.ping, report), {}, {.whole = alarms.timeout});
    if (!failure.empty()) warn(shown_address(alarms.ping), failure);
  }
  for (const Webhook& webhook : alarms.webhooks)
    if (is_due(webhook.on, report.outcome, before_)) ring(webhook, report);
  for (const Mail& to : alarms.mail)
    if (is_due(to.on, report.outcome, before_)) mail(to, report);
  if (!alarms.metrics.empty()) write_metrics(report);
}

void AlarmBell::mail(const Mail& mail, const RunReport& report) {
  try {
    const Secret password = resolve_secret(mail.password, nullptr);
    for (const std::string& recipient : mail.to) {
      const std::string message = mail_message(mail, report, {clock_.now_ns(), random_name(), host_name()});
      const std::string failure =
          send_mail(mail, recipient, password.reveal(), message, {.whole = profile_.alarms.timeout});
      if (!failure.empty()) warn(fmt::format("{} over {}", recipient, shown_server(mail)), failure);
    }
  } catch (const Error& error) {
    warn(shown_server(mail), error.what());
  }
}

void AlarmBell::ring(const Webhook& webhook, const RunReport& report) {
  try {
    const Secret token = resolve_secret(webhook.token, nullptr);
    const std::string failure =
        send_post(webhook_post(webhook, report), token.reveal(), {.whole = profile_.alarms.timeout});
    if (!failure.empty()) warn(shown_address(webhook.url), failure);
  } catch (const Error& error) {
    warn(shown_address(webhook.url), error.what());
  }
}

/// Readable by all: what reads it is another account.
void AlarmBell::write_metrics(const RunReport& report) {
  const std::filesystem::path& file = profile_.alarms.metrics;
  try {
    replace_file(file, metrics_text(report, status_now(profile_, state_dir_, clock_.now_ns())), 0644);
  } catch (const std::system_error& error) {
    warn("the metrics' readers",
         fmt::format("can't write \"{}\": {}", printable(file.native()), error.code().message()));
  }
}

RunReport AlarmBell::report_of(const Error& error) const {
  RunReport report;
  report.profile = profile_.name;
  report.remote = profile_.remote.url;
  report.started_ns = began_ns_;
  report.finished_ns = clock_.now_ns();
  report.outcome = error.kind() == ErrorKind::cancelled ? ExitCode::interrupted : exit_code_for(error.kind());
  report.message = error.what();
  report.advice = error.advice();
  return report;
}

}  // namespace outhaul::cli
