#include "remote/wire_path.h"

#include "outhaul/error.h"
#include "support/catch.h"

namespace outhaul {
namespace {

RemoteSettings ftp(std::string base = {}, bool absolute = false) {
  RemoteSettings settings;
  settings.host = "h";
  settings.base = std::move(base);
  settings.absolute = absolute;
  return settings;
}

RemotePath at(std::string_view wire) {
  return RemotePath::parse(wire);
}

TEST_CASE("every byte that could mean something in a URL is encoded") {
  const WirePath paths(ftp());
  CHECK(paths.file_url(at("a/b.txt")) == "ftp://h/a/b.txt");
  CHECK(paths.file_url(at("a b#c?d;type=a")) == "ftp://h/a%20b%23c%3Fd%3Btype%3Da");
  CHECK(paths.file_url(at("100%25")) == "ftp://h/100%2525");
  CHECK(paths.file_url(at("\xC3\xA4[*]")) == "ftp://h/%C3%A4%5B%2A%5D");
  CHECK(paths.file_url(at("a/~b/-c")) == "ftp://h/a/~b/-c");
}

TEST_CASE("the base directory is relative to the login directory or absolute") {
  CHECK(WirePath(ftp("web/01")).file_url(at("f")) == "ftp://h/web/01/f");
  CHECK(WirePath(ftp("web/01")).argument(at("f")) == "web/01/f");
  CHECK(WirePath(ftp("srv/web", true)).file_url(at("f")) == "ftp://h/%2Fsrv/web/f");
  CHECK(WirePath(ftp("/srv/web/", true)).argument(at("f")) == "/srv/web/f");
}

TEST_CASE("the base directory itself has a name and a URL") {
  CHECK(WirePath(ftp()).argument({}) == ".");
  CHECK(WirePath(ftp()).directory_url({}) == "ftp://h/");
  CHECK(WirePath(ftp("", true)).argument({}) == "/");
  CHECK(WirePath(ftp("", true)).directory_url({}) == "ftp://h/%2F");
  CHECK(WirePath(ftp("web")).argument({}) == "web");
  CHECK(WirePath(ftp("web")).directory_url({}) == "ftp://h/web/");
  CHECK(WirePath(ftp("web")).directory_url(at("a b")) == "ftp://h/web/a%20b/");
}

TEST_CASE("a leading space or dash or tilde is kept from the server's argument reader") {
  const WirePath paths(ftp());
  CHECK(paths.argument(at(" x")) == "./ x");
  CHECK(paths.argument(at("-x")) == "./-x");
  CHECK(paths.argument(at("~x")) == "./~x");
  CHECK(paths.argument(at("a/-x")) == "a/-x");
  CHECK(paths.file_url(at("-x")) == "ftp://h/%2E/-x");
  CHECK(WirePath(ftp("b")).argument(at(" x")) == "b/ x");
}

TEST_CASE("ports and IPv6 addresses and implicit TLS show in the URL") {
  RemoteSettings settings = ftp();
  settings.host = "2001:db8::1";
  settings.port = 990;
  settings.scheme = Scheme::ftps;
  CHECK(WirePath(settings).origin() == "ftps://[2001:db8::1]:990/");
}

TEST_CASE("a base directory with a line end is refused") {
  CHECK_THROWS_AS(WirePath(ftp("a\r\nDELE b")), Error);
  CHECK_THROWS_AS(WirePath(ftp("a\x7F")), Error);
}

TEST_CASE("the base directory is made level by level from the top") {
  using Levels = std::vector<std::string>;
  CHECK(WirePath(ftp("web/01")).base_arguments() == Levels{"web", "web/01"});
  CHECK(WirePath(ftp("srv/web/a", true)).base_arguments() == Levels{"/srv", "/srv/web", "/srv/web/a"});
  CHECK(WirePath(ftp("-dash/x")).base_arguments() == Levels{"./-dash", "./-dash/x"});
  CHECK(WirePath(ftp()).base_arguments().empty());
  CHECK(WirePath(ftp("", true)).base_arguments().empty());
}

}  // namespace
}  // namespace outhaul
