// The pipelined command channel: libcurl connects and logs in, we speak on its connection
// (docs/ftp-notes.md).
#pragma once

#include <memory>

#include "base/cancel.h"
#include "outhaul/remote.h"
#include "remote/endpoint.h"

namespace outhaul {

std::unique_ptr<CommandRunner> make_command_channel(std::shared_ptr<Endpoint> endpoint,
                                                    const CancelToken& cancel);

/// Whether `code` can be a reply to `line` at all. A reply that can't means that replies and commands are no
/// longer in step.
bool plausible_reply(std::string_view line, int code) noexcept;

}  // namespace outhaul
