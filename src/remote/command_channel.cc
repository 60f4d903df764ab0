#include "remote/command_channel.h"

#include <fmt/format.h>
#include <poll.h>

#include <algorithm>
#include <array>
#include <chrono>

#include "remote/command_batch.h"
#include "remote/digest_way.h"
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
  Answer pump(std::span<const std::string> lines);
  Answer& give_up(Answer& answer, FailureClass failure, std::size_t asked);
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
  if (endpoint().learned.may_pipeline()) return pump(lines);
  Answer all;
  for (std::size_t i = 0; i < lines.size() && all.broken == FailureClass::none; ++i) {
    Answer one = pump(lines.subspan(i, 1));
    std::move(one.replies.begin(), one.replies.end(), std::back_inserter(all.replies));
    all.broken = one.broken;
    all.last_words = std::move(one.last_words);
  }
  if (all.replies.size() > 1) endpoint().learned.answered_one_at_a_time();
  return all;
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
    if (!take_replies(lines, answer)) {
      answer.replies.clear();  // nobody knows since when
      return give_up(answer, FailureClass::reconnect, asked);
    }
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
  if (parser_.pending()) drop();
  if (lines.size() > 1) proven_ = true;
  if (proven_) endpoint().learned.pipelined();
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

/// A server that has never carried out two commands in a row, and closes, falls silent or talks nonsense at
/// the first try, gets one at a time (Learned::pipelining_failed).
void CommandChannel::note_dislike(const Answer& answer, std::size_t asked) {
  if (!proven_ && asked > 1 && answer.last_words.code != 421) endpoint().learned.pipelining_failed();
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
