// What was about to be done to the remote beside uploads.
#include <fmt/format.h>

#include <utility>

#include "outhaul/error.h"
#include "state/impl.h"
#include "state/refusal.h"
#include "state/state.h"

namespace outhaul {
namespace {

using sqlite::Text;
using Kind = Intent::Kind;

constexpr std::pair<Kind, std::string_view> kNames[] = {
    {Kind::make_dir, "make_dir"},     {Kind::move, "move"},     {Kind::remove, "remove"},
    {Kind::remove_dir, "remove_dir"}, {Kind::retire, "retire"}, {Kind::expire, "expire"}};

std::string_view name_of(Kind kind) {
  for (const auto& [known, name] : kNames)
    if (known == kind) return name;
  throw Error(ErrorKind::internal, "an intent is of a kind that doesn't exist");
}

Kind kind_of(const sqlite::Database& db, std::string_view name) {
  for (const auto& [kind, known] : kNames)
    if (known == name) return kind;
  throw damaged(db.file(), fmt::format("an intent is of the kind \"{}\"", name));
}

}  // namespace

void State::intend(JobId job, RunId run, const Intent& intent) {
  impl_->require_transaction("intend()");
  const bool moves = intent.kind == Kind::move;
  sqlite::execute(impl_->db(),
                  "INSERT INTO intent (job, path, kind, from_path, name, object, run) "
                  "VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT (job, kind, name) DO UPDATE SET "
                  "path = excluded.path, from_path = excluded.from_path, object = excluded.object, "
                  "run = excluded.run",
                  job, blob_of(intent.path), Text{name_of(intent.kind)},
                  moves ? std::optional(blob_of(intent.from)) : std::nullopt, blob_of(intent.name),
                  nullable(intent.object), run);
}

std::vector<Intent> State::intents(JobId job) const {
  std::vector<Intent> intents;
  sqlite::Query query(
      impl_->db(),
      "SELECT kind, path, from_path, name, object FROM intent WHERE job = ? ORDER BY path, kind, name", job);
  while (query.next()) {
    const sqlite::Statement& row = query.row();
    intents.push_back({kind_of(impl_->db(), row.bytes(0)), RelPath::trusted(row.string(1)),
                       row.is_null(2) ? RelPath{} : RelPath::trusted(row.string(2)),
                       stored_remote_path(impl_->db(), row.bytes(3)), row.get<ObjectId>(4)});
  }
  return intents;
}

void State::clear_intents(JobId job) {
  impl_->require_transaction("clear_intents()");
  sqlite::execute(impl_->db(), "DELETE FROM intent WHERE job = ?", job);
}

}  // namespace outhaul
