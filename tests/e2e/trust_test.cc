// Servers that resume wrongly, carry out commands in no order, and take two names for one: npm's ftp-srv and
// pyftpdlib. What says 0 on them is true.
#include <fmt/format.h>

#include <algorithm>
#include <chrono>

#include "site.h"
#include "support/catch.h"
#include "support/tree.h"

using namespace outhaul;
using namespace outhaul::test;
using namespace std::chrono_literals;
namespace fs = std::filesystem;

namespace {

constexpr std::size_t kLong = 64'000'000;

/// Every few bytes are another number: a hole, or a piece in a wrong place, is seen.
std::string numbered(std::size_t size) {
  std::string bytes;
  bytes.reserve(size + 16);
  for (std::size_t i = 0; bytes.size() < size; ++i) bytes += fmt::format("{:015}\n", i);
  bytes.resize(size);
  return bytes;
}

void kill_in_the_middle(Site& site) {
  Process run = site.start();
  REQUIRE(eventually([&] { return site.part_bytes() > kLong / 4 || run.try_wait(); }, 30s));
  REQUIRE_FALSE(run.try_wait());
  run.kill_group();
  REQUIRE(site.server().wait_for_no_sessions());
  REQUIRE(site.part_bytes() > kLong / 8);
}

void expect_a_fresh_start(Site& site) {
  const RunResult rest = site.run();
  INFO(told(rest));
  CHECK(rest.exit.code == 0);
  CHECK(rest.out.find("resumed") == std::string::npos);
  CHECK(site.differences().empty());
  CHECK(site.parts().empty());
  CHECK(site.outhaul({"verify", "--read-data", site.profile().string()}).exit.code == 0);
}

std::vector<std::string> contents_below(const fs::path& top) {
  std::vector<std::string> contents;
  for (const auto& entry : fs::recursive_directory_iterator(top))
    if (entry.is_regular_file()) contents.push_back(read_file(entry.path()));
  std::sort(contents.begin(), contents.end());
  return contents;
}

}  // namespace

TEST_CASE("an upload that was killed is never finished by a resume that fills its head with zeros") {
  Site site(ServerKind::ftp_srv);
  site.write("long", numbered(kLong));
  kill_in_the_middle(site);
  expect_a_fresh_start(site);
  SECTION("and the next one is not even tried") {
    site.write("long", numbered(kLong + 5));
    kill_in_the_middle(site);
    site.server().forget_commands();
    expect_a_fresh_start(site);
    CHECK(site.server().count("REST") == 0);
  }
}

TEST_CASE("what the doctor found out about resuming is obeyed by the next run") {
  Site site(ServerKind::ftp_srv);
  site.write("long", numbered(kLong));
  site.write_profile();
  const RunResult doctor = site.outhaul({"doctor", site.profile().string()});
  INFO(told(doctor));
  CHECK(holds(doctor.out, {"resum"}));
  kill_in_the_middle(site);
  site.server().forget_commands();
  expect_a_fresh_start(site);
  CHECK(site.server().count("REST") == 0);
  CHECK(site.server().count("APPE") == 0);
}

TEST_CASE("no file gets another one's content on a server that carries out packets at the same time") {
  const bool asks_the_doctor = GENERATE(true, false);
  Site site(ServerKind::ftp_srv);
  site.choices.connections = 3;
  for (int i = 0; i < 400; ++i)
    site.write(fmt::format("d{}/file with a longer name {:03}", i % 7, i),
               fmt::format("{:06}", i) + std::string(494, static_cast<char>('a' + i % 26)));
  site.write("large", numbered(5'000'000));
  site.write_profile();
  if (asks_the_doctor) site.outhaul({"doctor", site.profile().string()});
  for (const char* night : {"first", "second"}) {
    RunResult result = site.run();
    for (int again = 0; again < 5 && result.exit.code != 0; ++again) result = site.run();
    INFO(night << ": " << told(result));
    CHECK(result.exit.code == 0);
    CHECK(site.differences().empty());
    for (int i = 0; i < 400; i += 2)
      site.write(fmt::format("d{}/file with a longer name {:03}", i % 7, i),
                 fmt::format("{:06}{}", i, night) + std::string(494, static_cast<char>('A' + i % 26)));
  }
}

TEST_CASE("names that a server takes for one cost none of their files") {
  const ServerKind kind = GENERATE(ServerKind::pyftpdlib, ServerKind::ftp_srv);
  Site site(kind);
  site.write("lat\xE9", "acute");
  site.write("lat\xE8", "grave");
  site.write("d\xE9/x", "in acute");
  site.write("d\xE8/x", "in grave");
  site.write("x\"y", "quoted");
  site.write("xy", "plain");
  site.write("fine", "fine");
  const RunResult result = site.run();
  INFO(told(result));
  CHECK(result.exit.code == 0);
  CHECK(contents_below(site.stored()) == contents_below(site.source()));
  REQUIRE(site.server().wait_for_no_sessions());
  site.server().forget_commands();
  CHECK(site.run().exit.code == 0);
  CHECK(site.server().commands() == std::vector<std::string>{});
  CHECK(site.outhaul({"verify", "--read-data", site.profile().string()}).exit.code == 0);
  const fs::path back = site.dir() / "back";
  const RunResult restored = site.outhaul({"restore", "--to", back.string(), site.profile().string()});
  INFO(told(restored));
  CHECK(restored.exit.code == 0);
  CHECK(contents_below(back) == contents_below(site.source()));
}

TEST_CASE("verify takes no answer about a name for proof that a file of that name is there") {
  const ServerKind kind = GENERATE(ServerKind::pyftpdlib, ServerKind::ftp_srv);
  Site site(kind);
  site.write("lat\xE9", "acute");
  site.write("fine", "fine");
  REQUIRE(site.run().exit.code == 0);
  for (const auto& entry : fs::directory_iterator(site.stored()))
    if (entry.path().filename() != "fine") fs::remove(entry.path());
  write_file(site.stored() / "lat\xEF\xBF\xBD", "other");  // as the server calls both lat\xE9 and lat\xE8
  site.server().hand_over(site.stored() / "lat\xEF\xBF\xBD");
  const RunResult found = site.outhaul({"verify", site.profile().string()});
  INFO(told(found));
  CHECK(found.exit.code == 3);
}
