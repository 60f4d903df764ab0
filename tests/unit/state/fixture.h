// What the tests of the state share.
#pragma once

#include <sys/types.h>

#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "outhaul/error.h"
#include "state/sqlite.h"
#include "state/state.h"
#include "support/temp_dir.h"

namespace outhaul::test {

inline constexpr std::string_view kProfile = "web01";

/// A state in a directory of its own, with one job and a run that has begun.
struct StateFixture {
  TempDir tmp;
  std::filesystem::path dir = tmp / "state";
  std::filesystem::path file = dir / "state.db";
  State state = State::open(dir, kProfile, State::Open::create_if_missing);
  JobId job = state.job("www", RemotePath::parse("www"));
  RunId run = state.begin_run(1);
};

/// "prefix17".
std::string numbered(std::string_view prefix, std::int64_t number);
Entry directory_entry(std::string_view path);
Entry file_entry(std::string_view path, std::uint64_t size = 100);
Entry symlink_entry(std::string_view path, std::string_view target);
Sha256Digest digest_of(unsigned char fill);

/// begin_object and publish, inside the caller's Transaction; the entry as it is now stored.
Entry store(State& state, JobId job, RunId run, Entry entry, std::string_view remote_name = {});

std::vector<Entry> all(std::unique_ptr<EntryStream> stream);
std::vector<std::string> paths(std::unique_ptr<EntryStream> stream);

/// The Error that `work` ends in; empty when it doesn't.
std::optional<Error> error_of(const std::function<void()>& work);

/// One value, read over a connection of its own.
std::string query(const std::filesystem::path& file, const char* sql);
/// Statements run over a connection of their own, as an operator with the sqlite3 shell would.
void tamper(const std::filesystem::path& file, const char* sql);

/// Runs `work` in a child process and returns what it returned ("exception: …" when it threw). `user`: the
/// effective and real user of the child where this process is root.
std::string in_child(const std::function<std::string()>& work, std::optional<uid_t> user = std::nullopt);
inline constexpr uid_t kNobody = 65534;

/// Gives a tree to `user` where this process is root.
void give_to(const std::filesystem::path& dir, uid_t user);

}  // namespace outhaul::test
