// Local trees: made of nasty names, and compared with what a server's disk holds.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "outhaul/paths.h"

namespace outhaul::test {

/// Names of one segment, in the file system's raw bytes, that clients, servers and shells are known to
/// stumble over: spaces, leading dash, #?%;[]*~, control bytes, not UTF-8, 255 bytes.
std::vector<std::string> nasty_names();

/// Below `dir`: a file and a directory with a file of every nasty name, dotfiles, empty files and
/// directories, files of sizes around every power that buffers have, a path 40 directories deep, a symlink, a
/// dangling symlink, a fifo.
void make_nasty_tree(const std::filesystem::path& dir);

/// A file of `size` bytes that takes hardly any disk: holes, and a marker at its start, middle and end.
void make_sparse_file(const std::filesystem::path& file, std::uint64_t size);

/// Every difference between the files and directories of `source` and what `remote_base` holds of them below
/// `target`, names escaped by outhaul/names.h, bytes compared: "missing: a/b", "differs: c", "not in the
/// source: d". Symlinks and special files of the source are not on a remote; the control directory is left
/// out. Empty: they are the same.
std::vector<std::string> differences(const std::filesystem::path& source,
                                     const std::filesystem::path& remote_base, const RemotePath& target = {});

/// True when both are regular files with the same bytes. Reads holes as what they are: zeros.
bool same_bytes(const std::filesystem::path& a, const std::filesystem::path& b);

}  // namespace outhaul::test
