#include <fmt/format.h>

#include "report/format.h"
#include "report/json.h"
#include "report/json_parts.h"

namespace outhaul {
namespace {

void write_owner(JsonWriter& json, const Entry& entry) {
  json.member("uid", std::uint64_t{entry.uid});
  json.member("gid", std::uint64_t{entry.gid});
  if (!entry.user.empty()) json.member_bytes("user", entry.user);
  if (!entry.group.empty()) json.member_bytes("group", entry.group);
}

void write_xattrs(JsonWriter& json, const std::vector<Xattr>& attributes) {
  if (attributes.empty()) return;
  json.key("xattrs");
  json.begin_array();
  for (const Xattr& attribute : attributes) {
    json.begin_object();
    json.member_bytes("name", attribute.name);
    json.member("size", std::uint64_t{attribute.value.size()});
    json.member("base64", to_base64(attribute.value));
    json.end_object();
  }
  json.end_array();
}

}  // namespace

LsJson::LsJson(const std::string& profile) : profile_(profile) {}

std::string LsJson::open() const {
  JsonWriter json;
  json.begin_object();
  json.member("schema", "outhaul/ls/1");
  json.member("profile", profile_);
  json.key("entries");
  json.begin_array();
  return json.take();
}

std::string LsJson::row(const LsRow& row) {
  const Entry& entry = row.entry;
  JsonWriter json;
  json.begin_object();
  json.member("job", row.job);
  json.member_bytes("path", entry.path.bytes());
  json.member("kind", to_string(entry.kind));
  if (entry.kind == EntryKind::file) json.member("size", entry.size);
  write_time(json, "mtime", entry.mtime_ns);
  json.member("mode", fmt::format("{:04o}", entry.mode & 07777));
  write_owner(json, entry);
  if (entry.kind == EntryKind::file) {
    json.member("links", std::uint64_t{entry.links});
    json.member("sparse", entry.sparse);
  }
  write_xattrs(json, entry.xattrs);
  if (entry.kind == EntryKind::symlink) json.member_bytes("link_target", entry.link_target);
  if (!row.remote_name.empty()) json.member_bytes("remote_name", row.remote_name);
  json.member_unless_empty("sha256", row.sha256);
  json.end_object();
  const char* const separator = std::exchange(first_, false) ? "\n" : ",\n";
  return separator + json.take();
}

std::string LsJson::close() const {
  return first_ ? "]}" : "\n]}";
}

}  // namespace outhaul
