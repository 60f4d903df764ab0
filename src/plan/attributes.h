// Whose extended attributes need not be asked for. Pure.
#pragma once

#include <cstdint>

#include "outhaul/entry.h"

namespace outhaul {

/// True when `now` has the attributes that `stored` has, which is known without asking: setting an attribute
/// moves the ctime, and here inode and ctime are as recorded. The device isn't compared, since its number
/// changes with reboots; what vouches for a file's content vouches for this, too.
///
/// `known_ns`: the state has what every entry had at this moment, by the clock that files get their times
/// from, and knows of everything that was recorded since. What had changed shortly before may have changed
/// once more in the same tick of that clock, behind the one who asked: false. A tick is taken for 20 ms, and
/// for two seconds where a ctime of whole seconds looks like a file system that has no finer ones.
bool vouches_for_attributes(const Entry& stored, const Entry& now, std::int64_t known_ns) noexcept;

}  // namespace outhaul
