// What the words on the command line mean, up to the exit code. Whole runs against servers are in tests/e2e.
#include "cli/command_line.h"

#include <fcntl.h>
#include <unistd.h>

#include <string>
#include <vector>

#include <iostream>

#include "support/catch.h"
#include "support/temp_dir.h"

using namespace outhaul;
using namespace outhaul::test;

namespace {

struct Answer {
  int code = -1;
  std::string out, err;
};

/// Runs the command line in this process with both outputs caught.
class Terminal {
 public:
  Answer say(std::vector<std::string> words) {
    words.insert(words.begin(), "outhaul");
    std::vector<char*> argv;
    for (std::string& word : words) argv.push_back(word.data());
    Answer answer;
    std::cout.flush();  // the test runner's own words must not land in what is caught
    std::cerr.flush();
    const int out = redirect(STDOUT_FILENO, dir_ / "out"), err = redirect(STDERR_FILENO, dir_ / "err");
    answer.code = cli::main(static_cast<int>(argv.size()), argv.data());
    std::cout.flush();
    std::cerr.flush();
    put_back(STDOUT_FILENO, out);
    put_back(STDERR_FILENO, err);
    answer.out = read_file(dir_ / "out");
    answer.err = read_file(dir_ / "err");
    return answer;
  }
  /// A profile with two jobs onto a directory; its name, and its file's.
  std::string profile(const std::string& name) {
    for (const char* sub : {"a", "b", "disk"}) std::filesystem::create_directories(dir_ / sub);
    write_file(dir_ / "a/file", "1");
    write_file(dir_ / "b/file", "2");
    const std::string top = dir_.path().native();
    write_file(dir_ / (name + ".json"),
               "{\"profile\": \"" + name + "\", \"remote\": {\"url\": \"file://" + top +
                   "/disk\"}, \"jobs\": [" + "{\"name\": \"a\", \"source\": \"" + top +
                   "/a\", \"target\": \"" + name + "-a\"}, " + "{\"name\": \"b\", \"source\": \"" + top +
                   "/b\", \"target\": \"" + name + "-b\"}]}");
    return dir_ / (name + ".json");
  }
  std::string state() const { return dir_ / "state"; }
  bool stored(const std::string& path) const { return std::filesystem::exists(dir_ / ("disk/" + path)); }

 private:
  static int redirect(int fd, const std::filesystem::path& file) {
    const int old = ::dup(fd);
    const int to = ::open(file.c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0600);
    ::dup2(to, fd);
    ::close(to);
    return old;
  }
  static void put_back(int fd, int old) {
    ::dup2(old, fd);
    ::close(old);
  }
  TempDir dir_;
};

}  // namespace

TEST_CASE("an option that may be repeated takes one word each time") {
  Terminal terminal;
  const std::string file = terminal.profile("p");
  const Answer answer = terminal.say({"--state-dir", terminal.state(), "run", "--job", "a", file});
  CHECK(answer.code == 0);
  CHECK(terminal.stored("p-a/file"));
  CHECK_FALSE(terminal.stored("p-b/file"));
  CHECK(terminal.say({"--state-dir", terminal.state(), "run", "--approve", "0123456789ab", file}).code == 0);
  CHECK(terminal.stored("p-b/file"));
  CHECK(terminal.say({"--state-dir", terminal.state(), "plan", "--job", "a", "--job", "b", file}).code == 0);
}

TEST_CASE("a run of one job is not healthy for the whole profile") {
  Terminal terminal;
  const std::string file = terminal.profile("p");
  CHECK(terminal.say({"--state-dir", terminal.state(), "run", file, "--job", "a"}).code == 0);
  CHECK(terminal.say({"--state-dir", terminal.state(), "status", file}).code == 1);
  CHECK(terminal.say({"--state-dir", terminal.state(), "run", file}).code == 0);
  CHECK(terminal.say({"--state-dir", terminal.state(), "status", file}).code == 0);
}

TEST_CASE("a wrong word is named with the nearest right one and with what to type") {
  struct Row {
    std::vector<std::string> words;
    std::string err;
  };
  const std::vector<Row> table = {
      {{}, "outhaul: no command is given\n  Most used: `outhaul run PROFILE`, "},
      {{"rum"}, "outhaul: there is no command \"rum\"\n  Did you mean `outhaul run`? "},
      {{"rum", "p.json"}, "outhaul: there is no command \"rum\"\n  Did you mean `outhaul run`? "},
      {{"-q", "stauts", "p.json"},
       "outhaul: there is no command \"stauts\"\n  Did you mean `outhaul status`? "},
      {{"p.json"}, "outhaul: there is no command \"p.json\"\n  Did you mean `outhaul run p.json`?\n"},
      {{"fly"}, "outhaul: there is no command \"fly\"\n  There are: run, plan, "},
      {{"--jsn"}, "outhaul: there is no option \"--jsn\" before a command\n"},
      {{"run"}, "outhaul: run: PROFILE is required\n  Name the profile's file: outhaul run PROFILE"},
      {{"status", "--json"}, "outhaul: status: PROFILE is required\n  Name the profile's file: "},
      {{"restore", "p.json"}, "outhaul: restore: --to is required\n  Write: outhaul restore PROFILE "},
      {{"history", "p.json"}, "outhaul: history: PATH is required\n  Write: outhaul history PROFILE PATH\n"},
      {{"run", "--dry-rn", "p.json"},
       "outhaul: run: there is no option \"--dry-rn\"\n  Did you mean --dry-run? "},
      {{"doctor", "p.json", "q.json"},
       "outhaul: doctor: \"q.json\" is one word too many\n  Write: outhaul doctor PROFILE. "},
      {{"adopt", "p.json", "--compare", "tme"}, "outhaul: adopt: --compare: tme not in "},
  };
  Terminal terminal;
  for (const Row& row : table) {
    const Answer answer = terminal.say(row.words);
    INFO(answer.err);
    CHECK(answer.code == 2);
    CHECK(answer.out.empty());
    CHECK(answer.err.starts_with(row.err));
  }
  CHECK(terminal.say({"run", "--help"}).code == 0);
  CHECK(terminal.say({"--version"}).out.starts_with("outhaul "));
}

TEST_CASE("bad words are refused before anything is run or written") {
  Terminal terminal;
  const std::string file = terminal.profile("p");
  const std::vector<std::vector<std::string>> bad = {
      {},
      {"fly"},
      {"run"},
      {"run", file, "--until", "25:00"},
      {"run", file, "--until", "soon"},
      {"run", file, "--job", "nope"},
      {"run", file, file + "x"},
      {"status", file, "--max-age", "26"},
      {"status", file, "--max-age", "-1h"},
      {"status", file, "--max-age", "0d"},
      {"status", file, "--max-age", "99999999999999999999h"},
      {"status", file, "--max-age", "1 day"},
      {"mirror", "/tmp", "file:///nowhere", "--max-delete", "101%"},
      {"mirror", "/tmp", "file:///nowhere", "--max-delete", "%"},
      {"mirror", "/tmp", "file:///nowhere", "--max-delete", "-5"},
      {"mirror", "/tmp", "file:///nowhere", "--max-delete", "many"},
      {"mirror", "/tmp", "file:///nowhere", "--exclude-larger-than", "5"},
      {"mirror", "/tmp", "file:///nowhere", "--exclude-if-present", "a/b"},
      {"mirror", "/tmp", "ftp://me@host/x"},
      {"mirror", "/tmp", "ftp://host/x", "--no-verify"},
      {"mirror", "/tmp", "ftps://host/x", "--tls-off"},
      {"mirror", "/tmp", "ftp://host/x", "--connections", "0"},
      {"ls", file, "relative"},
      {"explain", file, "relative"},
      {"runs", file},
  };
  for (std::vector<std::string> words : bad) {
    std::string line;
    for (const std::string& word : words) line += word + " ";
    INFO(line);
    words.insert(words.begin(), {"--state-dir", terminal.state()});
    const Answer answer = terminal.say(words);
    CHECK(answer.code == 2);
    CHECK(answer.out.empty());
    CHECK_FALSE(answer.err.empty());
    CHECK_FALSE(std::filesystem::exists(terminal.state()));
  }
}

TEST_CASE("every way to write an age is understood") {
  Terminal terminal;
  const std::string file = terminal.profile("p");
  CHECK(terminal.say({"--state-dir", terminal.state(), "run", file}).code == 0);
  for (const char* age : {"26h", "3d", "90min", "90m", "3600s"}) {
    INFO(age);
    CHECK(terminal.say({"--state-dir", terminal.state(), "status", file, "--max-age", age}).code == 0);
  }
}

TEST_CASE("json is alone on standard output and nothing half-written is left there by a refusal") {
  Terminal terminal;
  const std::string file = terminal.profile("p");
  const std::string state = terminal.state();
  const Answer none = terminal.say({"--state-dir", state, "ls", file, "--json"});
  CHECK(none.code == 2);
  CHECK(none.out.empty());
  const Answer ran = terminal.say({"--state-dir", state, "run", file, "--json"});
  CHECK(ran.code == 0);
  CHECK(ran.out.starts_with("{"));
  CHECK(ran.out.ends_with("}\n"));
  CHECK(terminal.say({"--state-dir", state, "ls", file, "--json"}).out.ends_with("}\n"));
}

TEST_CASE("one profile that can't run does not keep the others from running") {
  Terminal terminal;
  const std::string first = terminal.profile("first"), second = terminal.profile("second");
  write_file(terminal.state(), "in the way");  // of the first one's state, and of nobody else's
  CHECK(terminal.say({"--state-dir", terminal.state(), "run", first, second}).code == 1);
  std::filesystem::remove(terminal.state());
  std::filesystem::create_directories(terminal.state());
  write_file(terminal.state() + "/first", "in the way");
  CHECK(terminal.say({"--state-dir", terminal.state(), "run", first, second}).code == 1);
  CHECK(terminal.stored("second-a/file"));
}
