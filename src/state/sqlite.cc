#include "state/sqlite.h"

#include <fmt/format.h>
#include <sqlite3.h>

#include <algorithm>
#include <cctype>
#include <cerrno>

#include "state/sqlite_error.h"

namespace outhaul::sqlite {
namespace {

/// Nobody asks how much memory SQLite has, and counting takes a lock for each piece of it. Once, before the
/// first connection; where somebody else was faster, SQLite counts on.
void count_no_memory() {
  static const int done = sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0);
  static_cast<void>(done);
}

constexpr int kBusyTimeoutMs = 10'000;

/// A name with '?', '#' or '%' in it must not become a parameter (sqlite.org/uri.html).
std::string uri_for(const std::string& file, Access access) {
  std::string uri = "file:";
  for (const char c : file) {
    const auto byte = static_cast<unsigned char>(c);
    if (std::isalnum(byte) || c == '/' || c == '.' || c == '-' || c == '_')
      uri += c;
    else
      uri += fmt::format("%{:02X}", byte);
  }
  switch (access) {
    case Access::read_write:
      return uri + "?mode=rw";
    case Access::read_only:
      return uri + "?mode=ro";
    case Access::immutable:
      return uri + "?mode=ro&immutable=1";
  }
  return uri;
}

/// sqlite3_system_errno() knows nothing of a commit that failed (SQLite 3.40): then it is errno, as the
/// failed call left it.
[[noreturn]] void raise(sqlite3* connection, int result, std::string_view file) {
  const int left_behind = errno;
  const int extended = sqlite3_extended_errcode(connection);
  const int known = sqlite3_system_errno(connection);
  throw error_for(extended != SQLITE_OK ? extended : result, known != 0 ? known : left_behind, file,
                  sqlite3_errmsg(connection));
}

/// parent_of(NAME): what stands before the last '/' of a BLOB, or nothing. SQL has no search from the end.
void parent_of(sqlite3_context* context, int, sqlite3_value** arguments) noexcept {
  const auto* data = static_cast<const char*>(sqlite3_value_blob(arguments[0]));
  std::size_t length = data == nullptr ? 0 : static_cast<std::size_t>(sqlite3_value_bytes(arguments[0]));
  while (length > 0 && data[length - 1] != '/') --length;
  sqlite3_result_blob64(context, length == 0 ? "" : data, length == 0 ? 0 : length - 1, SQLITE_TRANSIENT);
}

}  // namespace

// --- Statement
// ----------------------------------------------------------------------------------------------

void Statement::Finalize::operator()(sqlite3_stmt* statement) const noexcept {
  sqlite3_finalize(statement);  // repeats the error of the last step, which was reported then
}

void Statement::check(int result) const {
  if (result == SQLITE_OK) return;
  sqlite3* connection = sqlite3_db_handle(statement_.get());
  raise(connection, result, sqlite3_db_filename(connection, "main"));
}

void Statement::bind_integer(int index, std::int64_t value) {
  check(sqlite3_bind_int64(statement_.get(), index, value));
}
void Statement::bind_null(int index) {
  check(sqlite3_bind_null(statement_.get(), index));
}

void Statement::bind(int index, Blob value) {
  const char* data = value.bytes.empty() ? "" : value.bytes.data();  // a null pointer would bind NULL
  check(sqlite3_bind_blob64(statement_.get(), index, data, value.bytes.size(), SQLITE_STATIC));
}

void Statement::bind(int index, Text value) {
  const char* data = value.text.empty() ? "" : value.text.data();
  check(sqlite3_bind_text64(statement_.get(), index, data, value.text.size(), SQLITE_STATIC, SQLITE_UTF8));
}

bool Statement::step() {
  errno = 0;
  const int result = sqlite3_step(statement_.get());
  if (result == SQLITE_ROW) return true;
  if (result == SQLITE_DONE) return false;
  check(result);
  return false;
}

void Statement::reset() noexcept {
  sqlite3_reset(statement_.get());  // repeats the error of the last step, which was reported then
  sqlite3_clear_bindings(statement_.get());
}

std::int64_t Statement::integer(int column) const noexcept {
  return sqlite3_column_int64(statement_.get(), column);
}

std::string_view Statement::bytes(int column) const noexcept {
  const void* data = sqlite3_column_blob(statement_.get(), column);
  if (data == nullptr) return {};
  return {static_cast<const char*>(data),
          static_cast<std::size_t>(sqlite3_column_bytes(statement_.get(), column))};
}

bool Statement::is_null(int column) const noexcept {
  return sqlite3_column_type(statement_.get(), column) == SQLITE_NULL;
}

Value Statement::value(int column) const noexcept {
  Value value;
  value.type = sqlite3_column_type(statement_.get(), column);
  if (value.type == SQLITE_INTEGER)
    value.integer = integer(column);
  else
    value.bytes = bytes(column);
  return value;
}

// --- Database
// -----------------------------------------------------------------------------------------------

void Database::Close::operator()(sqlite3* connection) const noexcept {
  sqlite3_close_v2(connection);  // waits for statements that outlive us
}

Database::Database(const std::filesystem::path& file, Access access)
    : Database(file.string(), uri_for(file.string(), access),
               access == Access::read_write ? SQLITE_OPEN_READWRITE : SQLITE_OPEN_READONLY) {}

Database Database::in_memory() {
  return Database(":memory:", ":memory:", SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_MEMORY);
}

Database::Database(std::string file, const std::string& uri, int flags) : file_(std::move(file)) {
  count_no_memory();
  sqlite3* connection = nullptr;
  errno = 0;
  // No mutexes of SQLite's: a connection belongs to one thread.
  const int result =
      sqlite3_open_v2(uri.c_str(), &connection,
                      flags | SQLITE_OPEN_URI | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE, nullptr);
  connection_.reset(connection);
  if (connection == nullptr) throw error_for(SQLITE_NOMEM, 0, file_, "out of memory");
  if (result != SQLITE_OK) raise(connection, result, file_);
  sqlite3_busy_timeout(connection, kBusyTimeoutMs);
  sqlite3_db_config(connection, SQLITE_DBCONFIG_DEFENSIVE, 1, nullptr);
  sqlite3_db_config(connection, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, nullptr);
  sqlite3_create_function_v2(connection, "parent_of", 1,
                             SQLITE_UTF8 | SQLITE_DETERMINISTIC | SQLITE_DIRECTONLY, nullptr, &parent_of,
                             nullptr, nullptr, nullptr);
}

Database Database::create(const std::filesystem::path& file) {
  return Database(file.string(), uri_for(file.string(), Access::read_write) + "c",
                  SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE);
}

void Database::exec(const char* sql) {
  errno = 0;
  if (const int result = sqlite3_exec(connection_.get(), sql, nullptr, nullptr, nullptr); result != SQLITE_OK)
    raise(connection_.get(), result, file_);
}

Statement Database::prepare(const char* sql) const {
  sqlite3_stmt* statement = nullptr;
  errno = 0;
  const int result =
      sqlite3_prepare_v3(connection_.get(), sql, -1, SQLITE_PREPARE_PERSISTENT, &statement, nullptr);
  if (result != SQLITE_OK) raise(connection_.get(), result, file_);
  return Statement(statement);
}

Statement& Database::cached(const char* sql) {
  const auto found = cache_.find(sql);
  if (found != cache_.end()) return found->second;
  return cache_.emplace(sql, prepare(sql)).first->second;
}

std::int64_t Database::integer(const char* sql) const {
  Statement statement = prepare(sql);
  statement.step();
  return statement.integer(0);
}

std::string Database::string(const char* sql) const {
  Statement statement = prepare(sql);
  statement.step();
  return statement.string(0);
}

std::string Database::first_bytes(std::size_t count) const {
  sqlite3_file* file = nullptr;
  sqlite3_int64 size = 0;
  errno = 0;
  int result = sqlite3_file_control(connection_.get(), "main", SQLITE_FCNTL_FILE_POINTER, &file);
  if (result == SQLITE_OK) result = file->pMethods->xFileSize(file, &size);
  std::string bytes(std::min(count, static_cast<std::size_t>(size)), '\0');
  if (result == SQLITE_OK && !bytes.empty())
    result = file->pMethods->xRead(file, bytes.data(), static_cast<int>(bytes.size()), 0);
  if (result != SQLITE_OK) throw error_for(result, errno, file_, "its header can't be read");
  return bytes;
}

std::int64_t Database::last_insert_rowid() const noexcept {
  return sqlite3_last_insert_rowid(connection_.get());
}
std::int64_t Database::changes() const noexcept {
  return sqlite3_changes64(connection_.get());
}
bool Database::in_transaction() const noexcept {
  return sqlite3_get_autocommit(connection_.get()) == 0;
}

void Database::keep_files_on_close(bool keep) noexcept {
  sqlite3_db_config(connection_.get(), SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, keep ? 1 : 0, nullptr);
}

void Database::checkpoint() noexcept {
  sqlite3_busy_timeout(connection_.get(), 0);  // a reader may take its time; we need not wait for it
  sqlite3_wal_checkpoint_v2(connection_.get(), nullptr, SQLITE_CHECKPOINT_TRUNCATE, nullptr, nullptr);
  sqlite3_busy_timeout(connection_.get(), kBusyTimeoutMs);
}

}  // namespace outhaul::sqlite
