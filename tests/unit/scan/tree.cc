#include "tree.h"

#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <stdexcept>

#include "base/cancel.h"

namespace outhaul::test {
namespace fs = std::filesystem;

TempTree::TempTree() {
  std::string name = (fs::temp_directory_path() / "outhaul-scan-XXXXXX").string();
  if (mkdtemp(name.data()) == nullptr || chmod(name.c_str(), 0755) != 0)
    throw std::runtime_error("no temporary folder");
  path_ = name;
}

TempTree::~TempTree() {
  // rm copes with paths longer than PATH_MAX and with thousands of levels.
  const std::string command = fmt::format("chmod -R u+rwx '{0}' 2>/dev/null; rm -rf '{0}'", path_.string());
  [[maybe_unused]] const int status = std::system(command.c_str());
}

void TempTree::file(std::string_view name, std::string_view content) const {
  fs::create_directories((*this / name).parent_path());
  std::ofstream(*this / name, std::ios::binary) << content;
}

void TempTree::dir(std::string_view name) const {
  fs::create_directories(*this / name);
}

void TempTree::link(std::string_view name, const std::string& target) const {
  fs::create_symlink(target, *this / name);
}

std::vector<std::string> Scanned::paths() const {
  std::vector<std::string> paths;
  for (const Entry& entry : entries) paths.push_back(entry.path.bytes());
  return paths;
}

const Entry* Scanned::find(std::string_view path) const {
  const auto found =
      std::find_if(entries.begin(), entries.end(), [&](const Entry& e) { return e.path.bytes() == path; });
  return found == entries.end() ? nullptr : &*found;
}

void drain(ScanStream& stream, Scanned& into) {
  const auto take = [&](const ScanProblem& problem) {
    into.order.push_back('!' + problem.path.bytes());
    into.problems.push_back(problem);
  };
  for (ScanItem item; stream.next(item);) {
    if (const auto* problem = std::get_if<ScanProblem>(&item)) {
      take(*problem);
      continue;
    }
    Entry& entry = std::get<Entry>(item);
    stream.complete(entry, take);
    if (!into.entries.empty() && !(into.entries.back().path < entry.path))
      throw std::logic_error("out of order: " + printable(entry.path.bytes()));
    into.order.push_back(entry.path.bytes());
    into.entries.push_back(entry);
  }
}

Scanned scan_all(const ScanOptions& options, const std::vector<std::string>& patterns) {
  const Filter filter(patterns);
  const CancelToken cancel;
  Scanned scanned;
  drain(*scan(options, filter, cancel), scanned);
  return scanned;
}

Scanned scan_all(const TempTree& tree, const std::vector<std::string>& patterns) {
  return scan_all(ScanOptions{tree.path(), false, {}}, patterns);
}

}  // namespace outhaul::test
