// What a run refuses, and what a damaged catalog still gives back, with real servers at the other end.
#include <fmt/format.h>

#include <fstream>
#include <map>
#include <random>

#include "site.h"
#include "support/catch.h"

using namespace outhaul::test;
namespace fs = std::filesystem;

namespace {

std::map<std::string, std::string> files_below(const fs::path& dir) {
  std::map<std::string, std::string> files;
  for (const auto& entry : fs::recursive_directory_iterator(dir))
    if (entry.is_regular_file())
      files[entry.path().lexically_relative(dir).native()] = read_file(entry.path());
  return files;
}

std::string id_to_approve(const RunResult& refused) {
  const std::string text = refused.out + refused.err;
  const std::size_t at = text.find("--approve ");
  REQUIRE(at != std::string::npos);
  return text.substr(at + 10, 12);
}

/// Flips bits in the middle of the newest file in the catalog whose name begins like this.
void damage(const Site& site, std::string_view kind) {
  fs::path newest;
  for (const auto& entry : fs::directory_iterator(site.space() / ".outhaul/catalog"))
    if (entry.path().filename().native().starts_with(kind) &&
        (newest.empty() || fs::last_write_time(entry.path()) >= fs::last_write_time(newest)))
      newest = entry.path();
  REQUIRE_FALSE(newest.empty());
  std::string content = read_file(newest);
  char& middle = content[content.size() / 2];
  middle = static_cast<char>(middle ^ 0x55);
  std::ofstream(newest, std::ios::binary | std::ios::trunc) << content;
}

/// What only the state holds, and so much of it that the catalog begins a new generation.
void add_much_to_know(const Site& site) {
  std::mt19937 random(5);
  fs::create_directories(site.source() / "links");
  for (int i = 0; i < 500; ++i) {
    std::string target(1000, ' ');
    for (char& c : target) c = static_cast<char>('0' + random() % 64);
    fs::create_symlink(target, site.source() / "links" / std::to_string(i));
  }
}

}  // namespace

TEST_CASE("the night after ransomware is refused before a byte of it reaches the server") {
  const ServerKind kind = GENERATE(ServerKind::proftpd, ServerKind::vsftpd, ServerKind::sshd);
  Site site(kind);
  site.choices.on_removal = "retire";
  site.write_many("documents", 150, 400);
  REQUIRE(site.run().exit.code == 0);
  const auto before = files_below(site.space());
  for (const auto& entry : fs::directory_iterator(site.source() / "documents"))
    std::ofstream(entry.path(), std::ios::binary | std::ios::trunc) << "encrypted " << entry.path();

  const RunResult refused = site.run();
  INFO(told(refused));
  REQUIRE(refused.exit.code == 4);
  CHECK(holds(refused.out + refused.err, {"150 of 150 files", "the limit is", "--approve "}));
  CHECK(files_below(site.space()) == before);
  CHECK(site.run().exit.code == 4);  // it doesn't get used to it

  const RunResult approved = site.run({"--approve", id_to_approve(refused)});
  INFO(told(approved));
  CHECK(approved.exit.code == 0);
  CHECK(site.differences().empty());
  // It was meant; yet what it replaced is still there.
  const fs::path back = site.dir() / "back";
  REQUIRE(site.outhaul({"restore", site.profile().native(), "--to", back.native(), "--at", "1"}).exit.code ==
          0);
  CHECK(read_file(back / "documents/f000") == before.at("data/documents/f000"));
}

TEST_CASE("what does not fit into the quota is refused before it is sent and goes once there is room") {
  const ServerKind kind = GENERATE(ServerKind::proftpd, ServerKind::vsftpd, ServerKind::sshd);
  Site site(kind);
  site.choices.remote_extra = R"("quota": "1 MB")";
  site.write("a", std::string(600'000, 'a'));
  REQUIRE(site.run().exit.code == 0);
  site.write("b", std::string(600'000, 'b'));
  const RunResult refused = site.run();
  INFO(told(refused));
  REQUIRE(refused.exit.code == 4);
  CHECK(holds(refused.out + refused.err, {"quota", "1.00 MB", "600.00 kB"}));
  CHECK_FALSE(fs::exists(site.stored() / "b"));
  CHECK(site.parts().empty());
  site.choices.remote_extra = R"("quota": "2 MB")";
  CHECK(site.run().exit.code == 0);
  CHECK(site.differences().empty());
}

TEST_CASE("verify finds a catalog that rotted on the server and a run stores another one") {
  const ServerKind kind =
      GENERATE(ServerKind::proftpd, ServerKind::vsftpd, ServerKind::pureftpd, ServerKind::sshd);
  Site site(kind);
  site.write("a", "1");
  REQUIRE(site.run().exit.code == 0);
  site.write("b", "2");
  REQUIRE(site.run().exit.code == 0);
  const std::vector<std::string> verify{"verify", site.profile().native(), "--read-data"};
  const RunResult sound = site.outhaul(verify);
  INFO(told(sound));
  CHECK(sound.exit.code == 0);
  CHECK(holds(sound.out, {"catalog    3 files, as they should be"}));
  damage(site, "base-");  // its size is right
  const RunResult found = site.outhaul(verify);
  INFO(told(found));
  CHECK(found.exit.code == 3);
  CHECK(holds(found.out, {"catalog    1 of 3 files not as they should be", "The next run stores a catalog"}));
  CHECK(site.run().exit.code == 0);
  const RunResult again = site.outhaul(verify);
  INFO(told(again));
  CHECK(again.exit.code == 0);  // the generation that rotted is only the one before now
}

TEST_CASE("a catalog whose newest part is damaged gives back the rest and says what it does not know") {
  const ServerKind kind = GENERATE(ServerKind::proftpd, ServerKind::sshd);
  const bool has_base_before = GENERATE(false, true);
  CAPTURE(has_base_before);
  Site site(kind);
  site.write_many("many", 40, 500);
  REQUIRE(site.run().exit.code == 0);
  if (has_base_before) {
    add_much_to_know(site);
    REQUIRE(site.run().exit.code == 0);
  }
  site.write("last", "of all");
  REQUIRE(site.run().exit.code == 0);
  damage(site, has_base_before ? "base-2" : "changes-");
  fs::remove_all(site.state_root());

  const RunResult recovered = site.outhaul({"recover", site.profile().native()});
  INFO(told(recovered));
  REQUIRE(recovered.exit.code == 3);
  CHECK(holds(recovered.out, {"the state is back as after run", "is not what was stored"}));
  const fs::path back = site.dir() / "back";
  const RunResult restored = site.outhaul({"restore", site.profile().native(), "--to", back.native()});
  INFO(told(restored));
  CHECK(restored.exit.code == 3);  // it isn't the newest night, and says so
  CHECK(files_below(back / "many") == files_below(site.source() / "many"));
  CHECK_FALSE(fs::exists(back / "last"));  // nothing that is read says where it lies
  // The next night sends again what nobody knows any more, and the one after has a whole catalog.
  const RunResult next = site.run();
  INFO(told(next));
  CHECK(next.exit.code == 0);
  CHECK(site.differences().empty());
  fs::remove_all(site.state_root());
  const RunResult again = site.outhaul({"recover", site.profile().native()});
  INFO(told(again));
  CHECK(again.exit.code == 0);
}

TEST_CASE("a damaged manifest alone keeps nobody from the catalog") {
  Site site(ServerKind::proftpd);
  site.write("a", "1");
  REQUIRE(site.run().exit.code == 0);
  damage(site, "manifest");
  fs::remove_all(site.state_root());
  const RunResult recovered = site.outhaul({"recover", site.profile().native()});
  INFO(told(recovered));
  CHECK(recovered.exit.code == 3);
  CHECK(fs::exists(site.state_dir() / "state.db"));
}

TEST_CASE("a catalog of which nothing can be used makes no state and says what still helps") {
  Site site(ServerKind::proftpd);
  site.write("a", "1");
  REQUIRE(site.run().exit.code == 0);
  damage(site, "base-");
  fs::remove_all(site.state_root());
  const RunResult recovered = site.outhaul({"recover", site.profile().native()});
  INFO(told(recovered));
  CHECK(recovered.exit.code == 1);
  CHECK(holds(recovered.err, {"adopt"}));
  CHECK_FALSE(fs::exists(site.state_dir() / "state.db"));
}

TEST_CASE("a first night replaces nothing that others have stored on any server until a person has said so") {
  const ServerKind kind = GENERATE(ServerKind::proftpd, ServerKind::vsftpd, ServerKind::pureftpd,
                                   ServerKind::pyftpdlib, ServerKind::ftp_srv, ServerKind::sshd);
  INFO(to_string(kind));
  Site site(kind);
  site.write("css/site.css", "theirs");
  site.write("photo.jpg", "theirs");
  REQUIRE(site.run().exit.code == 0);
  fs::remove_all(site.state_root());  // nobody knows who put it there
  fs::remove_all(site.space() / ".outhaul");
  site.remove("photo.jpg");
  site.write("index.html", "mine");
  site.write("css/site.css", "mine");
  const fs::path theirs = site.stored() / "css/site.css";
  const RunResult refused = site.run();
  INFO(told(refused));
  CHECK(refused.exit.code == 4);
  CHECK(holds(refused.out + refused.err, {"css/site.css", "outhaul adopt"}));
  CHECK(read_file(theirs) == "theirs");
  CHECK_FALSE(fs::exists(site.stored() / "index.html"));
  const RunResult approved = site.run({"--approve", id_to_approve(refused)});
  INFO(told(approved));
  CHECK(approved.exit.code == 0);
  CHECK(read_file(theirs) == "mine");
  CHECK(fs::exists(site.stored() / "photo.jpg"));
}
