// Small FTP servers, and SFTP servers that aren't OpenSSH's.
#include "field/row.h"

namespace outhaul::test {

std::vector<Row> other_rows() {
  std::vector<Row> rows;
  rows.push_back(row("pyftpdlib", ServerKind::pyftpdlib, {}));
  rows.push_back(row("ftp-srv", ServerKind::ftp_srv, {}));
  rows.back().slow = true;
  rows.push_back(row("ftp-srv over TLS", ServerKind::ftp_srv, {}));
  rows.back().tls = Tls::implicit;
  rows.back().slow = true;
  rows.push_back(row("sshd", ServerKind::sshd, {}));
  rows.push_back(row("mod_sftp", ServerKind::mod_sftp, {}));
  rows.push_back(row("mod_sftp: AllowOverwrite off", ServerKind::mod_sftp, {"AllowOverwrite off"}));
  rows.push_back(row("mysecureshell", ServerKind::mysecureshell, {}));
  rows.back().slow = true;  // one question stays without an answer for ten seconds
  rows.push_back(row("gesftpserver", ServerKind::gesftpserver, {}));
  return rows;
}

}  // namespace outhaul::test
