#include "remote/sftp_lane.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>
#include <ctime>
#include <limits>

#include "remote/host_lookup.h"
#include "remote/listing.h"
#include "remote/proxy.h"
#include "remote/session.h"
#include "remote/sftp_commands.h"
#include "remote/sftp_explain.h"

namespace outhaul {
namespace {

constexpr std::uint64_t kLargeSftpFile = 1024 * 1024;
/// Each round trip carries one buffer: at 50 ms, 64 KiB make 50 MB last 58 s, 2 MiB 3 s (docs/ftp-notes.md).
constexpr long kLargeSftpBuffer = 2 * 1024 * 1024;
constexpr long kSmallSftpBuffer = 64 * 1024;
constexpr long kReadBuffer = 512 * 1024;
/// No file is so large: a download from there fails with the size.
constexpr curl_off_t kBeyond = std::numeric_limits<curl_off_t>::max() / 2;

std::string in_quotes(const char* verb, const RemotePath& path) {
  return fmt::format("{} \"{}\"", verb, path.empty() ? "." : printable(path.wire()));
}

bool connection_lost(CURLcode code) {
  return code == CURLE_SSH || code == CURLE_SEND_ERROR || code == CURLE_RECV_ERROR ||
         code == CURLE_GOT_NOTHING;
}

/// How long a server may leave a question without an answer that isn't needed.
constexpr long kOptionalPatienceMs = 10'000;

class SftpLane final : public Lane, private SftpWire {
 public:
  SftpLane(std::shared_ptr<Endpoint> endpoint, const CancelToken& cancel)
      : paths_(endpoint->settings), session_(std::move(endpoint), cancel) {}

  void put(const Put& put) override;
  void get(const RemotePath& path, std::uint64_t offset, const ByteSink& sink) override;
  Listing list(const RemotePath& dir) override;
  void rest() noexcept override { session_.drop(); }
  std::vector<CommandResult> run(std::span<const Command> commands) override {
    return run_sftp_commands(*this, paths_, session_.endpoint().learned, commands);
  }

 private:
  // SftpWire
  Answer command(const std::string& line) override;
  Answer optional_command(const std::string& line) override;
  Answer measure(const RemotePath& path) override;
  Listing list_directory(const RemotePath& dir) override { return list(dir); }

  CURL* begin(const std::string& url);
  CURLcode attempt(Transfer& transfer);
  bool may_try_again(CURLcode code, const Transfer& transfer);
  SftpFault fault_of(CURLcode code, const Transfer& transfer);
  Answer answer_of(CURLcode code, const Transfer& transfer);
  void check_end(CURLcode code, const Put& put, const Transfer& transfer) const;
  [[noreturn]] void fail(CURLcode code, const Transfer& transfer);

  SftpPath paths_;
  Session session_;
};

/// Clears what the last use asked for.
CURL* SftpLane::begin(const std::string& url) {
  CURL* easy = session_.easy();
  set_option(easy, CURLOPT_URL, url.c_str());
  set_option(easy, CURLOPT_UPLOAD, 0L);
  set_option(easy, CURLOPT_NOBODY, 0L);
  set_option(easy, CURLOPT_QUOTE, static_cast<curl_slist*>(nullptr));
  set_option(easy, CURLOPT_RESUME_FROM_LARGE, curl_off_t{0});
  set_option(easy, CURLOPT_INFILESIZE_LARGE, curl_off_t{-1});
  return easy;
}

/// One attempt; another one where the first can't have changed anything and may have been meant otherwise.
CURLcode SftpLane::attempt(Transfer& transfer) {
  const Transfer clean = transfer;
  HostKeyType& host_key_type = session_.endpoint().host_key_type;
  const auto turn = session_.open() ? HostKeyType::Turn{} : host_key_type.wait(session_.cancel());
  bool reused = false;
  for (;;) {
    if (const auto type = host_key_type.known(); type && !session_.open())
      session_.ssh()->judge().prefer(*type);
    CURLcode code = session_.attempt(transfer);
    if (transfer.timed_out && code == CURLE_ABORTED_BY_CALLBACK) code = CURLE_OPERATION_TIMEDOUT;
    if (code == CURLE_OK) return code;
    // A connection that the server had given up while it was idle (pain 11).
    const bool stale = !reused && !transfer.fresh && !transfer.timed_out && connection_lost(code) &&
                       transfer.phase != Phase::command && transfer.read == 0 && transfer.down == 0;
    reused |= stale;
    if (!stale && !may_try_again(code, transfer)) return code;
    session_.drop();
    transfer = clean;
  }
}

bool SftpLane::may_try_again(CURLcode code, const Transfer& transfer) {
  if (!transfer.fresh) return false;
  SshLogin& ssh = *session_.ssh();
  HostKeyJudge& judge = ssh.judge();
  const bool other_type =
      code == CURLE_PEER_FAILED_VERIFICATION && judge.verdict() == HostKeyJudge::Verdict::not_pinned;
  const bool no_agreement = code == CURLE_FAILED_INIT && says_no_agreement(session_.words_for(code));
  if (other_type || no_agreement) {
    session_.endpoint().host_key_type.forget();
    if (judge.prefer_next()) return true;
    judge.start_over();
  }
  return code == CURLE_LOGIN_DENIED && ssh.ask_for_password_instead();
}

// --- storing
// ---------------------------------------------------------------------------------------------------------

void SftpLane::put(const Put& put) {
  CURL* easy = begin(paths_.file_url(put.path));
  set_option(easy, CURLOPT_UPLOAD, 1L);
  set_option(easy, CURLOPT_INFILESIZE_LARGE, static_cast<curl_off_t>(put.offset + put.length));
  set_option(easy, CURLOPT_UPLOAD_BUFFERSIZE,
             put.length > kLargeSftpFile ? kLargeSftpBuffer : kSmallSftpBuffer);
  // libcurl appends whatever the offset: -1 makes it ask for the size first, and tell us before it sends
  // anything.
  if (put.offset > 0) set_option(easy, CURLOPT_RESUME_FROM_LARGE, curl_off_t{-1});
  Transfer transfer;
  transfer.phase = Phase::store;
  transfer.doing = in_quotes("store", put.path);
  transfer.source = put.source;
  transfer.length = put.length;
  transfer.sent = &put.sent;
  transfer.resuming = put.offset > 0;
  transfer.started = true;
  if (put.offset > 0) transfer.append_at = put.offset;
  const CURLcode code = attempt(transfer);
  check_end(code, put, transfer);
  if (code != CURLE_OK) fail(code, transfer);
  if (transfer.up != put.length)
    throw RemoteError(
        FailureClass::retry,
        fmt::format("{}: cannot {}: {} bytes were to be sent, but only {} came",
                    printable(session_.endpoint().settings.url), transfer.doing, put.length, transfer.up),
        "the file changed while it was read: it is read again");
}

/// Appending is right only at exactly the end of what the server has.
void SftpLane::check_end(CURLcode code, const Put& put, const Transfer& transfer) const {
  const bool refused_by_us = code == CURLE_ABORTED_BY_CALLBACK || code == CURLE_FTP_COULDNT_USE_REST;
  if (!transfer.append_at || !refused_by_us || transfer.timed_out ||
      transfer.found_size == transfer.append_at)
    return;
  throw RemoteError(
      FailureClass::retry,
      fmt::format("{}: cannot {}: it has {} bytes there, not {}, and SFTP can only go on at its end",
                  printable(session_.endpoint().settings.url), transfer.doing,
                  transfer.found_size.value_or(0), put.offset));
}

// --- fetching and listing
// --------------------------------------------------------------------------------------------

void SftpLane::get(const RemotePath& path, std::uint64_t offset, const ByteSink& sink) {
  CURL* easy = begin(paths_.file_url(path));
  set_option(easy, CURLOPT_BUFFERSIZE, kReadBuffer);
  set_option(easy, CURLOPT_RESUME_FROM_LARGE, static_cast<curl_off_t>(offset));
  Transfer transfer;
  transfer.phase = Phase::retrieve;
  transfer.doing = in_quotes("fetch", path);
  transfer.sink = &sink;
  const CURLcode code = attempt(transfer);
  if (code != CURLE_OK && !transfer.stopped) fail(code, transfer);
}

Listing SftpLane::list(const RemotePath& dir) {
  CURL* easy = begin(paths_.directory_url(dir));
  set_option(easy, CURLOPT_BUFFERSIZE, kReadBuffer);
  ListingParser parser{ListingFormat::list, std::time(nullptr)};
  const ByteSink sink = [&](std::span<const std::byte> bytes) {
    parser.feed({reinterpret_cast<const char*>(bytes.data()), bytes.size()});
    return true;
  };
  Transfer transfer;
  transfer.phase = Phase::list;
  transfer.doing = in_quotes("list", dir);
  transfer.sink = &sink;
  if (const CURLcode code = attempt(transfer); code != CURLE_OK) fail(code, transfer);
  return parser.finish({});
}

// --- commands
// --------------------------------------------------------------------------------------------------------

SftpWire::Answer SftpLane::command(const std::string& line) {
  CURL* easy = begin(paths_.origin());
  Slist lines;
  append(lines, line);
  set_option(easy, CURLOPT_QUOTE, lines.get());
  set_option(easy, CURLOPT_NOBODY, 1L);
  Transfer transfer;
  const CURLcode code = attempt(transfer);
  set_option(easy, CURLOPT_QUOTE, static_cast<curl_slist*>(nullptr));
  Answer answer = answer_of(code, transfer);
  answer.told = std::move(transfer.headers);
  return answer;
}

SftpWire::Answer SftpLane::optional_command(const std::string& line) {
  struct Patience {  // of this question alone, however it ends: a transfer may take its time
    CURL* easy;
    explicit Patience(CURL* of) : easy(of) { set_option(easy, CURLOPT_TIMEOUT_MS, kOptionalPatienceMs); }
    ~Patience() { curl_easy_setopt(easy, CURLOPT_TIMEOUT_MS, 0L); }
  } const patience(session_.easy());
  return command(line);
}

/// libcurl has no command for this. A download from beyond the end opens the file, asks for its size, and
/// fails with it; the next use of the connection closes the file.
SftpWire::Answer SftpLane::measure(const RemotePath& path) {
  CURL* easy = begin(paths_.file_url(path));
  set_option(easy, CURLOPT_RESUME_FROM_LARGE, kBeyond);
  Transfer transfer;
  const ByteSink nothing = [](std::span<const std::byte>) { return false; };
  transfer.sink = &nothing;
  const CURLcode code = attempt(transfer);
  if (is_beyond_the_end(code))
    if (const auto size = size_in(session_.words_for(code))) return {.words = {}, .size = *size};
  // Opened, but no size is told in words that we know: the directory's listing has it.
  if (code == CURLE_OK || is_beyond_the_end(code) || code == CURLE_WRITE_ERROR)
    return {
        .status = SftpStatus::other, .failure = FailureClass::skip_file, .words = session_.words_for(code)};
  return answer_of(code, transfer);
}

SftpWire::Answer SftpLane::answer_of(CURLcode code, const Transfer& transfer) {
  if (code == CURLE_OK) return {};
  const SftpFault fault = fault_of(code, transfer);
  if (!fault.logged_in || fault.no_sftp) fail(code, transfer);
  Answer answer;
  answer.words = session_.words_for(code);
  const FailureClass failure = classify_sftp(fault);
  const bool refused = failure == FailureClass::skip_file || failure == FailureClass::no_space;
  if (refused) {
    answer.status = fault.status == SftpStatus::none ? SftpStatus::failure : fault.status;
    answer.failure = failure;
    answer.reply_code = reply_code_for(fault);
  } else {
    answer.broken = failure == FailureClass::unknown_outcome ? FailureClass::reconnect : failure;
    session_.drop();
  }
  return answer;
}

// --- failures
// --------------------------------------------------------------------------------------------------------

SftpFault SftpLane::fault_of(CURLcode code, const Transfer& transfer) {
  const std::string words = session_.words_for(code);
  SftpFault fault;
  fault.curl_code = code;
  fault.status = sftp_status(code, session_.words_cut_off() ? std::string() : words);
  fault.phase = transfer.all_sent() ? Phase::store_final : transfer.phase;
  // These two end the handshake itself; libcurl 7.88 may have noted its time by then.
  const bool before_login = code == CURLE_PEER_FAILED_VERIFICATION || code == CURLE_LOGIN_DENIED;
  fault.logged_in = !transfer.fresh || (session_.secured() && !before_login);
  fault.peer_alive = transfer.peer_alive && !transfer.timed_out;
  if (code == CURLE_QUOTE_ERROR && fault.status == SftpStatus::none && session_.stands())
    fault.status = SftpStatus::unsaid;
  fault.no_agreement = code == CURLE_FAILED_INIT && says_no_agreement(words);
  fault.no_sftp = code == CURLE_FAILED_INIT && fault.logged_in && fault.peer_alive;
  fault.proxy = judge_proxy(session_.easy(), code, session_.endpoint().settings.proxy);
  fault.no_greeting = code == CURLE_FAILED_INIT && says_no_greeting(words);
  if (code == CURLE_COULDNT_RESOLVE_HOST)
    fault.name_unknown = name_is_unknown(session_.endpoint().settings.host);
  return fault;
}

void SftpLane::fail(CURLcode code, const Transfer& transfer) {
  const Endpoint& endpoint = session_.endpoint();
  SshLogin& ssh = *session_.ssh();
  SftpStory story;
  story.fault = fault_of(code, transfer);
  story.remote = printable(endpoint.settings.url);
  story.host = endpoint.settings.host;
  story.port = endpoint.settings.port;
  story.user = endpoint.login().user;
  story.proxy = proxy_story(session_.easy(), code, endpoint.settings.proxy);
  story.doing = transfer.doing;
  story.words = session_.words_for(code);
  long os_error = 0;
  curl_easy_getinfo(session_.easy(), CURLINFO_OS_ERRNO, &os_error);
  if (os_error != 0) story.system = std::strerror(static_cast<int>(os_error));
  story.timed_out = transfer.timed_out;
  story.waited =
      transfer.all_sent() ? endpoint.settings.final_reply_timeout : endpoint.settings.no_progress_timeout;
  HostKeyJudge& judge = ssh.judge();
  if (code == CURLE_PEER_FAILED_VERIFICATION && judge.verdict() != HostKeyJudge::Verdict::none)
    story.host_key = {
        judge.verdict(), judge.type(), judge.fingerprint(), judge.line(), printable(judge.file().string()),
        judge.expected()};
  story.login = {!endpoint.login().password.empty(),
                 endpoint.settings.ssh.agent,
                 printable(endpoint.settings.ssh.key.string()),
                 ssh.key_file(),
                 ssh.notes().methods,
                 ssh.notes().key_refusal,
                 ssh.notes().agent_refusal};
  throw explain_sftp(story);
}

class SftpRemote final : public Remote {
 public:
  explicit SftpRemote(std::shared_ptr<Endpoint> endpoint) : endpoint_(std::move(endpoint)) {}

  std::unique_ptr<Lane> open_lane(const CancelToken& cancel) override {
    return std::make_unique<SftpLane>(endpoint_, cancel);
  }
  std::unique_ptr<CommandRunner> open_channel(const CancelToken& cancel) override {
    return std::make_unique<SftpLane>(endpoint_, cancel);
  }
  std::string describe() const override { return printable(endpoint_->settings.url); }
  ServerMemory memory() const override { return endpoint_->memory(); }
  void note(const ServerMemory& found) override { endpoint_->learned.note(found); }

 private:
  std::shared_ptr<Endpoint> endpoint_;
};

}  // namespace

std::unique_ptr<Remote> make_sftp_remote(const RemoteSettings& settings, const Login& login,
                                         const ServerMemory& memory) {
  if (login.user.empty())
    throw Error(ErrorKind::usage, fmt::format("{}: the URL names no user", printable(settings.url)),
                "write sftp://USER@HOST/DIRECTORY");
  return std::make_unique<SftpRemote>(std::make_shared<Endpoint>(settings, login, memory));
}

}  // namespace outhaul
