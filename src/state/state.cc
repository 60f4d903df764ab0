#include "state/state.h"

#include <fmt/format.h>

#include <cstring>
#include <utility>

#include "outhaul/error.h"
#include "state/impl.h"
#include "state/refusal.h"

namespace outhaul {

// --- lifetime
// -----------------------------------------------------------------------------------------------

State State::open(const std::filesystem::path& dir, std::string_view profile, Open mode) {
  return State(std::make_unique<Impl>(open_state(dir, profile, mode)));
}

State::State(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
State::State(State&&) noexcept = default;
State& State::operator=(State&&) noexcept = default;
State::~State() = default;

State::Impl::~Impl() {
  if (at.writable) {
    idle_reader_.reset();
    at.db->checkpoint();
  }
}

// --- transactions
// -------------------------------------------------------------------------------------------

Transaction State::begin() {
  return Transaction(*this);
}

Transaction::Transaction(State& state) : state_(&state) {
  state.impl_->begin();
}
Transaction::Transaction(Transaction&& other) noexcept : state_(std::exchange(other.state_, nullptr)) {}
Transaction::~Transaction() {
  if (state_ != nullptr) state_->impl_->rollback();
}

void Transaction::commit() {
  if (state_ == nullptr) throw Error(ErrorKind::internal, "a transaction of the state was committed twice");
  state_->impl_->commit();
  state_ = nullptr;
}

void State::Impl::begin() {
  require_none("a transaction");
  if (!at.writable) throw Error(ErrorKind::internal, "the state was opened to be read only");
  if (db().in_transaction()) db().exec("ROLLBACK");  // the one before couldn't, for want of memory
  db().exec("BEGIN IMMEDIATE");
  writing = true;
  if (unseen) try_to_record();
}

/// Nothing was committed since recording got lost: it can go on as if nothing had been.
void State::Impl::try_to_record() noexcept {
  try {
    begin_recording();
  } catch (const std::exception&) {
    // Then the commit ends the generation.
  }
}

void State::Impl::commit() {
  keep_changes();
  db().exec("COMMIT");
  writing = false;
}

void State::Impl::rollback() noexcept {
  writing = false;
  recorder.reset();  // its changes never were
  unseen = at.writable;
  try {
    if (db().in_transaction()) db().exec("ROLLBACK");  // a full disk may have rolled back already
    begin_recording();
  } catch (const std::exception&) {
    // Whatever stood in the way: without a commit in the log, the next open doesn't see the transaction.
  }
}

void State::Impl::require_transaction(std::string_view what) const {
  if (!writing)
    throw Error(ErrorKind::internal, fmt::format("{} needs an open transaction of the state", what));
}

void State::Impl::require_none(std::string_view what) const {
  if (writing)
    throw Error(ErrorKind::internal,
                fmt::format("{} can't be begun inside a transaction of the state", what));
}

std::shared_ptr<sqlite::Database> State::Impl::connection_for_stream() {
  if (writing) return at.db;
  if (!idle_reader_ || idle_reader_.use_count() > 1) idle_reader_ = open_reader(at.file, at.reader_access);
  return idle_reader_;
}

// --- values
// -------------------------------------------------------------------------------------------------

std::optional<ObjectId> nullable(ObjectId object) {
  return object == kNoObject ? std::nullopt : std::optional(object);
}

RemotePath stored_remote_path(const sqlite::Database& db, std::string_view wire) {
  try {
    return RemotePath::parse(wire);
  } catch (const Error& e) {
    throw damaged(db.file(), e.what());
  }
}

std::optional<Sha256Digest> stored_digest(const sqlite::Statement& row, int column) {
  const std::string_view bytes = row.bytes(column);
  Sha256Digest digest{};
  if (bytes.size() != digest.size()) return std::nullopt;
  std::memcpy(digest.data(), bytes.data(), digest.size());
  return digest;
}

sqlite::Blob blob_of(const Sha256Digest& digest) {
  return {{reinterpret_cast<const char*>(digest.data()), digest.size()}};
}

}  // namespace outhaul
