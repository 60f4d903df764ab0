// What the remote holds, for people.
#include <fmt/format.h>

#include "report/format.h"
#include "report/text.h"

namespace outhaul {
namespace {

std::string short_row(const Entry& entry) {
  return shown_path(entry.path, entry.kind) + '\n';
}

/// Like ls(1): the name, or the number that has none.
std::string owner(const std::string& name, std::uint32_t id) {
  return name.empty() ? fmt::format("{}", id) : printable(name);
}

std::string long_row(const Entry& entry) {
  std::string name = shown_path(entry.path, entry.kind);
  if (entry.kind == EntryKind::symlink) name += fmt::format(" -> {}", printable(entry.link_target));
  const char* const more = entry.xattrs.empty() ? " " : "+";  // ACLs or other attributes
  return fmt::format("{}{} {:>3} {:>8} {:>8} {:>9}  {}  {}\n", format_mode(entry.kind, entry.mode), more,
                     entry.links, owner(entry.user, entry.uid), owner(entry.group, entry.gid),
                     entry.kind == EntryKind::file ? format_bytes(entry.size) : "",
                     format_time_local(entry.mtime_ns), name);
}

bool several_jobs(const std::vector<LsRow>& rows) {
  for (const LsRow& row : rows)
    if (row.job != rows.front().job) return true;
  return false;
}

}  // namespace

std::string LsText::row(const LsRow& row) {
  std::string text;
  if (several_jobs_ && (first_ || job_ != row.job))
    text = fmt::format("{}{}:\n", first_ ? "" : "\n", printable(row.job));
  first_ = false;
  job_ = row.job;
  return text + (long_form_ ? long_row(row.entry) : short_row(row.entry));
}

std::string ls_text(const std::vector<LsRow>& rows, bool long_form) {
  LsText listing(long_form, several_jobs(rows));
  std::string text;
  for (const LsRow& row : rows) text += listing.row(row);
  return text;
}

}  // namespace outhaul
