#include "profile/decode.h"
#include "support/catch.h"

using namespace outhaul;

TEST_CASE("the starter says what it was asked to say") {
  const Profile profile = decode_profile(
      starter_profile("first", "/srv/www", "ftp://backup@ftp.example.net/web01"), "/etc/outhaul/first.json");
  CHECK(profile.name == "first");
  CHECK(profile.remote.host == "ftp.example.net");
  CHECK(profile.remote.password.kind == SecretSource::Kind::file);
  CHECK(profile.remote.password.name == "/etc/outhaul/first.secret");
  REQUIRE(profile.jobs.size() == 1);
  CHECK(profile.jobs[0].source == "/srv/www");
  CHECK(profile.jobs[0].on_removal == OnRemoval::retire);
  CHECK(profile.jobs[0].versions == VersionPolicy{.daily = 7, .weekly = 4, .monthly = 12});
}

TEST_CASE("the starter asks for a password only where there is a login") {
  CHECK(starter_profile("a", "/a", "file:///mnt/disk").find("password") == std::string::npos);
  CHECK(starter_profile("a", "/a", "ftp://h/a").find(".secret") == std::string::npos);
  CHECK(starter_profile("a", "/a", "sftp://u@h/a").find("outhaul.key") != std::string::npos);
}

TEST_CASE("no starter is made that check would refuse") {
  CHECK_THROWS_AS(starter_profile("a b", "/a", "ftp://h/a"), ProfileError);
  CHECK_THROWS_AS(starter_profile("a", "~/a", "ftp://h/a"), ProfileError);
  CHECK_THROWS_AS(starter_profile("a", "/a", "ftp://u:secret@h/a"), Error);
}
