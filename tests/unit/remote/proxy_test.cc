#include "remote/proxy.h"

#include "remote/classify.h"
#include "remote/explain.h"
#include "support/catch.h"

namespace outhaul {
namespace {

TEST_CASE("what a proxy does is told from what the server does") {
  struct Row {
    CURLcode code;
    long connect_code, socks_error;
    ProxyFault expected;
  };
  const Row row = GENERATE(
      Row{CURLE_OK, 200, 0, ProxyFault::none}, Row{CURLE_RECV_ERROR, 200, 0, ProxyFault::none},
      Row{CURLE_LOGIN_DENIED, 0, 0, ProxyFault::none}, Row{CURLE_COULDNT_CONNECT, 0, 0, ProxyFault::none},
      Row{CURLE_RECV_ERROR, 407, 0, ProxyFault::login}, Row{CURLE_RECV_ERROR, 403, 0, ProxyFault::refused},
      Row{CURLE_RECV_ERROR, 405, 0, ProxyFault::refused}, Row{CURLE_RECV_ERROR, 502, 0, ProxyFault::failed},
      Row{CURLE_RECV_ERROR, 302, 0, ProxyFault::failed},
      Row{CURLE_COULDNT_RESOLVE_PROXY, 0, 0, ProxyFault::failed},
      Row{CURLE_PROXY, 0, CURLPX_USER_REJECTED, ProxyFault::login},
      Row{CURLE_PROXY, 0, CURLPX_NO_AUTH, ProxyFault::login},
      Row{CURLE_PROXY, 0, CURLPX_IDENTD, ProxyFault::login},
      Row{CURLE_PROXY, 0, CURLPX_REPLY_NOT_ALLOWED, ProxyFault::refused},
      Row{CURLE_PROXY, 0, CURLPX_REQUEST_FAILED, ProxyFault::refused},
      Row{CURLE_PROXY, 0, CURLPX_REPLY_CONNECTION_REFUSED, ProxyFault::failed},
      Row{CURLE_PROXY, 0, CURLPX_RECV_CONNECT, ProxyFault::failed});
  CAPTURE(row.code, row.connect_code, row.socks_error);
  CHECK(judge_proxy(row.code, row.connect_code, row.socks_error) == row.expected);
}

TEST_CASE("only what a proxy refuses for good ends the run") {
  Fault fault;
  fault.curl_code = CURLE_RECV_ERROR;
  fault.phase = Phase::store_final;
  fault.proxy = GENERATE(ProxyFault::login, ProxyFault::refused, ProxyFault::failed);
  CHECK(classify(fault) ==
        (fault.proxy == ProxyFault::failed ? FailureClass::reconnect : FailureClass::stop_run));
}

TEST_CASE("an active data connection that fails speaks of this machine's firewall") {
  FailureStory story;
  story.remote = "ftp://h";
  story.active = true;
  story.fault.phase = Phase::store;
  story.fault.curl_code =
      GENERATE(static_cast<int>(CURLE_FTP_ACCEPT_TIMEOUT), static_cast<int>(CURLE_FTP_PORT_FAILED));
  const RemoteError error = explain(story);
  CHECK(error.failure() == FailureClass::reconnect);
  CHECK(error.advice().find("\"mode\": \"passive\"") != std::string::npos);
}

}  // namespace
}  // namespace outhaul
