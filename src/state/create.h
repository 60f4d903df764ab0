// A new state.db, whole or not at all.
#pragma once

#include <filesystem>
#include <functional>
#include <string>
#include <string_view>

namespace outhaul {

/// Makes the directory (0700) and `file` (0600) with the current schema, durable when it returns. A crash in
/// between leaves no `file`; what it left under another name is removed the next time. Does nothing when
/// another process was faster. Throws Error{local_io}.
void create_state(const std::filesystem::path& file, std::string_view profile);

/// The same with a database that `fill` makes of the empty file that it is given. False, and not filled:
/// there is one.
bool create_state(const std::filesystem::path& file,
                  const std::function<void(const std::string& draft)>& fill);

}  // namespace outhaul
