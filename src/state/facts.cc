// Jobs, doubts, and what was learned of servers.
#include <algorithm>
#include <map>
#include <set>

#include "state/impl.h"
#include "state/refusal.h"
#include "state/state.h"

namespace outhaul {

using sqlite::Blob;
using sqlite::Text;

namespace {

/// Whether a file of the job was ever stored, or may have been. A part that is still being sent is asked
/// about before it is believed; directories are made again; a symlink lies in the state alone.
bool has_stored(sqlite::Database& db, JobId job) {
  sqlite::Query query(
      db,
      "SELECT EXISTS (SELECT 1 FROM entry WHERE job = ?1 AND kind = ?2)"
      " OR EXISTS (SELECT 1 FROM part WHERE job = ?1 AND stage <> 'sending')"
      " OR EXISTS (SELECT 1 FROM intent WHERE job = ?1 AND kind <> 'make_dir')"
      " OR EXISTS (SELECT 1 FROM object WHERE (job = ?1 OR job IS NULL) AND status <> 'uploading')",
      job, EntryKind::file);
  return query.next() && query.row().integer(0) != 0;
}

}  // namespace

/// What `run` meets may have begun in any run after the last one that came to its end.
RunId State::first_in_doubt(JobId job, RunId run) const {
  sqlite::Query query(impl_->db(),
                      "SELECT coalesce(min(id), ?2) FROM run WHERE id > coalesce("
                      "(SELECT max(s.run) FROM snapshot AS s WHERE s.job = ?1 AND s.run < ?2), 0)",
                      job, run);
  query.next();
  return query.row().get<RunId>(0);
}

std::optional<JobId> State::find_job(std::string_view name, const RemotePath& target) const {
  sqlite::Database& db = impl_->db();
  sqlite::Query query(db, "SELECT id, target FROM job WHERE name = ?", Text{name});
  if (!query.next()) return std::nullopt;
  const JobId id = query.row().get<JobId>(0);
  if (query.row().bytes(1) != target.wire() && has_stored(db, id))
    throw changed_target(db.file(), name, query.row().bytes(1), target.wire());
  return id;
}

JobId State::job(std::string_view name, const RemotePath& target) {
  sqlite::Database& db = impl_->db();
  if (const auto known = find_job(name, target)) {
    sqlite::Query same(db, "SELECT 1 FROM job WHERE id = ? AND target = ?", *known, blob_of(target));
    if (!same.next())
      impl_->in_transaction([&] {
        sqlite::execute(db, "UPDATE job SET target = ? WHERE id = ?", blob_of(target), *known);
        // Below the new one they are yet to be made.
        sqlite::execute(db, "DELETE FROM entry WHERE job = ? AND kind = ?", *known, EntryKind::directory);
      });
    return *known;
  }
  JobId id{};
  impl_->in_transaction([&] {
    sqlite::execute(db, "INSERT INTO job (name, target) VALUES (?, ?)", Text{name}, blob_of(target));
    id = JobId{db.last_insert_rowid()};
  });
  return id;
}

std::optional<JobId> State::find_job(std::string_view name) const {
  sqlite::Query query(impl_->db(), "SELECT id FROM job WHERE name = ?", Text{name});
  if (!query.next()) return std::nullopt;
  return query.row().get<JobId>(0);
}

std::vector<std::string> State::job_names() const {
  std::vector<std::string> names;
  sqlite::Query query(impl_->db(), "SELECT name FROM job ORDER BY id");
  while (query.next()) names.push_back(query.row().string(0));
  return names;
}

void State::set_doubts(JobId job, RunId run, const std::vector<Doubt>& doubts) {
  const RunId first = first_in_doubt(job, run);
  std::map<RelPath, RunId> since;
  sqlite::Query query(impl_->db(), "SELECT path, run FROM doubt WHERE job = ?", job);
  while (query.next()) since.emplace(RelPath::trusted(query.row().string(0)), query.row().get<RunId>(1));
  // What can't be seen may have been renamed, or lie below something else that can't be seen now: a new doubt is as old
  // as those that are gone.
  RunId oldest = first;
  for (const auto& [path, run_of_it] : since)
    if (std::ranges::none_of(doubts, [&](const Doubt& doubt) { return doubt.path == path; }))
      oldest = std::min(oldest, run_of_it);
  impl_->in_transaction([&] {
    sqlite::execute(impl_->db(), "DELETE FROM doubt WHERE job = ?", job);
    for (const Doubt& doubt : doubts) {
      const auto known = since.find(doubt.path);
      sqlite::execute(impl_->db(),
                      "INSERT INTO doubt (job, path, reason, run) VALUES (?, ?, ?, ?) "
                      "ON CONFLICT (job, path) DO UPDATE SET reason = excluded.reason",
                      job, blob_of(doubt.path), Text{doubt.reason},
                      known == since.end() ? oldest : known->second);
    }
  });
}

RunId State::newest_change() const {
  sqlite::Query query(impl_->db(),
                      "SELECT max(coalesce((SELECT max(from_run) FROM entry), 0), "
                      "coalesce((SELECT max(to_run) FROM past_entry), 0))");
  return query.next() ? query.row().get<RunId>(0) : kNoRun;
}

void State::set_unstored(JobId job, RunId run, const std::vector<Unstored>& files) {
  const RunId first = first_in_doubt(job, run);
  std::set<RelPath> paths;
  for (const Unstored& file : files) paths.insert(file.path);
  std::vector<RelPath> stored;
  sqlite::Query query(impl_->db(), "SELECT DISTINCT path FROM unstored WHERE job = ?", job);
  while (query.next())
    if (RelPath path = RelPath::trusted(query.row().string(0)); !paths.contains(path))
      stored.push_back(std::move(path));
  if (stored.empty() && files.empty()) return;
  impl_->in_transaction([&] {
    for (const RelPath& path : stored)
      sqlite::execute(impl_->db(), "DELETE FROM unstored WHERE job = ? AND path = ?", job, blob_of(path));
    for (const Unstored& file : files)
      sqlite::execute(impl_->db(),
                      "INSERT INTO unstored (job, path, size, reason, run) VALUES (?, ?, ?, ?, ?) "
                      "ON CONFLICT (job, path, size) DO UPDATE SET reason = excluded.reason "
                      "WHERE reason <> excluded.reason",
                      job, blob_of(file.path), file.size ? static_cast<std::int64_t>(*file.size) : -1,
                      Text{file.reason}, first);
  });
}

std::vector<OpenProblem> State::open_problems(JobId job) const {
  std::vector<OpenProblem> problems;
  sqlite::Query query(impl_->db(),
                      "SELECT path, -1, run, reason FROM doubt WHERE job = ?1 UNION ALL "
                      "SELECT path, size, run, reason FROM unstored WHERE job = ?1 ORDER BY 3, 1",
                      job);
  while (query.next()) {
    OpenProblem problem{
        RelPath::trusted(query.row().string(0)), {}, query.row().get<RunId>(2), query.row().string(3)};
    if (const std::int64_t size = query.row().integer(1); size >= 0)
      problem.size = static_cast<std::uint64_t>(size);
    problems.push_back(std::move(problem));
  }
  return problems;
}

std::vector<Doubt> State::doubts(JobId job) const {
  std::vector<Doubt> doubts;
  sqlite::Query query(impl_->db(), "SELECT path, reason FROM doubt WHERE job = ? ORDER BY path", job);
  while (query.next()) doubts.push_back({RelPath::trusted(query.row().string(0)), query.row().string(1)});
  return doubts;
}

std::optional<std::string> State::server_fact(std::string_view server, std::string_view fact) const {
  sqlite::Query query(impl_->db(), "SELECT value FROM server_fact WHERE server = ? AND fact = ?",
                      Text{server}, Text{fact});
  if (!query.next()) return std::nullopt;
  return query.row().string(0);
}

void State::set_server_fact(std::string_view server, std::string_view fact, std::string_view value) {
  impl_->in_transaction([&] {
    sqlite::execute(impl_->db(),
                    "INSERT INTO server_fact (server, fact, value) VALUES (?, ?, ?) "
                    "ON CONFLICT (server, fact) DO UPDATE SET value = excluded.value",
                    Text{server}, Text{fact}, Text{value});
  });
}

void State::forget_server_fact(std::string_view server, std::string_view fact) {
  impl_->in_transaction([&] {
    sqlite::execute(impl_->db(), "DELETE FROM server_fact WHERE server = ? AND fact = ?", Text{server},
                    Text{fact});
  });
}

std::map<std::string, std::string> State::server_facts(std::string_view server) const {
  std::map<std::string, std::string> facts;
  sqlite::Query query(impl_->db(), "SELECT fact, value FROM server_fact WHERE server = ?", Text{server});
  while (query.next()) facts[query.row().string(0)] = query.row().string(1);
  return facts;
}

}  // namespace outhaul
