// The extended attributes of an entry as one BLOB of the state.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "outhaul/entry.h"

namespace outhaul {

/// The form, version 1: a byte 1; then for each attribute, in byte order of the names, the name's length (2
/// bytes), the value's length (4 bytes), both little-endian, the name, the value. No attributes: no bytes
/// (and NULL in the database).
std::string encode_xattrs(const std::vector<Xattr>& attributes);

/// Into `attributes`, whose buffers are used again. Empty when that worked, else what is wrong with `blob`,
/// and then `attributes` is empty. Refuses whatever encode_xattrs() didn't write.
std::string decode_xattrs(std::string_view blob, std::vector<Xattr>& attributes);

}  // namespace outhaul
