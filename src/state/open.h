// Finding, making, judging and opening state.db.
#pragma once

#include <filesystem>
#include <memory>
#include <string_view>

#include "state/sqlite.h"
#include "state/state.h"

namespace outhaul {

struct OpenedState {
  std::filesystem::path file;
  bool writable = false;
  sqlite::Access reader_access = sqlite::Access::read_only;  ///< for open_reader
  std::shared_ptr<sqlite::Database> db;
};

/// What State::open promises.
OpenedState open_state(const std::filesystem::path& dir, std::string_view profile, State::Open mode);

/// A second connection that only reads, with a small cache: for one pass over many rows.
std::shared_ptr<sqlite::Database> open_reader(const std::filesystem::path& file, sqlite::Access access);

}  // namespace outhaul
