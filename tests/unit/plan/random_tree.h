// A source tree that is edited at random, as people and programs edit theirs.
#pragma once

#include <map>
#include <random>
#include <set>
#include <string>
#include <vector>

#include "outhaul/entry.h"
#include "unit/plan/model.h"

namespace outhaul::test {

class RandomTree {
 public:
  explicit RandomTree(unsigned seed) : random_(seed) {}

  /// Adds, edits, deletes, renames, links, changes types, modes, owners and attributes. A sneaky edit keeps
  /// size and mtime; `sneaky` has those and no renames, because the two together can't be seen from outside.
  void edit(int times, bool sneaky = false);
  /// The machine was booted anew: another device number for everything.
  void change_device() { ++dev_; }

  std::vector<ScanItem> scan() const;
  /// The same scan with up to `most` places that could not be seen; `problems` gets them.
  std::vector<ScanItem> scan_with_doubts(int most, const std::vector<Entry>& state,
                                         std::vector<ScanProblem>& problems);
  Content content(const Entry& entry) const { return inodes_.at(names_.at(entry.path.bytes())).content; }
  const std::map<std::string, std::uint64_t>& names() const { return names_; }
  Entry entry(const std::string& path) const;

 private:
  struct Inode {
    EntryKind kind = EntryKind::file;
    Content content = 0;
    std::uint64_t size = 0;
    std::int64_t mtime = 0, ctime = 0;
    std::uint32_t mode = 0644;
    std::string user = "alice";
    bool sparse = false;
    std::vector<Xattr> xattrs;
  };

  std::size_t below(std::size_t limit) {
    return std::uniform_int_distribution<std::size_t>(0, limit - 1)(random_);
  }
  std::string any_name();  ///< of something that is there; empty when nothing is
  std::string new_name();  ///< in a directory that is there; may be taken
  std::string parent_of(const std::string& path) const;
  void touch(const std::string& dir);  ///< its content changed
  void create(const std::string& path);
  void write(std::uint64_t inode, bool sneaky);
  void remove(const std::string& path);
  void rename(const std::string& from, const std::string& to);
  void link(const std::string& from, const std::string& to);
  void edit_metadata(std::uint64_t inode);
  void edit_once(bool sneaky);

  std::mt19937 random_;
  std::map<std::string, std::uint64_t> names_;
  std::map<std::uint64_t, Inode> inodes_;
  std::uint64_t last_inode_ = 1;
  std::uint64_t dev_ = 1;
  std::int64_t now_ = 1'000'000'000;
  Content last_content_ = 0;
};

}  // namespace outhaul::test
