// JSON → Profile. All errors of a file at once.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "outhaul/error.h"
#include "outhaul/profile.h"

namespace outhaul {

struct ProfileFault {
  std::string pointer;   ///< JSON pointer (RFC 6901) of the value; "" for the document
  std::string found;     ///< what stands there: "the string \"yes\""
  std::string expected;  ///< "true or false"
  std::string hint;      ///< "did you mean \"exclude\"?"; may be empty
};
/// "FILE: /jobs/0/exlude: unknown key; …"
std::string to_string(const std::filesystem::path& file, const ProfileFault& fault);

class ProfileError : public Error {
 public:
  ProfileError(const std::filesystem::path& file, std::vector<ProfileFault> faults);
  const std::vector<ProfileFault>& faults() const noexcept { return faults_; }

 private:
  std::vector<ProfileFault> faults_;
};

/// Throws ProfileError with every fault of `text`; `file` is for messages and for resolving relative paths in
/// it (relative to the profile's folder). Resolves no secrets, touches no network, looks at no source.
Profile decode_profile(std::string_view text, const std::filesystem::path& file);
/// Reads the file (Error{profile} when it can't) and decodes it.
Profile load_profile(const std::filesystem::path& file);

/// The JSON Schema (draft 2020-12) that `outhaul schema` prints: schemas/profile.schema.json, compiled in.
std::string_view profile_schema();
/// A starter profile for `outhaul init`, valid against the schema.
std::string starter_profile(std::string_view name, std::string_view source, std::string_view url);

}  // namespace outhaul
