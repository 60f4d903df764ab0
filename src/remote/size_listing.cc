#include "remote/size_listing.h"

#include <algorithm>
#include <map>

#include "remote/classify.h"

namespace outhaul {
namespace {

using Status = CommandResult::Status;

CommandResult judge(const Listing& listing, std::string_view name) {
  CommandResult result{.status = Status::unsupported, .reply_text = {}};
  const auto at = std::ranges::lower_bound(listing.entries, name, {}, &RemoteEntry::name);
  if (at == listing.entries.end() || at->name != name) {
    if (listing.untrusted.empty()) {
      result.status = Status::missing;
      result.reply_text = "the listing doesn't show it";
    } else {
      result.reply_text = "the listing doesn't show it, but it can't be trusted: " + listing.untrusted;
    }
  } else if (at->kind == RemoteEntry::Kind::directory) {
    result.status = Status::refused;
    result.failure = FailureClass::skip_file;
    result.reply_text = "it is a directory";
  } else if (at->kind == RemoteEntry::Kind::file && at->size) {
    result.status = Status::done;
    result.size = *at->size;
  } else {
    result.reply_text = "the listing shows it without a size";
  }
  return result;
}

/// The directory could not be listed: what that says about each file in it.
CommandResult judge(const RemoteError& error) {
  CommandResult result{.status = Status::unanswered,
                       .failure = error.failure(),
                       .reply_code = error.reply_code(),
                       .reply_text = error.reply_text().empty() ? error.what() : error.reply_text()};
  if (error.failure() == FailureClass::skip_file) {
    const bool absent = error.reply_code() == 550 && !says_denied(error.reply_text());
    result.status = absent ? Status::missing : Status::unsupported;
    result.failure = FailureClass::none;
  }
  return result;
}

}  // namespace

bool sizes_from_listings(const std::function<Listing(const RemotePath&)>& list,
                         std::span<const Command> commands, std::vector<CommandResult>& results) {
  std::map<RemotePath, std::vector<std::size_t>> by_directory;
  for (std::size_t i = 0; i < commands.size(); ++i)
    if (const auto* size_of = std::get_if<SizeOf>(&commands[i]);
        size_of && results[i].status == Status::unsupported)
      by_directory[size_of->path.parent()].push_back(i);
  bool found = false;
  for (const auto& [directory, wanted] : by_directory) {
    try {
      const Listing listing = list(directory);
      for (const std::size_t i : wanted) {
        results[i] = judge(listing, std::get<SizeOf>(commands[i]).path.name());
        found |= results[i].status == Status::done;
      }
    } catch (const RemoteError& error) {
      for (const std::size_t i : wanted) results[i] = judge(error);
    }
  }
  return found;
}

}  // namespace outhaul
