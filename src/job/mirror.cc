#include "job/mirror.h"

#include <system_error>

#include "base/digest.h"

namespace outhaul {

Profile mirror_profile(const std::filesystem::path& source, const RemoteSettings& settings) {
  std::error_code fault;
  std::filesystem::path real = std::filesystem::canonical(source, fault);
  if (fault)
    real = std::filesystem::absolute(source).lexically_normal();  // the guard will say that it is missing
  if (!real.has_filename() && real.has_parent_path() && real != real.root_path()) real = real.parent_path();
  Sha256 identity;
  identity.update(real.native());
  identity.update(std::string_view("\0", 1));
  identity.update(settings.user);
  identity.update(std::string_view("\0", 1));
  identity.update(settings.url);
  Profile profile;
  profile.name = "mirror-" + to_hex(identity.finish()).substr(0, 16);
  profile.remote = settings;
  profile.claims_remote = false;
  profile.safety.one_shot = true;
  profile.catalog = false;  // one shot into a space that may be public
  Job job;
  job.name = "mirror";
  job.source = real;
  job.names = settings.names;
  profile.jobs.push_back(std::move(job));
  return profile;
}

}  // namespace outhaul
