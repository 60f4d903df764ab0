#include "outhaul/versions.h"

#include <fmt/format.h>

#include "outhaul/names.h"

namespace outhaul {

RemotePath version_name_for(RunId run, const RemotePath& live_name, ObjectId object) {
  const auto number = static_cast<std::int64_t>(run);
  RemotePath name = RemotePath::parse(fmt::format("{}/{}", kVersionsDir, number)) / live_name;
  if (name.wire().size() <= kMaxRemotePath) return name;
  return RemotePath::parse(fmt::format("{}/{}~/{}", kVersionsDir, number, static_cast<std::int64_t>(object)));
}

}  // namespace outhaul
