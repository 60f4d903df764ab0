// Whole runs against a server that misbehaves: nothing lost, no false success, and the next run finishes the
// work.
#include <algorithm>

#include "night.h"
#include "support/catch.h"

using namespace outhaul;
using namespace outhaul::test;
using When = Deviation::When;

namespace {

void expect_whole(ScriptedNight& night) {
  INFO(night.events.problems());
  CAPTURE(night.scripted.commands(), night.leavings());
  CHECK(night.held() == night.expected());
  CHECK(night.leavings().empty());
  CHECK(night.ledger() == 0);
}

/// Some files, small and larger than what is worth resuming.
void write_some(ScriptedNight& night) {
  night.write("empty", "");
  night.write("small", "1");
  night.write("d/medium", std::string(70'000, 'm'));
  night.write("d/e/large", std::string(600'000, 'l'));
}
constexpr std::size_t kSome = 4;

}  // namespace

TEST_CASE("pain 3: a failure reply after everything was stored does not send the file again") {
  ScriptedNight night;
  const std::string reply =
      GENERATE("426 Connection closed; transfer aborted", "451 Local error in processing", "450 Try again",
               "425 Can't build data connection");
  CAPTURE(reply);
  write_some(night);
  night.write("small2", "22");
  night.scripted.deviate({.verb = "STOR", .when = When::afterwards, .reply = reply, .times = -1});
  const RunReport report = night.run();
  CHECK(report.outcome == ExitCode::done);
  expect_whole(night);
  CHECK(night.scripted.bytes_stored() == 670'003);
}

TEST_CASE("pain 3: a failure reply after only a part was stored sends the rest") {
  ScriptedNight night;
  write_some(night);
  night.scripted.deviate(
      {.verb = "STOR", .when = When::midway, .reply = "426 Broken pipe", .bytes = 300'000, .times = 2});
  CHECK(night.run().outcome == ExitCode::done);
  expect_whole(night);
}

TEST_CASE("an empty directory in whose place a file stands is no success whatever MKD says") {
  Quirks quirks;
  quirks.made_already = "257 \"/x\" - Directory successfully created";  // ProFTPD 1.3.9
  ScriptedNight night(quirks);
  night.write("other", "1");
  std::filesystem::create_directories(night.source() / "hollow");
  std::filesystem::create_directories(night.source() / "fine");
  night.scripted.put_file("space/t/hollow", "somebody else's");
  const RunReport report = night.run();
  CHECK(report.outcome == ExitCode::incomplete);
  CHECK(night.events.problems().find("hollow") != std::string::npos);
  CHECK(night.scripted.is_dir("space/t/fine"));
  CHECK(night.scripted.files().at("space/t/hollow") == "somebody else's");
}

TEST_CASE("pain 4: a final reply that never comes is replaced by a look at the size") {
  ScriptedNight night;
  night.settings.final_reply_timeout = night.settings.no_progress_timeout = std::chrono::seconds(1);
  night.write("small", "1");
  night.write("large", std::string(600'000, 'l'));
  const bool closes = GENERATE(true, false);
  night.scripted.deviate(
      {.verb = "STOR", .when = When::afterwards, .close = closes, .mute = !closes, .times = 2});
  CHECK(night.run().outcome == ExitCode::done);
  expect_whole(night);
  CHECK(night.stores() == 2);
}

TEST_CASE("pain 2: a size that the server tells late is waited for and nothing is sent twice") {
  Quirks quirks;
  quirks.late_sizes = 2;
  ScriptedNight night(quirks);
  write_some(night);
  CHECK(night.run().outcome == ExitCode::done);
  expect_whole(night);
  CHECK(night.stores() == kSome);
}

TEST_CASE("a part that a dead session hides until it ends is waited for and gone on with") {
  ScriptedNight night;
  night.write("large", std::string(3'000'000, 'l'));
  night.scripted.deviate(
      {.verb = "STOR", .when = When::midway, .reply = "426 Broken pipe", .bytes = 1'000'000, .times = 2});
  night.scripted.deviate({.verb = "SIZE",
                          .when = When::instead,
                          .reply = "550 Can't check for file existence",
                          .skip = 2,
                          .times = 2,
                          .argument = ".part"});
  const RunReport report = night.run();
  INFO(night.events.problems());
  CHECK(report.outcome == ExitCode::done);
  expect_whole(night);
  CHECK(night.events.problems().find("no longer on the server") == std::string::npos);
  CHECK(report.jobs.at(0).done.resumed_bytes > 1'500'000);
}

TEST_CASE("pain 2: an upload whose size stays short is no success and the old copy stays") {
  ScriptedNight night;
  night.write("a", "old old");
  REQUIRE(night.run().outcome == ExitCode::done);
  Quirks quirks;
  quirks.late_sizes = -1;
  night.scripted.change(quirks);
  night.write("a", "new new");
  CHECK(night.run().outcome == ExitCode::incomplete);
  CHECK(night.says("3 of 7 bytes") + night.says("3 instead of 7") + night.says("had 3 bytes instead of 7") >
        0);
  CHECK(night.held() == std::map<std::string, std::string>{{"t/a", "old old"}});
  night.scripted.change({});
  CHECK(night.run().outcome == ExitCode::done);
  expect_whole(night);
}

TEST_CASE("pain 9: a server with few connections gets everything over them") {
  Quirks quirks;
  quirks.max_sessions = GENERATE(1, 2);
  quirks.too_many = GENERATE("421 Too many users", "530 Sorry, too many connections from your address");
  CAPTURE(quirks.max_sessions, quirks.too_many);
  ScriptedNight night(quirks);
  night.profile.remote.connections = 4;
  for (int i = 0; i < 40; ++i) night.write("f" + std::to_string(i), std::to_string(i));
  CHECK(night.run().outcome == ExitCode::done);
  expect_whole(night);
  CHECK(night.scripted.most_sessions() <= quirks.max_sessions);
}

TEST_CASE("pain 10: what an earlier run left is cleaned up over the only connection") {
  Quirks quirks;
  quirks.max_sessions = 1;
  ScriptedNight night(quirks);
  night.profile.remote.connections = 1;
  night.profile.remote.retries = 1;
  night.write("big", std::string(600'000, 'b'));
  night.scripted.deviate(
      {.verb = "STOR", .when = When::midway, .reply = "426 Broken pipe", .bytes = 1000, .times = -1});
  CHECK(night.run().outcome != ExitCode::done);
  night.scripted.behave();
  CHECK(night.ledger() == 1);
  night.remove("big");
  night.write("new", "1");
  CHECK(night.run().outcome == ExitCode::done);
  expect_whole(night);
}

TEST_CASE("pain 11: a good-bye in the middle of anything costs a reconnect and nothing else") {
  ScriptedNight night;
  night.profile.remote.connections = GENERATE(1, 2);
  const std::string verb =
      GENERATE("STOR", "PASV", "SIZE", "MFMT", "RNFR", "RNTO", "MKD", "DELE", "RMD", "TYPE");
  const When when = GENERATE(When::instead, When::afterwards);
  CAPTURE(verb, static_cast<int>(when), night.profile.remote.connections);
  night.write("gone/f", "1");
  night.write("old", "1");
  REQUIRE(night.run().outcome == ExitCode::done);
  write_some(night);
  night.write("old", "22");
  night.remove("gone");
  night.scripted.deviate(
      {.verb = verb, .when = when, .reply = "421 Timeout, closing control connection", .close = true});
  const RunReport report = night.run();
  INFO(night.events.problems());
  CHECK(report.outcome == ExitCode::done);
  expect_whole(night);
}

TEST_CASE("pain 12: modification times that the server doesn't keep make nothing go twice") {
  Quirks quirks;
  quirks.unknown = {"MFMT"};
  quirks.mdtm_sets = GENERATE(true, false);
  ScriptedNight night(quirks);
  write_some(night);
  REQUIRE(night.run().outcome == ExitCode::done);
  expect_whole(night);
  night.scripted.forget_commands();
  CHECK(night.run().outcome == ExitCode::done);
  CHECK(night.scripted.commands().empty());
  night.write("small", "2");
  CHECK(night.run().outcome == ExitCode::done);
  expect_whole(night);
  CHECK(night.stores() == 1);
}

TEST_CASE("pain 14: a run concludes nothing from listings because it asks for none once it has begun") {
  Quirks quirks;
  quirks.listing_cap = 1;
  quirks.hides_dotfiles = true;
  ScriptedNight night(quirks);
  write_some(night);
  night.write("d/.hidden", "1");
  REQUIRE(night.run().outcome == ExitCode::done);
  expect_whole(night);
  night.scripted.forget_commands();
  night.write("d/new", "1");
  REQUIRE(night.run().outcome == ExitCode::done);
  night.remove("d");
  CHECK(night.run().outcome == ExitCode::done);
  expect_whole(night);
  CHECK_FALSE(night.scripted.is_dir("space/t/d"));
  CHECK(night.scripted.count("LIST") + night.scripted.count("MLSD") + night.scripted.count("NLST") == 0);
}

TEST_CASE("pain 15: a directory that stays because of somebody's hidden file is said and no failure") {
  Quirks quirks;
  quirks.hides_dotfiles = true;
  ScriptedNight night(quirks);
  night.write("d/f", "1");
  night.write("stays", "1");
  REQUIRE(night.run().outcome == ExitCode::done);
  night.scripted.put_file("space/t/d/.htaccess", "theirs");
  night.remove("d");
  CHECK(night.run().outcome == ExitCode::done);
  CHECK(night.says("the directory stays on the remote"));
  CHECK(night.scripted.file("space/t/d/.htaccess") == "theirs");
  CHECK_FALSE(night.scripted.file("space/t/d/f"));
  CHECK(night.run().outcome == ExitCode::done);
}

TEST_CASE(
    "pain 18: of two names that a server takes for one the first is stored and the other refused by name") {
  Quirks quirks;
  quirks.folds_case = true;
  ScriptedNight night(quirks);
  night.write("Dir/same", "upper");
  night.write("dir/same", "lower");
  night.write("dir/own", "1");
  night.write("Readme", "first");
  night.write("plain", "1");
  const RunReport report = night.run();
  INFO(night.events.problems());
  CHECK(report.outcome == ExitCode::incomplete);
  CHECK(night.says("dir: not stored"));
  CHECK(night.says("\"Dir\""));
  CHECK(night.held() ==
        std::map<std::string, std::string>{{"t/Dir/same", "upper"}, {"t/Readme", "first"}, {"t/plain", "1"}});
  // A twin of what is stored: the stored one stays what it is.
  night.write("README", "second");
  CHECK(night.run().outcome == ExitCode::incomplete);
  CHECK(night.says("README: not stored"));
  CHECK(night.held().at("t/Readme") == "first");
  CHECK(night.scripted.count("MKD .outhaul/case-probe") +
            night.scripted.count("MKD space/.outhaul/case-probe") ==
        1);
  // Once one of the two has gone, the other one gets the name.
  night.remove("Readme");
  night.remove("Dir");
  CHECK(night.run().outcome == ExitCode::done);
  CHECK(night.held() ==
        std::map<std::string, std::string>{
            {"t/README", "second"}, {"t/dir/own", "1"}, {"t/dir/same", "lower"}, {"t/plain", "1"}});
  CHECK(night.leavings().empty());
  night.scripted.forget_commands();
  CHECK(night.run().outcome == ExitCode::done);
  CHECK(night.scripted.commands().empty());
}

TEST_CASE("pain 17: names that look the same and are other bytes are two files and are not sent again") {
  ScriptedNight night;
  night.write("caf\xC3\xA9", "composed");
  night.write("cafe\xCC\x81", "decomposed");
  REQUIRE(night.run().outcome == ExitCode::done);
  expect_whole(night);
  CHECK(night.held().size() == 2);
  night.scripted.forget_commands();
  CHECK(night.run().outcome == ExitCode::done);
  CHECK(night.scripted.commands().empty());
}

TEST_CASE("pain 18: a file whose name changes its case only keeps its content on such a server") {
  Quirks quirks;
  quirks.folds_case = true;
  ScriptedNight night(quirks);
  night.write("file", "content");
  night.write("other", "1");
  REQUIRE(night.run().outcome == ExitCode::done);
  const bool same_file = GENERATE(true, false);
  if (same_file) {
    night.rename("file", "File");
  } else {
    night.remove("file");
    night.write("File", "new content");
  }
  CHECK(night.run().outcome == ExitCode::done);
  INFO(night.events.problems());
  const auto held = night.held();
  CHECK(held.size() == 2);
  const std::string content = same_file ? "content" : "new content";
  CHECK((held.contains("t/File") ? held.at("t/File") : held.at("t/file")) == content);
  CHECK(night.run().outcome == ExitCode::done);
  CHECK(night.held().size() == 2);
}

TEST_CASE("pain 18: a server that tells case apart is asked once and stores both names") {
  ScriptedNight night;
  night.write("Readme", "1");
  night.write("README", "2");
  CHECK(night.run().outcome == ExitCode::done);
  expect_whole(night);
  CHECK(night.scripted.count("MKD space/.outhaul/case-probe") == 1);
  night.write("ReadMe", "3");
  CHECK(night.run().outcome == ExitCode::done);
  expect_whole(night);
  CHECK(night.scripted.count("MKD space/.outhaul/case-probe") == 1);
  for (const std::string& command : night.scripted.commands())
    if (command.starts_with("RMD")) CHECK(command.find("case-probe") != std::string::npos);
}

TEST_CASE("pain 19: a server that won't rename over a name gets new versions all the same") {
  Quirks quirks;
  quirks.renames_over = false;
  quirks.rename_over_refusal = GENERATE("550 File exists", "553 Name is in use", "451 Rename failed");
  ScriptedNight night(quirks);
  night.profile.remote.retries = 1;
  write_some(night);
  REQUIRE(night.run().outcome == ExitCode::done);
  night.write("small", "2");
  night.write("d/e/large", std::string(500'000, 'L'));
  CHECK(night.run().outcome == ExitCode::done);
  expect_whole(night);
}

TEST_CASE("pain 20: directories that are there and files that are gone already are no failure") {
  Quirks quirks;
  quirks.made_already = GENERATE("521 Already exists", "550 Exists", "553 Cannot create");
  quirks.gone_already = GENERATE("550 Not found", "450 No such file");
  if (GENERATE(true, false)) quirks.unknown = {"MLST", "MLSD", "FEAT"};
  ScriptedNight night(quirks);
  night.profile.remote.retries = 1;
  night.scripted.make_dir("space/t/d/e");
  write_some(night);
  CHECK(night.run().outcome == ExitCode::done);
  expect_whole(night);
  night.scripted.remove("space/t/d/e");
  night.scripted.remove("space/t/small");
  night.remove("d");
  night.remove("small");
  CHECK(night.run().outcome == ExitCode::done);
  expect_whole(night);
  CHECK(night.events.problems().empty());
}

TEST_CASE("pain 21: only what outhaul stored is removed and never a whole tree") {
  ScriptedNight night;
  night.write("d/ours", "1");
  night.write("d/e/ours", "1");
  night.write("stays", "1");
  REQUIRE(night.run().outcome == ExitCode::done);
  night.scripted.put_file("space/t/d/e/theirs", "precious");
  night.scripted.put_file("space/theirs", "precious");
  night.remove("d");
  night.scripted.forget_commands();
  CHECK(night.run().outcome == ExitCode::done);
  CHECK(night.scripted.file("space/t/d/e/theirs") == "precious");
  CHECK(night.scripted.file("space/theirs") == "precious");
  CHECK_FALSE(night.scripted.file("space/t/d/ours"));
  CHECK(night.scripted.count("DELE") == 2);
  for (const std::string& command : night.scripted.commands())
    if (command.starts_with("DELE") || command.starts_with("RMD"))
      CHECK(command.find("space/t/d") != std::string::npos);
}

TEST_CASE("pain 22: what was stored before a failure is not sent again") {
  ScriptedNight night;
  night.profile.remote.connections = 1;
  for (int i = 0; i < 10; ++i)
    night.write("f" + std::to_string(i), std::string(1000, static_cast<char>('0' + i)));
  night.scripted.deviate({.verb = "STOR", .reply = "552 Quota exceeded", .skip = 6, .times = -1});
  CHECK(night.run().outcome == ExitCode::incomplete);
  CHECK(night.held().size() == 6);
  night.scripted.behave();
  night.scripted.forget_commands();
  CHECK(night.run().outcome == ExitCode::done);
  expect_whole(night);
  CHECK(night.stores() == 4);
}

TEST_CASE("pain 23: a full server is final and removals that make room go on") {
  ScriptedNight night;
  night.write("old/gone", "1");
  night.write("kept/a", "1");
  REQUIRE(night.run().outcome == ExitCode::done);
  night.remove("old/gone");
  for (int i = 0; i < 20; ++i) night.write("new/f" + std::to_string(i), "x");
  night.scripted.forget_commands();
  night.scripted.deviate({.verb = "STOR",
                          .reply = GENERATE("552 Exceeded storage allocation", "452 No space left"),
                          .times = -1});
  CHECK(night.run().outcome == ExitCode::incomplete);
  const std::vector<std::string> commands = night.scripted.commands();
  for (const std::string& command : commands)
    if (command.starts_with("STOR")) CHECK(std::count(commands.begin(), commands.end(), command) == 1);
  CHECK(night.says("make room on the remote or buy some"));
  CHECK_FALSE(night.held().contains("t/old/gone"));
  night.scripted.behave();
  CHECK(night.run().outcome == ExitCode::done);
  expect_whole(night);
}

TEST_CASE("pain 23: one file that the server refuses does not hold up the others") {
  ScriptedNight night;
  night.write("a/gone", "1");
  night.write("b/gone", "1");
  REQUIRE(night.run().outcome == ExitCode::done);
  night.remove("a/gone");
  night.remove("b/gone");
  night.write("a/bad", "bad");
  night.write("b/good", "good");
  night.scripted.deviate(
      {.verb = "RNTO", .reply = "553 Prohibited file name", .times = -1, .argument = "a/bad"});
  CHECK(night.run().outcome == ExitCode::incomplete);
  CHECK(night.says("a/bad"));
  const auto held = night.held();
  CHECK(held.contains("t/b/good"));
  CHECK_FALSE(held.contains("t/b/gone"));
  CHECK(held.contains("t/a/gone"));  // it could be the old name of what was not stored
}

TEST_CASE("pain 27: a private address in the reply to PASV doesn't matter") {
  Quirks quirks;
  quirks.pasv_address = "192,168,0,12";
  ScriptedNight night(quirks);
  write_some(night);
  CHECK(night.run().outcome == ExitCode::done);
  expect_whole(night);
}

TEST_CASE("lanes that all meet a server without PASV go on with EPSV and retry nothing") {
  Quirks quirks;
  quirks.unknown = {"PASV"};
  ScriptedNight night(quirks);
  night.profile.remote.connections = 4;
  write_some(night);
  const RunReport report = night.run();
  CHECK(report.outcome == ExitCode::done);
  CHECK(report.jobs.at(0).done.retries == 0);
  expect_whole(night);
}

TEST_CASE("a server that talks a lot or byte by byte or forgets pipelined commands gets everything") {
  Quirks quirks;
  const int kind = GENERATE(0, 1, 2, 3);
  quirks.wordy = kind == 0;
  quirks.one_byte_at_a_time = kind == 1;
  quirks.drops_pipelined = kind == 2;
  if (kind == 3) quirks.unknown = {"FEAT", "MLST", "MLSD", "MFMT", "OPTS", "EPSV", "REST"};
  CAPTURE(kind);
  ScriptedNight night(quirks);
  night.settings.no_progress_timeout = std::chrono::seconds(1);
  write_some(night);
  CHECK(night.run().outcome == ExitCode::done);
  expect_whole(night);
  night.remove("d");
  CHECK(night.run().outcome == ExitCode::done);
  expect_whole(night);
}

// What was measured on real servers.
TEST_CASE("a server that offers MLST and denies it gets everything and nothing is taken for missing") {
  Quirks quirks;
  quirks.denied = GENERATE(std::set<std::string>{"MLST"}, std::set<std::string>{"MLST", "MLSD"},
                           std::set<std::string>{"SIZE", "MLST", "MLSD"});
  quirks.denial =
      GENERATE("550 Permission denied.", "550 space: Operation not permitted", "502 Command not implemented");
  CAPTURE(quirks.denied, quirks.denial);
  ScriptedNight night(quirks);
  night.profile.remote.retries = 1;
  night.scripted.make_dir("space/t/d/e");
  write_some(night);
  CHECK(night.run().outcome == ExitCode::done);
  expect_whole(night);
  night.write("small", "2");
  night.rename("empty", "d/moved");
  night.remove("d/e");
  CHECK(night.run().outcome == ExitCode::done);
  expect_whole(night);
  CHECK(night.events.problems().empty());
  night.scripted.forget_commands();
  CHECK(night.run().outcome == ExitCode::done);
  CHECK(night.scripted.commands().empty());
}

TEST_CASE("half a file that the server calls whole is not and the old copy stays until the whole is there") {
  Quirks quirks;
  quirks.hidden_stores = GENERATE(false, true);
  const bool control_dies = GENERATE(false, true);
  CAPTURE(quirks.hidden_stores, control_dies);
  ScriptedNight night(quirks);
  night.profile.remote.retries = 1;
  write_some(night);
  night.write("old", "as it was");
  REQUIRE(night.run().outcome == ExitCode::done);
  const Deviation end_of_line{.verb = "STOR",
                              .when = When::midway,
                              .reply = control_dies ? "" : "226 Transfer complete",
                              .close = control_dies,
                              .bytes = 100'000,
                              .times = -1};
  night.scripted.deviate(end_of_line);
  night.write("old", std::string(700'000, 'n'));
  CHECK(night.run().outcome != ExitCode::done);
  CHECK(night.held().at("t/old") == "as it was");
  night.scripted.behave();
  CHECK(night.run().outcome == ExitCode::done);
  expect_whole(night);
}

TEST_CASE("a line that ends in the middle once costs a part of the file again and nothing else") {
  Quirks quirks;
  quirks.hidden_stores = GENERATE(false, true);
  const bool control_dies = GENERATE(false, true);
  CAPTURE(quirks.hidden_stores, control_dies);
  ScriptedNight night(quirks);
  write_some(night);
  night.scripted.deviate({.verb = "STOR",
                          .when = When::midway,
                          .reply = control_dies ? "" : "226 Transfer complete",
                          .close = control_dies,
                          .bytes = 100'000,
                          .times = 2});
  CHECK(night.run().outcome == ExitCode::done);
  INFO(night.events.problems());
  expect_whole(night);
}

TEST_CASE("a quota that cuts an upload off is said and costs no copy and the rest is stored") {
  ScriptedNight night;
  night.profile.remote.connections = 1;
  night.profile.remote.retries = 2;
  night.write("kept", std::string(5000, 'k'));
  night.write("changes", std::string(5000, 'o'));
  night.write("old/gone", std::string(50'000, 'g'));
  REQUIRE(night.run().outcome == ExitCode::done);
  Quirks quirks;
  quirks.quota = 150'000;
  night.scripted.change(quirks);
  night.write("a large one", std::string(2'000'000, 'l'));
  night.write("small", "1");
  night.write("changes", std::string(2'000'000, 'n'));
  night.remove("old/gone");
  night.scripted.forget_commands();
  CHECK(night.run().outcome == ExitCode::incomplete);
  INFO(night.events.problems());
  CHECK(night.says("make room on the remote or buy some"));
  CHECK(night.scripted.count("STOR") <= 8);  // not again and again
  const auto held = night.held();
  CHECK(held.contains("t/kept"));
  CHECK(held.at("t/changes") == std::string(5000, 'o'));
  CHECK(held.contains("t/small"));
  CHECK_FALSE(held.contains("t/old/gone"));
  night.scripted.change({});
  CHECK(night.run().outcome == ExitCode::done);
  expect_whole(night);
}

TEST_CASE("a quota of files that leaves empty files behind is said and nothing empty is left for a file") {
  ScriptedNight night;
  night.profile.remote.retries = 1;
  night.write("old", "as it was");
  REQUIRE(night.run().outcome == ExitCode::done);
  Quirks quirks;
  quirks.files_are_used_up = true;
  night.scripted.change(quirks);
  night.write("old", "new");
  night.write("new", "1");
  CHECK(night.run().outcome == ExitCode::incomplete);
  INFO(night.events.problems());
  CHECK(night.says("make room on the remote or buy some"));
  CHECK(night.held() == std::map<std::string, std::string>{{"t/old", "as it was"}});
  night.scripted.change({});
  CHECK(night.run().outcome == ExitCode::done);
  expect_whole(night);
}

TEST_CASE("a size that is told without a number is learned in another way") {
  Quirks quirks;
  quirks.empty_sizes_untold = true;
  if (GENERATE(true, false)) quirks.unknown = {"MLST", "MLSD"};
  ScriptedNight night(quirks);
  night.profile.remote.connections = GENERATE(1, 2);
  night.profile.remote.retries = 1;
  write_some(night);
  night.write("d/empty too", "");
  CHECK(night.run().outcome == ExitCode::done);
  INFO(night.events.problems());
  expect_whole(night);
  CHECK(night.stores() == kSome + 1);
  night.write("small", "");
  CHECK(night.run().outcome == ExitCode::done);
  expect_whole(night);
}

namespace {

/// A file of which the first run could send only a part.
void cut_off(ScriptedNight& night, const std::string& content) {
  night.write("big", content);
  const int retries = std::exchange(night.profile.remote.retries, 0);
  night.scripted.deviate({.verb = "STOR", .when = When::midway, .close = true, .bytes = 2'000'000});
  CHECK(night.run().outcome != ExitCode::done);
  night.scripted.behave();
  night.scripted.forget_commands();
  night.profile.remote.retries = retries;
}

std::string of_bytes(std::size_t size) {
  std::string content;
  for (std::size_t i = 0; i < size; ++i) content += static_cast<char>('a' + (i * 7 + i / 1000) % 26);
  return content;
}

}  // namespace

TEST_CASE("a server that fills the head of a resumed upload with zeros never gets a wrong file published") {
  const bool digests = GENERATE(false, true);
  Quirks quirks;
  quirks.resumes = Quirks::Resumes::zeroes_head;
  quirks.digests = digests;
  ScriptedNight night(quirks);
  cut_off(night, of_bytes(5'000'000));
  const RunReport report = night.run();
  CHECK(report.outcome == ExitCode::done);
  expect_whole(night);
  CHECK(night.says("doesn't go on with broken uploads rightly"));
  CHECK(report.jobs[0].done.resumed_bytes == 0);
  CHECK(night.stores() == 2);  // the resume, and the fresh start
  CHECK(night.scripted.count("XSHA256") == (digests ? 1 : 0));

  cut_off(night, of_bytes(6'000'000));
  CHECK(night.run().outcome == ExitCode::done);
  expect_whole(night);
  CHECK(night.says("because this server was found not to go on with broken uploads rightly"));
  CHECK(night.stores() == 1);
  CHECK(night.scripted.count("REST") == 0);
}

TEST_CASE("a server whose APPE replaces what was there is found out by the size") {
  Quirks quirks;
  quirks.resumes = Quirks::Resumes::appe_replaces;
  ScriptedNight night(quirks);
  cut_off(night, of_bytes(5'000'000));
  // Where the part ends; what is read back of it begins elsewhere.
  night.scripted.deviate({.verb = "REST", .reply = "501 Not for STOR", .times = -1, .argument = "2000000"});
  const RunReport report = night.run();
  CHECK(report.outcome == ExitCode::done);
  expect_whole(night);
  CHECK(night.scripted.count("APPE") == 1);
  CHECK(night.says("has 3000000 bytes instead of 5000000"));
  CHECK(report.jobs[0].done.resumed_bytes == 0);
}

TEST_CASE("a quota that takes the part away with the resume that it refuses costs a fresh start and a word") {
  Quirks quirks;
  quirks.resumes = Quirks::Resumes::refuses_and_removes;
  ScriptedNight night(quirks);
  cut_off(night, of_bytes(5'000'000));
  CHECK(night.run().outcome == ExitCode::incomplete);
  CHECK(night.held().empty());
  CHECK(night.ledger() == 0);  // nothing waits for a part that is gone
  CHECK(night.says("make room on the remote or buy some"));
  night.scripted.change({});  // room was made
  const RunReport report = night.run();
  CHECK(report.outcome == ExitCode::done);
  expect_whole(night);
  CHECK(report.jobs[0].done.resumed_bytes == 0);
}

TEST_CASE("a file that is sent again is not stored beside what was there") {
  Quirks quirks;
  quirks.stores_beside = true;
  ScriptedNight night(quirks);
  night.write("f", std::string(70'000, 'f'));
  night.scripted.deviate({.verb = "STOR", .when = When::midway, .reply = "426 Broken", .bytes = 30'000});
  CHECK(night.run().outcome == ExitCode::done);
  expect_whole(night);
}

TEST_CASE("the first resume on a server costs some round trips and the next ones none") {
  ScriptedNight night;
  cut_off(night, of_bytes(12'000'000));
  CHECK(night.run().outcome == ExitCode::done);
  expect_whole(night);
  CHECK(night.scripted.count("RETR") == 2 + 2);
  CHECK(night.scripted.count("SIZE") > 0);
  const std::size_t first = night.scripted.commands().size();
  cut_off(night, of_bytes(13'000'000));
  CHECK(night.run().outcome == ExitCode::done);
  expect_whole(night);
  CHECK(night.scripted.count("RETR") == 1);
  CHECK(night.scripted.commands().size() < first);
}

namespace {

/// A server that was once taken for one that answers in order, and doesn't.
class MixedUpNight : public ScriptedNight {
 public:
  MixedUpNight() : ScriptedNight(mixed_up()) {
    const auto open = open_remote;
    open_remote = [open](const RemoteSettings& remote, ServerMemory memory) {
      memory.answers_in_order = true;
      return open(remote, memory);
    };
  }
  void write_forty(char version) {
    for (int i = 0; i < 40; ++i) write(name(i), std::string(500, version) + std::to_string(i + 100));
  }
  /// Long ones, so that forty commands are more than goes out at once.
  static std::string name(int i) { return std::string(100, 'f') + std::to_string(i); }

 private:
  static Quirks mixed_up() {
    Quirks quirks;
    quirks.concurrent = true;
    return quirks;
  }
};

}  // namespace

TEST_CASE("files that were renamed while replies were out of step are proven by content") {
  MixedUpNight night;
  night.write_forty('a');
  CHECK(night.run().outcome == ExitCode::done);
  expect_whole(night);
  night.write_forty('b');
  CHECK(night.run().outcome == ExitCode::done);
  expect_whole(night);
}

TEST_CASE("what was moved while replies were out of step stands under its own name") {
  MixedUpNight night;
  night.write_forty('a');
  CHECK(night.run().outcome == ExitCode::done);
  for (int i = 0; i < 40; ++i) night.rename(MixedUpNight::name(i), MixedUpNight::name(i) + "-moved");
  const RunReport report = night.run();
  CHECK(report.outcome == ExitCode::done);
  expect_whole(night);
}

TEST_CASE("a version that was made while replies were out of step holds its own file, or isn't called one") {
  MixedUpNight night;
  night.profile.jobs[0].on_removal = OnRemoval::retire;
  night.write_forty('a');
  CHECK(night.run().outcome == ExitCode::done);
  night.write_forty('b');
  night.run();
  CHECK(night.held() == night.expected());
  const auto files = night.scripted.files();
  std::size_t kept = 0;
  for (const auto& [path, name] : night.names_at(RunId{1})) {
    if (name.empty()) continue;
    CAPTURE(path, name);
    const auto held = files.find("space/" + name);
    REQUIRE(held != files.end());
    CHECK(held->second == std::string(500, 'a') + std::to_string(std::stoi(path.substr(100)) + 100));
    ++kept;
  }
  CHECK(kept > 0);
}

namespace {

/// pyftpdlib's and ftp-srv's ways with names.
Quirks keeps_nothing_odd() {
  Quirks quirks;
  quirks.replaces_bytes = quirks.drops_quotes = quirks.trims_spaces = true;
  return quirks;
}

void write_odd_twins(ScriptedNight& night) {
  night.write("lat\xE8", "grave");
  night.write("lat\xE9", "acute");
  night.write("d\xE9/x", "1");
  night.write("d\xE8/x", "2");
  night.write("x\"y", "quoted");
  night.write("xy", "plain");
  night.write(" lead", "space");
  night.write("lead", "no space");
}

std::vector<std::string> contents_of(const std::map<std::string, std::string>& files) {
  std::vector<std::string> contents;
  for (const auto& [path, content] : files) contents.push_back(content);
  std::sort(contents.begin(), contents.end());
  return contents;
}

}  // namespace

TEST_CASE("names that a server doesn't keep are escaped, so that none is lost to another") {
  ScriptedNight night(keeps_nothing_odd());
  write_odd_twins(night);
  const RunReport report = night.run();
  INFO(night.events.problems());
  CHECK(report.outcome == ExitCode::done);
  CHECK(contents_of(night.held()) == contents_of(night.expected()));
  CHECK(night.held().contains("t/lat%E9"));
  CHECK(night.held().contains("t/x%22y"));
  CHECK(night.held().contains("t/%20lead"));
  CHECK(night.verify().outcome == ExitCode::done);
  CHECK(night.leavings().empty());
  // It is asked once, and a later run goes by the same names.
  const std::size_t asked = night.scripted.count("MKD ./.outhaul/name-probe") +
                            night.scripted.count("MKD space/.outhaul/name-probe") +
                            night.scripted.count("MKD .outhaul/name-probe");
  CHECK(asked > 0);
  night.scripted.forget_commands();
  night.write("other-lat\xE9", "new");
  CHECK(night.run().outcome == ExitCode::done);
  CHECK(night.held().contains("t/other-lat%E9"));
  CHECK(night.scripted.count("STOR") == 1);
  for (const std::string& command : night.scripted.commands())
    CHECK(command.find("name-probe") == std::string::npos);
  CHECK(night.restore().outcome == ExitCode::done);
}

TEST_CASE("names that a server keeps go over as they are, and it is asked once") {
  ScriptedNight night;
  write_odd_twins(night);
  REQUIRE(night.run().outcome == ExitCode::done);
  expect_whole(night);
  CHECK(night.held().contains("t/lat\xE9"));
  night.scripted.forget_commands();
  night.write("more \xE9", "1");
  REQUIRE(night.run().outcome == ExitCode::done);
  for (const std::string& command : night.scripted.commands())
    CHECK(command.find("name-probe") == std::string::npos);
}

TEST_CASE("a job that stores odd names as they are refuses by name what would take another one's place") {
  ScriptedNight night;  // it kept such names once
  night.write("lat\xE8", "grave");
  night.write("x\"y", "quoted");
  REQUIRE(night.run().outcome == ExitCode::done);
  {
    State state = State::open(night.state_dir(), night.profile.name, State::Open::create_if_missing);
    for (const auto& [fact, value] : state.server_facts(server_key(night.profile.remote)))
      if (fact.starts_with("keeps_")) state.forget_server_fact(server_key(night.profile.remote), fact);
  }
  night.scripted.change(keeps_nothing_odd());
  night.scripted.remove("space/t/lat\xE8");
  night.scripted.put_file("space/t/lat\xEF\xBF\xBD", "grave");
  night.scripted.remove("space/t/x\"y");
  night.scripted.put_file("space/t/xy", "quoted");
  night.write("lat\xE9", "acute");
  night.write("xy", "plain");
  night.write("alone-\xE9", "1");
  const RunReport report = night.run();
  INFO(night.events.problems());
  CHECK(report.outcome == ExitCode::incomplete);
  CHECK(night.says("not stored: to this server its name is that of"));
  CHECK(night.held().at("t/lat\xEF\xBF\xBD") == "grave");
  CHECK(night.held().at("t/xy") == "quoted");
  CHECK(night.held().at("t/alone-\xEF\xBF\xBD") == "1");
}

TEST_CASE("verify finds that two names are one file, however well the server answers for both") {
  ScriptedNight night;
  night.write("lat\xE8", "same size 1");
  night.write("lat\xE9", "same size 2");
  REQUIRE(night.run().outcome == ExitCode::done);
  night.scripted.change(keeps_nothing_odd());
  night.scripted.remove("space/t/lat\xE8");
  night.scripted.remove("space/t/lat\xE9");
  night.scripted.put_file("space/t/lat\xEF\xBF\xBD", "same size 2");
  const VerifyReport report = night.verify();
  CHECK(report.outcome == ExitCode::incomplete);
  CHECK(report.counts.unproven == 1);
}

TEST_CASE("verify believes a name that the server shows in another form") {
  ScriptedNight night;
  night.write("lat\xE8", "only one");
  REQUIRE(night.run().outcome == ExitCode::done);
  night.scripted.change(keeps_nothing_odd());
  night.scripted.remove("space/t/lat\xE8");
  night.scripted.put_file("space/t/lat\xEF\xBF\xBD", "only one");
  CHECK(night.verify().outcome == ExitCode::done);
}
