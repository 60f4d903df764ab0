#include "remote/command_batch.h"

#include <map>

#include "support/catch.h"

namespace outhaul {
namespace {

using Status = CommandResult::Status;

/// A control connection that answers from a table; what is not in it gets 550.
class ScriptedWire final : public CommandWire {
 public:
  std::map<std::string, Reply> answers;
  std::vector<std::string> asked;
  Features offers;
  std::size_t dies_after = SIZE_MAX;  ///< replies
  bool dropped = false;

  Answer exchange(std::span<const std::string> lines) override {
    Answer answer;
    for (const std::string& line : lines) {
      if (replies_ == dies_after) {
        answer.broken = FailureClass::reconnect;
        break;
      }
      ++replies_;
      asked.push_back(line);
      const auto found = answers.find(line);
      answer.replies.push_back(found != answers.end() ? found->second : Reply{550, {"no"}});
    }
    return answer;
  }
  Features features() override { return offers; }
  std::string login_directory() const override { return "/home"; }
  void drop() noexcept override { dropped = true; }

 private:
  std::size_t replies_ = 0;
};

struct Server {
  ScriptedWire wire;
  Learned learned;
  WirePath paths{[] {
    RemoteSettings settings;
    settings.host = "h";
    return settings;
  }()};

  explicit Server(Features features = {}) {
    wire.offers = features;
    learned.set_features(features);
  }
  void says(const std::string& line, int code, std::vector<std::string> lines = {""}) {
    wire.answers[line] = {code, std::move(lines)};
  }
  CommandResult run(const Command& command) {
    return run_commands(wire, paths, learned, std::span(&command, 1)).front();
  }
};

RemotePath at(std::string_view wire) {
  return RemotePath::parse(wire);
}
const Features kMlst{.mlst = true, .mfmt = true};

TEST_CASE("sizes are numbers or absent or not to be had") {
  Server server;
  server.says("SIZE a", 213, {"5368709120"});
  server.says("SIZE b", 213, {"lots"});
  server.says("SIZE c", 502);
  server.says("SIZE d", 450);
  CHECK(server.run(SizeOf{at("a")}).size == 5'368'709'120);
  CHECK(server.run(SizeOf{at("a")}).status == Status::done);
  CHECK(server.run(SizeOf{at("b")}).status == Status::unsupported);  // a 213 without a number says nothing
  CHECK(server.run(SizeOf{at("c")}).status == Status::unsupported);
  CHECK(server.run(SizeOf{at("d")}).failure == FailureClass::retry);
  CHECK(server.run(SizeOf{at("missing")}).status == Status::missing);
}

TEST_CASE("where SIZE is refused MLST tells the size and SIZE is not asked again") {
  for (const int code : {500, 550}) {
    CAPTURE(code);
    Server server(kMlst);
    server.says("SIZE a", code, {"Operation not permitted"});
    server.says("MLST a", 250, {"x", " type=file;size=77; a", "y"});
    CHECK(server.run(SizeOf{at("a")}).size == 77);
    server.says("MLST d", 250, {"x", " type=dir;size=4096; d", "y"});
    server.says("MLST b", 550, {"Permission denied"});
    server.says("MLST c", 250, {"x", " type=file; c", "y"});
    CHECK(server.run(SizeOf{at("d")}).status == Status::refused);
    CHECK(server.run(SizeOf{at("gone")}).status == Status::missing);
    CHECK(server.run(SizeOf{at("b")}).status == Status::unsupported);
    CHECK(server.run(SizeOf{at("c")}).status == Status::unsupported);
    CHECK(server.wire.asked ==
          std::vector<std::string>{"SIZE a", "MLST a", "MLST d", "MLST gone", "MLST b", "MLST c"});
  }
}

TEST_CASE("without SIZE and MLST a size is not to be had here and nothing more is asked") {
  Server server;
  server.says("SIZE a", 550, {"Permission denied."});
  CHECK(server.run(SizeOf{at("a")}).status == Status::unsupported);
  CHECK(server.wire.asked == std::vector<std::string>{"SIZE a"});
  server.learned.size = Learned::Known::no;
  CHECK(server.run(SizeOf{at("a")}).status == Status::unsupported);
  CHECK(server.wire.asked.size() == 1);
}

TEST_CASE("free space is asked for by AVBL where FEAT offers it and not at all elsewhere") {
  Server server({.avbl = true});
  server.says("AVBL d", 213, {"123456789012"});
  server.says("AVBL odd", 213, {"plenty"});
  server.says("AVBL off", 502);
  CHECK(server.run(FreeSpace{at("d")}).status == Status::done);
  CHECK(server.run(FreeSpace{at("d")}).size == 123'456'789'012);
  CHECK(server.run(FreeSpace{at("odd")}).status == Status::unsupported);
  CHECK(server.run(FreeSpace{at("off")}).status == Status::unsupported);
  CHECK(server.run(FreeSpace{at("gone")}).status == Status::unsupported);
  server.says("AVBL .", 213, {"7"});
  CHECK(server.run(FreeSpace{}).size == 7);

  Server other;
  CHECK(other.run(FreeSpace{at("d")}).status == Status::unsupported);
  CHECK(other.wire.asked.empty());
  const Reply feat{211, {"Extensions:", " MLST type*;", " AVBL", "End"}};
  CHECK(Features::from(feat).avbl);
}

TEST_CASE("digests are asked for in one batch and HASH is told once which") {
  Server server({.digests = digest_ways_in("HASH SHA-1*;MD5")});
  server.says("OPTS HASH SHA-1", 200, {"SHA-1"});
  const std::string digest(40, 'a');
  server.says("HASH a", 213, {"SHA-1 0-3 " + digest + " a"});
  server.says("HASH big", 552, {"too large to be hashed"});
  server.says("HASH busy", 450);
  const std::vector<Command> commands{HashOf{at("a")}, HashOf{at("big")}, HashOf{at("busy")},
                                      HashOf{at("gone")}};
  const auto results = run_commands(server.wire, server.paths, server.learned, commands);
  CHECK(results[0].status == Status::done);
  CHECK(results[0].digest == digest);
  CHECK(results[0].digest_kind == DigestKind::sha1);
  CHECK(results[1].status == Status::refused);
  CHECK(results[1].failure == FailureClass::skip_file);  // and not a full disk
  CHECK(results[2].failure == FailureClass::retry);
  CHECK(results[3].status == Status::missing);
  CHECK(server.wire.asked.front() == "OPTS HASH SHA-1");
  CHECK(server.wire.asked.size() == 5);
  CHECK(server.learned.memory().hash == "HASH SHA-1");
}

TEST_CASE("a digest that is offered but doesn't work is replaced by the next best until none is left") {
  Server server(
      {.digests = static_cast<DigestWays>(digest_ways_in("HASH SHA-256") | digest_ways_in("XCRC"))});
  server.says("OPTS HASH SHA-256", 501);
  server.says("HASH a", 213, {"SHA-1 0-3 " + std::string(40, 'a') + " a"});
  server.says("XCRC a", 502);
  const CommandResult first = server.run(HashOf{at("a")});
  CHECK(first.status == Status::unsupported);
  CHECK(first.digest_kind == DigestKind::sha256);
  CHECK(server.run(HashOf{at("a")}).digest_kind == DigestKind::crc32);
  const CommandResult last = server.run(HashOf{at("a")});
  CHECK(last.status == Status::unsupported);
  CHECK_FALSE(last.digest_kind);
  CHECK(server.learned.memory().hash == "none");
}

TEST_CASE("a success of MKD that a file refutes is none") {
  Features features;
  features.mlst = GENERATE(true, false);
  Server server(features);
  server.says("MKD file", 257, {"\"file\" - Directory successfully created"});  // ProFTPD 1.3.9
  server.says("MKD dir", 257, {"\"dir\" - Directory successfully created"});
  server.says("MLST file", 250, {"Start", " type=file;size=3; file", "End"});
  server.says("MLST dir", 250, {"Start", " type=dir; dir", "End"});
  server.says("SIZE file", 213, {"3"});
  server.says("SIZE dir", 213, {"4096"});  // some tell that, too
  server.says("CWD dir", 250);
  server.says("CWD /home", 250);
  const CommandResult file = server.run(MakeDir{at("file")});
  CHECK(file.status == Status::refused);
  CHECK(file.failure == FailureClass::skip_file);
  CHECK(file.reply_text.find("a file stands there") != std::string::npos);
  CHECK(server.run(MakeDir{at("dir")}).status == Status::done);
  CHECK(server.wire.asked.back() == (features.mlst ? "MLST dir" : "CWD /home"));
}

TEST_CASE("a success of MKD is looked into only where nothing else proves it") {
  Features features;
  features.mlst = true;
  Server server(features);
  const std::vector<Command> commands{MakeDir{at("a")}, MakeDir{at("a/b")}, MakeDir{at("a/c")}};
  for (const char* line : {"MKD a", "MKD a/b", "MKD a/c", "MKD new"}) server.says(line, 257);
  for (const char* dir : {"a", "a/b", "a/c", "old"})
    server.says(std::string("MLST ") + dir, 250, {"Start", " type=dir; x", "End"});
  for (const CommandResult& result : run_commands(server.wire, server.paths, server.learned, commands))
    CHECK(result.status == Status::done);
  CHECK(server.wire.asked == std::vector<std::string>{"MKD a", "MKD a/b", "MKD a/c", "MLST a/b", "MLST a/c"});
  server.says("MKD old", 550);
  CHECK(server.run(MakeDir{at("old")}).status == Status::done);
  server.wire.asked.clear();
  CHECK(server.run(MakeDir{at("new")}).status == Status::done);  // it says so when something is there
  CHECK(server.wire.asked == std::vector<std::string>{"MKD new"});
}

TEST_CASE("a success of MKD stands where the server shows nothing") {
  Server server;
  server.says("MKD a", 257);
  server.says("CWD /home", 250);
  CHECK(server.run(MakeDir{at("a")}).status == Status::done);
  CHECK(server.wire.asked == std::vector<std::string>{"MKD a", "SIZE a", "CWD a", "CWD /home"});
}

TEST_CASE("pain 20: MKD is judged by its goal and not by its code") {
  for (const int code : {521, 550, 553, 450}) {
    CAPTURE(code);
    Server server(kMlst);
    server.says("MKD a", code, {"a: File exists"});
    CHECK(server.run(MakeDir{at("a")}).status == Status::refused);
    server.says("MLST a", 250, {"Start of list for a", " type=file;size=3; /a", "End of list"});
    CHECK(server.run(MakeDir{at("a")}).status == Status::refused);
    CHECK(server.run(MakeDir{at("a")}).reply_text == "a: File exists");
    server.says("MLST a", 250, {"Start of list for a", " type=dir;modify=20200101000000; /a", "End of list"});
    CHECK(server.run(MakeDir{at("a")}).status == Status::done);
  }
}

TEST_CASE("without MLST a directory is one that can be entered and the way back is taken") {
  Server server;
  server.says("MKD a", 550, {"Create directory operation failed."});
  server.says("CWD a", 250);
  server.says("CWD /home", 250);
  CHECK(server.run(MakeDir{at("a")}).status == Status::done);
  CHECK(server.wire.asked.back() == "CWD /home");
  CHECK_FALSE(server.wire.dropped);
}

TEST_CASE("a connection that does not find home is given up and believed nothing more") {
  Server server;
  server.says("MKD a", 550);
  server.says("MKD b", 550);
  server.says("CWD a", 250);
  server.says("CWD b", 250);
  const std::vector<Command> commands{MakeDir{at("a")}, MakeDir{at("b")}};
  const auto results = run_commands(server.wire, server.paths, server.learned, commands);
  CHECK(server.wire.dropped);
  CHECK(results[1].status == Status::unanswered);
}

TEST_CASE("pain 20: DELE and RMD of what is gone already are done") {
  for (const bool mlst : {true, false}) {
    CAPTURE(mlst);
    Server server(mlst ? kMlst : Features{});
    server.says("CWD /home", 250);
    CHECK(server.run(RemoveFile{at("gone")}).status == Status::done);
    CHECK(server.run(RemoveDir{at("gone")}).status == Status::done);
  }
}

TEST_CASE("what is still there after a refused removal is refused") {
  Server facts(kMlst);
  facts.says("DELE f", 550, {"f: Operation not permitted"});
  facts.says("MLST f", 250, {"x", " type=file; f", "y"});
  facts.says("RMD d", 550, {"d: Directory not empty"});
  facts.says("MLST d", 250, {"x", " type=dir; d", "y"});
  CHECK(facts.run(RemoveFile{at("f")}).status == Status::refused);
  const auto full = facts.run(RemoveDir{at("d")});
  CHECK(full.status == Status::refused);
  CHECK(full.failure == FailureClass::skip_file);
  CHECK(full.reply_text == "d: Directory not empty");

  Server plain;
  plain.says("CWD /home", 250);
  plain.says("SIZE f", 213, {"3"});
  plain.says("CWD d", 250);
  CHECK(plain.run(RemoveFile{at("f")}).status == Status::refused);
  CHECK(plain.run(RemoveFile{at("d")}).status == Status::refused);
  CHECK(plain.run(RemoveDir{at("d")}).status == Status::refused);
}

TEST_CASE("a denied removal is never taken for a removal") {
  Server server;
  server.says("CWD /home", 250);
  server.says("DELE f", 550, {"Permission denied."});
  CHECK(server.run(RemoveFile{at("f")}).status == Status::refused);
}

TEST_CASE("a rename is done or its source is missing or it is refused") {
  Server server(kMlst);
  server.says("RNFR a", 350);
  server.says("RNTO b", 250);
  CHECK(server.run(Rename{at("a"), at("b")}).status == Status::done);
  server.says("RNTO c", 553, {"exists"});
  const auto refused = server.run(Rename{at("a"), at("c")});
  CHECK(refused.status == Status::refused);
  CHECK(refused.failure == FailureClass::skip_file);
  CHECK(refused.reply_code == 553);
  server.says("RNTO d", 503, {"Bad sequence of commands"});
  CHECK(server.run(Rename{at("gone"), at("d")}).status == Status::missing);
  CHECK(server.run(Rename{at("gone"), at("b")}).failure == FailureClass::unknown_outcome);
}

TEST_CASE("times are set by MFMT where it is offered and else by MDTM") {
  Server mfmt(kMlst);
  mfmt.says("MFMT 20170714024000 a", 213, {"Modify=20170714024000; a"});
  CHECK(mfmt.run(SetMtime{at("a"), 1'500'000'000}).status == Status::done);
  mfmt.says("MFMT 20170714024000 gone", 550, {"gone: No such file or directory"});
  CHECK(mfmt.run(SetMtime{at("gone"), 1'500'000'000}).status == Status::missing);
  mfmt.says("MFMT 20170714024000 denied", 550, {"Unable to handle command"});
  CHECK(mfmt.run(SetMtime{at("denied"), 1'500'000'000}).status == Status::refused);

  Server mdtm;
  mdtm.says("CWD /home", 250);
  mdtm.says("MDTM 20170714024000 a", 213, {"File modification time set."});
  CHECK(mdtm.run(SetMtime{at("a"), 1'500'000'000}).status == Status::done);
  CHECK(mdtm.run(SetMtime{at("gone"), 1'500'000'000}).status == Status::missing);
}

TEST_CASE("permissions are set by SITE CHMOD and a server without it is asked only once") {
  Server server;
  server.says("SITE CHMOD 600 a", 200, {"SITE CHMOD command successful"});
  CHECK(server.run(SetMode{at("a"), 0600}).status == Status::done);
  server.says("SITE CHMOD 755 d", 250);
  CHECK(server.run(SetMode{at("d"), 04755}).status == Status::done);
  server.says("SITE CHMOD 600 gone", 550, {"gone: No such file or directory"});
  CHECK(server.run(SetMode{at("gone"), 0600}).status == Status::missing);
  server.says("SITE CHMOD 600 denied", 550, {"Permission denied."});
  CHECK(server.run(SetMode{at("denied"), 0600}).status == Status::refused);
  server.says("SITE CHMOD 600 odd", 500, {"Syntax error"});  // ftp-srv, of what isn't there
  CHECK(server.run(SetMode{at("odd"), 0600}).status == Status::unsupported);
  CHECK(server.run(SetMode{at("a"), 0600}).status == Status::done);
  server.says("SITE CHMOD 600 a", 202, {"superfluous"});
  CHECK(server.run(SetMode{at("a"), 0600}).status == Status::unsupported);
  const std::size_t asked = server.wire.asked.size();
  CHECK(server.run(SetMode{at("a"), 0600}).status == Status::unsupported);
  CHECK(server.wire.asked.size() == asked);
}

TEST_CASE("a server that takes the time for a name is asked only once") {
  Server server;
  server.says("CWD /home", 250);
  server.says("SIZE a", 213, {"3"});
  CHECK(server.run(SetMtime{at("a"), 1'500'000'000}).status == Status::unsupported);
  const std::size_t asked = server.wire.asked.size();
  CHECK(server.run(SetMtime{at("a"), 1'500'000'000}).status == Status::unsupported);
  CHECK(server.wire.asked.size() == asked);
}

TEST_CASE("whether MDTM sets times is settled before the file is moved on") {
  Server server;
  server.says("CWD /home", 250);
  server.says("SIZE a", 213, {"3"});
  server.says("RNFR a", 350);
  server.says("RNTO b", 250);
  const std::vector<Command> commands{SetMtime{at("a"), 1}, Rename{at("a"), at("b")}};
  const auto results = run_commands(server.wire, server.paths, server.learned, commands);
  CHECK(results[0].status == Status::unsupported);
  CHECK(results[1].status == Status::done);
  CHECK(server.wire.asked[1] == "SIZE a");
}

TEST_CASE("what an earlier run says of MDTM spares the probe and is corrected when it is wrong") {
  const std::vector<Command> commands{SetMtime{at("a"), 1}, Rename{at("a"), at("b")}};
  const std::vector<std::string> together{"MDTM 19700101000001 a", "RNFR a", "RNTO b"};
  Server right;
  right.learned.mtime = Learned::Mtime::told_mdtm;
  right.says("MDTM 19700101000001 a", 213);
  right.says("RNFR a", 350);
  right.says("RNTO b", 250);
  CHECK(run_commands(right.wire, right.paths, right.learned, commands)[0].status == Status::done);
  CHECK(right.wire.asked == together);
  CHECK(right.learned.mtime == Learned::Mtime::mdtm);

  Server wrong;
  wrong.learned.mtime = Learned::Mtime::told_mdtm;
  wrong.says("CWD /home", 250);
  wrong.says("RNFR a", 350);
  wrong.says("RNTO b", 250);
  CHECK(run_commands(wrong.wire, wrong.paths, wrong.learned, commands)[1].status == Status::done);
  CHECK(wrong.learned.mtime == Learned::Mtime::unknown);  // asked carefully next time
  wrong.says("SIZE c", 213, {"3"});
  CHECK(wrong.run(SetMtime{at("c"), 1}).status == Status::unsupported);
  CHECK(wrong.learned.memory().mtime == "none");
}

TEST_CASE("a time that four digits of a year can not hold is unsupported") {
  Server server(kMlst);
  CHECK(server.run(SetMtime{at("a"), 253'402'300'800}).status == Status::unsupported);
  CHECK(time_val(0) == "19700101000000");
  CHECK(time_val(-1) == "19691231235959");
  CHECK(time_val(253'402'300'799) == "99991231235959");
}

TEST_CASE("after the connection died every command is answered or unanswered in order") {
  const std::vector<Command> commands{RemoveFile{at("a")}, Rename{at("b"), at("c")}, RemoveFile{at("d")},
                                      SizeOf{at("e")}};
  for (std::size_t n = 0; n <= 5; ++n) {
    CAPTURE(n);
    Server server(kMlst);
    server.wire.dies_after = n;
    for (const char* line : {"DELE a", "RNTO c", "DELE d"}) server.says(line, 250);
    server.says("RNFR b", 350);
    server.says("SIZE e", 213, {"1"});
    const auto results = run_commands(server.wire, server.paths, server.learned, commands);
    REQUIRE(results.size() == 4);
    const std::size_t answered = n == 0 ? 0 : n < 3 ? 1 : n - 1;
    for (std::size_t i = 0; i < 4; ++i)
      CHECK(results[i].status == (i < answered ? Status::done : Status::unanswered));
  }
}

TEST_CASE("a doubt that can not be settled leaves the command unanswered") {
  Server server(kMlst);
  server.says("MKD a", 550);
  server.wire.dies_after = 1;
  const auto result = server.run(MakeDir{at("a")});
  CHECK(result.status == Status::unanswered);
  CHECK(result.failure == FailureClass::reconnect);
}

TEST_CASE("a batch of many thousands has one result for each") {
  Server server(kMlst);
  std::vector<Command> commands;
  for (int i = 0; i < 5001; ++i) {
    commands.push_back(SizeOf{at("f" + std::to_string(i))});
    server.says("SIZE f" + std::to_string(i), 213, {std::to_string(i)});
  }
  const auto results = run_commands(server.wire, server.paths, server.learned, commands);
  REQUIRE(results.size() == 5001);
  for (std::size_t i = 0; i < results.size(); ++i) CHECK(results[i].size == i);
}

}  // namespace
}  // namespace outhaul
