// Somebody who works in the source while it is saved: makes, edits, moves, deletes, puts things back, and
// changes what belongs to files beside their content.
#pragma once

#include <filesystem>
#include <random>
#include <string>
#include <vector>

namespace outhaul::test {

class Mutator {
 public:
  using Random = std::mt19937_64;

  /// Works below `source`, and parks what it takes out of it for a while below `elsewhere`, which must be on
  /// the same file system. A file "anchor" is never touched, so that the source is never empty.
  Mutator(std::filesystem::path source, std::filesystem::path elsewhere, Random::result_type seed);

  /// One random change.
  void step();

 private:
  using Path = std::filesystem::path;

  struct Tree {
    std::vector<Path> files, dirs;  ///< without the anchor; without the source itself
  };
  Tree look() const;
  std::size_t below(std::size_t limit);
  bool one_in(std::size_t n) { return below(n) == 0; }
  const Path& any_of(const std::vector<Path>& some);
  Path any_dir(const Tree& tree);
  Path any_place(const Tree& tree);
  /// Mostly from a small set, so that files, directories and symlinks meet under the same one.
  std::string any_name();
  std::string any_content();

  void create(const Tree& tree);
  void edit(const Tree& tree);
  void append(const Tree& tree);
  void truncate(const Tree& tree);
  void replace(const Tree& tree);
  void rename_file(const Tree& tree);
  void rename_dir(const Tree& tree);
  void remove_file(const Tree& tree);
  void remove_dir(const Tree& tree);
  void make_dir(const Tree& tree);
  void swap_kind(const Tree& tree);
  void make_symlink(const Tree& tree);
  void touch(const Tree& tree);
  void edit_unnoticed(const Tree& tree);
  void link(const Tree& tree);
  void make_hole(const Tree& tree);
  void set_time(const Tree& tree);
  void set_mode_of_dir(const Tree& tree);
  void set_attribute(const Tree& tree);
  void give_away(const Tree& tree);
  void park(const Tree& tree);
  void put_back();

  struct Parked {
    Path home, shelter;
  };
  Path source_, elsewhere_;
  Random random_;
  std::vector<Parked> parked_;
  std::size_t count_ = 0;
};

}  // namespace outhaul::test
