#include "state/replay.h"

#include <fmt/format.h>

#include "outhaul/error.h"
#include "outhaul/paths.h"
#include "state/changes.h"
#include "state/header.h"
#include "state/refusal.h"
#include "state/schema.h"

namespace outhaul {
namespace {

/// When the result of a link is compared with what its changes say.
enum class Look : std::uint8_t { at_the_end, after_each };

/// Runs `work` in a savepoint, which stays only if it says so.
template <typename Work>
bool attempt(sqlite::Database& db, Work work) {
  db.exec("SAVEPOINT attempt");
  bool good = false;
  try {
    good = work();
  } catch (...) {
    db.exec("ROLLBACK TO attempt; RELEASE attempt");
    throw;
  }
  if (!good) db.exec("ROLLBACK TO attempt");
  db.exec("RELEASE attempt");
  return good;
}

/// What `digest` becomes by the link; none: it isn't a changeset, or not the one that was stored.
std::optional<StateDigest> digest_after(const StateDigest& digest, const CatalogChain::Link& link) {
  try {
    const StateDigest after = folded(digest, link.changeset);
    if (!link.digest || *link.digest == after) return after;
  } catch (const Error& error) {
    if (error.kind() != ErrorKind::internal) throw;
  }
  return std::nullopt;
}

struct Reached {
  std::size_t applied = 0;
  StateDigest digest;  ///< by what the changes say
};

Reached apply_in_order(sqlite::Database& db, const CatalogChain& chain, const StateDigest& base, Look look) {
  Reached reached{0, base};
  for (const CatalogChain::Link& link : chain.links) {
    const std::optional<StateDigest> after = digest_after(reached.digest, link);
    const bool follows =
        after && attempt(db, [&] {
          return sqlite::apply(db, link.changeset) && (look == Look::at_the_end || digest_of(db) == *after);
        });
    if (!follows) break;
    ++reached.applied;
    reached.digest = *after;
  }
  return reached;
}

}  // namespace

Error bad_base(std::string_view why) {
  return Error(ErrorKind::state, fmt::format("the catalog's base can't be used: {}", why),
               "An older generation of the catalog may be whole; recover tries that by itself.");
}

void judge_base(sqlite::Database& db, std::string_view profile) {
  judge_header(db);
  if (db.integer("PRAGMA application_id") != kApplicationId)
    throw bad_base("it isn't a database of outhaul's");
  const auto known = static_cast<std::int64_t>(migrations().size());
  const std::int64_t version = db.integer("PRAGMA user_version");
  if (version > known) throw newer(db.file(), version, known);
  if (version < 1) throw bad_base("it has no tables of outhaul's");
  if (db.prepare("SELECT 1 FROM sqlite_schema WHERE (type <> 'table' AND sql IS NOT NULL) OR rootpage = 0")
          .step())
    throw bad_base("it holds more than tables");
  if (db.string("PRAGMA integrity_check(1)") != "ok") throw bad_base("it is damaged");
  const std::string owner = db.string("SELECT profile FROM identity WHERE one = 1");
  if (owner != profile)
    throw Error(
        ErrorKind::state,
        fmt::format("the catalog is of profile \"{}\", not of \"{}\"", printable(owner), printable(profile)),
        "Give the profile the name that it had, or the URL of its own remote.");
}

std::size_t replay(sqlite::Database& db, const CatalogChain& chain) {
  const StateDigest base = digest_of(db);
  if (chain.base_digest && *chain.base_digest != base) throw bad_base("it doesn't hold what was written");
  Reached reached;
  const bool as_they_say = attempt(db, [&] {
    reached = apply_in_order(db, chain, base, Look::at_the_end);
    return digest_of(db) == reached.digest;
  });
  if (!as_they_say) reached = apply_in_order(db, chain, base, Look::after_each);
  return reached.applied;
}

bool adds_up(const CatalogChain& chain) {
  std::optional<StateDigest> digest = chain.base_digest;
  for (const CatalogChain::Link& link : chain.links) {
    if (!digest || !link.digest) return false;
    digest = digest_after(*digest, link);
  }
  return digest.has_value();
}

std::string chain_fault(std::string_view profile, const CatalogChain& chain, const PendingChanges& pending,
                        const std::optional<StateDigest>& expected) {
  try {
    sqlite::Database db(chain.base, sqlite::Access::read_write);
    db.exec("PRAGMA journal_mode = MEMORY");
    db.exec("PRAGMA synchronous = OFF");
    judge_base(db, profile);
    db.exec("PRAGMA foreign_keys = OFF");
    if (const std::size_t applied = replay(db, chain); applied < chain.links.size())
      return fmt::format("the changes up to run {} don't follow on what is before them",
                         static_cast<std::int64_t>(chain.links[applied].run));
    if (!pending.changeset.empty() && !sqlite::apply(db, pending.changeset))
      return "what was recorded since doesn't follow on it";
    return !expected || digest_of(db) == *expected ? std::string{} : "it gives something else than the state";
  } catch (const Error& error) {
    if (error.kind() != ErrorKind::state && error.kind() != ErrorKind::internal) throw;
    return error.what();
  }
}

}  // namespace outhaul
