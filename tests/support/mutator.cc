#include "support/mutator.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <fstream>
#include <utility>

#include "support/temp_dir.h"
#include "support/tree.h"

namespace outhaul::test {
namespace {

namespace fs = std::filesystem;

/// Fewer files than this, and every second change makes one.
constexpr std::size_t kVillage = 40;
/// More files than this, and deletions become as likely as creations.
constexpr std::size_t kCrowd = 90;
/// Larger files grow no more.
constexpr std::uintmax_t kLarge = 1 << 20;
constexpr std::array kNames{"a", "b", "c", "d e", "x*y", "Z", "ü", "100%25", "-q", ".h", "log", "data"};

}  // namespace

Mutator::Mutator(Path source, Path elsewhere, Random::result_type seed)
    : source_(std::move(source)), elsewhere_(std::move(elsewhere)), random_(seed) {
  fs::create_directories(source_);
  fs::create_directories(elsewhere_);
  write_file(source_ / "anchor", "never touched");
}

std::size_t Mutator::below(std::size_t limit) {
  return std::uniform_int_distribution<std::size_t>(0, limit - 1)(random_);
}

Mutator::Tree Mutator::look() const {
  Tree tree;
  for (const auto& entry : fs::recursive_directory_iterator(source_)) {
    if (fs::is_directory(entry.symlink_status()))
      tree.dirs.push_back(entry.path());
    else if (entry.path() != source_ / "anchor")
      tree.files.push_back(entry.path());
  }
  std::sort(tree.files.begin(), tree.files.end());
  std::sort(tree.dirs.begin(), tree.dirs.end());
  return tree;
}

const Mutator::Path& Mutator::any_of(const std::vector<Path>& some) {
  return some[below(some.size())];
}

Mutator::Path Mutator::any_dir(const Tree& tree) {
  return tree.dirs.empty() || one_in(4) ? source_ : any_of(tree.dirs);
}

Mutator::Path Mutator::any_place(const Tree& tree) {
  return tree.dirs.empty() || one_in(2) ? any_of(tree.files) : any_of(tree.dirs);
}

std::string Mutator::any_name() {
  if (!one_in(6)) return kNames[below(kNames.size())];
  static const std::vector<std::string> nasty = nasty_names();
  return nasty[below(nasty.size())];
}

std::string Mutator::any_content() {
  std::size_t size = below(9000);
  if (one_in(6)) size = 0;
  if (one_in(12)) size = 260'000 + below(1'500'000);  // large enough to be resumed
  std::string content = std::to_string(++count_) + " ";
  content.reserve(size);
  while (content.size() < size) content += static_cast<char>('a' + (random_() + content.size()) % 26);
  content.resize(size);
  return content;
}

void Mutator::create(const Tree& tree) {
  const Path file = any_dir(tree) / any_name();
  if (!fs::is_directory(fs::symlink_status(file))) {
    fs::remove(file);  // a symlink must not lead the writing to somewhere else
    write_file(file, any_content());
  }
}

/// Same size, other bytes.
void Mutator::edit(const Tree& tree) {
  const Path& file = any_of(tree.files);
  if (fs::is_symlink(file) || fs::file_size(file) == 0) return;
  std::fstream stream(file, std::ios::in | std::ios::out | std::ios::binary);
  stream.seekp(static_cast<std::streamoff>(below(fs::file_size(file))));
  stream.put(static_cast<char>('A' + below(26)));
}

void Mutator::append(const Tree& tree) {
  const Path& file = any_of(tree.files);
  if (fs::is_symlink(file)) return;
  std::ofstream(file, std::ios::app | std::ios::binary) << any_content().substr(0, 20'000) << '+';
}

void Mutator::truncate(const Tree& tree) {
  const Path& file = any_of(tree.files);
  if (!fs::is_symlink(file)) fs::resize_file(file, below(fs::file_size(file) + 1));
}

/// As editors save: a new file takes the name.
void Mutator::replace(const Tree& tree) {
  const Path& file = any_of(tree.files);
  const Path fresh = elsewhere_ / "fresh";
  write_file(fresh, any_content());
  fs::rename(fresh, file);
}

void Mutator::rename_file(const Tree& tree) {
  const Path& from = any_of(tree.files);
  const Path to = any_dir(tree) / any_name();
  if (!fs::is_directory(fs::symlink_status(to))) fs::rename(from, to);
}

void Mutator::rename_dir(const Tree& tree) {
  if (tree.dirs.empty()) return;
  const Path from = any_of(tree.dirs);
  const Path to = any_dir(tree) / any_name();
  std::error_code impossible;  // into itself, or onto something that is there
  fs::rename(from, to, impossible);
}

void Mutator::remove_file(const Tree& tree) {
  fs::remove(any_of(tree.files));
}

void Mutator::remove_dir(const Tree& tree) {
  if (!tree.dirs.empty()) fs::remove_all(any_of(tree.dirs));
}

void Mutator::make_dir(const Tree& tree) {
  const Path dir = any_dir(tree) / any_name();
  const auto depth = std::distance(dir.begin(), dir.end()) - std::distance(source_.begin(), source_.end());
  if (depth <= 4 && !fs::exists(fs::symlink_status(dir))) fs::create_directory(dir);
}

void Mutator::swap_kind(const Tree& tree) {
  const bool file = tree.dirs.empty() || one_in(2);
  const Path path = any_of(file ? tree.files : tree.dirs);
  fs::remove_all(path);
  if (!file) return write_file(path, any_content());
  fs::create_directory(path);
  if (one_in(2)) write_file(path / any_name(), any_content());
}

void Mutator::make_symlink(const Tree& tree) {
  const Path link = one_in(2) ? any_of(tree.files) : any_dir(tree) / any_name();
  if (fs::is_directory(fs::symlink_status(link))) return;
  fs::remove(link);
  fs::create_symlink(any_name(), link);
}

/// A time and nothing else; or a mode and nothing else.
void Mutator::touch(const Tree& tree) {
  const Path& file = any_of(tree.files);
  if (fs::is_symlink(file)) return;
  constexpr std::array<mode_t, 4> kModes{0600, 0644, 0755, 04711};
  if (one_in(2))
    ::chmod(file.c_str(), kModes[below(kModes.size())]);
  else
    ::utimensat(AT_FDCWD, file.c_str(), nullptr, 0);
}

/// Other bytes, and the size and the time that it had.
void Mutator::edit_unnoticed(const Tree& tree) {
  const Path& file = any_of(tree.files);
  struct stat before {};
  if (fs::is_symlink(file) || ::stat(file.c_str(), &before) != 0 || before.st_size == 0) return;
  std::string content = any_content();
  content.resize(static_cast<std::size_t>(before.st_size), 'u');
  write_file(file, content);
  const timespec times[2] = {before.st_atim, before.st_mtim};
  ::utimensat(AT_FDCWD, file.c_str(), times, 0);
}

void Mutator::link(const Tree& tree) {
  const Path& file = any_of(tree.files);
  std::error_code impossible;  // something is there
  if (!fs::is_symlink(file)) fs::create_hard_link(file, any_dir(tree) / any_name(), impossible);
}

/// In the middle of a file, or all of it.
void Mutator::make_hole(const Tree& tree) {
  const Path& file = any_of(tree.files);
  if (fs::is_symlink(file) || fs::file_size(file) > kLarge) return;
  if (one_in(3)) fs::resize_file(file, 0);
  fs::resize_file(file, fs::file_size(file) + 5000 + below(500'000));
  if (one_in(2)) std::ofstream(file, std::ios::app | std::ios::binary) << "behind the hole";
}

/// Before 1970 and after 2038, too.
void Mutator::set_time(const Tree& tree) {
  const auto seconds = static_cast<std::int64_t>(below(5'000'000'000)) - 500'000'000;
  const timespec times[2] = {{0, UTIME_OMIT}, {seconds, static_cast<long>(below(1'000'000'000))}};
  ::utimensat(AT_FDCWD, any_place(tree).c_str(), times, AT_SYMLINK_NOFOLLOW);
}

void Mutator::set_mode_of_dir(const Tree& tree) {
  constexpr std::array<mode_t, 4> kModes{0700, 0755, 01777, 02750};
  if (!tree.dirs.empty()) ::chmod(any_of(tree.dirs).c_str(), kModes[below(kModes.size())]);
}

/// Where the file system has none, nothing happens.
void Mutator::set_attribute(const Tree& tree) {
  const Path place = any_place(tree);
  const std::string name = one_in(2) ? "user.outhaul.one" : "user.two";
  const std::string value = std::to_string(++count_);
  if (one_in(4))
    ::lremovexattr(place.c_str(), name.c_str());
  else
    ::lsetxattr(place.c_str(), name.c_str(), value.data(), value.size(), 0);
}

/// Only root can.
void Mutator::give_away(const Tree& tree) {
  const auto id = static_cast<uid_t>(4242 + below(3));
  if (::lchown(any_place(tree).c_str(), id, id + 10) != 0) return;
}

/// Takes something out of the source, to put it back later, exactly as it was.
void Mutator::park(const Tree& tree) {
  const Path home = tree.dirs.empty() || one_in(3) ? any_of(tree.files) : any_of(tree.dirs);
  const Path shelter = elsewhere_ / std::to_string(++count_);
  fs::rename(home, shelter);
  parked_.push_back({home, shelter});
}

void Mutator::put_back() {
  if (parked_.empty()) return;
  const std::size_t index = below(parked_.size());
  const Parked back = parked_[index];
  parked_.erase(parked_.begin() + static_cast<std::ptrdiff_t>(index));
  std::error_code impossible;  // its home is gone, or somebody else lives there
  if (!fs::exists(fs::symlink_status(back.home)))
    fs::rename(back.shelter, back.home, impossible);
  else
    fs::remove_all(back.shelter);
}

void Mutator::step() {
  const Tree tree = look();
  if (tree.files.size() < 12 || (tree.files.size() < kVillage && one_in(2))) return create(tree);
  const bool crowded = tree.files.size() > kCrowd;
  using Change = void (Mutator::*)(const Tree&);
  static constexpr std::array<Change, 26> kChanges{
      &Mutator::create,          &Mutator::create,         &Mutator::create,
      &Mutator::create,          &Mutator::edit,           &Mutator::append,
      &Mutator::truncate,        &Mutator::replace,        &Mutator::rename_file,
      &Mutator::rename_dir,      &Mutator::remove_file,    &Mutator::make_dir,
      &Mutator::make_dir,        &Mutator::swap_kind,      &Mutator::make_symlink,
      &Mutator::touch,           &Mutator::park,           &Mutator::remove_dir,
      &Mutator::create,          &Mutator::edit_unnoticed, &Mutator::link,
      &Mutator::make_hole,       &Mutator::set_time,       &Mutator::set_attribute,
      &Mutator::set_mode_of_dir, &Mutator::give_away};
  const std::size_t choice = below(kChanges.size() + 2);
  if (choice >= kChanges.size()) return put_back();
  if (crowded && kChanges[choice] == &Mutator::create) return remove_file(tree);
  (this->*kChanges[choice])(tree);
}

}  // namespace outhaul::test
