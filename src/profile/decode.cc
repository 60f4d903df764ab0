#include "profile/decode.h"

#include "profile/decode_alarms.h"
#include "profile/decode_jobs.h"
#include "profile/decode_remote.h"
#include "profile/decode_verify.h"
#include "profile/keys.h"
#include "profile/paths_in_profile.h"
#include "profile/quantity.h"

namespace outhaul {
namespace {

Limit read_limit(const Node& node) {
  constexpr std::int64_t kMost = 1'000'000'000'000;
  if (node.is(JsonValue::Kind::string)) {
    if (const auto percent = parse_percent(node.value().text)) return {percent, std::nullopt};
  } else if (node.value().integer && *node.value().integer >= 0 && *node.value().integer <= kMost) {
    return {std::nullopt, static_cast<std::uint64_t>(*node.value().integer)};
  }
  node.fault("a percentage from \"0%\" to \"100%\" in quotes, or a whole number of files");
  return {};
}

GuardPolicy read_safety(const Node& node) {
  GuardPolicy policy;
  if (!node.object(safety_keys(), "an object")) return policy;
  if (const auto description = node.find("description")) description->string("a string");
  if (const auto limit = node.find("max_delete")) policy.max_delete = read_limit(*limit);
  if (const auto limit = node.find("max_change")) policy.max_change = read_limit(*limit);
  if (const auto require = node.find("require"))
    for (const Node& item : require->items("an array of absolute paths that must exist before a run"))
      if (auto path = read_absolute_path(item)) policy.require.push_back(std::move(*path));
  return policy;
}

std::string read_until(const Node& node) {
  constexpr const char* kExpected = "a time of day from \"00:00\" to \"23:59\"";
  const auto text = node.string(kExpected);
  if (!text) return {};
  if (!parse_time_of_day(*text))
    node.fault(kExpected, text->size() == 4 ? "write two digits for the hour" : "");
  return std::string(*text);
}

void read_profile(const Node& node, const std::filesystem::path& folder, Profile& profile) {
  if (!node.object(profile_keys(), "an object with \"profile\", \"remote\" and \"jobs\"")) return;
  for (const char* text : {"$schema", "description"})
    if (const auto member = node.find(text)) member->string("a string");
  if (const auto name = node.need("profile", "a name for the profile, such as \"web01-nightly\""))
    profile.name = read_name(*name).value_or("");
  if (const auto remote = node.need("remote", "an object with at least \"url\""))
    profile.remote = read_remote(*remote, folder);
  Job defaults;
  if (const auto member = node.find("defaults")) defaults = read_defaults(*member, folder);
  if (const auto jobs = node.need("jobs", "an array of at least one job"))
    profile.jobs = read_jobs(*jobs, defaults, folder, profile.remote);
  if (const auto safety = node.find("safety")) profile.safety = read_safety(*safety);
  if (const auto catalog = node.find("catalog")) profile.catalog = catalog->boolean().value_or(true);
  if (const auto until = node.find("until")) profile.until = read_until(*until);
  if (const auto alarms = node.find("alarms")) profile.alarms = read_alarms(*alarms, folder);
  if (const auto verify = node.find("verify")) profile.read_all_within = read_read_all_within(*verify);
}

}  // namespace

Profile decode_profile(std::string_view text, const std::filesystem::path& file) {
  Faults faults;
  Profile profile;
  profile.file = file;
  if (const auto document = parse_json(text, faults))
    read_profile(Node(*document, "", faults), std::filesystem::absolute(file).parent_path(), profile);
  if (!faults.empty()) throw ProfileError(file, faults.take());
  return profile;
}

}  // namespace outhaul
