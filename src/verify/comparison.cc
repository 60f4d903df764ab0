#include "verify/comparison.h"

#include <fmt/format.h>

#include <algorithm>

#include "outhaul/names.h"
#include "outhaul/odd_names.h"

namespace outhaul {
namespace {

using Why = SizeDoubt::Why;
using Kind = VerifyFinding::Kind;
using Status = CommandResult::Status;

constexpr NameFold kNoCase{.letters = true, .odd = {}};

bool is_ours(const KnownDir& known, const RemoteEntry& entry) {
  return known.dir.empty() && entry.name == kControlDir;
}

bool is_known_dir(const KnownDir& known, const RemoteEntry& entry) {
  return entry.kind != RemoteEntry::Kind::file &&
         std::binary_search(known.dirs.begin(), known.dirs.end(), entry.name);
}

bool is_unfinished(const KnownDir& known, const RemoteEntry& entry) {
  return std::binary_search(known.unfinished.begin(), known.unfinished.end(), entry.name);
}

/// Nothing when the entry proves the object.
std::optional<SizeDoubt> doubt_about(std::size_t index, const KnownObject& object, const RemoteEntry& entry) {
  switch (entry.kind) {
    case RemoteEntry::Kind::file:
      if (!entry.size) return SizeDoubt{index, Why::no_size};
      if (*entry.size != object.size) return SizeDoubt{index, Why::other_size, *entry.size};
      return std::nullopt;
    case RemoteEntry::Kind::symlink:
      return SizeDoubt{index, Why::no_size};
    case RemoteEntry::Kind::directory:
    case RemoteEntry::Kind::other:
      break;
  }
  return SizeDoubt{index, Why::other_kind};
}

void find_absent_dirs(const KnownDir& known, const Listing& listing, DirectoryComparison& result) {
  for (const std::string& name : known.dirs) {
    const auto at = std::ranges::lower_bound(listing.entries, name, {}, &RemoteEntry::name);
    const bool there = at != listing.entries.end() && at->name == name && at->kind != RemoteEntry::Kind::file;
    if (!there) result.absent_dirs.push_back(name);
  }
}

std::string bytes_instead(std::uint64_t found, std::uint64_t expected) {
  return fmt::format("has {} bytes instead of {}", found, expected);
}

std::string unanswered(const CommandResult& answer) {
  return answer.reply_text.empty() ? std::string("the server doesn't tell its size")
                                   : fmt::format("the server doesn't tell its size: {}", answer.reply_text);
}

}  // namespace

DirectoryComparison compare_directory(const KnownDir& known, const Listing& listing) {
  DirectoryComparison result;
  const bool trusted = listing.untrusted.empty();
  auto entry = listing.entries.begin();
  const auto take_foreign = [&] {
    if (!is_ours(known, *entry) && !is_known_dir(known, *entry) && !is_unfinished(known, *entry))
      result.foreign.push_back(*entry);
    ++entry;
  };
  for (std::size_t i = 0; i < known.objects.size(); ++i) {
    const KnownObject& object = known.objects[i];
    while (entry != listing.entries.end() && entry->name < object.name) take_foreign();
    if (entry == listing.entries.end() || entry->name != object.name) {
      result.doubts.push_back({i, trusted ? Why::absent : Why::perhaps_absent});
    } else if (const auto doubt = doubt_about(i, object, *entry)) {
      result.doubts.push_back(*doubt);
    } else {
      ++result.proven;
    }
    // Two objects of one name are one file: the entry stays for the next.
    const bool namesake = i + 1 < known.objects.size() && known.objects[i + 1].name == object.name;
    if (entry != listing.entries.end() && entry->name == object.name && !namesake) ++entry;
  }
  while (entry != listing.entries.end()) take_foreign();
  if (trusted) find_absent_dirs(known, listing, result);
  return result;
}

DirectoryComparison without_listing(const KnownDir& known) {
  DirectoryComparison result;
  for (std::size_t i = 0; i < known.objects.size(); ++i) result.doubts.push_back({i, Why::unlisted});
  return result;
}

UnlistedNames::UnlistedNames(const std::vector<RemoteEntry>& foreign, const std::vector<KnownObject>& known) {
  for (const KnownObject& object : known) ++in_one_case_[folded(object.name, kNoCase)];
  for (const RemoteEntry& entry : foreign) {
    if (entry.kind == RemoteEntry::Kind::directory) continue;
    if (entry.size && entry.kind == RemoteEntry::Kind::file)
      sizes_.insert(*entry.size);
    else
      ++unsized_;
  }
}

bool UnlistedNames::stands_for_itself(const std::string& name) const {
  constexpr std::string_view kPortable =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-";
  const auto namesakes = in_one_case_.find(folded(name, kNoCase));
  return name.find_first_not_of(kPortable) == std::string::npos &&
         (namesakes == in_one_case_.end() || namesakes->second == 1);
}

bool UnlistedNames::take(std::uint64_t size) {
  if (const auto found = sizes_.find(size); found != sizes_.end()) {
    sizes_.erase(found);
    return true;
  }
  if (unsized_ == 0) return false;
  --unsized_;
  return true;
}

SizeVerdict judge_size(const KnownObject& object, const SizeDoubt& doubt, const CommandResult& answer,
                       UnlistedNames& unlisted) {
  if (answer.status == Status::done && answer.size == object.size) {
    if (doubt.why != Why::absent || unlisted.stands_for_itself(object.name) || unlisted.take(object.size))
      return {.proven = true, .message = {}};
    return {.message =
                "the server tells its size, but no listing shows it: it may take this name for another "
                "file's"};
  }
  if (answer.status == Status::done)
    return {.finding = Kind::size_differs, .message = bytes_instead(answer.size, object.size)};
  const bool denied_to_be = answer.status == Status::missing;
  switch (doubt.why) {
    case Why::absent:
      return {.finding = Kind::missing, .message = "is not there"};
    case Why::perhaps_absent:
      if (denied_to_be) return {.finding = Kind::missing, .message = "is not there"};
      break;
    case Why::other_kind:
      return {.finding = Kind::missing, .message = "is no file there, but a directory or something special"};
    case Why::other_size:
      // Gone in the meantime, or not for us to ask: what the listing showed stands unless it is denied.
      if (!denied_to_be)
        return {.finding = Kind::size_differs, .message = bytes_instead(doubt.listed, object.size)};
      return {.message = "is in the listing with another size, but the server says that it isn't there"};
    case Why::no_size:
      if (denied_to_be) return {.message = "is in the listing, but the server says that it isn't there"};
      break;
    case Why::unlisted:
      break;
  }
  return {.message = unanswered(answer)};
}

}  // namespace outhaul
