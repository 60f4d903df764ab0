// A small file that is always whole to whoever reads it.
#pragma once

#include <filesystem>
#include <string>

namespace outhaul {

/// Writes `text` beside `file`, under a name that no reader of "*.prom" takes for one, and renames it.
/// Readable by all: what reads it is another account. Throws Error{local_io}.
void replace_textfile(const std::filesystem::path& file, const std::string& text);

}  // namespace outhaul
