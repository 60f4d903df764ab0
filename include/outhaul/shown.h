// How things are named in messages. Pure.
#pragma once

#include <string>

#include "outhaul/paths.h"
#include "outhaul/report.h"

namespace outhaul {

/// `"a/b"`, in quotes and printable; the directory that remote.url names has no name of its own: "the
/// remote's base directory".
std::string shown(const RemotePath& path);

/// The message with its path in front, unless it begins with it or has it in quotes. That the letters of a
/// short name occur in a message says nothing.
std::string message_with_path(const Problem& problem);

}  // namespace outhaul
