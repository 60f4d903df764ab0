#include "alarm/post.h"

#include "support/catch.h"
#include "support/web_server.h"

using namespace outhaul;
using namespace outhaul::test;
using namespace std::chrono_literals;
using Manner = WebAnswer::Manner;

namespace {

constexpr DeliveryLimits kQuick{.whole = 5000ms, .connect = 5000ms, .pause = 1ms};

Post hello(const WebServer& server, const std::string& path = "/hook?x=1") {
  return {server.url(path), "text/plain; charset=utf-8", "hello\nworld", {"Title: a title"}};
}

}  // namespace

TEST_CASE("a post arrives with its headers and its token") {
  const WebServer server;
  CHECK(send_post(hello(server), "s3cret", kQuick) == "");
  const auto requests = server.requests();
  REQUIRE(requests.size() == 1);
  CHECK(requests[0].line == "POST /hook?x=1 HTTP/1.1");
  CHECK(requests[0].body == "hello\nworld");
  CHECK(requests[0].headers.at("content-type") == "text/plain; charset=utf-8");
  CHECK(requests[0].headers.at("title") == "a title");
  CHECK(requests[0].headers.at("authorization") == "Bearer s3cret");
  CHECK_FALSE(requests[0].headers.contains("expect"));
}

TEST_CASE("without a token no authorization is sent and an empty body is one") {
  const WebServer server;
  Post post = hello(server);
  post.body.clear();
  CHECK(send_post(post, "", kQuick) == "");
  CHECK_FALSE(server.requests().at(0).headers.contains("authorization"));
  CHECK(server.requests().at(0).headers.at("content-length") == "0");
}

TEST_CASE("a refusal is told without what the server says because that may repeat a secret") {
  const WebServer server({{.status = 403, .body = "no such hook: /hook?x=1"}});
  CHECK(send_post(hello(server), "", kQuick) == "it answers 403");
  CHECK(server.requests().size() == 1);
}

TEST_CASE("a redirect is not followed because it would lose the post") {
  const WebServer elsewhere;
  for (const int status : {301, 302, 303, 307}) {
    const WebServer server(
        {{.status = status, .body = "", .more_headers = "Location: " + elsewhere.url("/new") + "\r\n"}});
    CHECK(send_post(hello(server), "", kQuick).starts_with("it answers " + std::to_string(status)));
    CHECK(server.requests().size() == 1);
  }
  CHECK(elsewhere.requests().empty());
}

TEST_CASE("what may pass is tried once more") {
  for (const int status : {429, 500, 503}) {
    const WebServer server({{.status = status}, {}});
    CHECK(send_post(hello(server), "", kQuick) == "");
    CHECK(server.requests().size() == 2);
  }
  const WebServer broken({{.manner = Manner::breaks_off}, {}});
  CHECK(send_post(hello(broken), "", kQuick) == "");
  const WebServer always({{.status = 500, .body = "down"}});
  CHECK(send_post(hello(always), "", kQuick) == "it answers 500");
  CHECK(always.requests().size() == 2);
}

TEST_CASE("a server that never answers costs no more than the limit and one that talks nonsense is named") {
  const WebServer silent({{.manner = Manner::never}});
  DeliveryLimits limits = kQuick;
  limits.whole = 200ms;
  CHECK_FALSE(send_post(hello(silent), "", limits).empty());
  const WebServer garbage({{.manner = Manner::garbage}});
  CHECK_FALSE(send_post(hello(garbage), "", kQuick).empty());
}

TEST_CASE("an answer of many megabytes is not kept") {
  const WebServer server({{.status = 400, .body = std::string(3 << 20, 'x')}});
  CHECK(send_post(hello(server), "", kQuick) == "it answers 400");
}

TEST_CASE("an address is shown without what may be its secret") {
  CHECK(shown_address("https://hooks.example.net/T0/B0/secret?x=1") == "https://hooks.example.net/…");
  CHECK(shown_address("http://127.0.0.1:8080") == "http://127.0.0.1:8080");
  CHECK(shown_address("https://h?token=1") == "https://h/…");
  CHECK(shown_address("nonsense") == "…");
}

TEST_CASE("nobody there is told without the address") {
  const std::string failure = send_post({"http://127.0.0.1:1/secret", "text/plain", "x", {}}, "", kQuick);
  CHECK_FALSE(failure.empty());
  CHECK(failure.find("secret") == std::string::npos);
}
