#include <fmt/format.h>

#include "outhaul/paths.h"
#include "profile/decode.h"

namespace outhaul {
namespace {

std::string summary(const std::filesystem::path& file, const std::vector<ProfileFault>& faults) {
  const std::string name = printable(file.string());
  std::string text = faults.size() == 1 ? fmt::format("{}: 1 fault in the profile", name)
                                        : fmt::format("{}: {} faults in the profile", name, faults.size());
  for (const ProfileFault& fault : faults) text += "\n" + to_string(file, fault);
  return text;
}

}  // namespace

std::string to_string(const std::filesystem::path& file, const ProfileFault& fault) {
  std::string text = printable(file.string()) + ": ";
  if (!fault.pointer.empty()) text += printable(fault.pointer) + ": ";
  text += fault.found;
  if (!fault.expected.empty()) text += "; expected " + fault.expected;
  if (!fault.hint.empty()) text += "; " + fault.hint;
  return text;
}

ProfileError::ProfileError(const std::filesystem::path& file, std::vector<ProfileFault> faults)
    : Error(ErrorKind::profile, summary(file, faults),
            fmt::format("correct the file, then run: outhaul check {}", printable(file.string()))),
      faults_(std::move(faults)) {}

}  // namespace outhaul
