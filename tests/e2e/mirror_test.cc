// outhaul mirror: no profile, but the same promises.
#include <fmt/format.h>

#include "site.h"
#include "support/catch.h"
#include "support/tree.h"

using namespace outhaul;
using namespace outhaul::test;

namespace fs = std::filesystem;

namespace {

std::vector<std::string> words_for(const Site& site, const std::vector<std::string>& more) {
  std::vector<std::string> words{
      "mirror", site.source().string(),
      fmt::format("ftp://{}@127.0.0.1:{}/space", TestServer::kUser, site.server().port())};
  words.insert(words.end(), more.begin(), more.end());
  return words;
}

RunResult mirror(const Site& site, std::vector<std::string> more = {}) {
  more.insert(more.end(), {"--tls-off", "--password-file", site.secret().string()});
  return site.outhaul(words_for(site, more));
}

std::vector<std::string> differences_of(const Site& site) {
  return differences(site.source(), site.space());
}

}  // namespace

TEST_CASE("mirror sends a tree and remembers it") {
  Site site(ServerKind::proftpd);
  site.write("a", "1");
  site.write("d/b", "2");
  const RunResult first = mirror(site);
  INFO(told(first));
  CHECK(first.exit.code == 0);
  CHECK(differences_of(site).empty());
  CHECK(site.server().wait_for_no_sessions());
  site.server().forget_commands();
  CHECK(mirror(site).exit.code == 0);
  CHECK(site.server().wait_for_no_sessions());
  CHECK(site.sessions() == 0);
}

TEST_CASE("mirror removes only with --delete") {
  Site site(ServerKind::vsftpd);
  site.write("a", "1");
  site.write("gone", "2");
  site.write("gone later", "3");
  REQUIRE(mirror(site).exit.code == 0);
  site.remove("gone");
  CHECK(mirror(site).exit.code == 0);
  CHECK(fs::exists(site.space() / "gone"));
  site.remove("gone later");
  CHECK(mirror(site, {"--delete"}).exit.code == 0);
  CHECK_FALSE(fs::exists(site.space() / "gone later"));
  CHECK(fs::exists(site.space() / "gone"));  // given up before: not ours any more
}

TEST_CASE("mirror --dry-run shows the plan and changes nothing") {
  Site site(ServerKind::proftpd);
  site.write("a", "1");
  const RunResult result = mirror(site, {"--dry-run"});
  INFO(told(result));
  CHECK(result.exit.code == 0);
  CHECK(holds(result.out, {"a", "1 file"}));
  CHECK(site.sessions() == 0);
  CHECK_FALSE(fs::exists(site.state_root()));
}

TEST_CASE("mirror takes the password from a variable and from netrc") {
  Site site(ServerKind::proftpd);
  site.write("a", "1");
  SpawnOptions options;
  options.env["OUTHAUL_E2E_PASSWORD"] = TestServer::kPassword;
  const RunResult by_env =
      site.outhaul(words_for(site, {"--tls-off", "--password-env", "OUTHAUL_E2E_PASSWORD"}), options);
  INFO(told(by_env));
  CHECK(by_env.exit.code == 0);

  site.write("b", "2");
  write_file(site.dir() / ".netrc", fmt::format("machine 127.0.0.1 login {} password \"{}\"\n",
                                                TestServer::kUser, TestServer::kPassword));
  fs::permissions(site.dir() / ".netrc", fs::perms::owner_read | fs::perms::owner_write);
  options.env = {{"HOME", site.dir().string()}};
  const RunResult by_netrc = site.outhaul(words_for(site, {"--tls-off", "--netrc"}), options);
  INFO(told(by_netrc));
  CHECK(by_netrc.exit.code == 0);
  CHECK(differences_of(site).empty());
}

TEST_CASE("mirror asks for TLS and takes an authority or a pin") {
  Site site(ServerKind::proftpd, Tls::explicit_);
  site.write("a", "1");
  const std::string secret = site.secret().string();
  CHECK(site.outhaul(words_for(site, {"--password-file", secret})).exit.code == 5);
  const Certificates& certificates = site.server().certificates();
  CHECK(site.outhaul(words_for(site, {"--password-file", secret, "--ca", certificates.ca.string()}))
            .exit.code == 0);
  site.write("b", "2");
  CHECK(site.outhaul(words_for(site, {"--password-file", secret, "--pin", certificates.pin, "--no-verify"}))
            .exit.code == 0);
  CHECK(differences_of(site).empty());
}

TEST_CASE("mirror of another source to the same place has a state of its own") {
  Site site(ServerKind::proftpd);
  site.write("a", "1");
  REQUIRE(mirror(site).exit.code == 0);
  fs::create_directory(site.dir() / "other");
  write_file(site.dir() / "other/b", "2");
  const RunResult result =
      site.outhaul({"mirror", (site.dir() / "other").string(),
                    fmt::format("ftp://{}@127.0.0.1:{}/space", TestServer::kUser, site.server().port()),
                    "--delete", "--tls-off", "--password-file", site.secret().string()});
  INFO(told(result));
  CHECK(result.exit.code == 0);
  CHECK(fs::exists(site.space() / "a"));  // pain 21: not in that state, so not to be deleted
  CHECK(fs::exists(site.space() / "b"));
}

TEST_CASE("mirror doesn't replace what another one has put there unless that was said") {
  Site site(ServerKind::vsftpd);
  site.write("a", "1");
  REQUIRE(mirror(site).exit.code == 0);
  fs::remove_all(site.state_root());  // a container that starts without one
  site.write("a", "2");
  const RunResult refused = mirror(site);
  INFO(told(refused));
  CHECK(refused.exit.code == 4);
  CHECK(holds(refused.out + refused.err, {"\"a\"", "--overwrite"}));
  CHECK(refused.err.find("PROFILE") == std::string::npos);
  CHECK(read_file(site.space() / "a") == "1");
  CHECK(mirror(site, {"--overwrite"}).exit.code == 0);
  CHECK(differences_of(site).empty());
}

TEST_CASE("mirror leaves out what a pattern takes") {
  Site site(ServerKind::proftpd);
  site.write("a", "1");
  site.write("a.tmp", "2");
  site.write("cache/x", "3");
  CHECK(mirror(site, {"--exclude", "*.tmp", "--exclude", "/cache/"}).exit.code == 0);
  CHECK(fs::exists(site.space() / "a"));
  CHECK_FALSE(fs::exists(site.space() / "a.tmp"));
  CHECK_FALSE(fs::exists(site.space() / "cache"));
}

TEST_CASE("mirror into its own source is refused unless the place is left out") {
  Site site(ServerKind::proftpd);
  site.write("a", "1");
  const fs::path inside = site.source() / "copy";
  fs::create_directory(inside);
  const std::vector<std::string> words{"mirror", site.source().string(), "file://" + inside.string()};
  const RunResult refused = site.outhaul(words);
  INFO(told(refused));
  CHECK(refused.exit.code == 2);
  CHECK(holds(refused.err, {"which holds the remote", "--exclude"}));
  CHECK(fs::is_empty(inside));
  std::vector<std::string> left_out = words;
  left_out.insert(left_out.end(), {"--exclude", "/copy/"});
  CHECK(site.outhaul(left_out).exit.code == 0);
  CHECK(read_file(inside / "a") == "1");
  CHECK_FALSE(fs::exists(inside / "copy"));
}
