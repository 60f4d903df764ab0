#include "remote/command_channel.h"

#include <fmt/format.h>
#include <poll.h>

#include <algorithm>
#include <array>
#include <chrono>

#include "outhaul/names.h"
#include "remote/command_batch.h"
#include "remote/digest_way.h"
#include "remote/order_probe.h"
#include "remote/session.h"

namespace outhaul {
namespace {

using std::chrono::steady_clock;

/// Commands without an answer, at most. More gains nothing at 50 ms round trip (docs/ftp-notes.md).
constexpr std::size_t kWindow = 500;
/// How many bytes of commands may be on their way, and how many of them go out in one piece (always whole
/// lines).
struct Pace {
  std::size_t window;
  std::size_t piece;
};
/// Well below what the smallest receive buffers hold.
constexpr Pace kFast{32 * 1024, 32 * 1024};
/// Under TLS each command has a record of its own: ProFTPD waits on the socket although the rest of a longer
/// record is in its hands already, and so never carries out the last commands of it.
constexpr Pace kLineByLine{32 * 1024, 1};
/// Without TLS, to a server that isn't known to read lines whole: ProFTPD 1.3.8 overlooks the end of a line
/// when a read ends between its CR and its LF; two commands become one, and every later reply seems to answer
/// the command before its own. It reads up to 8192 bytes at a time, and less when a TCP segment ends: so no
/// more than it reads at once is on its way, in pieces that fit into a segment.
constexpr Pace kCautious{4000, 1000};
constexpr int kPollMs = 50;
/// From so many lines on it is worth finding out whether they may go together.
constexpr std::size_t kWorthProving = 5;
/// The probe's names lie where nobody else's do.
constexpr const char* kAbsent = "/no-such-name-";
/// A server that swallows commands leaves the probe without an answer.
constexpr std::chrono::seconds kProbePatience{10};

class CommandChannel final : public CommandRunner, private CommandWire {
 public:
  CommandChannel(std::shared_ptr<Endpoint> endpoint, const CancelToken& cancel)
      : session_(std::move(endpoint), cancel) {}

  std::vector<CommandResult> run(std::span<const Command> commands) override {
    return run_commands(*this, endpoint().paths, endpoint().learned, commands);
  }
  void rest() noexcept override { drop(); }

 private:
  enum class Io { progress, wait, closed };

  Endpoint& endpoint() const { return session_.endpoint(); }

  // CommandWire
  Answer exchange(std::span<const std::string> lines) override;
  Features features() override;
  std::string login_directory() const override { return login_directory_; }
  void drop() noexcept override;

  void connect();
  Pace pace_for(const Transfer& transfer) const;
  void prepare();
  void fail_unsent(const Answer& answer);
  bool gone_stale();
  bool may_send_ahead(std::size_t lines);
  void prove_order();
  enum class Probed { in_order, out_of_order, broke_off };
  Probed probe_order();
  Probed probe_order(const OrderProbe& probe);
  Answer one_by_one(std::span<const std::string> lines);
  Answer pump(std::span<const std::string> lines);
  Answer& give_up(Answer& answer, FailureClass failure, std::size_t asked);
  Answer& fall_out_of_step(Answer& answer);
  Answer& hear_out(Answer& answer);
  std::chrono::seconds patience_for(const std::string& line) const;
  void note_dislike(const Answer& answer, std::size_t asked);
  Io send_some();
  Io receive_some();
  bool take_replies(std::span<const std::string> lines, Answer& answer);

  Session session_;
  ReplyParser parser_;
  std::string out_;  ///< bytes that are to be sent
  std::string login_directory_;
  Pace pace_ = kCautious;
  bool connected_ = false;
  bool proven_ = false;  ///< a pipelined batch has worked on this server
};

Features CommandChannel::features() {
  if (!connected_) connect();
  return endpoint().learned.features().value_or(Features{});
}

CommandWire::Answer CommandChannel::exchange(std::span<const std::string> lines) {
  if (lines.empty()) return {};
  if (session_.cancel().cancelled()) throw session_.cancelled_error();
  if (connected_ && gone_stale()) drop();
  if (!connected_) connect();
  const bool ahead = may_send_ahead(lines.size());
  if (connected_ && gone_stale()) drop();
  if (!connected_) connect();
  return ahead ? pump(lines) : one_by_one(lines);
}

CommandWire::Answer CommandChannel::one_by_one(std::span<const std::string> lines) {
  Answer all;
  for (std::size_t i = 0; i < lines.size(); ++i) {
    const bool pointless = i > 0 && lines[i].starts_with("RNTO ") && all.replies.back().code >= 400;
    if (pointless) {
      all.replies.emplace_back();
      continue;
    }
    Answer one = pump(lines.subspan(i, 1));
    if (one.out_of_step) return one;  // nor do the answers before it count
    std::move(one.replies.begin(), one.replies.end(), std::back_inserter(all.replies));
    all.broken = one.broken;
    all.last_words = std::move(one.last_words);
    if (all.broken != FailureClass::none) return all;
  }
  if (all.replies.size() > 1) endpoint().learned.answered_one_at_a_time();
  return all;
}

/// Whether so many lines may go before the first is answered. May cost the connection.
bool CommandChannel::may_send_ahead(std::size_t lines) {
  const Learned& learned = endpoint().learned;
  if (lines >= kWorthProving && learned.answers_in_order() == Learned::Known::unknown) prove_order();
  return learned.answers_in_order() == Learned::Known::yes;
}

void CommandChannel::prove_order() {
  Learned& learned = endpoint().learned;
  switch (probe_order()) {
    case Probed::in_order:
      return learned.order_proven();
    case Probed::out_of_order:
      learned.order_disproven();
      break;
    case Probed::broke_off:
      learned.order_broke_off();
      break;
  }
  drop();
  if (session_.cancel().cancelled()) throw session_.cancelled_error();
}

CommandChannel::Probed CommandChannel::probe_order() {
  const RemotePath control = RemotePath::parse(endpoint().settings.names.own.dir);
  const OrderProbe probe(endpoint().paths.argument(control) + kAbsent);
  const Watchdog::Watch watch = session_.watch();
  return probe_order(probe);
}

/// Replies are read as they come, so that the next command goes out while the server is awake.
CommandChannel::Probed CommandChannel::probe_order(const OrderProbe& probe) {
  const auto patience =
      std::min<std::chrono::nanoseconds>(kProbePatience, endpoint().settings.no_progress_timeout);
  curl_socket_t socket = CURL_SOCKET_BAD;
  curl_easy_getinfo(session_.easy(), CURLINFO_ACTIVESOCKET, &socket);
  OrderProbe::Pace pace{2, 1};  // until the first reply
  std::size_t sent = 0, answered = 0;
  const auto start = steady_clock::now();
  auto next = start, last_activity = start;
  while (answered < pace.commands) {
    auto now = steady_clock::now();
    if (session_.cancel().cancelled() || now - last_activity > patience) return Probed::broke_off;
    const bool may_send = sent < pace.commands && sent - answered < pace.window;
    if (may_send && now >= next) {
      const std::string line = probe.line(sent);
      session_.log_command(line);
      out_ += line + "\r\n";
      next = now + pace.gap(sent++);
    }
    if (!out_.empty() && send_some() == Io::closed) return Probed::broke_off;
    const Io received = receive_some();
    while (auto reply = parser_.next()) {
      session_.log_reply(fmt::format("{} {}", reply->code, reply->text()));
      if (reply->code == 421) return Probed::broke_off;
      if (answered >= sent || !OrderProbe::fits(answered, reply->code)) return Probed::out_of_order;
      now = steady_clock::now();
      if (answered++ == 0)
        pace = OrderProbe::pace(std::chrono::duration_cast<std::chrono::microseconds>(now - start));
      last_activity = now;
    }
    if (received == Io::closed || parser_.bad()) return Probed::broke_off;
    if (received == Io::progress || (may_send && out_.empty())) continue;
    pollfd waiting{socket, static_cast<short>(POLLIN | (out_.empty() ? 0 : POLLOUT)), 0};
    ::poll(&waiting, 1, kPollMs);
  }
  return parser_.pending() ? Probed::out_of_order : Probed::in_order;
}

void CommandChannel::connect() {
  drop();
  Transfer transfer;
  transfer.phase = Phase::connect;
  transfer.keep_dialogue = true;
  CURL* easy = session_.easy();
  set_option(easy, CURLOPT_URL, endpoint().paths.origin().c_str());
  set_option(easy, CURLOPT_CONNECT_ONLY, 1L);
  if (const CURLcode code = session_.attempt(transfer, true); code != CURLE_OK) session_.fail(code, transfer);
  const char* entry = nullptr;
  curl_easy_getinfo(easy, CURLINFO_FTP_ENTRY_PATH, &entry);
  login_directory_ = entry != nullptr ? entry : "";
  pace_ = pace_for(transfer);
  connected_ = true;
  prepare();
}

Pace CommandChannel::pace_for(const Transfer& transfer) const {
  if (!endpoint().settings.tls.off) return kLineByLine;
  for (const Transfer::Exchange& exchange : transfer.dialogue) {
    if (exchange.reply.code != 220) continue;
    const std::string greeting = exchange.reply.text();
    for (const std::string_view good : {"vsFTPd", "Pure-FTPd"})
      if (greeting.find(good) != std::string::npos) return kFast;
  }
  return kCautious;
}

/// SIZE needs binary mode; FEAT and UTF8 make names and times mean the same on both sides.
void CommandChannel::prepare() {
  const std::array type{std::string("TYPE I")};
  fail_unsent(pump(type));
  Learned& learned = endpoint().learned;
  if (!learned.features()) {
    const std::array feat{std::string("FEAT")};
    const Answer answer = pump(feat);
    fail_unsent(answer);
    learned.set_features(Features::from(answer.replies.front()));
  }
  if (learned.features()->utf8) {
    const std::array utf8{std::string("OPTS UTF8 ON")};
    fail_unsent(pump(utf8));
  }
}

void CommandChannel::fail_unsent(const Answer& answer) {
  if (answer.broken == FailureClass::none) return;
  if (answer.broken == FailureClass::cancelled) throw session_.cancelled_error();
  const Reply& reply = answer.last_words;
  throw RemoteError(
      answer.broken,
      fmt::format("{}: the connection was lost right after the login{}", printable(endpoint().settings.url),
                  reply.code == 0 ? "" : fmt::format(" (the server said: {} {})", reply.code, reply.text())),
      {}, reply.code, reply.text());
}

void CommandChannel::drop() noexcept {
  connected_ = false;
  session_.drop();
  parser_.reset();
  out_.clear();
}

/// Whatever comes without being asked for is a good-bye, or belongs to a reply that we have counted already.
bool CommandChannel::gone_stale() {
  return receive_some() != Io::wait || parser_.pending();
}

CommandChannel::Io CommandChannel::send_some() {
  std::size_t sent = 0;
  while (sent < out_.size()) {
    const std::size_t whole_lines = std::string_view(out_).substr(sent, pace_.piece).rfind('\n');
    const std::size_t end =
        whole_lines == std::string::npos ? out_.find('\n', sent) + 1 : sent + whole_lines + 1;
    std::size_t taken = 0;
    const CURLcode code = curl_easy_send(session_.easy(), out_.data() + sent, end - sent, &taken);
    if (code == CURLE_AGAIN) break;
    if (code != CURLE_OK) return Io::closed;
    sent += taken;
  }
  out_.erase(0, sent);
  return sent > 0 ? Io::progress : Io::wait;
}

CommandChannel::Io CommandChannel::receive_some() {
  std::array<char, 16 * 1024> buffer;
  std::size_t got = 0;
  const CURLcode code = curl_easy_recv(session_.easy(), buffer.data(), buffer.size(), &got);
  if (code == CURLE_AGAIN) return Io::wait;
  if (code != CURLE_OK || got == 0) return Io::closed;
  parser_.feed({buffer.data(), got});
  return Io::progress;
}

/// Pairs replies with commands. False when they are out of step.
bool CommandChannel::take_replies(std::span<const std::string> lines, Answer& answer) {
  while (auto reply = parser_.next()) {
    session_.log_reply(fmt::format("{} {}", reply->code, reply->text()));
    if (reply->code == 421) {
      answer.last_words = std::move(*reply);
      answer.broken = classify_reply(421, answer.last_words.text());
      return true;
    }
    if (answer.replies.size() >= lines.size() ||
        !plausible_reply(lines[answer.replies.size()], reply->code)) {
      answer.last_words = std::move(*reply);
      return false;
    }
    answer.replies.push_back(std::move(*reply));
  }
  return !parser_.bad();
}

CommandWire::Answer CommandChannel::pump(std::span<const std::string> lines) {
  const Watchdog::Watch watch = session_.watch();
  Answer answer;
  std::size_t asked = 0;       // lines handed to out_
  std::size_t unanswered = 0;  // their bytes
  auto last_activity = steady_clock::now();
  curl_socket_t socket = CURL_SOCKET_BAD;
  curl_easy_getinfo(session_.easy(), CURLINFO_ACTIVESOCKET, &socket);
  if (gone_stale()) return hear_out(answer);
  while (answer.replies.size() < lines.size()) {
    while (asked < lines.size() && asked - answer.replies.size() < kWindow &&
           (asked == answer.replies.size() || unanswered + lines[asked].size() + 2 <= pace_.window)) {
      session_.log_command(lines[asked]);
      out_ += lines[asked] + "\r\n";
      unanswered += lines[asked++].size() + 2;
    }
    const Io sent = out_.empty() ? Io::wait : send_some();
    const Io received = receive_some();
    const std::size_t before = answer.replies.size();
    if (!take_replies(lines, answer)) return fall_out_of_step(answer);
    for (std::size_t i = before; i < answer.replies.size(); ++i) unanswered -= lines[i].size() + 2;
    if (answer.broken != FailureClass::none) return give_up(answer, answer.broken, asked);
    if (session_.cancel().cancelled()) return give_up(answer, FailureClass::cancelled, asked);
    if (answer.replies.size() == lines.size()) break;
    if (sent == Io::closed || received == Io::closed) return give_up(answer, FailureClass::reconnect, asked);
    const auto now = steady_clock::now();
    if (sent == Io::progress || received == Io::progress) {
      last_activity = now;
      continue;
    }
    if (now - last_activity > patience_for(lines[answer.replies.size()])) {
      answer.replies.clear();  // one reply too few: perhaps none of them answers what it seems to
      return give_up(answer, FailureClass::reconnect, asked);
    }
    pollfd waiting{socket, static_cast<short>(POLLIN | (out_.empty() ? 0 : POLLOUT)), 0};
    ::poll(&waiting, 1, kPollMs);
  }
  if (parser_.pending()) return fall_out_of_step(answer);  // a reply that nothing asked for has begun
  if (lines.size() > 1) proven_ = true;
  return answer;
}

/// A digest takes the server as long as reading the file does.
std::chrono::seconds CommandChannel::patience_for(const std::string& line) const {
  const RemoteSettings& settings = endpoint().settings;
  return asks_for_digest(line) ? std::max(settings.final_reply_timeout, settings.no_progress_timeout)
                               : settings.no_progress_timeout;
}

CommandWire::Answer& CommandChannel::give_up(Answer& answer, FailureClass failure, std::size_t asked) {
  answer.broken = failure;
  if (failure == FailureClass::reconnect) note_dislike(answer, asked);
  drop();
  return answer;
}

/// What the server said before it was asked: a good-bye, or the reply that shows that all before it answered
/// something else than we took them for.
CommandWire::Answer& CommandChannel::hear_out(Answer& answer) {
  const auto reply = parser_.next();
  if (!reply && !parser_.pending() && !parser_.bad()) return give_up(answer, FailureClass::reconnect, 0);
  if (!reply || reply->code != 421) return fall_out_of_step(answer);
  answer.last_words = *reply;
  return give_up(answer, classify_reply(421, reply->text()), 0);
}

/// Nobody knows since when. A server that answers like that gets one command at a time from now on.
CommandWire::Answer& CommandChannel::fall_out_of_step(Answer& answer) {
  answer.replies.clear();
  answer.out_of_step = true;
  answer.broken = FailureClass::reconnect;
  endpoint().learned.order_disproven();
  drop();
  return answer;
}

/// A server that has not yet carried out two commands in a row on this connection, and closes or falls silent
/// at the first try, gets one at a time for a while (Learned::order_broke_off).
void CommandChannel::note_dislike(const Answer& answer, std::size_t asked) {
  if (!proven_ && asked > 1 && answer.last_words.code != 421) endpoint().learned.order_broke_off();
}

}  // namespace

std::unique_ptr<CommandRunner> make_command_channel(std::shared_ptr<Endpoint> endpoint,
                                                    const CancelToken& cancel) {
  return std::make_unique<CommandChannel>(std::move(endpoint), cancel);
}

bool plausible_reply(std::string_view line, int code) noexcept {
  const std::string_view verb = line.substr(0, line.find(' '));
  if (code < 200 || code == 220 || code == 221 || code == 225 || code == 226 || code == 227 || code == 229 ||
      code == 230)
    return false;
  if (code >= 400) return true;
  if (code >= 300) return verb == "RNFR" && code == 350;
  if (verb == "RNFR") return false;
  const bool gives_213 = verb == "SIZE" || verb == "MFMT" || verb == "MDTM" || verb == "HASH";
  if (verb == "SIZE") return code == 213;
  if (code == 213) return gives_213;
  if (code == 211) return verb == "FEAT";
  if (code == 257) return verb == "MKD" || verb == "PWD";
  return true;
}

}  // namespace outhaul
