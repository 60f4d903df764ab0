#include "remote/classify.h"

#include <curl/curl.h>

#include <string>
#include <vector>

#include "support/catch.h"

namespace outhaul {
namespace {

using F = FailureClass;

struct Row {
  int curl_code;
  int reply;
  std::string text;
  Phase phase;
  FailureClass expected;
  bool fresh = false;
};

TEST_CASE("every failure that was measured has its class") {
  const std::vector<Row> table = {
      // The connection
      {CURLE_COULDNT_RESOLVE_HOST, 0, "", Phase::connect, F::reconnect, true},
      {CURLE_COULDNT_CONNECT, 0, "", Phase::connect, F::reconnect, true},
      {CURLE_OPERATION_TIMEDOUT, 0, "", Phase::connect, F::reconnect, true},
      {CURLE_OPERATION_TIMEDOUT, 421, "There are too many connected users", Phase::connect, F::lower_cap,
       true},
      {CURLE_OPERATION_TIMEDOUT, 421, "50 users (the maximum) are already logged in, sorry", Phase::connect,
       F::lower_cap, true},
      {CURLE_OPERATION_TIMEDOUT, 421, "Service not available", Phase::connect, F::lower_cap, true},
      {CURLE_OPERATION_TIMEDOUT, 421,
       "Sorry, cleartext sessions and weak ciphers are not accepted on this server", Phase::connect,
       F::stop_run, true},
      {CURLE_OPERATION_TIMEDOUT, 421, "Idle timeout (1 seconds): closing control connection", Phase::connect,
       F::reconnect, true},
      {CURLE_OPERATION_TIMEDOUT, 421, "Idle timeout", Phase::store, F::reconnect},
      {CURLE_OPERATION_TIMEDOUT, 421, "Timeout.", Phase::command, F::reconnect},
      {CURLE_RECV_ERROR, 0, "", Phase::connect, F::reconnect, true},
      {CURLE_FTP_WEIRD_SERVER_REPLY, 0, "", Phase::connect, F::reconnect, true},
      {CURLE_FTP_WEIRD_SERVER_REPLY, 530, "Too many connections from your host", Phase::connect, F::lower_cap,
       true},
      // The login
      {CURLE_LOGIN_DENIED, 530, "Login incorrect.", Phase::connect, F::stop_run, true},
      {CURLE_LOGIN_DENIED, 530,
       "Sorry, the maximum number of clients (3) for this user are already connected.", Phase::connect,
       F::lower_cap, true},
      {CURLE_LOGIN_DENIED, 530, "Too many connections for this user", Phase::connect, F::lower_cap, true},
      {CURLE_LOGIN_DENIED, 421, "Too many users", Phase::connect, F::lower_cap, true},
      {CURLE_LOGIN_DENIED, 550, "SSL/TLS required on the control channel", Phase::connect, F::stop_run, true},
      {CURLE_LOGIN_DENIED, 530, "Non-anonymous sessions must use encryption.", Phase::connect, F::stop_run,
       true},
      {CURLE_LOGIN_DENIED, 500, "OOPS: cannot change directory:/nonexistent", Phase::connect, F::stop_run,
       true},
      {CURLE_LOGIN_DENIED, 431, "Unable to accept security mechanism", Phase::connect, F::reconnect, true},
      // TLS
      {CURLE_USE_SSL_FAILED, 500, "AUTH not understood", Phase::connect, F::stop_run, true},
      {CURLE_PEER_FAILED_VERIFICATION, 234, "Proceed", Phase::connect, F::stop_run, true},
      {CURLE_SSL_PINNEDPUBKEYNOTMATCH, 234, "Proceed", Phase::connect, F::stop_run, true},
      {CURLE_SSL_CACERT_BADFILE, 234, "Proceed", Phase::connect, F::stop_run, true},
      {CURLE_SSL_CONNECT_ERROR, 234, "Proceed", Phase::connect, F::stop_run, true},
      {CURLE_SSL_CONNECT_ERROR, 150, "Opening", Phase::store, F::reconnect, true},
      {CURLE_SSL_CONNECT_ERROR, 229, "Extended", Phase::store, F::reconnect, false},
      {CURLE_UPLOAD_FAILED, 522, "SSL connection required", Phase::store, F::stop_run},
      {CURLE_PARTIAL_FILE, 425, "Unable to build data connection: Operation not permitted", Phase::store,
       F::reconnect},
      {CURLE_PARTIAL_FILE, 522, "SSL connection failed; session reuse required", Phase::store, F::reconnect},
      // Storing
      {CURLE_OPERATION_TIMEDOUT, 150, "Ok to send data", Phase::store, F::reconnect},
      {CURLE_OPERATION_TIMEDOUT, 150, "Ok to send data", Phase::store_final, F::unknown_outcome},
      {CURLE_SEND_ERROR, 150, "Ok to send data", Phase::store, F::reconnect},
      {CURLE_SEND_ERROR, 0, "", Phase::store, F::reconnect},
      {CURLE_RECV_ERROR, 0, "", Phase::store_final, F::unknown_outcome},
      {CURLE_RECV_ERROR, 150, "", Phase::store_final, F::unknown_outcome},
      {CURLE_FTP_CANT_GET_HOST, 500, "", Phase::store, F::reconnect},
      {CURLE_FTP_WEIRD_PASV_REPLY, 500, "", Phase::store, F::reconnect},
      {CURLE_PARTIAL_FILE, 426, "Failure reading network stream.", Phase::store, F::retry},
      {CURLE_PARTIAL_FILE, 450, "busy", Phase::store, F::retry},
      {CURLE_PARTIAL_FILE, 451, "Failure writing to local file.", Phase::store, F::retry},
      {CURLE_PARTIAL_FILE, 451, "Transfer aborted. Input/output error", Phase::store, F::retry},
      {CURLE_PARTIAL_FILE, 451, "Try again", Phase::store, F::retry},
      {CURLE_SSL_CONNECT_ERROR, 421, "", Phase::connect, F::lower_cap, true},
      {CURLE_SSL_CONNECT_ERROR, 220, "", Phase::connect, F::stop_run, true},
      {CURLE_FTP_WEIRD_PASV_REPLY, 550, "No such file or directory", Phase::store, F::skip_file},
      {CURLE_FTP_WEIRD_PASV_REPLY, 552, "Quota exceeded", Phase::store, F::no_space},
      {CURLE_FTP_WEIRD_PASV_REPLY, 550, "No such file", Phase::retrieve, F::skip_file},
      {CURLE_PARTIAL_FILE, 452, "Transfer aborted: No space left on device", Phase::store, F::no_space},
      {CURLE_PARTIAL_FILE, 552, "Quota exceeded", Phase::store, F::no_space},
      {CURLE_PARTIAL_FILE, 451, "Error during write to file: No space left on device", Phase::store,
       F::no_space},
      {CURLE_PARTIAL_FILE, 226, "Transfer complete.", Phase::store, F::retry},
      {CURLE_PARTIAL_FILE, 421, "Timeout", Phase::store, F::reconnect},
      {CURLE_PARTIAL_FILE, 0, "", Phase::store_final, F::unknown_outcome},
      {CURLE_UPLOAD_FAILED, 451, "Append/Restart not permitted", Phase::store, F::retry},
      {CURLE_UPLOAD_FAILED, 451,
       "Sorry, the maximum number of data transfers (2) from this user are currently being used.",
       Phase::store, F::lower_cap},
      {CURLE_UPLOAD_FAILED, 452, "full", Phase::store, F::no_space},
      {CURLE_UPLOAD_FAILED, 552, "full", Phase::store, F::no_space},
      {CURLE_UPLOAD_FAILED, 450, "busy", Phase::store, F::retry},
      {CURLE_UPLOAD_FAILED, 425, "Can't open data connection", Phase::store, F::reconnect},
      {CURLE_UPLOAD_FAILED, 451, "No connector setup, send PASV or PORT", Phase::store, F::reconnect},
      {CURLE_UPLOAD_FAILED, 550, "No such file or directory", Phase::store, F::skip_file},
      {CURLE_UPLOAD_FAILED, 553, "Could not create file.", Phase::store, F::skip_file},
      {CURLE_UPLOAD_FAILED, 550, "Disk quota exceeded", Phase::store, F::no_space},
      {CURLE_UPLOAD_FAILED, 532, "Need account", Phase::store, F::stop_run},
      {CURLE_REMOTE_DISK_FULL, 552, "full", Phase::store, F::no_space},
      {CURLE_FTP_COULDNT_USE_REST, 502, "no REST", Phase::store, F::retry},
      // Fetching and listing
      {CURLE_REMOTE_FILE_NOT_FOUND, 550, "No such file", Phase::retrieve, F::skip_file},
      {CURLE_BAD_DOWNLOAD_RESUME, 213, "5", Phase::retrieve, F::skip_file},
      {CURLE_REMOTE_ACCESS_DENIED, 550, "Failed to change directory.", Phase::list, F::skip_file},
      {CURLE_FTP_COULDNT_RETR_FILE, 550, "No such directory", Phase::list, F::skip_file},
      {CURLE_FTP_COULDNT_RETR_FILE, 425, "data", Phase::list, F::reconnect},
      {CURLE_FTP_COULDNT_RETR_FILE, 451, "No connector setup, send PASV or PORT", Phase::list, F::reconnect},
      {CURLE_FTP_COULDNT_RETR_FILE, 503, "Bad sequence of commands: use PORT or PASV first", Phase::retrieve,
       F::reconnect},
      {CURLE_FTP_COULDNT_RETR_FILE, 450, "busy", Phase::list, F::retry},
      {CURLE_OPERATION_TIMEDOUT, 150, "", Phase::retrieve, F::reconnect},
      {CURLE_PARTIAL_FILE, 150, "", Phase::retrieve, F::reconnect},
      // Commands
      {CURLE_RECV_ERROR, 0, "", Phase::command, F::unknown_outcome},
      {CURLE_QUOTE_ERROR, 550, "no", Phase::command, F::skip_file},
      {CURLE_URL_MALFORMAT, 0, "", Phase::store, F::skip_file},
      {CURLE_OUT_OF_MEMORY, 0, "", Phase::store, F::stop_run},
  };
  for (const Row& row : table) {
    CAPTURE(row.curl_code, row.reply, row.text, static_cast<int>(row.phase), row.fresh);
    const Fault fault{.curl_code = row.curl_code,
                      .reply = row.reply,
                      .reply_text = row.text,
                      .phase = row.phase,
                      .fresh = row.fresh};
    CHECK(to_string(classify(fault)) == to_string(row.expected));
  }
}

TEST_CASE("a host name that does not exist stops the run and a dead name server does not") {
  CHECK(classify({.curl_code = CURLE_COULDNT_RESOLVE_HOST, .name_unknown = true}) == F::stop_run);
  CHECK(classify({.curl_code = CURLE_COULDNT_RESOLVE_HOST}) == F::reconnect);
}

TEST_CASE("a TLS handshake that was cut by the network is tried again") {
  CHECK(classify({.curl_code = CURLE_SSL_CONNECT_ERROR,
                  .phase = Phase::connect,
                  .fresh = true,
                  .transport_cut = true}) == F::reconnect);
}

TEST_CASE("a refused resume is not the end of the file") {
  for (const int reply : {451, 500, 501, 502, 504, 550, 554}) {
    CAPTURE(reply);
    CHECK(
        classify({.curl_code = CURLE_QUOTE_ERROR, .reply = reply, .phase = Phase::store, .resuming = true}) ==
        F::retry);
    CHECK(classify(
              {.curl_code = CURLE_UPLOAD_FAILED, .reply = reply, .phase = Phase::store, .resuming = true}) ==
          F::retry);
  }
}

TEST_CASE("replies to commands have their class") {
  const std::vector<std::tuple<int, std::string, F>> table = {
      {421, "Timeout", F::reconnect},
      {421, "Too many connections", F::lower_cap},
      {425, "", F::reconnect},
      {450, "busy", F::retry},
      {451, "local error", F::retry},
      {452, "", F::no_space},
      {500, "", F::skip_file},
      {502, "", F::skip_file},
      {530, "Please login", F::reconnect},
      {530, "maximum clients reached", F::lower_cap},
      {532, "", F::stop_run},
      {550, "Directory not empty", F::skip_file},
      {550, "Quota exceeded", F::no_space},
      {552, "", F::no_space},
      {553, "", F::skip_file},
      {521, "", F::skip_file},
  };
  for (const auto& [code, text, expected] : table) {
    CAPTURE(code, text);
    CHECK(to_string(classify_reply(code, text)) == to_string(expected));
  }
}

}  // namespace
}  // namespace outhaul
