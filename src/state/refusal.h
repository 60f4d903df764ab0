// The ways in which a state is refused. Pure: each says what is wrong and the way out; the files stay as they
// are.
#pragma once

#include <cstdint>
#include <string_view>

#include "outhaul/error.h"

namespace outhaul {

/// Never rebuilt by itself: a silently emptied state would forget what the remote holds.
Error damaged(std::string_view file, std::string_view why);
Error foreign_program(std::string_view file);
Error foreign_profile(std::string_view file, std::string_view stored, std::string_view given);
Error newer(std::string_view file, std::int64_t found, std::int64_t known);
Error older_but_read_only(std::string_view file, std::int64_t found, std::int64_t known);
Error missing(std::string_view file);
Error changed_target(std::string_view file, std::string_view job, std::string_view stored,
                     std::string_view given);

}  // namespace outhaul
