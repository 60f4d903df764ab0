// What each kind of server wants to be told, as text. Pure.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "support/servers.h"

namespace outhaul::test {

struct ServerFacts {
  Tls tls = Tls::none;
  ServerOptions options;
  Certificates certificates;
  std::filesystem::path home;  ///< unpacked packages
  std::filesystem::path dir;   ///< configuration
  std::filesystem::path run;   ///< what the server may write
  std::filesystem::path root;  ///< what it serves
  std::filesystem::path log;   ///< where the commands can be read
  std::uint16_t port = 0;
  unsigned uid = 0, gid = 0;  ///< who serves
};

std::string proftpd_config(ServerKind kind, const ServerFacts& facts);  ///< with mod_sftp, or FTP
/// What follows the home directory in its line of users.
std::string pureftpd_limits(const ServerOptions& options);
std::string vsftpd_config(const ServerFacts& facts);
/// Pure-FTPd has no configuration file: its arguments, without the program.
std::vector<std::string> pureftpd_arguments(const ServerFacts& facts);
/// What pyftpdlib_server.py and ftp_srv/server.js read: JSON.
std::string driver_config(ServerKind kind, const ServerFacts& facts);

/// The command in one line of the server's log, as "STOR name"; empty when the line is about something else.
std::string command_in(ServerKind kind, std::string_view line);

}  // namespace outhaul::test
