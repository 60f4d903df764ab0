#include "outhaul/shown.h"

#include <fmt/format.h>

namespace outhaul {
namespace {

bool names_its_path(const Problem& problem) {
  return problem.message.starts_with(problem.path + ": ") ||
         problem.message.find('"' + problem.path + '"') != std::string::npos;
}

}  // namespace

std::string shown(const RemotePath& path) {
  return path.empty() ? "the remote's base directory" : fmt::format("\"{}\"", printable(path.wire()));
}

std::string message_with_path(const Problem& problem) {
  if (problem.path.empty() || names_its_path(problem)) return problem.message;
  return fmt::format("{}: {}", problem.path, problem.message);
}

}  // namespace outhaul
