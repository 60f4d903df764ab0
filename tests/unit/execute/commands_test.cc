#include "lanes/commands.h"

#include <deque>

#include "support/catch.h"
#include "unit/execute/disk.h"

using namespace outhaul;
using namespace outhaul::test;

namespace {

using Status = CommandResult::Status;

/// Answers each batch from a script: one letter per command.
///   d done, m missing, x refused for good, r refused for now, u unanswered
/// A batch "!c" throws a RemoteError: "!r" a passing one, "!s" stop_run, "!c" cancelled. When the script
/// ends, its last line is repeated.
class Scripted final : public CommandRunner {
 public:
  explicit Scripted(std::vector<std::string> script) : script_(script.begin(), script.end()) {}
  std::vector<CommandResult> run(std::span<const Command> commands) override {
    sizes.push_back(commands.size());
    const std::string line = script_.front();
    if (script_.size() > 1) script_.pop_front();
    if (line[0] == '!') fail(line[1]);
    std::vector<CommandResult> results;
    for (std::size_t i = 0; i < commands.size(); ++i)
      results.push_back(result(line[std::min(i, line.size() - 1)]));
    return results;
  }
  std::vector<std::size_t> sizes;

 private:
  [[noreturn]] static void fail(char how) {
    const auto failure = how == 'r'   ? FailureClass::reconnect
                         : how == 's' ? FailureClass::stop_run
                                      : FailureClass::cancelled;
    throw RemoteError(failure, "can't connect");
  }
  static CommandResult result(char c) {
    CommandResult result;
    result.status = c == 'd'   ? Status::done
                    : c == 'm' ? Status::missing
                    : c == 'u' ? Status::unanswered
                               : Status::refused;
    result.failure = c == 'x'   ? FailureClass::skip_file
                     : c == 'r' ? FailureClass::retry
                     : c == 'u' ? FailureClass::reconnect
                                : FailureClass::none;
    result.reply_text = std::string(1, c);
    return result;
  }
  std::deque<std::string> script_;
};

struct Said {
  std::string statuses;  ///< one letter each; "!" and the class when it threw
  std::vector<std::size_t> batches;
  std::uint64_t retries = 0;
};

Said ask(std::vector<std::string> script, std::size_t count, int retries = 2) {
  Scripted runner(std::move(script));
  StubClock clock;
  CancelToken cancel;
  Ears ears;
  RetryPolicy policy;
  policy.retries = retries;
  Commands commands(runner, policy, clock, cancel, ears);
  Said said;
  try {
    const std::vector<Command> batch(count, SizeOf{RemotePath::parse("f")});
    for (const CommandResult& result : commands.run(batch))
      said.statuses += result.status == Status::done         ? 'd'
                       : result.status == Status::missing    ? 'm'
                       : result.status == Status::unanswered ? 'u'
                                                             : 'x';
  } catch (const RemoteError& error) {
    said.statuses = "!" + std::string(to_string(error.failure()));
  }
  said.batches = runner.sizes;
  said.retries = commands.retries();
  CHECK(said.retries == ears.retries);
  CHECK(said.retries == clock.waits());
  return said;
}

}  // namespace

TEST_CASE("what got no answer or a passing refusal is sent again and nothing else is") {
  struct Row {
    const char* what;
    std::vector<std::string> script;
    std::size_t count;
    std::string statuses;
    std::vector<std::size_t> batches;
  };
  using Sizes = std::vector<std::size_t>;
  const std::vector<Row> table = {
      {"all is well", {"ddd"}, 3, "ddd", {3}},
      {"final answers", {"dmx"}, 3, "dmx", {3}},
      {"a line that breaks once", {"duu", "md"}, 3, "dmd", {3, 2}},
      {"a refusal that passes", {"drd", "d"}, 3, "ddd", {3, 1}},
      {"a refusal that does not pass", {"drd", "r"}, 3, "dxd", {3, 1, 1}},
      {"a line that breaks for ever", {"uuu"}, 3, "!reconnect", {3, 3, 3}},
      {"a line that gives one answer each time",
       {"duuuu", "duuu", "duu", "du", "d"},
       5,
       "ddddd",
       {5, 4, 3, 2, 1}},
      {"no connection at first", {"!r", "!r", "dd"}, 2, "dd", {2, 2, 2}},
      {"no connection ever", {"!r"}, 2, "!reconnect", {2, 2, 2}},
      {"a wrong password", {"!s"}, 2, "!stop_run", {2}},
      {"a wrong password after the line broke", {"du", "!s"}, 2, "!stop_run", {2, 1}},
      {"cancelled", {"!c"}, 2, "!cancelled", {2}},
      {"one refused and one never answered", {"ru"}, 2, "!reconnect", {2, 2, 2}},
      {"the other way round", {"ur"}, 2, "!reconnect", {2, 2, 2}},
      {"nothing to do", {"d"}, 0, "", {}},
  };
  for (const Row& row : table) {
    INFO(row.what);
    const Said said = ask(row.script, row.count);
    CHECK(said.statuses == row.statuses);
    CHECK(said.batches == row.batches);
  }
  const Sizes chunks = ask({"d"}, 1201).batches;
  CHECK(chunks == Sizes{500, 500, 201});
  CHECK(ask({"u"}, 1, 0).batches == Sizes{1});
}

TEST_CASE("a request to stop ends the waiting for another attempt") {
  Scripted runner({"u"});
  StubClock clock;
  CancelToken cancel;
  Ears ears;
  Commands commands(runner, {}, clock, cancel, ears);
  cancel.cancel(15);
  try {
    commands.run_one(SizeOf{RemotePath::parse("f")});
    FAIL("it went on");
  } catch (const RemoteError& error) {
    CHECK(error.failure() == FailureClass::cancelled);
  }
  CHECK(runner.sizes.size() == 1);
}

TEST_CASE("pain 10: too many connections ask for room before the retries are spent") {
  struct Full final : CommandRunner {
    int refusals;
    explicit Full(int n) : refusals(n) {}
    std::vector<CommandResult> run(std::span<const Command> commands) override {
      if (refusals-- > 0) throw RemoteError(FailureClass::lower_cap, "too many connections");
      CommandResult done;
      done.status = Status::done;
      return std::vector<CommandResult>(commands.size(), done);
    }
  };
  StubClock clock;
  CancelToken cancel;
  Ears ears;
  const RetryPolicy policy{2, std::chrono::milliseconds(1), std::chrono::milliseconds(1)};
  const auto attempts = [&](int refusals, int rooms) {
    Full runner(refusals);
    Commands commands(runner, policy, clock, cancel, ears, [&] { return rooms-- > 0; });
    return commands.run_one(MakeDir{RemotePath::parse("d")}).status;
  };
  CHECK(attempts(2, 0) == Status::done);
  CHECK_THROWS_AS(attempts(3, 0), RemoteError);
  CHECK(attempts(7, 6) == Status::done);
  CHECK_THROWS_AS(attempts(1000, 1000), RemoteError);  // not for ever
}
