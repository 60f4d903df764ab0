// The first hundred bytes of state.db (sqlite.org/fileformat2.html §1.3), judged before SQLite looks at them:
// what is refused here is never read as a database, so that neither file nor log can change.
#pragma once

#include "state/sqlite.h"

namespace outhaul {

/// Throws Error{state} for an empty or cut file, one that is no database, one of another program or of a
/// newer outhaul.
void judge_header(const sqlite::Database& db);

}  // namespace outhaul
