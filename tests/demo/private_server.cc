// private_server [proftpd|vsftpd|pureftpd|sshd|pyftpdlib|ftp-srv] [plain|explicit|implicit] [ROUND-TRIP-MS]
//
// A real FTP server, or SFTP server (sshd plain), on loopback for as long as standard input stays open; with
// a round trip time, behind a line as long as that. (Only connect() is answered at once, by the kernel.)
// Prints how to reach it as shell assignments (URL, USER, PASSWORD_FILE, CA, ROOT; with sshd also KEYS, the
// directory of its key files), one a line, then "READY".
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdio>
#include <cstring>
#include <exception>

#include "support/fault_proxy.h"
#include "support/servers.h"

using namespace outhaul::test;

namespace {

ServerKind kind_from(const char* word) {
  for (const ServerKind kind : {ServerKind::proftpd, ServerKind::vsftpd, ServerKind::pureftpd,
                                ServerKind::sshd, ServerKind::pyftpdlib, ServerKind::ftp_srv})
    if (to_string(kind) == word) return kind;
  throw std::runtime_error(fmt::format("unknown server \"{}\"", word));
}

Tls tls_from(const char* word) {
  if (std::strcmp(word, "plain") == 0) return Tls::none;
  if (std::strcmp(word, "explicit") == 0) return Tls::explicit_;
  if (std::strcmp(word, "implicit") == 0) return Tls::implicit;
  throw std::runtime_error(fmt::format("unknown TLS mode \"{}\"", word));
}

}  // namespace

int main(int argc, char** argv) {
  try {
    ServerOptions options;
    options.log_commands = false;  // as servers are run by those who sell space on them
    const std::chrono::milliseconds round_trip(argc > 3 ? std::stoi(argv[3]) : 0);
    FaultProxy line;
    if (round_trip.count() > 0) options.passive_ports = line.data_ports();
    const ServerKind kind = kind_from(argc > 1 ? argv[1] : "proftpd");
    const auto server = TestServer::start(kind, tls_from(argc > 2 ? argv[2] : "explicit"), options);
    line.serve(server->port());
    for (const Way way : {Way::to_server, Way::to_client})
      line.set_delay(way, std::chrono::microseconds(round_trip) / 2);
    const auto far = line.in_front_of(server->settings());
    const TempDir dir;
    const auto secret = dir / "password";
    write_file(secret, std::string(TestServer::kPassword) + "\n");
    ::chmod(secret.c_str(), 0600);
    fmt::print("URL='{}'\nUSER='{}'\nPASSWORD_FILE='{}'\nCA='{}'\nROOT='{}'\n",
               round_trip.count() > 0 ? far.url : server->url(), TestServer::kUser, secret.native(),
               server->certificates().ca.native(), server->root().native());
    if (kind == ServerKind::sshd) fmt::print("KEYS='{}'\n", server->keys().native());
    fmt::print("READY\n");
    std::fflush(stdout);
    char byte;
    while (::read(STDIN_FILENO, &byte, 1) > 0) {
    }
    return 0;
  } catch (const std::exception& fault) {
    fmt::print(stderr, "private_server: {}\n", fault.what());
    return 1;
  }
}
