// The meaning of commands over SFTP: what they become, and what the answers say. No network code here.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "outhaul/remote.h"
#include "remote/endpoint.h"
#include "remote/sftp_fault.h"
#include "remote/sftp_path.h"

namespace outhaul {

/// A logged-in SFTP session. Every call connects when it isn't connected, and throws RemoteError only when
/// nothing was asked of the server.
class SftpWire {
 public:
  virtual ~SftpWire() = default;

  struct Answer {
    SftpStatus status = SftpStatus::none;       ///< none: carried out, unless `broken` says otherwise
    FailureClass broken = FailureClass::none;   ///< the connection died before the answer
    FailureClass failure = FailureClass::none;  ///< what the refusal asks for
    int reply_code = 0;
    std::string words;
    std::uint64_t size = 0;  ///< of measure()
    std::string told{};      ///< what libcurl says of a command that was carried out
    bool ok() const noexcept { return status == SftpStatus::none && broken == FailureClass::none; }
  };
  /// One of libcurl's commands: `rename "a" "b"`.
  virtual Answer command(const std::string& line) = 0;
  /// The same for a question that isn't needed: a server that leaves it without an answer breaks it off soon.
  virtual Answer optional_command(const std::string& line) = 0;
  /// The size of what can be opened there; a directory may be one of those things.
  virtual Answer measure(const RemotePath& path) = 0;
  /// Contract: Lane::list.
  virtual Listing list_directory(const RemotePath& dir) = 0;
};

/// Contract: CommandRunner::run. One request at a time: libcurl doesn't pipeline, and tells of a failed
/// command only when it ends the transfer, so each is one of its own.
/// What isn't needed is asked once: a server that ends a session at it, or leaves it without an answer, isn't
/// asked again (`learned.statvfs`).
std::vector<CommandResult> run_sftp_commands(SftpWire& wire, const SftpPath& paths, Learned& learned,
                                             std::span<const Command> commands);

/// The bytes that are free for everybody in what libcurl says after "statvfs"; none where the server doesn't
/// know.
std::optional<std::uint64_t> free_bytes_in(std::string_view statvfs);

/// `20200102 03:04:05` in UTC, as libcurl's date parser takes it; empty when SFTP's 32 bits can't hold the
/// time.
std::string sftp_time(std::int64_t seconds);

}  // namespace outhaul
