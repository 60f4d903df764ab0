#include "profile/url.h"

#include <random>

#include "outhaul/error.h"
#include "support/catch.h"

using namespace outhaul;

namespace {

struct Refusal {
  std::string message, advice;
};

Refusal refusal_of(std::string_view url) {
  try {
    parse_remote_url(url);
  } catch (const Error& error) {
    CHECK(error.kind() == ErrorKind::profile);
    return {error.what(), error.advice()};
  }
  return {};
}

}  // namespace

TEST_CASE("a URL is taken apart") {
  const RemoteSettings remote = parse_remote_url("FTP://back%40up@ftp.example.net:2121/web01/daily/");
  CHECK(remote.scheme == Scheme::ftp);
  CHECK(remote.user == "back@up");
  CHECK(remote.host == "ftp.example.net");
  CHECK(remote.port == 2121);
  CHECK(remote.base == "web01/daily");
  CHECK_FALSE(remote.absolute);
  CHECK(remote.url == "ftp://ftp.example.net:2121/web01/daily/");
}

TEST_CASE("a second slash makes the base absolute") {
  const auto [url, base, absolute] = GENERATE(table<std::string, std::string, bool>({
      {"ftp://h", "", false},
      {"ftp://h/", "", false},
      {"ftp://h/a", "a", false},
      {"ftp://h/a/b/", "a/b", false},
      {"ftp://h//a/b", "a/b", true},
      {"ftp://h/%2Fa/b", "a/b", true},
      {"ftp://h/%2fa%2Fb", "a/b", true},
      {"ftp://h//", "", true},
      {"ftps://h//a", "a", true},
      {"sftp://u@h/a", "a", false},
      {"sftp://u@h//a", "a", true},
      {"sftp://u@h/%2Fa", "a", true},
      {"file:///mnt/disk", "/mnt/disk", true},
      {"file:///mnt/my%20disk/", "/mnt/my disk", true},
  }));
  CAPTURE(url);
  const RemoteSettings remote = parse_remote_url(url);
  CHECK(remote.base == base);
  CHECK(remote.absolute == absolute);
}

TEST_CASE("characters that libcurl would take apart stay part of the name") {
  CHECK(parse_remote_url("ftp://h/a;type=a").base == "a;type=a");
  CHECK(parse_remote_url("ftp://h/a%23b%3Fc%25d").base == "a#b?c%d");
  CHECK(parse_remote_url("ftp://h/a@b:c").base == "a@b:c");
}

TEST_CASE("an IPv6 host stands in brackets in the URL only") {
  const RemoteSettings remote = parse_remote_url("ftps://u@[2001:db8::1]:990/d");
  CHECK(remote.host == "2001:db8::1");
  CHECK(remote.port == 990);
}

TEST_CASE("the last at sign ends the user") {
  CHECK(parse_remote_url("ftp://me@example.net@ftp.example.net/").user == "me@example.net");
  CHECK(parse_remote_url("ftp://DOMAIN%5Cme@h/").user == "DOMAIN\\me");
}

TEST_CASE("a URL that can't be used says why") {
  const auto [url, message] = GENERATE(table<std::string, std::string>({
      {"", "an empty URL"},
      {"ftp.example.net", "no scheme with \"://\""},
      {"sftp://h/a", "an sftp:// URL without a user"},
      {"gopher://h/a", "the unknown scheme \"gopher\""},
      {"ftp:///a", "no host"},
      {"ftp://u@/a", "no host"},
      {"ftp://u@:21/a", "no host"},
      {"ftp://@h/a", "an empty user name before the '@'"},
      {"ftp://h:0/", "a port that is not a number from 1 to 65535"},
      {"ftp://h:65536/", "a port that is not a number from 1 to 65535"},
      {"ftp://h:/", "a port that is not a number from 1 to 65535"},
      {"ftp://h/a?b", "a '?': a query has no meaning here"},
      {"ftp://h/a#b", "a '#': a fragment has no meaning here"},
      {"ftp://h/a b", "a space"},
      {"ftp://h/a%2", "a '%' in the path that two hex digits don't follow"},
      {"ftp://h/a%0D%0ADELE%20x", "the byte 0x0D in the path"},
      {"ftp://u%0A@h/a", "the byte 0x0A in the user name"},
      {"ftp://h/%2E%2e/x", "a path that can't be used: \"../x\": a path here can't hold \"..\""},
      {"ftp://[::1/a", "a host in brackets that is not an IPv6 address"},
      {"ftp://m\xC3\xBCnchen/", "a host name with characters that host names don't have"},
      {"file://server/share", "a host or a relative path behind file://"},
      {"file:///", "no directory behind file://"},
  }));
  CAPTURE(url);
  CHECK(refusal_of(url).message == message);
  CHECK_FALSE(refusal_of(url).advice.empty());
}

TEST_CASE("a password in the URL is refused and never repeated") {
  for (const char* url : {"ftp://u:hunter2@h/a", "ftp://u:@h/a", "ftp://u:hunter2/x@h/a",
                          "ftp://u:hun@ter2@h/a", "ftp://u:hunter2?@h/a", "ftps://u:hunter2@h"}) {
    CAPTURE(url);
    const Refusal refusal = refusal_of(url);
    CHECK(refusal.message == "a password in the URL, where other people and programs can see it");
    CHECK(refusal.advice ==
          "take it out of the URL and say where it comes from: \"password\": one of {\"file\": \"/PATH\"}, "
          "{\"env\": \"NAME\"}, {\"command\": [\"PROGRAM\", …]}, {\"credential\": \"NAME\"} or {\"netrc\": "
          "true}");
  }
  CHECK(refusal_of("hunter2:ftp://u@h").message == "an unknown scheme");
}

TEST_CASE("whatever a URL holds it is parsed or refused and never gives an unsafe base") {
  std::mt19937 random(11);
  const std::string alphabet = "ftps:/@.%2FfEe0Aa[]? #\\;-\x01\x7F\xFF";
  std::uniform_int_distribution<std::size_t> pick(0, alphabet.size() - 1), length(0, 24);
  for (int round = 0; round < 50000; ++round) {
    std::string url = round % 2 ? "ftp://h" : "ftp://";
    for (std::size_t n = length(random); n > 0; --n) url += alphabet[pick(random)];
    try {
      const RemoteSettings remote = parse_remote_url(url);
      REQUIRE_NOTHROW(RemotePath::parse(remote.base));
      REQUIRE_FALSE(remote.host.empty());
    } catch (const Error& error) {
      REQUIRE(error.kind() == ErrorKind::profile);
    }
  }
}
