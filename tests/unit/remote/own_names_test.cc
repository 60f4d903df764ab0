#include "remote/own_names.h"

#include <array>
#include <set>

#include "base/cancel.h"
#include "outhaul/names.h"
#include "support/catch.h"
#include "support/fake_remote.h"

using namespace outhaul;
using namespace outhaul::test;

namespace {

const OwnNames kOther{"_outhaul", "-tmp"};

std::string there(const std::string& path, const OwnNames& names = kOther) {
  return on_server(RemotePath::parse(path), names).wire();
}

/// A source of nothing but its text.
class Text final : public ByteSource {
 public:
  explicit Text(std::string text) : text_(std::move(text)) {}
  std::size_t read(std::span<std::byte> buffer) override {
    const std::size_t size = std::min(buffer.size(), text_.size());
    std::ranges::copy(std::as_bytes(std::span(text_)).first(size), buffer.begin());
    text_.erase(0, size);
    return size;
  }

 private:
  std::string text_;
};

}  // namespace

TEST_CASE("only what is outhaul's own has another name on the server") {
  const auto [path, name] = GENERATE(table<std::string, std::string>({
      {"", ""},
      {".outhaul", "_outhaul"},
      {".outhaul/owner.json", "_outhaul/owner.json"},
      {".outhaul/owner.json.part", "_outhaul/owner.json-tmp"},
      {".outhaul/parts/17-ab-1.part", "_outhaul/parts/17-ab-1-tmp"},
      {".outhaul/parts/17-ab-1.part.old", "_outhaul/parts/17-ab-1-tmp.old"},
      {".outhaul/parts/reserve", "_outhaul/parts/reserve"},
      {".outhaul/catalog/base-1-1.db.zst.part", "_outhaul/catalog/base-1-1.db.zst-tmp"},
      {".outhaul/versions/17/www/film.part", "_outhaul/versions/17/www/film.part"},
      {".outhaul/versions/17/www/film-tmp", "_outhaul/versions/17/www/film-tmp"},
      {"www/film.part", "www/film.part"},
      {"www/.outhaul/a.part", "www/.outhaul/a.part"},
      {".outhaul.txt", ".outhaul.txt"},
      {".outhauls/a.part", ".outhauls/a.part"},
      {"%5Fouthaul/a.part", "%5Fouthaul/a.part"},
  }));
  CHECK(there(path) == name);
}

TEST_CASE("what bears one of the names by chance changes places with it") {
  CHECK(there("_outhaul") == ".outhaul");
  CHECK(translated("_outhaul", NamePlace::top, kOther) == ".outhaul");
  CHECK(translated(".outhaul", NamePlace::top, kOther) == "_outhaul");
  CHECK(translated("x-tmp", NamePlace::own, kOther) == "x.part");
  CHECK(translated("x.part", NamePlace::own, kOther) == "x-tmp");
  CHECK(translated("x.part", NamePlace::tree, kOther) == "x.part");
}

TEST_CASE("no two names become one, and each comes back") {
  const OwnNames names = GENERATE(OwnNames{}, kOther, OwnNames{"_outhaul", ".part"},
                                  OwnNames{".outhaul", ".tmp"}, OwnNames{"outhaul", "_p"});
  std::set<std::string> all;
  for (const std::string stem :
       {"a", "a.part", "a-tmp", "a.tmp", "a_p", ".outhaul", "_outhaul", "outhaul", "a.old"})
    for (const std::string end : {"", ".part", "-tmp", ".tmp", "_p"})
      for (const std::string tail : {"", ".old", ".2", ".old.old", ".x"}) all.insert(stem + end + tail);
  for (const NamePlace place : {NamePlace::top, NamePlace::own, NamePlace::tree}) {
    std::set<std::string> seen;
    for (const std::string& name : all) {
      const std::string other = translated(name, place, names);
      INFO(name << " → " << other);
      CHECK(seen.insert(other).second);
      CHECK(translated(other, place, names) == name);
    }
  }
}

TEST_CASE("a remote with other names holds them, and its callers see the usual ones") {
  FakeServer server;
  const std::unique_ptr<Remote> remote = with_own_names(server.remote(), kOther);
  const CancelToken cancel;
  const std::unique_ptr<Lane> lane = remote->open_lane(cancel);
  const std::unique_ptr<CommandRunner> channel = remote->open_channel(cancel);
  const auto path = [](const char* wire) { return RemotePath::parse(wire); };
  const std::array<Command, 3> dirs{MakeDir{path(".outhaul")}, MakeDir{path(".outhaul/parts")},
                                    MakeDir{path("www")}};
  for (const CommandResult& made : channel->run(dirs)) CHECK(made.status == CommandResult::Status::done);
  Text content("whole");
  lane->put({path(".outhaul/parts/1.part"), &content, 0, 5, {}});
  CHECK(server.file("_outhaul/parts/1-tmp") == "whole");
  server.put_file("_outhaul/parts/0-tmp", "");
  server.put_file("_outhaul/parts/reserve", "");

  const auto names = [](const Listing& listing) {
    std::vector<std::string> all;
    for (const RemoteEntry& entry : listing.entries) all.push_back(entry.name);
    return all;
  };
  CHECK(names(lane->list({})) == std::vector<std::string>{".outhaul", "www"});
  CHECK(names(lane->list(path(".outhaul/parts"))) == std::vector<std::string>{"0.part", "1.part", "reserve"});
  std::string got;
  lane->get(path(".outhaul/parts/1.part"), 0, [&](std::span<const std::byte> bytes) {
    got.append(reinterpret_cast<const char*>(bytes.data()), bytes.size());
    return true;
  });
  CHECK(got == "whole");

  const std::array<Command, 4> deeds{SizeOf{path(".outhaul/parts/1.part")}, FreeSpace{path(".outhaul/parts")},
                                     Rename{path(".outhaul/parts/1.part"), path("www/a.part")},
                                     RemoveFile{path(".outhaul/parts/0.part")}};
  const std::vector<CommandResult> results = lane->run(deeds);
  CHECK(results[0].size == 5);
  CHECK(results[2].status == CommandResult::Status::done);
  CHECK(server.file("www/a.part") == "whole");
  CHECK_FALSE(server.file("_outhaul/parts/0-tmp"));
}
