// One directory as the state knows it against its listing. Pure.
#pragma once

#include <map>
#include <set>
#include <string>
#include <vector>

#include "outhaul/remote.h"
#include "outhaul/verify.h"
#include "state/inventory.h"

namespace outhaul {

/// What a listing can't settle about one object; its size is asked for by name.
struct SizeDoubt {
  enum class Why : std::uint8_t {
    absent,          ///< a listing that can be trusted doesn't show it
    perhaps_absent,  ///< a listing that can't be trusted doesn't show it
    other_size,      ///< it shows `listed` bytes
    no_size,         ///< it shows a file without a size, or a symbolic link
    other_kind,      ///< it shows a directory or a device
    unlisted,        ///< there is no listing
  };
  std::size_t object = 0;  ///< its place in KnownDir::objects
  Why why{};
  std::uint64_t listed = 0;
};

struct DirectoryComparison {
  std::size_t proven = 0;  ///< objects whose size the listing shows
  std::vector<SizeDoubt> doubts;
  std::vector<RemoteEntry> foreign;
  std::vector<std::string> absent_dirs;  ///< that must be in it; only from a listing that can be trusted
};

/// Both sides sorted by name. Names are compared as bytes. `.outhaul` at the top is never foreign.
DirectoryComparison compare_directory(const KnownDir& known, const Listing& listing);
/// The same without a listing: everything is doubtful.
DirectoryComparison without_listing(const KnownDir& known);

/// The files of one directory that a listing shows under names that the state doesn't know. A server may show
/// a name in another form (decomposed letters, U+FFFD), so each can be one object that the server answers for
/// and the listing doesn't show; but not two: those would be one file under two names.
class UnlistedNames {
 public:
  UnlistedNames(const std::vector<RemoteEntry>& foreign, const std::vector<KnownObject>& known);
  /// No server takes it for another one's of the directory: nothing but letters, digits, ".", "-" and "_" (POSIX.1
  /// 3.265), and no object there that differs in upper and lower case alone. vsftpd's hide_file and ProFTPD's
  /// HideFiles keep such names out of listings.
  bool stands_for_itself(const std::string& name) const;
  /// True when there is one that has this size, or doesn't tell its own. It isn't there a second time.
  bool take(std::uint64_t size);

 private:
  std::multiset<std::uint64_t> sizes_;
  std::size_t unsized_ = 0;
  std::map<std::string, int> in_one_case_;  ///< how many objects have this name, but for upper and lower case
};

/// What the server's answer to SizeOf makes of a doubt. Nothing is called missing by one witness alone: a
/// listing that can be trusted and the server's word, or the server's word where there is no such listing.
/// Nor is a size proof of a name that such a listing doesn't show, unless something of `unlisted` can be it or the name
/// stands for itself.
struct SizeVerdict {
  bool proven = false;
  VerifyFinding::Kind finding = VerifyFinding::Kind::unproven;
  std::string message;
};
SizeVerdict judge_size(const KnownObject& object, const SizeDoubt& doubt, const CommandResult& answer,
                       UnlistedNames& unlisted);

}  // namespace outhaul
