// A directory tree that is reached step by step from its base, never through a symlink.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "base/fd.h"
#include "outhaul/paths.h"
#include "outhaul/remote.h"

namespace outhaul {

/// What an errno of a file operation asks for (errors are classified once). Pure.
FailureClass classify_errno(int error) noexcept;

/// The FTP reply that says the same, for those who look at reply codes; 0 when there is none.
int reply_code_for(int error) noexcept;

/// One base directory. Opened by the first use, and again after a failure that means that the disk went away.
class Disk {
 public:
  Disk(std::string base, std::string url) : base_(std::move(base)), url_(std::move(url)) {}

  /// A directory below the base. Invalid, with errno set, when it can't be opened (ELOOP or ENOTDIR: a
  /// symlink is in the way). Throws RemoteError{stop_run} when the base itself is not there.
  Fd open_dir(const RemotePath& dir);
  /// The directory that holds `path`; as open_dir(). EINVAL when `path` is the base itself.
  Fd open_parent(const RemotePath& path);

  /// After a failure that means that the disk went away: the next use opens the base anew.
  void forget() noexcept { base_fd_.reset(); }
  /// "file:///mnt/x: can't write a/b: No space left on device", classified. Forgets the base when the disk
  /// went away.
  RemoteError error(int error, std::string_view doing, const RemotePath& path);

 private:
  const Fd& base();
  std::string base_, url_;
  Fd base_fd_;
};

}  // namespace outhaul
