#include "scan/attributes.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sched.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <utility>

#include "outhaul/error.h"
#include "outhaul/paths.h"
#include "outhaul/xattrs.h"

namespace outhaul {

int ask_attributes(const XattrPlace& place, std::vector<Xattr>& into,
                   const std::function<void(std::string&&)>& fault) {
  into.clear();
  bool any = false;
  const int error = has_xattrs(place, any);
  if (error != 0 || !any) return error;
  return read_xattrs(place, is_kept_xattr, [&](std::string&& attribute, int failed, std::string&& value) {
    if (failed == 0)
      into.push_back({std::move(attribute), std::move(value)});
    else if (failed != ENOENT)
      fault(fmt::format("its attribute {} can't be read: {}", printable(attribute), errno_text(failed)));
  });
}

bool BareDevices::has(std::uint64_t dev) const noexcept {
  return std::find(devices_.begin(), devices_.end(), dev) != devices_.end();
}

bool BareDevices::learn(std::uint64_t dev, int error) {
  if (error != ENOTSUP && error != ENOSYS) return false;
  devices_.push_back(dev);
  return true;
}

std::string cannot_list(int error) {
  return "its attributes can't be listed: " + errno_text(error);
}

void AttributeReader::begin() noexcept {
  own_directory_ = wanted_ && unshare(CLONE_FS) == 0;
}

bool AttributeReader::go_there() noexcept {
  if (!here_) here_ = own_directory_ && fchdir(directory_) == 0;
  return here_;
}

void AttributeReader::read(const char* name, std::uint64_t dev, std::vector<Xattr>& into,
                           const std::function<void(std::string&&)>& fault) {
  into.clear();
  if (!wanted_ || bare_.has(dev)) return;
  const int error = ask_attributes({go_there() ? AT_FDCWD : directory_, name}, into, fault);
  if (error != 0 && error != ENOENT && !bare_.learn(dev, error)) fault(cannot_list(error));
}

}  // namespace outhaul
