// Every name that a disk can hold arrives on a real server's disk, byte for byte.
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fd.h"
#include "site.h"
#include "support/catch.h"
#include "support/tree.h"

using namespace outhaul;
using namespace outhaul::test;

namespace {

/// `levels` directories of `name` below each other and a file at the bottom, made step by step: the whole
/// path may be longer than one system call takes.
void make_deep(const std::filesystem::path& top, const std::string& name, int levels) {
  Fd dir(::open(top.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  for (int i = 0; i < levels; ++i) {
    REQUIRE(::mkdirat(dir.get(), name.c_str(), 0755) == 0);
    dir = Fd(::openat(dir.get(), name.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    REQUIRE(dir);
  }
  const Fd file(::openat(dir.get(), "bottom", O_WRONLY | O_CREAT | O_CLOEXEC, 0644));
  REQUIRE(::write(file.get(), "deep", 4) == 4);
}

void back_up_nasty_tree(ServerKind kind, Tls tls) {
  Site site(kind, tls);
  site.choices.target = "";
  make_nasty_tree(site.source());
  std::filesystem::create_directory(site.source() / "long path");
  make_deep(site.source() / "long path", std::string(200, 'd'), 8);  // over 1,600 bytes

  const RunResult first = site.run();
  INFO(told(first));
  CHECK(first.exit.code == 0);
  CHECK(site.differences() == std::vector<std::string>{});
  CHECK(std::filesystem::exists(site.space() / "%2Eouthaul/of the source"));
  CHECK_FALSE(std::filesystem::exists(site.space() / "link"));
  CHECK(site.parts().empty());
  CHECK(site.server().wait_for_no_sessions());
  // The first run asks whose the remote is, what is in the target, and which odd names it keeps, and stores
  // the catalog, each on one of its own.
  CHECK(site.sessions() <= 2 + 5);

  site.server().forget_commands();
  const RunResult second = site.run();
  INFO(told(second));
  CHECK(second.exit.code == 0);
  CHECK(site.server().wait_for_no_sessions());
  CHECK(site.server().commands() == std::vector<std::string>{});
}

}  // namespace

TEST_CASE("pain 16: every nasty name reaches ProFTPD over plain FTP and a second run is silent") {
  back_up_nasty_tree(ServerKind::proftpd, Tls::none);
}

TEST_CASE("pain 16: every nasty name reaches ProFTPD over explicit TLS and a second run is silent") {
  back_up_nasty_tree(ServerKind::proftpd, Tls::explicit_);
}

TEST_CASE("pain 16: every nasty name reaches ProFTPD over implicit TLS and a second run is silent") {
  back_up_nasty_tree(ServerKind::proftpd, Tls::implicit);
}

TEST_CASE("pain 16: every nasty name reaches vsftpd over plain FTP and a second run is silent") {
  back_up_nasty_tree(ServerKind::vsftpd, Tls::none);
}

TEST_CASE("pain 16: every nasty name reaches vsftpd over explicit TLS and a second run is silent") {
  back_up_nasty_tree(ServerKind::vsftpd, Tls::explicit_);
}

TEST_CASE("pain 16: every nasty name reaches Pure-FTPd over plain FTP and a second run is silent") {
  back_up_nasty_tree(ServerKind::pureftpd, Tls::none);
}

TEST_CASE("pain 16: every nasty name reaches Pure-FTPd over explicit TLS and a second run is silent") {
  back_up_nasty_tree(ServerKind::pureftpd, Tls::explicit_);
}

TEST_CASE("a name whose escape is too long is named and everything else is stored") {
  Site site(ServerKind::proftpd);
  site.write(std::string(200, '\n'), "too long when it is escaped");
  site.write("fine", "1");
  const RunResult result = site.run();
  INFO(told(result));
  CHECK(result.exit.code == 3);
  CHECK(holds(result.err, {"its name on the remote would be longer than 255 bytes, so it is not stored",
                           "Give it a shorter name"}));
  CHECK(site.stored_files() == 1);
  CHECK(site.run().exit.code == 3);  // as long as it is there, it is not backed up
}

namespace {

/// A path longer than PATH_MAX: the scan reaches it, no server can hold it.
void back_up_endless_path(ServerKind kind) {
  Site site(kind);
  site.write("fine", "1");
  site.write("zz/fine", "2");
  std::filesystem::create_directory(site.source() / "endless");
  make_deep(site.source() / "endless", std::string(250, 'd'), 20);
  const RunResult result = site.run();
  INFO(told(result));
  CHECK(result.exit.code == 3);
  CHECK(holds(result.err,
              {"error: data: endless/dddd", "its path on the remote would be longer than 3900 bytes",
               "back one of them up as a job of its own"}));
  CHECK(site.stored_files() == 2);
  CHECK(read_file(site.stored() / "fine") == "1");
  CHECK(read_file(site.stored() / "zz/fine") == "2");
}

}  // namespace

TEST_CASE("a path that is too long for ProFTPD is named and everything else is stored") {
  back_up_endless_path(ServerKind::proftpd);
}

TEST_CASE("a path that is too long for vsftpd is named and everything else is stored") {
  back_up_endless_path(ServerKind::vsftpd);
}

TEST_CASE("a path that is too long for Pure-FTPd is named and everything else is stored") {
  back_up_endless_path(ServerKind::pureftpd);
}

namespace {

const OwnNames kOther{"_outhaul", ".tmp"};

}  // namespace

TEST_CASE("outhaul's own directory is renamed on the server and in the profile, and nothing is lost") {
  Site site;
  site.choices.url = "file://" + (site.dir() / "disk").string();
  std::filesystem::create_directory(site.dir() / "disk");
  site.choices.target = "";
  site.choices.on_removal = "retire";
  const auto disk = [&](const char* name) { return site.dir() / "disk" / name; };
  site.write("a", "one");
  REQUIRE(site.run().exit.code == 0);
  site.write("a", "two");
  REQUIRE(site.run().exit.code == 0);

  site.choices.own = kOther;
  site.choices.catalog_let_be = "it lies under the name from before";
  site.write("a", "three");
  const RunResult refused = site.run();
  INFO(told(refused));
  CHECK(refused.exit.code == 4);
  CHECK(
      holds(refused.out + refused.err, {"_outhaul/owner.json", "Rename .outhaul to _outhaul on the server"}));
  CHECK_FALSE(std::filesystem::exists(disk("_outhaul")));
  // Nor may a verification conclude that everything is lost, and a run without changes that all is well.
  for (const std::vector<std::string>& words : {std::vector<std::string>{"verify"}, {"run", "--repair"}}) {
    std::vector<std::string> all = words;
    all.push_back(site.profile().string());
    const RunResult result = site.outhaul(all);
    INFO(told(result));
    CHECK(result.exit.code == 4);
    CHECK(holds(result.out + result.err, {"Rename .outhaul to _outhaul on the server"}));
  }
  site.write("a", "two");
  CHECK(site.run().exit.code == 4);
  site.write("a", "three");
  // Nor may another job's adoption put the mark there.
  std::filesystem::create_directory(site.dir() / "more");
  site.choices.jobs = fmt::format(R"([{{"name": "more", "source": "{}", "target": "more"}}])",
                                  (site.dir() / "more").string());
  site.write_profile();
  const RunResult adopted = site.outhaul({"adopt", site.profile().string()});
  INFO(told(adopted));
  CHECK(adopted.exit.code == 4);
  site.choices.jobs.clear();
  CHECK_FALSE(std::filesystem::exists(disk("_outhaul")));

  std::filesystem::rename(disk(".outhaul"), disk("_outhaul"));
  site.choices.catalog_let_be = "";
  const RunResult renamed = site.run();
  INFO(told(renamed));
  CHECK(renamed.exit.code == 0);
  CHECK_FALSE(std::filesystem::exists(disk(".outhaul")));
  CHECK(site.outhaul({"verify", site.profile().string(), "--read-data"}).exit.code == 0);
  const std::filesystem::path back = site.dir() / "back";
  CHECK(site.outhaul({"restore", site.profile().string(), "--at", "1", "--to", back.string()}).exit.code ==
        0);
  CHECK(read_file(back / "a") == "one");

  site.choices.own = {};
  site.choices.catalog_let_be = "it lies under the other name";
  site.write("a", "four");
  const RunResult back_again = site.run();
  INFO(told(back_again));
  CHECK(back_again.exit.code == 4);
  CHECK(holds(back_again.out + back_again.err, {"Rename _outhaul to .outhaul on the server"}));
}

TEST_CASE("a directory of the source that is there under the new name of outhaul's own is not taken for it") {
  Site site;
  site.choices.url = "file://" + (site.dir() / "disk").string();
  std::filesystem::create_directory(site.dir() / "disk");
  site.choices.target = "";
  site.write("_outhaul/mine", "mine");
  REQUIRE(site.run().exit.code == 0);
  site.choices.own = kOther;
  site.choices.catalog_let_be = "it lies under the name from before";
  const RunResult refused = site.run();
  INFO(told(refused));
  CHECK(refused.exit.code == 1);
  CHECK(holds(refused.err, {"\"_outhaul\"", "%5Fouthaul",
                            R"(back to "names": "unix" without "encoding" and "control_dir": ".outhaul")"}));
  CHECK(read_file(site.dir() / "disk/_outhaul/mine") == "mine");
}
