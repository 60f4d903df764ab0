#include "remote/ftp_lane.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <ctime>
#include <utility>

#include "remote/classify.h"
#include "remote/command_batch.h"
#include "remote/command_channel.h"
#include "remote/listing.h"
#include "remote/session.h"
#include "remote/size_listing.h"

namespace outhaul {
namespace {

constexpr std::uint64_t kLargeFile = 1024 * 1024;
constexpr long kLargeBuffer = 512 * 1024;
constexpr long kSmallBuffer = 64 * 1024;
/// libcurl takes at most 300 KB of replies per transfer (docs/ftp-notes.md); servers repeat the path in
/// theirs.
constexpr std::size_t kQuotes = 1000;
constexpr std::size_t kQuoteBytes = 200 * 1024;

std::string quoted(const char* verb, const RemotePath& path) {
  return fmt::format("{} \"{}\"", verb, path.empty() ? "." : printable(path.wire()));
}

class FtpLane final : public Lane, private CommandWire {
 public:
  FtpLane(std::shared_ptr<Endpoint> endpoint, const CancelToken& cancel)
      : session_(std::move(endpoint), cancel) {}

  void put(const Put& put) override;
  void get(const RemotePath& path, std::uint64_t offset, const ByteSink& sink) override;
  Listing list(const RemotePath& dir) override;
  std::vector<CommandResult> run(std::span<const Command> commands) override;
  void rest() noexcept override {
    session_.drop();
    away_ = false;
  }

 private:
  Learned& learned() const { return session_.endpoint().learned; }
  const WirePath& paths() const { return session_.endpoint().paths; }

  // CommandWire
  Answer exchange(std::span<const std::string> lines) override;
  Features features() override;
  std::string login_directory() const override;
  void drop() noexcept override { session_.drop(); }

  void begin(const std::string& url);
  void ask_first(Slist& quotes, std::span<const std::string> lines = {});
  CURLcode attempt_anew(Transfer& transfer);
  CURLcode attempt(Transfer& transfer);
  CURLcode store(const Put& put, bool append, Transfer& transfer);
  bool may_append(const Put& put);
  bool list_into(const RemotePath& dir, const char* command, ListingParser& parser, Transfer& transfer);
  std::optional<Listing> list_facts(const RemotePath& dir);
  Listing list_lines(const RemotePath& dir);
  void mind_hidden_files(Listing& listing) const;
  bool directory_exists(const RemotePath& dir);
  void go_home();
  std::size_t quote_some(std::span<const std::string> lines, Answer& answer);

  Session session_;
  std::span<const std::string> asked_first_;  ///< by the transfer that is under way
  bool away_ = false;  ///< a listing has changed the directory, and libcurl has not yet gone back
};

/// Clears what the last use asked for.
void FtpLane::begin(const std::string& url) {
  CURL* easy = session_.easy();
  set_option(easy, CURLOPT_URL, url.c_str());
  set_option(easy, CURLOPT_UPLOAD, 0L);
  set_option(easy, CURLOPT_NOBODY, 0L);
  set_option(easy, CURLOPT_APPEND, 0L);
  set_option(easy, CURLOPT_QUOTE, static_cast<curl_slist*>(nullptr));
  asked_first_ = {};
  set_option(easy, CURLOPT_PREQUOTE, static_cast<curl_slist*>(nullptr));
  set_option(easy, CURLOPT_CUSTOMREQUEST, static_cast<char*>(nullptr));
  set_option(easy, CURLOPT_RESUME_FROM_LARGE, curl_off_t{0});
  set_option(easy, CURLOPT_IGNORE_CONTENT_LENGTH, 0L);
  set_option(easy, CURLOPT_INFILESIZE_LARGE, curl_off_t{-1});
  set_option(easy, CURLOPT_FTP_FILEMETHOD, static_cast<long>(CURLFTPMETHOD_NOCWD));
}

/// Has `lines` sent ahead of the transfer. A new connection speaks the same character set as the channel's.
void FtpLane::ask_first(Slist& quotes, std::span<const std::string> lines) {
  session_.drop_if_stale();
  const auto features = learned().features();
  if (!session_.open() && features && features->utf8) append(quotes, "*OPTS UTF8 ON");
  for (const std::string& line : lines) append(quotes, line);
  asked_first_ = lines;
  set_option(session_.easy(), CURLOPT_QUOTE, quotes.get());
}

/// The same transfer once more, over a new connection.
CURLcode FtpLane::attempt_anew(Transfer& transfer) {
  session_.drop();
  Slist quotes;
  ask_first(quotes, asked_first_);
  const CURLcode code = session_.attempt(transfer);
  set_option(session_.easy(), CURLOPT_QUOTE, static_cast<curl_slist*>(nullptr));
  return code;
}

/// libcurl goes back to the login directory by itself, but only after QUOTE's commands.
void FtpLane::go_home() {
  if (!std::exchange(away_, false)) return;
  begin(paths().origin());
  Slist quotes;
  ask_first(quotes);
  set_option(session_.easy(), CURLOPT_NOBODY, 1L);
  Transfer transfer;
  transfer.phase = Phase::connect;  // nothing of the caller's is sent
  if (const CURLcode code = attempt(transfer); code != CURLE_OK) {
    session_.drop();
    session_.fail(code, transfer);
  }
}

/// One attempt; a second one when the first met a connection that the server had given up while it was idle,
/// before anything was done on it (pain 11), or a server that refuses PASV.
CURLcode FtpLane::attempt(Transfer& transfer) {
  const Transfer clean = transfer;
  const CURLcode code = session_.attempt(transfer);
  if (session_.should_ask_for_epsv(code, transfer)) {
    transfer = clean;
    return attempt_anew(transfer);
  }
  const bool lost = code == CURLE_OPERATION_TIMEDOUT || code == CURLE_SEND_ERROR || code == CURLE_RECV_ERROR;
  const bool unheard = transfer.replies == 0 && transfer.phase != Phase::command;
  const bool goodbye = transfer.replies == 1 && transfer.last.code == 421;
  if (!lost || transfer.fresh || transfer.timed_out || transfer.read > 0 || !(unheard || goodbye))
    return code;
  transfer = clean;
  return attempt_anew(transfer);
}

// --- storing
// ---------------------------------------------------------------------------------------------------------

CURLcode FtpLane::store(const Put& put, bool append_mode, Transfer& transfer) {
  begin(paths().file_url(put.path));
  CURL* easy = session_.easy();
  Slist quotes;
  Slist rest;
  ask_first(quotes);
  if (put.offset > 0 && !append_mode) append(rest, fmt::format("REST {}", put.offset));
  set_option(easy, CURLOPT_PREQUOTE, rest.get());
  set_option(easy, CURLOPT_UPLOAD, 1L);
  set_option(easy, CURLOPT_APPEND, append_mode ? 1L : 0L);
  set_option(easy, CURLOPT_INFILESIZE_LARGE,
             session_.may_end_early() ? curl_off_t{-1} : static_cast<curl_off_t>(put.length));
  set_option(easy, CURLOPT_UPLOAD_BUFFERSIZE, put.length > kLargeFile ? kLargeBuffer : kSmallBuffer);
  transfer.phase = Phase::store;
  transfer.doing = quoted("store", put.path);
  transfer.source = put.source;
  transfer.length = put.length;
  transfer.sent = &put.sent;
  transfer.resuming = put.offset > 0;
  return attempt(transfer);
}

void FtpLane::put(const Put& put) {
  Transfer transfer;
  CURLcode code = store(put, false, transfer);
  const bool rest_refused = code == CURLE_QUOTE_ERROR && put.offset > 0 && transfer.read == 0;
  if (rest_refused && may_append(put)) {
    transfer = Transfer{};
    code = store(put, true, transfer);
  }
  if (code != CURLE_OK) session_.fail(code, transfer);
}

/// Appending is right only at exactly the end of what the server has now.
bool FtpLane::may_append(const Put& put) {
  const std::array<Command, 1> ask{SizeOf{put.path}};
  const CommandResult result = run(ask).front();
  return result.status == CommandResult::Status::done && result.size == put.offset;
}

// --- fetching
// --------------------------------------------------------------------------------------------------------

void FtpLane::get(const RemotePath& path, std::uint64_t offset, const ByteSink& sink) {
  begin(paths().file_url(path));
  CURL* easy = session_.easy();
  Slist quotes;
  ask_first(quotes);
  set_option(easy, CURLOPT_BUFFERSIZE, kLargeBuffer);
  set_option(easy, CURLOPT_RESUME_FROM_LARGE, static_cast<curl_off_t>(offset));
  // Spares SIZE, a round trip per file. With an offset libcurl sends no REST without it.
  set_option(easy, CURLOPT_IGNORE_CONTENT_LENGTH, offset == 0 ? 1L : 0L);
  Transfer transfer;
  transfer.phase = Phase::retrieve;
  transfer.doing = quoted("fetch", path);
  transfer.sink = &sink;
  const CURLcode code = attempt(transfer);
  if (code != CURLE_OK && !transfer.stopped) session_.fail(code, transfer);
}

// --- listing
// ---------------------------------------------------------------------------------------------------------

Listing FtpLane::list(const RemotePath& dir) {
  std::optional<Listing> listing;
  if (learned().mlsd != Learned::Known::no) listing = list_facts(dir);
  if (!listing) {
    listing = list_lines(dir);
    learned().mlsd = Learned::Known::no;
  }
  mind_hidden_files(*listing);
  return std::move(*listing);
}

/// A server that was found to leave names with a dot out of its listings says nothing by leaving one out
/// (pain 15). One such name in a listing shows that it doesn't.
void FtpLane::mind_hidden_files(Listing& listing) const {
  const std::optional<bool> known = learned().memory().hidden_files;
  if (known == true) return;
  const bool shown = std::any_of(listing.entries.begin(), listing.entries.end(),
                                 [](const RemoteEntry& entry) { return entry.name.starts_with('.'); });
  if (shown) {
    ServerMemory found;
    found.hidden_files = true;
    learned().note(found);
  } else if (known == false && listing.untrusted.empty()) {
    listing.untrusted = "this server leaves names that begin with a dot out of its listings";
  }
}

/// False when the server lacks the command. MLSD that is denied may be one that the administrator forbids
/// (ProFTPD offers it in FEAT all the same): LIST decides.
bool FtpLane::list_into(const RemotePath& dir, const char* command, ListingParser& parser,
                        Transfer& transfer) {
  CURL* easy = session_.easy();
  Slist quotes;
  ask_first(quotes);
  set_option(easy, CURLOPT_CUSTOMREQUEST, command);
  set_option(easy, CURLOPT_BUFFERSIZE, kLargeBuffer);
  const ByteSink sink = [&](std::span<const std::byte> bytes) {
    return parser.feed({reinterpret_cast<const char*>(bytes.data()), bytes.size()});
  };
  transfer.phase = Phase::list;
  transfer.doing = quoted("list", dir);
  transfer.sink = &sink;
  const CURLcode code = attempt(transfer);
  transfer.sink = nullptr;
  if (transfer.stopped)
    throw RemoteError(
        FailureClass::skip_file,
        fmt::format("{}: cannot {}: what the server sends is no listing of a directory: {}",
                    printable(session_.endpoint().settings.url), transfer.doing, parser.finish({}).untrusted),
        "Look at that directory with another FTP client, and ask the provider.");
  if (code == CURLE_OK) return true;
  const int reply = transfer.last.code;
  if (code == CURLE_FTP_COULDNT_RETR_FILE && (reply == 500 || reply == 502 || reply == 504)) return false;
  const bool maybe_there =
      learned().mlsd == Learned::Known::unknown && parser.format() == ListingFormat::mlsd;
  if (reply == 550 && maybe_there && says_denied(transfer.last.text())) return false;
  try {
    session_.fail(code, transfer);
  } catch (const RemoteError& error) {
    // pyftpdlib's MLSD of what isn't there is "501 No such directory.".
    if (reply != 501 || !says_absent(transfer.last.text())) throw;
    throw RemoteError(FailureClass::skip_file, error.what(), error.advice(), 550, error.reply_text());
  }
}

std::optional<Listing> FtpLane::list_facts(const RemotePath& dir) {
  begin(paths().directory_url(dir));
  ListingParser parser{ListingFormat::mlsd, std::time(nullptr)};
  Transfer transfer;
  if (!list_into(dir, "MLSD", parser, transfer)) {
    // At once: a LIST that fails behind it must not meet the same refusal in the next session (ftp-srv).
    if (transfer.last.code != 550) learned().mlsd = Learned::Known::no;
    return std::nullopt;
  }
  learned().mlsd = Learned::Known::yes;
  return parser.finish(transfer.last.text());
}

/// Into the directory first: an argument of LIST is a pattern or an option to many servers (pain 16).
Listing FtpLane::list_lines(const RemotePath& dir) {
  for (const bool all : {true, false}) {
    if (all && learned().list_all == Learned::Known::no) continue;
    begin(paths().directory_url(dir));
    set_option(session_.easy(), CURLOPT_FTP_FILEMETHOD, static_cast<long>(CURLFTPMETHOD_SINGLECWD));
    ListingParser parser{ListingFormat::list, std::time(nullptr)};
    Transfer transfer;
    away_ = true;
    const bool known = list_into(dir, all ? "LIST -a" : "LIST", parser, transfer);
    if (!known && !all) session_.fail(CURLE_FTP_COULDNT_RETR_FILE, transfer);
    if (!known) continue;
    const bool saw_itself = parser.saw_itself();
    Listing listing = parser.finish(transfer.last.text());
    if (!listing.entries.empty() || saw_itself) {
      learned().list_all = all ? Learned::Known::yes : Learned::Known::no;
      return listing;
    }
    if (all) continue;  // empty, or "-a" was taken for a name
    if (!directory_exists(dir))
      throw RemoteError(FailureClass::skip_file,
                        fmt::format("{}: cannot {}: there is no such directory",
                                    printable(session_.endpoint().settings.url), transfer.doing),
                        {}, 550);
    return listing;
  }
  throw Error(ErrorKind::internal, "a listing was neither made nor refused");
}

bool FtpLane::directory_exists(const RemotePath& dir) {
  const std::string home = login_directory();
  const std::array lines{"CWD " + paths().argument(dir), "CWD " + (home.empty() ? std::string("/") : home)};
  const Answer answer = exchange(lines);
  if (answer.replies.size() < lines.size() || !answer.replies[1].positive()) drop();
  return !answer.replies.empty() && answer.replies[0].positive();
}

// --- commands
// --------------------------------------------------------------------------------------------------------

std::vector<CommandResult> FtpLane::run(std::span<const Command> commands) {
  std::vector<CommandResult> results = run_commands(*this, paths(), learned(), commands);
  if (sizes_from_listings([this](const RemotePath& dir) { return list(dir); }, commands, results))
    learned().size = Learned::Known::no;
  return results;
}

CommandWire::Answer FtpLane::exchange(std::span<const std::string> lines) {
  Answer answer;
  go_home();
  while (!lines.empty() && answer.broken == FailureClass::none)
    lines = lines.subspan(quote_some(lines, answer));
  return answer;
}

/// Sends as many lines as fit into one transfer; returns how many that were.
std::size_t FtpLane::quote_some(std::span<const std::string> lines, Answer& answer) {
  begin(paths().origin());
  std::vector<std::string> quoted_lines;
  // SIZE means bytes only in binary mode, and a listing has left ASCII on. libcurl does not notice, and need
  // not: it knows of no mode that is "more binary" than the one we set.
  const bool sizes =
      std::any_of(lines.begin(), lines.end(), [](const auto& line) { return line.starts_with("SIZE "); });
  if (sizes) quoted_lines.push_back("*TYPE I");
  std::size_t count = 0;
  for (std::size_t bytes = 0; count < std::min(lines.size(), kQuotes) && bytes < kQuoteBytes; ++count) {
    quoted_lines.push_back("*" + lines[count]);
    bytes += 2 * lines[count].size() + 160;
  }
  Slist quotes;
  ask_first(quotes, quoted_lines);
  set_option(session_.easy(), CURLOPT_NOBODY, 1L);
  Transfer transfer;
  transfer.phase = Phase::command;
  transfer.keep_dialogue = true;
  transfer.slow = std::any_of(lines.begin(), lines.begin() + static_cast<std::ptrdiff_t>(count),
                              [](const auto& line) { return asks_for_digest(line); });
  const CURLcode code = attempt(transfer);
  set_option(session_.easy(), CURLOPT_QUOTE, static_cast<curl_slist*>(nullptr));

  std::size_t answered = 0;
  for (Transfer::Exchange& exchange : transfer.dialogue) {
    if (answered == count || exchange.command != lines[answered]) continue;
    if (exchange.reply.code == 421) break;
    if (!plausible_reply(lines[answered], exchange.reply.code)) {
      answer.replies.clear();  // nobody knows since when
      answer.out_of_step = true;
      answer.broken = FailureClass::reconnect;
      session_.drop();
      return count;
    }
    answer.replies.push_back(std::move(exchange.reply));
    ++answered;
  }
  if (answered == count) return count;
  const bool nothing_sent = answer.replies.empty() && transfer.last_command != lines.front();
  try {
    session_.fail(code != CURLE_OK ? code : CURLE_RECV_ERROR, transfer);
  } catch (const RemoteError& error) {
    if (nothing_sent) throw;
    answer.broken =
        error.failure() == FailureClass::unknown_outcome ? FailureClass::reconnect : error.failure();
    answer.last_words = transfer.last;
  }
  session_.drop();
  return count;
}

Features FtpLane::features() {
  if (const auto known = learned().features()) return *known;
  const std::array feat{std::string("FEAT")};
  const Answer answer = exchange(feat);
  if (answer.replies.empty())
    throw RemoteError(answer.broken, fmt::format("{}: the connection was lost",
                                                 printable(session_.endpoint().settings.url)));
  learned().set_features(Features::from(answer.replies.front()));
  return *learned().features();
}

std::string FtpLane::login_directory() const {
  const char* entry = nullptr;
  curl_easy_getinfo(session_.easy(), CURLINFO_FTP_ENTRY_PATH, &entry);
  return entry != nullptr ? entry : "";
}

}  // namespace

std::unique_ptr<Lane> make_ftp_lane(std::shared_ptr<Endpoint> endpoint, const CancelToken& cancel) {
  return std::make_unique<FtpLane>(std::move(endpoint), cancel);
}

}  // namespace outhaul
