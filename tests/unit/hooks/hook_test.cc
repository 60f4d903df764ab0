#include "hooks/hook.h"

#include <signal.h>

#include <cstdlib>
#include <thread>

#include "support/catch.h"
#include "support/process.h"
#include "support/temp_dir.h"

using namespace outhaul;
using namespace outhaul::test;
using namespace std::chrono_literals;

namespace {

struct Heard {
  HookResult result;
  std::vector<std::string> lines;
};

Heard run(const std::vector<std::string>& argv, std::chrono::milliseconds limit = 60s,
          const CancelToken& cancel = {}, const std::vector<std::string>& environment = {}) {
  Heard heard;
  heard.result = run_hook(argv, environment, {.run = limit, .grace = 500ms}, cancel,
                          [&](std::string_view line) { heard.lines.emplace_back(line); });
  return heard;
}

Heard shell(const std::string& script, std::chrono::milliseconds limit = 60s) {
  return run({"sh", "-c", script}, limit);
}

}  // namespace

TEST_CASE("a hook that ends with 0 is done and what it printed is told line by line") {
  const Heard heard = shell("echo one; echo two >&2; printf 'three'");
  CHECK(heard.result.done);
  CHECK(heard.result.failure.empty());
  CHECK(heard.lines == std::vector<std::string>{"one", "two", "three"});
}

TEST_CASE("a hook gets its arguments as they are and no input") {
  const Heard heard = run({"printf", "%s\\n", "$HOME; `id` *"});
  CHECK(heard.lines == std::vector<std::string>{"$HOME; `id` *"});
  CHECK(run({"cat"}).result.done);
}

TEST_CASE("a hook gets variables beside ours and instead of ours") {
  ::setenv("OUTHAUL_TEST_OURS", "ours", 1);
  ::setenv("OUTHAUL_TEST_BOTH", "ours", 1);
  const Heard heard = run({"sh", "-c", "echo $OUTHAUL_TEST_OURS $OUTHAUL_TEST_BOTH $OUTHAUL_TEST_TOLD"}, 60s,
                          {}, {"OUTHAUL_TEST_BOTH=told", "OUTHAUL_TEST_TOLD=told"});
  CHECK(heard.lines == std::vector<std::string>{"ours told told"});
}

TEST_CASE("a hook that fails says how and with which last words") {
  const Heard code = shell("for i in 1 2 3 4 5 6 7; do echo line $i; done; exit 7");
  CHECK_FALSE(code.result.done);
  CHECK(code.result.failure == "ended with exit code 7");
  CHECK(code.result.said == std::vector<std::string>{"line 3", "line 4", "line 5", "line 6", "line 7"});
  CHECK(shell("kill -KILL $$").result.failure == "ended by signal 9 (Killed)");
  CHECK(run({"/nonexistent/hook"}).result.failure == "can't be run: No such file or directory");
}

TEST_CASE("a hook that takes too long is stopped with what it has started") {
  const TempDir dir;
  const Heard heard =
      shell("sh -c 'echo $$ >" + (dir / "child").string() + "; exec sleep 600' & wait", 300ms);
  CHECK(heard.result.failure == "did not end within 0.3 s and was stopped");
  const pid_t child = std::atoi(read_file(dir / "child").c_str());
  REQUIRE(child > 0);
  CHECK(eventually([&] {
    return ::kill(child, 0) != 0 ||
           read_file("/proc/" + std::to_string(child) + "/stat").find(") Z ") != std::string::npos;
  }));
}

TEST_CASE("a hook that minds no SIGTERM is killed") {
  const Heard heard = shell("trap '' TERM; while :; do sleep 0.1; done", 100ms);
  CHECK(heard.result.failure == "did not end within 0.1 s and was stopped");
}

TEST_CASE("a run that is stopped stops its hook") {
  CancelToken cancel;
  std::thread other([&] { cancel.cancel(2); });
  const Heard heard = run({"sleep", "600"}, 60s, cancel);
  other.join();
  CHECK(heard.result.failure == "was stopped, because the run was");
}

TEST_CASE("a hook's end is not put off by what it leaves in the background") {
  const Heard heard = shell("sleep 600 & echo $!");
  CHECK(heard.result.done);
  REQUIRE(heard.lines.size() == 1);
  ::kill(std::atoi(heard.lines.front().c_str()), SIGKILL);
}

TEST_CASE("a hook that prints garbage without end fills neither log nor memory") {
  const Heard heard =
      shell("head -c 3000000 /dev/zero | tr '\\0' 'x'; echo; yes '\033[2J' | head -n 5000; exit 1");
  CHECK(heard.lines.size() == 1001);
  for (const std::string& line : heard.lines) {
    CHECK(line.size() <= 4 * 500);
    CHECK(line.find('\033') == std::string::npos);
  }
  CHECK(heard.lines.back() == "it prints more than is written down");
  CHECK(heard.result.said.size() == 5);
}
