#define SQLITE_ENABLE_PREUPDATE_HOOK
#define SQLITE_ENABLE_SESSION
#include "state/changes.h"

#include <fmt/format.h>
#include <sqlite3.h>

#include <algorithm>
#include <utility>

#include "outhaul/error.h"

namespace outhaul::sqlite {
namespace {

void check(int result, std::string_view what) {
  if (result == SQLITE_OK) return;
  if (result == SQLITE_NOMEM) throw std::bad_alloc();
  throw Error(ErrorKind::internal,
              fmt::format("SQLite's session extension: {}: {}", what, sqlite3_errstr(result)));
}

std::string take_buffer(int size, void* data) {
  std::string bytes(static_cast<const char*>(data), static_cast<std::size_t>(size));
  sqlite3_free(data);
  return bytes;
}

/// The extension's functions only read it, but don't say so.
void* bytes_of(std::string_view changeset) {
  return const_cast<char*>(changeset.data());
}

int size_of(std::string_view changeset) {
  if (!std::in_range<int>(changeset.size()))
    throw Error(ErrorKind::internal, "a changeset of more than 2 GiB can't be read");
  return static_cast<int>(changeset.size());
}

constexpr std::string_view kUnreadable = "a changeset can't be read";

/// None: the changeset doesn't name it.
std::optional<Value> value_of(sqlite3_value* value) {
  if (value == nullptr) return std::nullopt;
  Value found;
  found.type = sqlite3_value_type(value);
  if (found.type == SQLITE_INTEGER) {
    found.integer = sqlite3_value_int64(value);
  } else if (const void* data = sqlite3_value_blob(value); data != nullptr) {
    found.bytes = {static_cast<const char*>(data), static_cast<std::size_t>(sqlite3_value_bytes(value))};
  }
  return found;
}

struct EndIteration {
  void operator()(sqlite3_changeset_iter* iterator) const noexcept { sqlite3changeset_finalize(iterator); }
};

/// Whether `is_it` says so of one of the changes; those behind it aren't read.
template <typename Predicate>
bool find_change(std::string_view changeset, Predicate&& is_it) {
  sqlite3_changeset_iter* started = nullptr;
  check(sqlite3changeset_start(&started, size_of(changeset), bytes_of(changeset)), kUnreadable);
  const std::unique_ptr<sqlite3_changeset_iter, EndIteration> iterator(started);
  int result = SQLITE_OK;
  while ((result = sqlite3changeset_next(started)) == SQLITE_ROW)
    if (is_it(Change(started))) return true;
  check(result == SQLITE_DONE ? SQLITE_OK : result, kUnreadable);
  return false;
}

}  // namespace

void Recorder::Delete::operator()(sqlite3_session* session) const noexcept {
  sqlite3session_delete(session);
}

Recorder::Recorder(Database& db, std::span<const char* const> tables) : db_(&db), tables_(tables) {
  start_anew();
}

void Recorder::start_anew() {
  session_.reset();
  sqlite3_session* session = nullptr;
  check(sqlite3session_create(db_->handle(), "main", &session), "a session can't be begun");
  session_.reset(session);
  for (const char* table : tables_) check(sqlite3session_attach(session, table), table);
}

std::string Recorder::take() {
  if (sqlite3session_isempty(session_.get()) != 0) return {};
  int size = 0;
  void* data = nullptr;
  check(sqlite3session_changeset(session_.get(), &size, &data), "the changes can't be collected");
  std::string changeset = take_buffer(size, data);
  start_anew();
  return changeset;
}

void ChangeGroup::Delete::operator()(sqlite3_changegroup* group) const noexcept {
  sqlite3changegroup_delete(group);
}

ChangeGroup::ChangeGroup() {
  sqlite3_changegroup* group = nullptr;
  check(sqlite3changegroup_new(&group), "a group can't be begun");
  group_.reset(group);
}

void ChangeGroup::add(std::string_view changeset) {
  check(sqlite3changegroup_add(group_.get(), size_of(changeset), bytes_of(changeset)),
        "changes can't be put together");
}

std::string ChangeGroup::take() {
  int size = 0;
  void* data = nullptr;
  check(sqlite3changegroup_output(group_.get(), &size, &data), "the changes can't be put together");
  return take_buffer(size, data);
}

Change::Change(sqlite3_changeset_iter* at) : at_(at) {
  const char* name = nullptr;
  int operation = 0, indirect = 0;
  check(sqlite3changeset_op(at, &name, &columns, &operation, &indirect), kUnreadable);
  unsigned char* key = nullptr;
  check(sqlite3changeset_pk(at, &key, nullptr), kUnreadable);
  key_ = key;
  table = name;
  kind = operation == SQLITE_INSERT   ? Kind::insertion
         : operation == SQLITE_DELETE ? Kind::deletion
                                      : Kind::update;
}

Value Change::key_value(int column) const {
  sqlite3_value* value = nullptr;
  check(kind == Kind::insertion ? sqlite3changeset_new(at_, column, &value)
                                : sqlite3changeset_old(at_, column, &value),
        kUnreadable);
  if (value == nullptr) throw Error(ErrorKind::internal, "SQLite's session extension: a change names no row");
  return *value_of(value);
}

std::optional<Value> Change::before(int column) const {
  if (kind == Kind::insertion || (kind == Kind::update && is_key(column))) return std::nullopt;
  sqlite3_value* value = nullptr;
  check(sqlite3changeset_old(at_, column, &value), kUnreadable);
  return value_of(value);
}

std::optional<Value> Change::after(int column) const {
  if (kind == Kind::deletion) return std::nullopt;
  sqlite3_value* value = nullptr;
  check(sqlite3changeset_new(at_, column, &value), kUnreadable);
  return value_of(value);
}

void for_each_change(std::string_view changeset, const std::function<void(const Change&)>& each) {
  find_change(changeset, [&](const Change& change) {
    each(change);
    return false;
  });
}

bool touches(std::string_view changeset, std::span<const char* const> tables) {
  return find_change(changeset, [&](const Change& change) {
    return std::any_of(tables.begin(), tables.end(),
                       [&](const char* table) { return change.table == table; });
  });
}

bool apply(Database& db, std::string_view changeset) {
  const auto refuse = [](void*, int, sqlite3_changeset_iter*) -> int { return SQLITE_CHANGESET_ABORT; };
  return sqlite3changeset_apply(db.handle(), size_of(changeset), bytes_of(changeset), nullptr, refuse,
                                nullptr) == SQLITE_OK;
}

}  // namespace outhaul::sqlite
