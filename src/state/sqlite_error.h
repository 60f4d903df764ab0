// What SQLite's result codes mean to an operator. Pure; the one place where they are judged.
#pragma once

#include <string>
#include <string_view>

#include "outhaul/error.h"

namespace outhaul::sqlite {

/// `result`: an (extended) SQLite result code; `system_errno`: sqlite3_system_errno(), 0 when unknown;
/// `detail`: SQLite's own words. Full, unreadable, unwritable → local_io; damaged → state; kept busy by
/// another program → locked; the rest is our bug → internal.
Error error_for(int result, int system_errno, std::string_view file, std::string_view detail);

}  // namespace outhaul::sqlite
