// Extended attributes of an open file, or of a name in an open directory, without following symlinks.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace outhaul {

/// Whose attributes are meant. `name` unset: `fd` itself, which may be a symlink opened with O_PATH. Set:
/// that name in the directory `fd` (AT_FDCWD: the working directory, for less than a fifth of the price);
/// when it is a symlink, the symlink. A name that was swapped meanwhile is what it is now: who must not be
/// led astray opens it first.
struct XattrPlace {
  int fd = -1;
  const char* name = nullptr;
};

/// The names, in no order. Each of these functions returns 0, or an errno; ENOTSUP: this file system has
/// none.
int list_xattrs(const XattrPlace& place, std::vector<std::string>& names);
/// ENODATA: it has none of this name.
int read_xattr(const XattrPlace& place, const std::string& name, std::string& value);
int write_xattr(const XattrPlace& place, const std::string& name, std::string_view value);
int remove_xattr(const XattrPlace& place, const std::string& name);

/// Every attribute whose name is `wanted`, in byte order of the names: tells `sink` the name, and 0 and the
/// value, or the errno of reading it. One that is gone by then isn't mentioned.
using XattrSink = std::function<void(std::string&& name, int error, std::string&& value)>;
int read_xattrs(const XattrPlace& place, bool (*wanted)(std::string_view) noexcept, const XattrSink& sink);

/// Whether there are any, for one system call and no allocation: the answer for almost every file.
/// 0: `any` says it.
int has_xattrs(const XattrPlace& place, bool& any);

/// Who is asking, as far as that decides which attributes there are without a word of those that are hidden:
/// the user, and whether "trusted.*" is shown ("1000", "0+"). Never empty.
std::string xattr_sight();

}  // namespace outhaul
