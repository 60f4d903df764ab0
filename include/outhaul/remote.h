// The remote: where reality is slow and fails. Implementations: libcurl FTP/FTPS, a local directory
// (file://), and the in-memory fake of the tests. One contract suite (tests/contract) holds for all of them.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <variant>
#include <vector>

#include "base/digester.h"
#include "outhaul/error.h"
#include "outhaul/paths.h"
#include "outhaul/server_memory.h"

namespace outhaul {

class CancelToken;  // base/cancel.h

/// What is to be done about a failure. Decided once, by a pure function (remote/classify.h), from the
/// transport's code, the reply and the phase.
enum class FailureClass : std::uint8_t {
  none,
  retry,            ///< same connection is fine, try again after a back-off
  reconnect,        ///< the connection is dead: new one, then again
  unknown_outcome,  ///< it may have been done: look (SIZE) before doing it again
  lower_cap,        ///< too many connections: give one up, then again
  skip_file,        ///< permanent for this path, others go on
  no_space,         ///< disk or quota full: stop storing, deletions may still go on
  stop_job,         ///< permanent for this job
  stop_run,         ///< permanent for this remote: wrong password, certificate, unknown host
  cancelled,
};
std::string_view to_string(FailureClass) noexcept;

/// A failed remote operation. what(): one line for an operator, with host and path; reply: the server's last
/// words.
class RemoteError : public Error {
 public:
  RemoteError(FailureClass failure, const std::string& message, std::string advice = {}, int reply_code = 0,
              std::string reply_text = {})
      : Error(failure == FailureClass::cancelled ? ErrorKind::cancelled : ErrorKind::remote, message,
              std::move(advice)),
        failure_(failure),
        reply_code_(reply_code),
        reply_text_(std::move(reply_text)) {}
  FailureClass failure() const noexcept { return failure_; }
  int reply_code() const noexcept { return reply_code_; }  ///< FTP reply (RFC 959 §4.2), 0 = none
  const std::string& reply_text() const noexcept { return reply_text_; }

 private:
  FailureClass failure_;
  int reply_code_;
  std::string reply_text_;
};

// --- commands ---

struct SizeOf {
  RemotePath path;
};  ///< SIZE (RFC 3659 §4), binary; where that is refused MLST, and on a lane a listing
struct HashOf {
  RemotePath path;
};  ///< the best digest that the server offers: HASH (draft-bryan-ftpext-hash), XSHA256, XMD5, XCRC…
struct Rename {
  RemotePath from, to;
};  ///< RNFR + RNTO; replaces `to` where the server does
struct SetMtime {
  RemotePath path;
  std::int64_t mtime_s = 0;
};  ///< MFMT, or MDTM where only that works; UTC
struct MakeDir {
  RemotePath path;
};  ///< MKD; one level. The empty path: the base directory with whatever is missing above it (file://: it
    ///< must exist)
struct RemoveFile {
  RemotePath path;
};  ///< DELE
struct RemoveDir {
  RemotePath path;
};  ///< RMD; only if empty
struct FreeSpace {
  RemotePath dir;
};  ///< how many bytes more the account may store there: AVBL
    ///< (draft-peterson-streamlined-ftp-command-extensions) where FEAT offers it, statvfs; a server without
    ///< it isn't asked
struct SetMode {
  RemotePath path;
  std::uint32_t mode = 0;  ///< permission bits (0777)
};  ///< SITE CHMOD, which no RFC names and most servers have; chmod. Not through a symlink
using Command =
    std::variant<SizeOf, HashOf, Rename, SetMtime, MakeDir, RemoveFile, RemoveDir, FreeSpace, SetMode>;

struct CommandResult {
  enum class Status : std::uint8_t {
    done,  ///< carried out, or its goal was there already (MakeDir: exists as a directory; Remove*: is gone)
    missing,      ///< the path (Rename: `from`) isn't there
    refused,      ///< the server said no; `failure` says what follows
    unsupported,  ///< the server has no such command (SetMtime, SetMode, SizeOf, HashOf, FreeSpace), or
                  ///< doesn't say (SizeOf, FreeSpace)
    unanswered,   ///< the connection died before the answer: it may or may not have been carried out
  };
  Status status = Status::unanswered;
  FailureClass failure = FailureClass::none;  ///< class of a refusal or of what killed the connection
  int reply_code = 0;
  std::string reply_text;  ///< for people, already printable
  std::uint64_t size = 0;  ///< SizeOf; FreeSpace: bytes
  /// HashOf only: which digest was asked for, whatever came of it; none when the server offers none.
  /// `unsupported` with one set: it doesn't work although it is offered; ask again for the next best.
  std::optional<DigestKind> digest_kind{};
  std::string digest{};  ///< HashOf only: lower-case hex
  /// The replies of its batch didn't fit their commands, so nobody knows which of them were carried out, and
  /// a Rename may have put another one's file under its name: only what stands there tells. From a runner
  /// such a command is `unanswered`; where it was sent again, the mark stays (lanes/commands.h).
  bool out_of_step = false;
};

/// Runs batches of commands. Not thread-safe: one thread at a time, not always the same one.
class CommandRunner {
 public:
  virtual ~CommandRunner() = default;
  /// One result per command, in order. Pipelined where the implementation can and the server has proven that
  /// it answers in order; else each is sent when the one before is answered. No command may depend on an
  /// earlier one of the same batch being *successful*, but the server carries them out in order (MKD a, MKD
  /// a/b is fine). Connects when it isn't connected. Throws RemoteError only when no command was sent (could
  /// not connect, log in); once one was sent, the rest of a broken batch comes back `unanswered` and the next
  /// call connects anew.
  virtual std::vector<CommandResult> run(std::span<const Command> commands) = 0;
  /// Closes the connection if there is one; the next operation opens a new one.
  virtual void rest() noexcept {}
};

// --- transfers ---

/// Bytes to send. Called from the lane's thread only.
class ByteSource {
 public:
  virtual ~ByteSource() = default;
  /// Up to buffer.size() bytes; 0 at the end. Throws Error{source} when reading fails; the transfer is then
  /// aborted and put() rethrows that error.
  virtual std::size_t read(std::span<std::byte> buffer) = 0;
};

/// Takes received bytes; may throw to abort the transfer (rethrown by get()). Return false to stop early
/// without error.
using ByteSink = std::function<bool(std::span<const std::byte>)>;

struct Put {
  RemotePath path;
  ByteSource* source = nullptr;  ///< positioned at `offset`
  std::uint64_t offset = 0;      ///< 0: create or overwrite; >0: go on at exactly this byte (REST + STOR)
  std::uint64_t length = 0;      ///< bytes that will be sent, from `offset` to the end
  std::function<void(std::uint64_t)> sent;  ///< bytes handed to the network since the last call; may be empty
};

struct RemoteEntry {
  enum class Kind : std::uint8_t { file, directory, symlink, other };
  std::string name;  ///< wire bytes of one segment
  Kind kind = Kind::file;
  std::optional<std::uint64_t> size;
  std::optional<std::int64_t> mtime_s;  ///< the server's word, UTC where MLSD gave it
};

struct Listing {
  std::vector<RemoteEntry> entries;  ///< sorted by name; without "." and ".."
  /// Empty when absence may be concluded from it; else why not (truncated, a line not understood; pains 13,
  /// 14).
  std::string untrusted;
};

/// One worker's connection. All calls from one thread at a time.
class Lane : public CommandRunner {
 public:
  /// Stores source bytes. On return the server has given its final 2xx reply. One attempt, no retry. Throws
  /// RemoteError (classified) or what the source threw. The connection is kept for the next call where it
  /// survived.
  virtual void put(const Put& put) = 0;
  /// Fetches from `offset` to the end (or until the sink returns false). Returning says that the server
  /// called the transfer complete, not that the file is as long as it should be: that is for the caller to
  /// look at.
  virtual void get(const RemotePath& path, std::uint64_t offset, const ByteSink& sink) = 0;
  /// Throws RemoteError{skip_file} with reply_code 550 when the directory does not exist.
  virtual Listing list(const RemotePath& dir) = 0;
};

/// A factory of connections to one remote. Thread-safe.
class Remote {
 public:
  virtual ~Remote() = default;
  /// Neither connects yet: the first operation does. `cancel` must outlive the result; a cancelled operation
  /// ends within 200 ms with RemoteError{cancelled}.
  virtual std::unique_ptr<Lane> open_lane(const CancelToken& cancel) = 0;
  /// The pipelined command channel. Counts as one connection.
  virtual std::unique_ptr<CommandRunner> open_channel(const CancelToken& cancel) = 0;
  /// For messages: "ftp://ftp.example.net/web01".
  virtual std::string describe() const = 0;
  /// What its connections were told at the start, and what they have found out since.
  virtual ServerMemory memory() const { return {}; }
  /// What its callers have found out, by looking at content: memory() has it from now on.
  virtual void note(const ServerMemory& /*found*/) {}
  /// An upload that the server had acknowledged was not whole: what may have caused it is avoided from now
  /// on.
  virtual void upload_was_lost() {}
};

}  // namespace outhaul
