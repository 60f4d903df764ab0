#include "profile/decode_jobs.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <utility>

#include "filter/leave_out.h"
#include "filter/patterns.h"
#include "outhaul/names.h"
#include "profile/decode_command.h"
#include "profile/decode_duration.h"
#include "profile/decode_versions.h"
#include "profile/job_checks.h"
#include "profile/keys.h"
#include "profile/paths_in_profile.h"
#include "profile/quantity.h"

namespace outhaul {
namespace {

constexpr std::array<std::string_view, 3> kOnRemoval{"retire", "keep", "delete"};
constexpr std::array<std::string_view, 2> kForeign{"keep", "delete"};
constexpr std::array<std::string_view, 3> kCompare{"stat", "mtime", "hash"};
constexpr std::array<std::string_view, 2> kChangingWords{"report", "accept"};
constexpr std::array<std::string_view, 3> kRemoteModeWords{"private", "source", "server"};
constexpr std::array<std::string_view, 3> kProof{"size", "hash", "read_back"};

void read_patterns(const Node& node, std::vector<std::string>& patterns) {
  constexpr const char* kPattern = "a pattern as in .gitignore, such as \"*.tmp\" or \"/cache/\"";
  for (const Node& item :
       node.items("an array of patterns as in .gitignore, such as [\"*.tmp\", \"/cache/\"]")) {
    const auto pattern = item.string(kPattern);
    if (!pattern) continue;
    const std::string fault = pattern_fault(*pattern);
    if (fault.empty()) {
      patterns.push_back(*pattern);
    } else {
      item.fault_found(fmt::format("{}, which {}", describe(item.value()), fault), kPattern);
    }
  }
}

constexpr const char* kLargerThan = "\"off\", or a size such as \"500 MiB\" or \"4 GB\"";

void read_larger_than(const Node& node, LeaveOut& rules) {
  const auto text = node.string(kLargerThan);
  if (!text) return;
  rules.larger_than = *text == "off" ? std::nullopt : parse_bytes(*text);
  if (!rules.larger_than && *text != "off") node.fault(kLargerThan, bytes_hint(*text));
}

void read_markers(const Node& node, std::vector<std::string>& names) {
  constexpr const char* kName = "the name of a file, such as \".nobackup\"";
  for (const Node& item : node.items("an array of names, such as [\".nobackup\"]")) {
    const auto name = item.string(kName);
    if (!name) continue;
    const std::string fault = marker_fault(*name);
    if (fault.empty())
      names.push_back(*name);
    else
      item.fault_found(fmt::format("{}, which {}", describe(item.value()), fault), kName);
  }
}

void read_leave_out(const Node& node, LeaveOut& rules) {
  if (const auto size = node.find("exclude_larger_than")) read_larger_than(*size, rules);
  if (const auto names = node.find("exclude_if_present")) read_markers(*names, rules.if_present);
  if (const auto caches = node.find("exclude_caches"))
    if (const auto value = caches->boolean()) rules.caches = *value;
  if (const auto keep = node.find("keep_exclude_tags"))
    if (const auto value = keep->boolean()) rules.keep_tags = *value;
  if (const auto nodump = node.find("nodump"))
    if (const auto value = nodump->boolean()) rules.nodump = *value;
}

/// A word for all files, or patterns of some.
void read_changing(const Node& node, Job& job) {
  if (node.is(JsonValue::Kind::string)) {
    if (const auto word = node.word(kChangingWords)) job.changing.assign(*word == 1 ? 1 : 0, "*");
    return;
  }
  constexpr const char* kShape = "\"report\", \"accept\", or an object such as {\"accept\": [\"*.log\"]}";
  if (!node.object(changing_keys(), kShape)) return;
  if (const auto accept = node.need("accept", "an array of patterns, such as [\"*.log\"]"))
    read_patterns(*accept, job.changing);
}

/// "0640": three or four octal digits. The owner's share is needed: a later run must replace what is there.
void read_mode(const Node& node, std::uint32_t owners, std::uint32_t& mode) {
  const std::string expected =
      fmt::format("permissions in octal such as \"{:04o}\", with all of {:04o} for the owner", owners | 044, owners);
  const auto text = node.string(expected);
  if (!text) return;
  std::uint32_t value = 0;
  const auto [end, fault] = std::from_chars(text->data(), text->data() + text->size(), value, 8);
  const bool good = fault == std::errc{} && end == text->data() + text->size() &&
                    (text->size() == 3 || text->size() == 4) && value <= 0777 && (value & owners) == owners;
  if (!good) return node.fault(expected);
  mode = value;
}

/// A word for all, or the two modes.
RemoteModes read_remote_modes(const Node& node) {
  using Rule = RemoteModes::Rule;
  RemoteModes modes;
  if (node.is(JsonValue::Kind::string)) {
    if (const auto word = node.word(kRemoteModeWords))
      modes.rule = std::array{Rule::as_private, Rule::as_source, Rule::by_server}[*word];
    return modes;
  }
  constexpr const char* kShape =
      "\"private\", \"source\", \"server\", or an object such as {\"file\": \"0644\", \"dir\": \"0755\"}";
  if (!node.object(remote_modes_keys(), kShape)) return modes;
  modes.rule = Rule::fixed;
  if (const auto file = node.need("file", "the permissions of files, such as \"0644\"")) read_mode(*file, 0600, modes.file);
  if (const auto dir = node.need("dir", "the permissions of directories, such as \"0755\"")) read_mode(*dir, 0700, modes.dir);
  return modes;
}

/// A job's own replace those of "defaults", each by itself; an empty array takes one away.
void read_hooks(const Node& node, const std::filesystem::path& folder, Hooks& hooks) {
  if (!node.object(hook_keys(), "an object with \"before\", \"after\" or \"on_failure\"")) return;
  for (const auto& [key, argv] : {std::pair{"before", &hooks.before}, std::pair{"after", &hooks.after},
                                  std::pair{"on_failure", &hooks.on_failure}})
    if (const auto command = node.find(key)) {
      const bool none = command->is(JsonValue::Kind::array) && command->value().items.empty();
      *argv = none ? std::vector<std::string>{} : read_argv(*command, folder);
    }
  if (const auto timeout = node.find("timeout")) read_duration(*timeout, hooks.timeout);
}

/// The keys that jobs and "defaults" share. Patterns are added behind those that `job` has.
void read_choices(const Node& node, const std::filesystem::path& folder, Job& job) {
  if (const auto description = node.find("description")) description->string("a string");
  if (const auto exclude = node.find("exclude")) read_patterns(*exclude, job.exclude);
  read_leave_out(node, job.leave_out);
  if (const auto removal = node.find("on_removal"))
    if (const auto word = removal->word(kOnRemoval))
      job.on_removal = std::array{OnRemoval::retire, OnRemoval::keep, OnRemoval::remove}[*word];
  if (const auto foreign = node.find("foreign"))
    if (const auto word = foreign->word(kForeign))
      job.foreign = *word == 1 ? OnForeign::remove : OnForeign::keep;
  if (const auto versions = node.find("versions")) job.versions = read_versions(*versions);
  if (const auto compare = node.find("compare"))
    if (const auto word = compare->word(kCompare))
      job.compare = std::array{Compare::stat, Compare::mtime, Compare::hash}[*word];
  if (const auto proof = node.find("proof"))
    if (const auto word = proof->word(kProof))
      job.proof = std::array{Proof::size, Proof::hash, Proof::read_back}[*word];
  if (const auto changing = node.find("changing")) read_changing(*changing, job);
  if (const auto one = node.find("one_file_system"))
    if (const auto value = one->boolean()) job.one_file_system = *value;
  if (const auto xattrs = node.find("xattrs"))
    if (const auto value = xattrs->boolean()) job.xattrs = *value;
  if (const auto preserve = node.find("preserve_mtime"))
    if (const auto value = preserve->boolean()) job.preserve_mtime = *value;
  if (const auto hooks = node.find("hooks")) read_hooks(*hooks, folder, job.hooks);
  if (const auto modes = node.find("remote_modes")) job.remote_modes = read_remote_modes(*modes);
  if (const auto append_only = node.find("append_only"))
    if (const auto value = append_only->boolean()) job.append_only = *value;
}

/// However the server minds upper and lower case.
bool is_ours(std::string_view segment, NameRules rules) {
  rules.windows = true;
  return is_control_dir(segment, rules);
}

std::string target_hint(std::string_view text) {
  if (text == "." || text == "/" || text == "./") return "the remote's directory itself is \"\"";
  if (text.starts_with('/')) return "it is below the URL's directory: write it without the leading '/'";
  if (text.ends_with('/')) return "write it without the trailing '/'";
  return {};
}

std::optional<RemotePath> read_target(const Node& node, const NameRules& rules) {
  constexpr const char* kTarget =
      "a directory below the URL's, such as \"www\" or \"web01/www\", without leading, trailing or double "
      "'/', \".\" or \"..\"";
  const auto text = node.string(kTarget);
  if (!text) return std::nullopt;
  if (const std::string first = text->substr(0, text->find('/')); is_ours(first, rules)) {
    node.fault("any other directory",
               fmt::format("\"{}\" is where outhaul keeps its parts; nothing else may live there", first));
    return std::nullopt;
  }
  try {
    RemotePath target = remote_path_for({}, RelPath::parse(*text), rules);
    if (too_long(target).empty()) return target;
    node.fault(fmt::format("names of at most {} bytes each, escapes included", kMaxRemoteName));
  } catch (const Error&) {
    node.fault(kTarget, target_hint(*text));
  }
  return std::nullopt;
}

ReadJob read_job(const Node& node, const Job& defaults, const std::filesystem::path& folder) {
  ReadJob read{node, defaults, false, false, false};
  if (!node.object(job_keys(), "an object with \"name\", \"source\" and \"target\"")) return read;
  if (const auto name = node.need("name", "a name for the job, such as \"www\""))
    if (const auto text = read_name(*name)) {
      read.job.name = *text;
      read.has_name = true;
    }
  if (const auto source = node.need("source", "the directory to keep, such as \"/srv/www\""))
    if (const auto path = read_local_path(*source, folder)) {
      read.job.source = *path;
      read.has_source = true;
    }
  if (const auto target =
          node.need("target", "the directory on the remote, such as \"www\"; \"\" is the URL's own"))
    if (const auto path = read_target(*target, defaults.names)) {
      read.job.target = *path;
      read.has_target = true;
    }
  read_choices(node, folder, read.job);
  return read;
}

}  // namespace

std::optional<std::string> read_name(const Node& node) {
  constexpr const char* kName = "a name of 1 to 64 letters, digits, '.', '_' or '-', not starting with '.'";
  const auto text = node.string(kName);
  if (!text) return std::nullopt;
  const bool plain = std::ranges::all_of(*text, [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' ||
           c == '_' || c == '-';
  });
  if (plain && !text->empty() && text->size() <= 64 && text->front() != '.') return text;
  node.fault(kName);
  return std::nullopt;
}

Job read_defaults(const Node& node, const std::filesystem::path& folder) {
  Job defaults;
  if (node.object(default_keys(), "an object")) read_choices(node, folder, defaults);
  return defaults;
}

std::vector<Job> read_jobs(const Node& node, const Job& defaults, const std::filesystem::path& folder,
                           const RemoteSettings& remote) {
  std::vector<ReadJob> read;
  Job start = defaults;
  start.names = remote.names;
  for (const Node& item : node.items("an array of at least one job", 1))
    read.push_back(read_job(item, start, folder));
  check_jobs(read, remote);
  std::vector<Job> jobs;
  for (ReadJob& one : read) jobs.push_back(std::move(one.job));
  return jobs;
}

}  // namespace outhaul
