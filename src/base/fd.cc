#include "base/fd.h"

#include <unistd.h>

namespace outhaul {

void Fd::reset() noexcept {
  if (fd_ >= 0) ::close(fd_);  // an error here is about data that fsync would have reported already
  fd_ = -1;
}

}  // namespace outhaul
