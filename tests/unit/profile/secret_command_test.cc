#include "profile/secret_command.h"

#include "outhaul/error.h"
#include "support/catch.h"

using namespace outhaul;
using namespace std::chrono_literals;

namespace {

std::string failure(const std::vector<std::string>& argv, std::chrono::milliseconds limit = 60s) {
  try {
    run_secret_command(argv, limit);
  } catch (const Error& error) {
    CHECK(error.kind() == ErrorKind::profile);
    CHECK_FALSE(error.advice().empty());
    return error.what();
  }
  return {};
}

}  // namespace

TEST_CASE("a command's standard output is the secret") {
  CHECK(run_secret_command({"printf", "%s\\n", "s3cret"}, 60s).reveal() == "s3cret\n");
}

TEST_CASE("a command is run without a shell and with an empty standard input") {
  CHECK(run_secret_command({"printf", "%s", "$HOME; `id` *"}, 60s).reveal() == "$HOME; `id` *");
  CHECK(run_secret_command({"cat"}, 60s).empty());
}

TEST_CASE("a command that fails is named with its exit code") {
  CHECK(failure({"sh", "-c", "echo secret; exit 7"}) == "the secret command \"sh\": ended with exit code 7");
  CHECK(failure({"sh", "-c", "kill -TERM $$"}) ==
        "the secret command \"sh\": ended by signal 15 (Terminated)");
  CHECK(failure({"/nonexistent/pass", "show"}) ==
        "the secret command \"/nonexistent/pass\": No such file or directory");
}

TEST_CASE("a command that doesn't answer is killed when its time is over") {
  CHECK(failure({"sleep", "600"}, 50ms) == "the secret command \"sleep\": no answer within 0.05 s");
  CHECK(failure({"sh", "-c", "exec >&-; exec sleep 600"}, 300ms) ==
        "the secret command \"sh\": no answer within 0.3 s");
}

TEST_CASE("a command that prints without end is stopped") {
  CHECK(failure({"yes"}) == "the secret command \"yes\": printed more than 64 KiB, which no secret is");
}
