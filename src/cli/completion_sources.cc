#include "cli/completion_sources.h"

#include <set>
#include <utility>

#include "base/clock.h"
#include "cli/profile_files.h"
#include "job/queries.h"
#include "profile/decode.h"

namespace outhaul::cli {
namespace {

/// A person waits: what a larger directory holds beyond that isn't offered.
constexpr std::size_t kMostEntries = 200'000, kMostNames = 1'000;

struct Enough {};

}  // namespace

FoundOnDisk::FoundOnDisk(std::filesystem::path profiles_dir, std::filesystem::path state_dir)
    : profiles_dir_(std::move(profiles_dir)), state_dir_(std::move(state_dir)) {}

std::vector<std::string> FoundOnDisk::profiles() const {
  try {
    return profile_files("", {}, profiles_dir_).files;
  } catch (const std::exception&) {
    return {};
  }
}

std::vector<std::string> FoundOnDisk::jobs(const std::string& file) const {
  std::vector<std::string> names;
  try {
    for (const Job& job : load_profile(file).jobs) names.push_back(job.name);
  } catch (const std::exception&) {
    names.clear();
  }
  return names;
}

std::vector<std::string> FoundOnDisk::paths(const std::string& file, const std::string& job,
                                            const std::string& at, const std::string& begun) const {
  std::set<std::string> names;
  try {
    const Profile profile = load_profile(file);
    const std::string dir = begun.substr(0, begun.rfind('/') + 1);
    const JobPath below = find_path(profile, job, dir.empty() ? "." : dir);
    // What was typed stays as it was typed; only what follows it is ours.
    const std::size_t known = below.path.bytes().empty() ? 0 : below.path.bytes().size() + 1;
    std::size_t seen = 0;
    list_entries(profile, find_state_root(state_dir_) / profile.name, {below},
                 parse_when(at, SystemClock().now_ns()), [&](LsRow&& row) {
                   const std::string_view path = row.entry.path.bytes();
                   if (++seen > kMostEntries || names.size() > kMostNames) throw Enough{};
                   if (path.size() <= known) return;
                   const std::string_view rest = path.substr(known);
                   const std::size_t slash = rest.find('/');
                   const bool is_dir =
                       slash != std::string_view::npos || row.entry.kind == EntryKind::directory;
                   names.insert(dir + std::string(rest.substr(0, slash)) + (is_dir ? "/" : ""));
                 });
  } catch (const Enough&) {
  } catch (const std::exception&) {
    return {};
  }
  return {names.begin(), names.end()};
}

}  // namespace outhaul::cli
