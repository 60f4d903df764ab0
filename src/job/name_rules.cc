#include "job/name_rules.h"

#include <fmt/format.h>

#include <optional>

#include "job/job_facts.h"
#include "outhaul/error.h"

namespace outhaul {
namespace {

constexpr std::string_view kUnix = "unix", kWindows = "windows";

/// Of what decides about entries: half-sent files are none, whatever they are called.
bool same_rules(NameRules a, const NameRules& b) {
  a.own.part_suffix = b.own.part_suffix;
  return a == b;
}

/// "windows CP1252"; a state without the fact was written with the first rules there were.
std::string written(const NameRules& rules) {
  const std::string_view names = rules.windows ? kWindows : kUnix;
  return rules.encoding.empty() ? std::string(names) : fmt::format("{} {}", names, rules.encoding);
}

NameRules read(std::string_view text) {
  const std::size_t space = text.find(' ');
  return {text.substr(0, space) == kWindows,
          space == std::string_view::npos ? std::string{} : std::string(text.substr(space + 1)),
          {},
          {}};
}

/// As the profile says them; `other`: what they are told apart from.
std::string in_words(const NameRules& rules, const NameRules& other) {
  std::string words = fmt::format("\"names\": \"{}\"", rules.windows ? kWindows : kUnix);
  words += rules.encoding.empty() ? " without \"encoding\""
                                  : fmt::format(" and \"encoding\": \"{}\"", printable(rules.encoding));
  if (rules.own.dir != other.own.dir) words += fmt::format(" and \"control_dir\": \"{}\"", rules.own.dir);
  return words;
}

NameRules known_rules(const State& state, const Job& job) {
  const std::optional<std::string> told = state.server_fact(fact_scope(job.name), kNamesFact);
  NameRules rules = told ? read(*told) : NameRules{};
  if (const auto dir = state.server_fact(fact_scope(job.name), kControlDirFact)) rules.own.dir = *dir;
  rules.escaped = odd_names_from(state.server_fact(fact_scope(job.name), kEscapesFact).value_or(std::string()));
  return rules;
}

/// `job`: with what it escapes.
[[noreturn]] void refuse(const NameRules& before, const Job& job, const RelPath& path) {
  throw Error(
      ErrorKind::state,
      fmt::format(
          "the rules for names on the remote changed: \"{}\" of job \"{}\" is there as \"{}\", but with {} "
          "it would be \"{}\"",
          printable(path.bytes()), job.name, printable(remote_path_for(job.target, path, before).wire()),
          in_words(job.names, before), printable(remote_path_for(job.target, path, job.names).wire())),
      fmt::format("Set them back to {}. To use the new rules, give the job a new name and a new target: "
                  "everything is sent there anew, and what lies at the old target can be removed by hand.",
                  in_words(before, job.names)));
}

}  // namespace

void check_name_rules(const State& state, const Job& configured) {
  const NameRules before = known_rules(state, configured);
  const Job job = with_known_names(state, configured);
  const std::optional<JobId> id = state.find_job(job.name);
  if (same_rules(before, job.names) || !id) return;
  const auto entries = state.entries(*id);
  for (Entry entry; entries->next(entry);) {
    if (entry.kind == EntryKind::symlink) continue;  // has no name there
    if (remote_path_for(job.target, entry.path, before) != remote_path_for(job.target, entry.path, job.names))
      refuse(before, job, entry.path);
  }
}

void remember_name_rules(State& state, const Job& job) {
  const NameRules before = known_rules(state, job), now = with_known_names(state, job).names;
  if (before.own.dir != now.own.dir) state.set_server_fact(fact_scope(job.name), kControlDirFact, now.own.dir);
  if (written(before) != written(now)) state.set_server_fact(fact_scope(job.name), kNamesFact, written(now));
}

Job with_known_names(const State& state, const Job& job) {
  Job known = job;
  known.names.escaped = known_rules(state, job).escaped;
  return known;
}

OddNames escapable(const State& state, JobId id, const Job& job, const OddNames& kinds) {
  OddNames taken;
  if (!kinds.any()) return kinds;
  const auto entries = state.entries(id);
  for (Entry entry; taken != kinds && entries->next(entry);)
    if (entry.kind != EntryKind::symlink)
      taken = taken | (kinds & odd_names_in(remote_path_for({}, entry.path, job.names).wire()));
  return kinds - taken;
}

void remember_escapes(State& state, const Job& job) {
  state.set_server_fact(fact_scope(job.name), kEscapesFact, outhaul::written(job.names.escaped));
}

}  // namespace outhaul
