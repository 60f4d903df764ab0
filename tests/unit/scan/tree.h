// A temporary tree to scan, and a scan in one go.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "filter/patterns.h"
#include "outhaul/entry.h"
#include "scan/scanner.h"
#include "support/xattrs.h"

namespace outhaul::test {

/// A fresh directory that others may enter; removed with everything in it.
class TempTree {
 public:
  TempTree();
  TempTree(TempTree&&) = delete;
  ~TempTree();
  const std::filesystem::path& path() const { return path_; }
  std::filesystem::path operator/(std::string_view name) const { return path_ / name; }
  /// Makes the parents too.
  void file(std::string_view name, std::string_view content = {}) const;
  void dir(std::string_view name) const;
  void link(std::string_view name, const std::string& target) const;

 private:
  std::filesystem::path path_;
};

struct Scanned {
  std::vector<Entry> entries;
  std::vector<ScanProblem> problems;
  std::vector<std::string> order;  ///< of everything; problems as "!path"

  std::vector<std::string> paths() const;
  const Entry* find(std::string_view path) const;
};

/// Adds what `stream` still gives, complete; checks on the way that entries come in strict byte order.
void drain(ScanStream& stream, Scanned& into);
Scanned scan_all(const ScanOptions& options, const std::vector<std::string>& patterns = {});
Scanned scan_all(const TempTree& tree, const std::vector<std::string>& patterns = {});

}  // namespace outhaul::test
