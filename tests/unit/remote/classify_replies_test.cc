// Every reply that means "no", in every phase: what a run does about it. Texts that change this are in
// classify_test.cc.
#include <curl/curl.h>

#include <string>
#include <vector>

#include "remote/classify.h"
#include "support/catch.h"

namespace outhaul {
namespace {

using F = FailureClass;

/// RFC 959 §4.2, RFC 2228 §5.1, RFC 2428 §3.
struct ReplyRow {
  int reply;
  F login, command, store, stored, fetch;  ///< stored: instead of 226; fetch: RETR and listings
};

const std::vector<ReplyRow> kTable = {
    {421, F::lower_cap, F::reconnect, F::reconnect, F::reconnect, F::reconnect},
    {425, F::reconnect, F::reconnect, F::reconnect, F::reconnect, F::reconnect},
    {426, F::reconnect, F::reconnect, F::retry, F::retry, F::reconnect},
    {430, F::reconnect, F::retry, F::retry, F::retry, F::retry},
    {431, F::reconnect, F::retry, F::retry, F::retry, F::retry},
    {434, F::reconnect, F::retry, F::retry, F::retry, F::retry},
    {450, F::reconnect, F::retry, F::retry, F::retry, F::retry},
    {451, F::reconnect, F::retry, F::retry, F::retry, F::retry},
    {452, F::reconnect, F::no_space, F::no_space, F::no_space, F::retry},
    {500, F::stop_run, F::skip_file, F::skip_file, F::skip_file, F::skip_file},
    {501, F::stop_run, F::skip_file, F::skip_file, F::skip_file, F::skip_file},
    {502, F::stop_run, F::skip_file, F::skip_file, F::skip_file, F::skip_file},
    {503, F::stop_run, F::reconnect, F::reconnect, F::reconnect, F::reconnect},
    {504, F::stop_run, F::skip_file, F::skip_file, F::skip_file, F::skip_file},
    {521, F::stop_run, F::skip_file, F::skip_file, F::skip_file, F::skip_file},
    {522, F::stop_run, F::skip_file, F::stop_run, F::reconnect, F::stop_run},
    {530, F::stop_run, F::reconnect, F::stop_run, F::stop_run, F::reconnect},
    {532, F::stop_run, F::stop_run, F::stop_run, F::stop_run, F::stop_run},
    {534, F::stop_run, F::stop_run, F::stop_run, F::stop_run, F::stop_run},
    {550, F::stop_run, F::skip_file, F::skip_file, F::skip_file, F::skip_file},
    {551, F::stop_run, F::skip_file, F::skip_file, F::skip_file, F::skip_file},
    {552, F::stop_run, F::no_space, F::no_space, F::no_space, F::skip_file},
    {553, F::stop_run, F::skip_file, F::skip_file, F::skip_file, F::skip_file},
    {554, F::stop_run, F::skip_file, F::skip_file, F::skip_file, F::skip_file},
};

std::string classified(int reply, int curl_code, Phase phase) {
  const Fault fault{.curl_code = curl_code, .reply = reply, .phase = phase, .fresh = phase == Phase::connect};
  return std::string(to_string(classify(fault)));
}

std::string name(F failure) {
  return std::string(to_string(failure));
}

TEST_CASE("every refusing reply has its class in every phase") {
  for (const ReplyRow& row : kTable) {
    CAPTURE(row.reply);
    CHECK(classified(row.reply, CURLE_LOGIN_DENIED, Phase::connect) == name(row.login));
    CHECK(classified(row.reply, CURLE_OPERATION_TIMEDOUT, Phase::connect) == name(row.login));
    CHECK(classified(row.reply, CURLE_OK, Phase::command) == name(row.command));
    CHECK(classified(row.reply, CURLE_QUOTE_ERROR, Phase::command) == name(row.command));
    CHECK(classified(row.reply, CURLE_UPLOAD_FAILED, Phase::store) == name(row.store));
    CHECK(classified(row.reply, CURLE_PARTIAL_FILE, Phase::store_final) == name(row.stored));
    CHECK(classified(row.reply, CURLE_PARTIAL_FILE, Phase::store) == name(row.stored));
    CHECK(classified(row.reply, CURLE_FTP_COULDNT_RETR_FILE, Phase::retrieve) == name(row.fetch));
    CHECK(classified(row.reply, CURLE_FTP_COULDNT_RETR_FILE, Phase::list) == name(row.fetch));
  }
}

TEST_CASE("a reply that is in no book is passing below 500 and permanent from there on") {
  for (const int reply : {400, 433, 499, 507, 599, 631}) {
    CAPTURE(reply);
    const std::string expected = name(reply < 500 ? F::retry : F::skip_file);
    CHECK(classified(reply, CURLE_OK, Phase::command) == expected);
    CHECK(classified(reply, CURLE_UPLOAD_FAILED, Phase::store) == expected);
    CHECK(classified(reply, CURLE_PARTIAL_FILE, Phase::store_final) == expected);
    CHECK(classified(reply, CURLE_FTP_COULDNT_RETR_FILE, Phase::list) == expected);
  }
}

}  // namespace
}  // namespace outhaul
