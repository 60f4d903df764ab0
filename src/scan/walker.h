// The walk over the source, one directory descriptor at a time.
#pragma once

#include <sys/stat.h>

#include <cstddef>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/accounts.h"
#include "base/fd.h"
#include "outhaul/entry.h"
#include "outhaul/leave_out.h"
#include "scan/attributes.h"
#include "scan/listing.h"

namespace outhaul {

class CancelToken;
class Filter;
class HandOver;

/// The source, opened once: everything is reached from this descriptor and never by an absolute path.
struct OpenSource {
  Fd fd;
  FileId id;
  std::string name;  ///< for messages, printable
  bool one_file_system = false;
  bool xattrs = true;
  std::optional<FileId> leave_out;
  LeaveOut rules = {};
};

class Walker {
 public:
  Walker(OpenSource source, const Filter& filter, const CancelToken& cancel, HandOver& out);
  /// Hands over everything below the source, then returns. For a thread that ends then: its working directory
  /// wanders. Throws Error{source} when the source itself can't
  /// be listed, Error{cancelled}, HandOver::Stopped.
  void run();

 private:
  /// A directory between the source and where the walk is.
  struct Frame {
    Fd fd;  ///< empty when too far up, and when lost
    FileId id;
    std::size_t path_length = 0;  ///< of its path, which path_ begins with
    bool lost = false;            ///< it was moved away while its descriptor was closed
    DirectoryNames listing;
  };
  struct Opened;

  void visit(Frame& frame, const DirectoryNames::Item& item);
  void examine(Frame& frame, const DirectoryNames::Item& item, int attempts);
  void not_examined(int error);
  void read_attributes(const char* name, const struct stat& info);
  void emit(const struct stat& info, EntryKind kind);
  bool emit_symlink(const Frame& frame, const char* name, const struct stat& info, int& error);
  void emit_directory(Frame& frame, const DirectoryNames::Item& item, const struct stat& info);
  void problem(ScanProblem::Kind kind, std::string message);
  bool excluded(bool is_directory) const;
  void set_path(const Frame& frame, const DirectoryNames::Item& item);

  void descend(Frame& frame, const DirectoryNames::Item& item);
  void enter(Fd fd, FileId id);
  void leave_out_what_is_marked(Frame& frame, const Fd& fd);
  void leave();
  void regain(Frame& frame, const Fd& child);
  Fd reopen_from_source(std::size_t depth) const;
  std::string_view segment(std::size_t depth) const;

  OpenSource source_;
  const Filter& filter_;
  const CancelToken& cancel_;
  HandOver& out_;
  std::deque<Frame> frames_;  ///< kept with their memory when the walk goes up again
  std::size_t depth_ = 0;     ///< frames in use
  std::string path_;          ///< of what is being looked at
  std::unique_ptr<std::byte[]> buffer_;
  AttributeReader attributes_;
  std::vector<Xattr> xattrs_;  ///< of what is being looked at
  Accounts accounts_;
};

}  // namespace outhaul
