// SIGINT, SIGTERM and SIGHUP as a cancelled token.
#pragma once

namespace outhaul {

class CancelToken;

/// Installs the handlers: the first SIGINT/SIGTERM/SIGHUP cancels `token` with the signal's number, the
/// second one ends the process at once (_exit(128 + n)). SIGHUP stays ignored when it was (nohup). SIGPIPE
/// and SIGXFSZ are ignored: the write that would raise them fails, and says why. `token` must live to the end
/// of the process. Call once, from main.
void cancel_on_signals(CancelToken& token);

}  // namespace outhaul
