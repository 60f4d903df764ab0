// What failures over SFTP mean, as tables; how they are told; and how paths are written.
#include "remote/sftp_fault.h"

#include <curl/curl.h>

#include "remote/sftp_commands.h"
#include "remote/sftp_explain.h"
#include "remote/sftp_path.h"
#include "support/catch.h"

using namespace outhaul;

namespace {

SftpFault fault(int code, SftpStatus status, Phase phase) {
  SftpFault fault;
  fault.curl_code = code;
  fault.status = status;
  fault.phase = phase;
  return fault;
}

RemoteSettings settings_for(const std::string& base, bool absolute = false) {
  RemoteSettings settings;
  settings.scheme = Scheme::sftp;
  settings.host = "h";
  settings.base = base;
  settings.absolute = absolute;
  return settings;
}

}  // namespace

TEST_CASE("a failure over SFTP has one class") {
  struct Row {
    int code;
    SftpStatus status;
    Phase phase;
    FailureClass expected;
    int reply;
  };
  using S = SftpStatus;
  using F = FailureClass;
  const Row rows[] = {
      {CURLE_REMOTE_ACCESS_DENIED, S::denied, Phase::store, F::skip_file, 550},
      {CURLE_REMOTE_ACCESS_DENIED, S::denied, Phase::retrieve, F::skip_file, 550},
      {CURLE_REMOTE_FILE_NOT_FOUND, S::missing, Phase::store, F::skip_file, 550},
      {CURLE_REMOTE_FILE_NOT_FOUND, S::missing, Phase::retrieve, F::skip_file, 550},
      {CURLE_REMOTE_FILE_NOT_FOUND, S::missing, Phase::list, F::skip_file, 550},
      {CURLE_REMOTE_FILE_EXISTS, S::exists, Phase::store, F::skip_file, 553},
      {CURLE_REMOTE_DISK_FULL, S::no_space, Phase::store, F::no_space, 552},
      {CURLE_BAD_DOWNLOAD_RESUME, S::none, Phase::retrieve, F::skip_file, 550},
      {CURLE_BAD_DOWNLOAD_RESUME, S::none, Phase::store, F::retry, 0},
      {CURLE_RANGE_ERROR, S::none, Phase::retrieve, F::skip_file, 550},  // the same from 8.18 on
      {CURLE_RANGE_ERROR, S::none, Phase::store, F::retry, 0},
      {CURLE_FTP_COULDNT_USE_REST, S::none, Phase::store, F::retry, 0},
      {CURLE_SSH, S::failure, Phase::store, F::skip_file, 550},  // open refused: a directory
      {CURLE_SSH, S::none, Phase::store, F::reconnect, 0},
      {CURLE_SSH, S::none, Phase::store_final, F::unknown_outcome, 0},
      {CURLE_SSH, S::none, Phase::retrieve, F::reconnect, 0},
      {CURLE_SSH, S::none, Phase::list, F::reconnect, 0},
      {CURLE_SSH, S::none, Phase::command, F::unknown_outcome, 0},
      {CURLE_SSH, S::lost, Phase::list, F::reconnect, 0},
      {CURLE_SSH, S::bad_name, Phase::store, F::skip_file, 550},
      {CURLE_QUOTE_ERROR, S::failure, Phase::command, F::skip_file, 550},
      {CURLE_QUOTE_ERROR, S::missing, Phase::command, F::skip_file, 550},
      {CURLE_QUOTE_ERROR, S::denied, Phase::command, F::skip_file, 550},
      {CURLE_QUOTE_ERROR, S::exists, Phase::command, F::skip_file, 553},
      {CURLE_QUOTE_ERROR, S::not_empty, Phase::command, F::skip_file, 550},
      {CURLE_QUOTE_ERROR, S::unsupported, Phase::command, F::skip_file, 550},
      {CURLE_QUOTE_ERROR, S::no_space, Phase::command, F::no_space, 552},
      {CURLE_QUOTE_ERROR, S::lost, Phase::command, F::unknown_outcome, 0},
      {CURLE_QUOTE_ERROR, S::none, Phase::command, F::unknown_outcome, 0},
      {CURLE_QUOTE_ERROR, S::other, Phase::command, F::reconnect, 0},
      {CURLE_QUOTE_ERROR, S::unsaid, Phase::command, F::skip_file, 550},
      {CURLE_OPERATION_TIMEDOUT, S::none, Phase::store, F::reconnect, 0},
      {CURLE_OPERATION_TIMEDOUT, S::none, Phase::store_final, F::unknown_outcome, 0},
      {CURLE_OPERATION_TIMEDOUT, S::none, Phase::command, F::unknown_outcome, 0},
      {CURLE_SEND_ERROR, S::none, Phase::store, F::reconnect, 0},
      {CURLE_SEND_ERROR, S::none, Phase::command, F::unknown_outcome, 0},
      {CURLE_RECV_ERROR, S::none, Phase::store_final, F::unknown_outcome, 0},
      {CURLE_COULDNT_CONNECT, S::none, Phase::store, F::reconnect, 0},
      {CURLE_UNSUPPORTED_PROTOCOL, S::none, Phase::store, F::stop_run, 0},
  };
  for (const Row& row : rows) {
    const SftpFault seen = fault(row.code, row.status, row.phase);
    CAPTURE(row.code, static_cast<int>(row.status), static_cast<int>(row.phase));
    CHECK(std::string(to_string(classify_sftp(seen))) == std::string(to_string(row.expected)));
    CHECK(reply_code_for(seen) == row.reply);
  }
}

TEST_CASE("a write that a living SFTP server refuses is told from a cut") {
  SftpFault seen = fault(CURLE_SSH, SftpStatus::none, Phase::store);
  seen.peer_alive = true;
  CHECK(classify_sftp(seen) == FailureClass::retry);
  CHECK(reply_code_for(seen) == 451);  // which a small upload then confirms as a full disk
  seen.peer_alive = false;
  CHECK(classify_sftp(seen) == FailureClass::reconnect);
  CHECK(reply_code_for(seen) == 0);
}

TEST_CASE("what fails before an SFTP login stops the run only when it would fail again") {
  SftpFault seen = fault(CURLE_FAILED_INIT, SftpStatus::none, Phase::store);
  seen.logged_in = false;
  CHECK(classify_sftp(seen) == FailureClass::reconnect);
  seen.no_agreement = true;
  CHECK(classify_sftp(seen) == FailureClass::stop_run);
  seen = fault(CURLE_FAILED_INIT, SftpStatus::none, Phase::store);
  seen.no_sftp = true;
  CHECK(classify_sftp(seen) == FailureClass::stop_run);
  for (const int code : {CURLE_PEER_FAILED_VERIFICATION, CURLE_LOGIN_DENIED}) {
    seen = fault(code, SftpStatus::none, Phase::store);
    seen.logged_in = false;
    CHECK(classify_sftp(seen) == FailureClass::stop_run);
  }
  seen = fault(CURLE_SSH, SftpStatus::none, Phase::command);
  seen.logged_in = false;  // nothing was sent: nothing is in doubt
  CHECK(classify_sftp(seen) == FailureClass::reconnect);
  seen = fault(CURLE_OPERATION_TIMEDOUT, SftpStatus::none, Phase::command);
  seen.logged_in = false;
  CHECK(classify_sftp(seen) == FailureClass::reconnect);
  seen = fault(CURLE_COULDNT_RESOLVE_HOST, SftpStatus::none, Phase::store);
  CHECK(classify_sftp(seen) == FailureClass::reconnect);
  seen.name_unknown = true;
  CHECK(classify_sftp(seen) == FailureClass::stop_run);
}

TEST_CASE("libcurl's words give the size") {
  CHECK(size_in("Offset (4611686018427387903) was beyond file size (12)") == 12U);
  CHECK_FALSE(size_in("Offset (4611686018427387903) was beyond file size (0)"));  // or it doesn't know
  CHECK(size_in("Offset (4611686018427387903) was beyond file size (5368709120)") == 5368709120U);
  for (const char* words :
       {"", "beyond file size (12)", "was beyond file size ()", "was beyond file size (12",
        "was beyond file size (-1)", "was beyond file size (99999999999999999999)"}) {
    CAPTURE(words);
    CHECK_FALSE(size_in(words));
  }
  CHECK(says_no_agreement("Failure establishing ssh session: -5, Unable to exchange encryption keys"));
  CHECK_FALSE(says_no_agreement("Failure establishing ssh session: -43, Failed getting banner"));
}

TEST_CASE("every remote path can be said to libcurl's SFTP commands") {
  const SftpPath paths(settings_for("base dir"));
  const auto quoted = [&](const char* path) { return paths.quoted(RemotePath::parse(path)); };
  CHECK(paths.quoted({}) == R"("base dir")");
  CHECK(quoted("a b") == R"("base dir/a b")");
  CHECK(quoted("quote\"s") == R"("base dir/quote\"s")");
  CHECK(quoted("'single'") == R"("base dir/'single'")");
  CHECK(quoted("a/-la") == R"("base dir/a/-la")");
  CHECK(paths.quoted_inside(RemotePath::parse("d")) == R"("base dir/d/.")");
  CHECK(SftpPath(settings_for("back\\slash")).quoted({}) == R"("back\\slash")");
  CHECK(SftpPath(settings_for("")).quoted({}) == R"(".")");
  CHECK(SftpPath(settings_for("~user")).quoted({}) == R"("./~user")");
  CHECK(SftpPath(settings_for("", true)).quoted({}) == R"("/")");
  CHECK(SftpPath(settings_for("srv/x", true)).quoted(RemotePath::parse("f")) == R"("/srv/x/f")");
  CHECK(SftpPath(settings_for("/srv/x/")).quoted({}) == R"("/srv/x")");
  CHECK(SftpPath(settings_for("a/b")).base_levels() == std::vector<std::string>{R"("a")", R"("a/b")"});
  CHECK(SftpPath(settings_for("a/b", true)).base_levels() ==
        std::vector<std::string>{R"("/a")", R"("/a/b")"});
  CHECK(SftpPath(settings_for("")).base_levels().empty());
  CHECK_THROWS_AS(SftpPath(settings_for("a\nb")), Error);
}

TEST_CASE("SFTP URLs are relative to the login directory unless the base is absolute") {
  const RemotePath file = RemotePath::parse("a b/#1?;%~\xC3\xA9");
  CHECK(SftpPath(settings_for("base")).file_url(file) == "sftp://h/~/base/a%20b/%231%3F%3B%25%7E%C3%A9");
  CHECK(SftpPath(settings_for("")).file_url(RemotePath::parse("~x")) == "sftp://h/~/./%7Ex");
  CHECK(SftpPath(settings_for("")).directory_url({}) == "sftp://h/~/");
  CHECK(SftpPath(settings_for("base")).directory_url({}) == "sftp://h/~/base/");
  CHECK(SftpPath(settings_for("srv/x", true)).file_url(RemotePath::parse("f")) == "sftp://h/srv/x/f");
  CHECK(SftpPath(settings_for("", true)).directory_url({}) == "sftp://h/");
  CHECK(SftpPath(settings_for("~x", true)).file_url(RemotePath::parse("f")) == "sftp://h/./%7Ex/f");
  RemoteSettings ipv6 = settings_for("b");
  ipv6.host = "::1";
  ipv6.port = 2222;
  CHECK(SftpPath(ipv6).directory_url({}) == "sftp://[::1]:2222/~/b/");
}

TEST_CASE("times are written as libcurl reads them and only if SFTP can hold them") {
  CHECK(sftp_time(0) == "19700101 00:00:00");
  CHECK(sftp_time(1577934245) == "20200102 03:04:05");
  CHECK(sftp_time(4294967295) == "21060207 06:28:15");
  CHECK(sftp_time(4294967296).empty());
  CHECK(sftp_time(-1).empty());
}

TEST_CASE("a refused SFTP login says what was tried and what would work") {
  SftpStory story;
  story.fault = fault(CURLE_LOGIN_DENIED, SftpStatus::none, Phase::store);
  story.fault.logged_in = false;
  story.remote = "sftp://h/web01";
  story.user = "backup";
  story.login.password = true;
  const auto told = [&] {
    const RemoteError error = explain_sftp(story);
    CHECK(error.failure() == FailureClass::stop_run);
    return std::string(error.what()) + "\n" + error.advice();
  };
  CHECK(told().find("once only") != std::string::npos);
  story.login.methods = "publickey";
  CHECK(told().find("takes no passwords") != std::string::npos);
  story.login.password = false;
  story.login.key = "/etc/outhaul/key";
  story.login.key_file.kind = SshKeyFile::Kind::rsa;
  CHECK(told().find("ssh-keygen -t ed25519") != std::string::npos);
  story.login.key_file.kind = SshKeyFile::Kind::ed25519;
  CHECK(told().find("authorized_keys") != std::string::npos);
  story.login.key_file.encrypted = true;
  CHECK(told().find("passphrase") != std::string::npos);
  story.login.key.clear();
  story.login.agent = true;
  story.login.agent_refusal = "no agent answers";
  CHECK(told().find("no agent answers") != std::string::npos);
  CHECK(told().find("SSH_AUTH_SOCK") != std::string::npos);
}
