#include "profile/netrc.h"

#include "outhaul/error.h"
#include "support/catch.h"

using namespace outhaul;

namespace {

constexpr const char* kNetrc = R"(# our servers
machine other.example.net login backup password wrong

machine ftp.example.net
  login backup
  password "two words \"quoted\" \\"
machine ftp.example.net login anna password annas account x
macdef init
machine ftp.example.net login evil password evil
cd /

machine nopass.example.net login backup
machine hash.example.net login backup password #1
default login guest password guests
)";

std::string login(std::string_view host, std::string_view user) {
  const auto found = find_in_netrc(kNetrc, host, user);
  return found ? found->user + ":" + found->password.reveal() : "none";
}

std::string failure(std::string_view text) {
  try {
    find_in_netrc(text, "h", "");
  } catch (const Error& error) {
    return error.what();
  }
  return {};
}

}  // namespace

TEST_CASE("netrc gives the login of the host and user") {
  CHECK(login("ftp.example.net", "backup") == "backup:two words \"quoted\" \\");
  CHECK(login("FTP.Example.NET", "anna") == "anna:annas");
  CHECK(login("ftp.example.net", "") == "backup:two words \"quoted\" \\");
  CHECK(login("hash.example.net", "backup") == "backup:#1");
}

TEST_CASE("netrc falls back to its default only where that fits") {
  CHECK(login("unknown.example.net", "") == "guest:guests");
  CHECK(login("unknown.example.net", "guest") == "guest:guests");
  CHECK(login("unknown.example.net", "backup") == "none");
  CHECK(login("ftp.example.net", "nobody") == "none");
  CHECK(login("nopass.example.net", "backup") == "none");
}

TEST_CASE("what a netrc macro says is not a login") {
  CHECK(login("ftp.example.net", "evil") == "none");
}

TEST_CASE("a netrc without a login serves the user of the URL") {
  const auto found = find_in_netrc("machine h password p", "h", "u");
  REQUIRE(found);
  CHECK(found->user == "u");
  CHECK_FALSE(find_in_netrc("machine h password p", "h", ""));
  CHECK_FALSE(find_in_netrc("", "h", "u"));
}

TEST_CASE("a broken netrc is named by line and never quoted") {
  CHECK(failure("machine h\nlogin u password my secret") ==
        "line 2: a word that is none of machine, default, login, password, account, macdef (a password with "
        "a space in "
        "it needs quotes)");
  CHECK(failure("secret") == "line 1: a word before the first \"machine\" or \"default\"");
  CHECK(failure("machine h\n\nlogin u password") == "line 3: the file ends where a password should follow");
  CHECK(failure("machine h password \"secret\n\"") == "line 1: a quote is opened and not closed");
}
