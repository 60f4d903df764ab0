// The first hundred bytes of state.db (sqlite.org/fileformat2.html §1.3), read without SQLite: what is
// refused by them is not even opened as a database, so that neither file nor log can change.
#pragma once

#include <filesystem>

namespace outhaul {

/// Throws Error{state} for an empty or cut file, one that is no database, one of another program or of a
/// newer outhaul.
void judge_header(const std::filesystem::path& file);

}  // namespace outhaul
