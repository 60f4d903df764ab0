// The meaning of commands: which lines they become, what the replies to them say, and how a doubtful reply is
// settled. The same for the pipelined channel and for a lane's QUOTE. No network code here.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "outhaul/remote.h"
#include "remote/endpoint.h"
#include "remote/reply_parser.h"

namespace outhaul {

/// A logged-in control connection.
class CommandWire {
 public:
  virtual ~CommandWire() = default;

  struct Answer {
    std::vector<Reply> replies;                ///< to the first lines, in order
    FailureClass broken = FailureClass::none;  ///< why there are fewer replies than lines
    Reply last_words;                          ///< what the server said when it broke, if anything
    bool out_of_step = false;  ///< it broke because replies didn't fit; then `replies` is empty
  };
  /// Sends lines (without line ends). Connects when it isn't connected. Throws RemoteError only when nothing
  /// was sent. Where lines go one at a time, an RNTO behind a refused RNFR isn't sent: its reply has code 0.
  virtual Answer exchange(std::span<const std::string> lines) = 0;
  /// What FEAT offers; may ask.
  virtual Features features() = 0;
  /// Absolute path of the login directory; valid once connected; may be empty.
  virtual std::string login_directory() const = 0;
  /// The connection's state is in doubt: the next exchange uses a new one.
  virtual void drop() noexcept = 0;
};

/// Contract: CommandRunner::run.
std::vector<CommandResult> run_commands(CommandWire& wire, const WirePath& paths, Learned& learned,
                                        std::span<const Command> commands);

/// "20260229123456" in UTC (RFC 3659 §2.3); empty when the year has more than four digits.
std::string time_val(std::int64_t seconds);

}  // namespace outhaul
