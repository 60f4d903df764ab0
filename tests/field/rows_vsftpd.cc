// vsftpd 3.0.3, as those who sell space on it set it.
#include "field/row.h"

namespace outhaul::test {
namespace {

Row vsftpd(std::string name, std::vector<std::string> more) {
  return row("vsftpd: " + std::move(name), ServerKind::vsftpd, std::move(more));
}

}  // namespace

std::vector<Row> vsftpd_rows() {
  std::vector<Row> rows;
  rows.push_back(vsftpd("as the tests have it", {}));
  rows.push_back(vsftpd("deny_file", {"deny_file={*.mp3,.ht*}"}));
  rows.back().refused = {"b/.htaccess", "b/song.mp3"};
  rows.push_back(vsftpd("hide_file", {"hide_file={*.mp3,.ht*}"}));
  rows.push_back(vsftpd("cmds_denied SIZE", {"cmds_denied=SIZE"}));
  rows.push_back(vsftpd("cmds_denied REST,APPE", {"cmds_denied=REST,APPE"}));
  rows.push_back(vsftpd("cmds_denied FEAT,OPTS,MDTM,EPSV", {"cmds_denied=FEAT,OPTS,MDTM,EPSV"}));
  rows.push_back(vsftpd("cmds_denied PASV", {"cmds_denied=PASV"}));
  rows.push_back(vsftpd("cmds_denied DELE,RMD", {"cmds_denied=DELE,RMD"}));
  rows.back().outcomes[Step::doctor] = {{1}, {"delete what was stored"}};  // nothing would ever expire
  rows.push_back(vsftpd("cmds_denied RNFR", {"cmds_denied=RNFR"}));
  rows.back().usable = false;  // but as append-only
  rows.back().outcomes[Step::first] = {{3, 5}, {"append_only"}};
  rows.back().outcomes[Step::doctor] = {{1}, {"append_only"}};
  rows.push_back(vsftpd("chroot", {}));
  rows.back().options = [](const std::filesystem::path&) {
    ServerOptions options;
    options.chroot = true;
    return options;
  };
  rows.push_back(
      vsftpd("short time-outs", {"idle_session_timeout=2", "data_connection_timeout=2", "accept_timeout=2"}));
  rows.push_back(vsftpd("max_per_ip 2", {"max_per_ip=2"}));
  rows.back().connections = 4;
  rows.push_back(vsftpd("max_clients 1", {"max_clients=1"}));
  rows.back().connections = 4;
  rows.push_back(vsftpd("delete_failed_uploads and lock_upload_files",
                        {"delete_failed_uploads=YES", "lock_upload_files=YES"}));
  rows.push_back(vsftpd("force_dot_files NO", {"force_dot_files=NO"}));
  rows.push_back(vsftpd("dirlist_enable NO", {"dirlist_enable=NO"}));
  rows.push_back(vsftpd("local_umask 077 and hide_ids", {"local_umask=077", "hide_ids=YES"}));
  rows.push_back(vsftpd("use_localtime", {"use_localtime=YES"}));
  return rows;
}

}  // namespace outhaul::test
