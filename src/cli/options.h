// What the command line said, as values.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

namespace outhaul::cli {

/// Options that every command takes.
struct Common {
  std::filesystem::path state_dir;
  std::filesystem::path log_file;
  bool quiet = false;
  bool json = false;
  int verbosity = 0;
};

/// What run, plan and mirror share.
struct RunChoices {
  std::vector<std::string> jobs;
  std::vector<std::string> approve;
  std::string until;
  bool dry_run = false;
  bool repair = false;  ///< verify first
  bool remote_moved = false;
  std::size_t most = 200;  ///< actions printed per job by a plan; 0 = all
};

/// What verify takes beside RunChoices' jobs and approvals.
struct VerifyWords {
  std::string read;  ///< "" = not given; "all"; "10%"
};

struct ScheduleWords {
  std::vector<std::string> daily;        ///< "02:30", "02:30,14:30"
  std::vector<std::string> credentials;  ///< "NAME:/FILE"
  bool user = false, system = false, cron = false, print = false, install = false, remove = false;
};

struct MirrorChoices {
  std::string source, url;
  bool remove = false;
  std::vector<std::string> exclude, exclude_if_present, accept_changing;
  std::string exclude_larger_than;
  bool exclude_caches = false, nodump = false;
  bool one_file_system = false;
  std::string compare = "stat";
  std::string proof = "size";
  int connections = 2;
  bool tls_off = false;
  std::filesystem::path ca;
  std::vector<std::string> pins;
  bool no_verify = false;
  std::string password_env, password_file;
  bool netrc = false;
  std::string max_delete;
  bool overwrite = false;
  // The way to the server.
  bool active = false, windows_names = false, ssh_agent = false;
  std::string bandwidth, account, encoding, proxy, proxy_password_env, ssh_passphrase_env;
  std::filesystem::path certificate, key, ssh_key, known_hosts;
  std::vector<std::string> host_keys;
};

}  // namespace outhaul::cli
