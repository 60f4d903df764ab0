#include "scan/attributes.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sched.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <system_error>
#include <utility>

#include "base/xattr.h"
#include "outhaul/paths.h"
#include "outhaul/xattrs.h"

namespace outhaul {
namespace {

std::string text_of(int error) {
  return std::generic_category().message(error);
}

}  // namespace

void AttributeReader::begin() noexcept {
  own_directory_ = wanted_ && unshare(CLONE_FS) == 0;
}

bool AttributeReader::go_there() noexcept {
  if (!here_) here_ = own_directory_ && fchdir(directory_) == 0;
  return here_;
}

bool AttributeReader::has_none(std::uint64_t dev) const noexcept {
  return std::find(without_.begin(), without_.end(), dev) != without_.end();
}

void AttributeReader::read(const char* name, std::uint64_t dev, std::vector<Xattr>& into,
                           const std::function<void(std::string&&)>& fault) {
  into.clear();
  if (!wanted_ || has_none(dev)) return;
  const XattrPlace place{go_there() ? AT_FDCWD : directory_, name};
  bool any = false;
  int error = has_xattrs(place, any);
  if (error == 0 && any)
    error = read_xattrs(place, is_kept_xattr, [&](std::string&& attribute, int failed, std::string&& value) {
      if (failed == 0)
        into.push_back({std::move(attribute), std::move(value)});
      else if (failed != ENOENT)
        fault(fmt::format("its attribute {} can't be read: {}", printable(attribute), text_of(failed)));
    });
  if (error == ENOTSUP || error == ENOSYS)
    without_.push_back(dev);
  else if (error != 0 && error != ENOENT)
    fault("its attributes can't be listed: " + text_of(error));
}

}  // namespace outhaul
