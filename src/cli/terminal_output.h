// Standard output and error, with the failures that a full disk or a closed pipe brings.
#pragma once

#include <string_view>

#include "outhaul/error.h"

namespace outhaul::cli {

/// Writes all of `text` to standard output. Throws Error{local_io} when it can't; a reader that went away
/// (EPIPE) is no fault.
void print(std::string_view text);
/// "outhaul: message", then the advice, to standard error. Never throws.
void complain(const Error& error) noexcept;
void complain(std::string_view message) noexcept;

bool is_terminal(int fd) noexcept;
/// Colours are wanted: a terminal, TERM is not dumb, NO_COLOR is not set.
bool wants_colour(int fd) noexcept;

}  // namespace outhaul::cli
