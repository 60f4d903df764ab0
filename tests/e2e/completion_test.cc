// What the shells offer, asked for in the shells themselves.
#include "site.h"
#include "support/catch.h"

using namespace outhaul;
using namespace outhaul::test;
namespace fs = std::filesystem;

namespace {

/// A profile that has run once, and shells that find this very program.
struct Shells : Site {
  Shells() {
    fs::create_directory(dir() / "disk");
    choices.url = "file://" + (dir() / "disk").string();
    write("docs/letter one", "1");
    write("docs/letter two", "2");
    write("draft", "3");
    REQUIRE(run().exit.code == 0);
  }
  RunResult in(const std::vector<std::string>& shell, const std::string& script) const {
    SpawnOptions options;
    options.env = {{"PATH", program().parent_path().string() + ":/usr/local/bin:/usr/bin:/bin"},
                   {"OUTHAUL_STATE_DIR", state_root().string()},
                   {"HOME", dir().string()}};
    options.cwd = dir();
    std::vector<std::string> argv = shell;
    argv.push_back(script);
    return run_program(argv, options);
  }
  RunResult bash(const std::string& words, int current) const {
    return in({"bash", "--norc", "-c"}, "source <(outhaul completion bash); COMP_WORDS=(" + words +
                                            "); COMP_CWORD=" + std::to_string(current) +
                                            "; _outhaul; printf '%s\\n' \"${COMPREPLY[@]}\"");
  }
  RunResult zsh(const std::string& words, int current) const {
    return in({"zsh", "-f", "-c"},
              "compdef() { : }; _files() { print files \"$@\" }; _describe() { print -l -- \"${(@P)3}\" }; "
              "source <(outhaul completion zsh); words=(" +
                  words + "); CURRENT=" + std::to_string(current + 1) + "; _outhaul");
  }
  RunResult fish(const std::string& line) const {
    return in({"fish", "--no-config", "-c"}, "outhaul completion fish | source; complete -C '" + line + "'");
  }
};

}  // namespace

TEST_CASE("bash completes commands, options, files and paths that the state knows") {
  const Shells site;
  CHECK(site.bash("outhaul sch", 1).out == "schedule\nschema\n");
  CHECK(site.bash("outhaul run --dry", 2).out == "--dry-run\n");
  CHECK(site.bash("outhaul run prof", 2).out == "profile.json\n");
  CHECK(site.bash("outhaul ls profile.json d", 3).out == "docs/\ndraft\n");
  CHECK(site.bash("outhaul ls profile.json 'docs/letter\\ o'", 3).out == "docs/letter\\ one\n");
  CHECK(site.bash("outhaul restore profile.json --overwrite n", 4).out == "never\n");
}

TEST_CASE("zsh completes commands and paths with what they are for") {
  const Shells site;
  const RunResult commands = site.zsh("outhaul sche", 1);
  INFO(told(commands));
  CHECK(holds(commands.out, {"schema:print the JSON Schema", "schedule:have systemd or cron"}));
  CHECK(holds(site.zsh("outhaul ls profile.json dr", 3).out, {"draft:"}));
  CHECK(site.zsh("outhaul run ''", 2).out == "files\n");
}

TEST_CASE("fish completes commands and paths with what they are for") {
  const Shells site;
  const RunResult commands = site.fish("outhaul sche");
  INFO(told(commands));
  CHECK(holds(commands.out, {"schema\tprint the JSON Schema", "schedule\thave systemd or cron"}));
  CHECK(holds(site.fish("outhaul ls profile.json dr").out, {"draft"}));
  CHECK(holds(site.fish("outhaul run prof").out, {"profile.json"}));
}

TEST_CASE("completion is silent where nothing can be read") {
  const Shells site;
  const RunResult nothing = site.bash("outhaul ls missing.json d", 3);
  CHECK(nothing.out == "\n");
  CHECK(site.outhaul({"completion", "tcsh"}).exit.code == 2);
}
