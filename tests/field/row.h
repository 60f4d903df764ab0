// One row is one setting of one server, and what must come of a backup to it: a first run, a run after a
// day's work, verify, recover on a new machine with a restore, and the doctor's verdict. The right outcome,
// not today's: where today's is another, the row says so by step, and the test fails as soon as it comes out
// right.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "outhaul/names.h"
#include "support/servers.h"

namespace outhaul::test {

enum class Step : std::uint8_t { doctor, first, rerun, verify, recover };
const char* to_string(Step) noexcept;

/// How a command ends.
struct Outcome {
  std::vector<int> codes{0};        ///< one of these exit codes
  std::vector<std::string> says{};  ///< all of these, in what it prints
};

struct Row {
  std::string name;  ///< "proftpd: AllowOverwrite off"
  ServerKind kind = ServerKind::proftpd;
  Tls tls = Tls::none;
  /// The server's options; `dir` belongs to the row: for tables and the like that its configuration names.
  std::function<ServerOptions(const std::filesystem::path& dir)> options = {};
  int connections = 2;
  std::string remote_extra = {};  ///< members of the profile's "remote"
  OwnNames own = {};
  std::string job_extra = R"("versions": {"last": 5})";
  /// Of the source: what this server can't take. Each is named, none is stored, and everything else is.
  std::vector<std::string> refused = {};
  /// False: the account as it is can't hold a backup at all; the first run says so, and nothing else is
  /// asked.
  bool usable = true;
  std::map<Step, Outcome> outcomes = {};   ///< others than exit code 0 (3 where something is refused)
  std::map<Step, const char*> known = {};  ///< what comes out wrong today, and why
  bool slow = false;                       ///< not in CI
};

Row row(std::string name, ServerKind kind, std::vector<std::string> more);

std::vector<Row> proftpd_rows();
std::vector<Row> vsftpd_rows();
std::vector<Row> pureftpd_rows();
std::vector<Row> other_rows();  ///< pyftpdlib, ftp-srv and the SFTP servers

}  // namespace outhaul::test
