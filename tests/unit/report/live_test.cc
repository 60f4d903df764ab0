// The display on a pseudo terminal, as a person sees it.
#include <fcntl.h>
#include <unistd.h>

#include <csignal>
#include <thread>

#include "pty.h"
#include "report/progress.h"
#include "report/terminal.h"
#include "samples.h"
#include "screen.h"
#include "support/catch.h"

using namespace outhaul;
using test::Environment;
using test::Pty;
using test::Screen;

namespace {

const std::vector<std::string> kFrame = {"www  ━━━━───  50%", "uploading", "  25%  a.jpg", "  50%  b.jpg"};
const std::string kFrameText = "www  ━━━━───  50%\nuploading\n  25%  a.jpg\n  50%  b.jpg\n";

Plan small_plan() {
  Plan plan;
  plan.actions.resize(2);
  plan.counts.uploads = 2;
  plan.counts.upload_bytes = 3000;
  return plan;
}

void play(Progress& progress) {
  const Plan plan = small_plan();
  progress.on(JobStarted{"www", "/srv/www", "ftp://x"});
  progress.on(ScanProgress{2, 1, 3000});
  progress.on(PlanReady{&plan});
  progress.on(TransferStarted{0, "a.jpg", 1000, 0});
  progress.on(TransferStarted{1, "b.jpg", 2000, 0});
  progress.on(TransferProgress{0, 500});
  progress.on(ProblemFound{samples::problem()});
}

/// What goes through a pipe while `use` runs with its writing end.
template <typename Use>
std::string piped(Use use) {
  int ends[2] = {-1, -1};
  REQUIRE(::pipe(ends) == 0);
  Fd reader(ends[0]);
  {
    const Fd writer(ends[1]);
    use(writer.get());
  }
  std::string text;
  char buffer[4096];
  for (ssize_t got = 0; (got = ::read(reader.get(), buffer, sizeof buffer)) > 0;)
    text.append(buffer, static_cast<std::size_t>(got));
  return text;
}

std::string lines_of(ProgressOptions options) {
  return piped([&](int fd) {
    options.fd = fd;
    const auto progress = make_progress(options);
    play(*progress);
    progress->on(ActionDone{ActionKind::upload, "a.jpg", 1000});
    progress->on(ActionDone{ActionKind::remove, "old\n", 0});
    progress->on(RetryScheduled{1, "b.jpg", "421 Timeout", 2, 5, 4000});
    progress->on(Notice{"the server takes 3 connections"});
    Problem note = samples::problem();
    note.severity = Problem::Severity::note;
    progress->on(ProblemFound{note});
    progress->finish();
  });
}

}  // namespace

TEST_CASE("a frame takes the place of the one before and the cursor rests at its top") {
  Pty pty(80, 24);
  Screen screen(80, 24);
  LiveArea area(pty.terminal());
  for (int i = 0; i < 3; ++i) REQUIRE(area.show("", kFrame));
  screen.feed(pty.output());
  CHECK(screen.text() == kFrameText);
  CHECK(screen.cursor_row() == 0);
  CHECK(screen.cursor_column() == 0);
  REQUIRE(area.show("", {"shorter"}));
  screen.feed(pty.output());
  CHECK(screen.text() == "shorter\n");
  area.close("");
  screen.feed(pty.output());
  CHECK(screen.text().empty());
  CHECK(screen.wraps());
}

TEST_CASE("permanent lines stand above the frame in their order even when they wrap") {
  Pty pty(20, 24);
  Screen screen(20, 24);
  LiveArea area(pty.terminal());
  REQUIRE(area.show("", {"frame"}));
  REQUIRE(area.show("error: one\n", {"frame"}));
  REQUIRE(area.show("error: a line that is longer than the screen\n", {"frame", "two"}));
  screen.feed(pty.output());
  CHECK(screen.text() == "error: one\nerror: a line that i\ns longer than the sc\nreen\nframe\ntwo\n");
  area.close("last\n");
  screen.feed(pty.output());
  CHECK(screen.text() == "error: one\nerror: a line that i\ns longer than the sc\nreen\nlast\n");
}

TEST_CASE("at the bottom of the screen the frame scrolls once and then stays") {
  Pty pty(40, 6);
  Screen screen(40, 6);
  LiveArea area(pty.terminal());
  screen.feed("1\r\n2\r\n3\r\n4\r\n5\r\n");
  for (int i = 0; i < 4; ++i) REQUIRE(area.show("", kFrame));
  screen.feed(pty.output());
  CHECK(screen.text() == "1\n2\n3\n4\n5\n" + kFrameText);
}

TEST_CASE("a resize between frames leaves nothing behind") {
  const auto how = GENERATE(Screen::Resize::cut, Screen::Resize::rewrap);
  const auto [from, to] = GENERATE(table<int, int>({{80, 20}, {80, 12}, {20, 80}, {30, 29}, {200, 40}}));
  Pty pty(from, 24);
  Screen screen(from, 24);
  LiveArea area(pty.terminal());
  const auto frame_for = [](int columns) {
    std::vector<std::string> frame;
    for (const char c : {'a', 'b', 'c'}) frame.emplace_back(static_cast<std::size_t>(columns - 1), c);
    return frame;
  };
  REQUIRE(area.show("kept\n", frame_for(from)));
  screen.feed(pty.output());
  pty.resize(to, 24);
  CHECK(terminal_size(pty.terminal()) == TerminalSize{to, 24});
  screen.resize(to, 24, how);
  REQUIRE(area.show("", frame_for(to)));
  screen.feed(pty.output());
  CHECK(screen.overrun() == 0);
  const auto frame = frame_for(to);
  CHECK(screen.text() == "kept\n" + frame[0] + '\n' + frame[1] + '\n' + frame[2] + '\n');
  area.close("");
  screen.feed(pty.output());
  CHECK(screen.text() == "kept\n");
}

TEST_CASE("a resize while a frame is on its way costs a cut line and no rubbish") {
  Pty pty(80, 24);
  Screen screen(30, 24);
  LiveArea area(pty.terminal());
  const std::vector<std::string> too_wide(3, std::string(79, 'x'));
  REQUIRE(area.show("kept\n", too_wide));
  REQUIRE(area.show("", {"fits"}));
  screen.feed(pty.output());
  CHECK(screen.text() == "kept\nfits\n");
}

TEST_CASE("what the terminal echoes is drawn over") {
  Pty pty(40, 24);
  Screen screen(40, 24);
  LiveArea area(pty.terminal());
  REQUIRE(area.show("", kFrame));
  screen.feed(pty.output());
  screen.feed("^C");
  area.close("interrupted\n");
  screen.feed(pty.output());
  CHECK(screen.text() == "interrupted\n");
}

TEST_CASE("a terminal that is stuck gets whole frames again when it goes on") {
  Pty pty(80, 24);
  ::fcntl(pty.terminal(), F_SETFL, ::fcntl(pty.terminal(), F_GETFL) | O_NONBLOCK);
  LiveArea area(pty.terminal());
  int taken = 0;
  while (taken < 100'000 && area.show("line\n", kFrame)) ++taken;
  REQUIRE(taken < 100'000);
  Screen screen(80, 24);
  // Reading makes room; the rest of the cut frame comes first.
  std::string bytes = pty.output_until("line");
  while (!area.show("end\n", kFrame)) bytes += pty.output_until("line");
  ::fcntl(pty.terminal(), F_SETFL, ::fcntl(pty.terminal(), F_GETFL) & ~O_NONBLOCK);
  bytes += pty.output_until("end");
  bytes += pty.output();
  screen.feed(bytes);
  std::string expected;
  for (int i = 0; i < taken; ++i) expected += "line\n";
  CHECK((screen.text() == expected + "end\n" + kFrameText));
}

TEST_CASE("a terminal that went away is left alone") {
  Pty pty(80, 24);
  LiveArea area(pty.terminal());
  REQUIRE(area.show("", kFrame));
  pty.hang_up();
  CHECK(area.show("", kFrame));
  CHECK(area.show("lost\n", kFrame));
  area.close("lost\n");
  std::signal(SIGPIPE, SIG_IGN);
  piped([](int fd) { write_whole(fd, "fine\n"); });
  int ends[2] = {-1, -1};
  REQUIRE(::pipe(ends) == 0);
  const Fd writer(ends[1]);
  Fd(ends[0]).reset();
  write_whole(writer.get(), "nobody reads this\n");
  std::signal(SIGPIPE, SIG_DFL);
}

TEST_CASE("after finish the screen holds the problems and nothing else") {
  const int columns = GENERATE(20, 80, 200);
  const Environment term("TERM", "xterm-256color"), locale("LC_ALL", "C.UTF-8");
  Pty pty(columns, 24);
  Screen screen(columns, 24), expected(columns, 24);
  const auto progress = make_progress({pty.terminal(), true, false, 0, true});
  play(*progress);
  // The thread draws by itself: wait until a whole frame with both lanes has come.
  screen.feed(pty.output_until("b.jpg"));
  progress->finish();
  progress->finish();
  screen.feed(pty.output());
  expected.feed(
      "error: www: private/key: Permission denied\r\n  Run outhaul as a user that may read it, or exclude "
      "it.\r\n");
  CHECK(screen.text() == expected.text());
  CHECK(screen.wraps());
  CHECK(screen.cursor_column() == 0);
  CHECK(screen.overrun() == 0);
  CHECK(screen.saw_colour());
  progress->on(ProblemFound{{Problem::Severity::warning, "", "", "late", ""}});
  screen.feed(pty.output());
  CHECK(screen.text().find("warning: late\n") != std::string::npos);
}

TEST_CASE("the display cleans up when it is destroyed without finish") {
  const Environment term("TERM", "xterm");
  Pty pty(80, 24);
  Screen screen(80, 24);
  {
    const auto progress = make_progress({pty.terminal(), true, false, 0, false});
    play(*progress);
    screen.feed(pty.output_until("b.jpg"));
  }
  screen.feed(pty.output());
  CHECK(screen.lines().size() == 2);
  CHECK_FALSE(screen.saw_colour());
}

TEST_CASE("NO_COLOR is honoured") {
  const Environment term("TERM", "xterm"), no_color("NO_COLOR", "1");
  Pty pty(80, 24);
  Screen screen(80, 24);
  const auto progress = make_progress({pty.terminal(), true, false, 0, true});
  play(*progress);
  progress->finish();
  screen.feed(pty.output());
  CHECK_FALSE(screen.saw_colour());
}

TEST_CASE("a dumb terminal and a quiet run get lines without escape codes") {
  const auto [name, quiet] =
      GENERATE(table<const char*, bool>({{"dumb", false}, {nullptr, false}, {"xterm", true}}));
  const Environment term("TERM", name);
  Pty pty(80, 24);
  const auto progress = make_progress({pty.terminal(), true, quiet, 0, false});
  play(*progress);
  progress->finish();
  const std::string text = pty.output();
  CHECK(text.find('\x1b') == std::string::npos);
  CHECK(text.find("error: www: private/key: Permission denied") == 0);
}

TEST_CASE("without a terminal every problem is a line and the same advice is given once") {
  CHECK(
      lines_of({}) ==
      "error: www: private/key: Permission denied\n  Run outhaul as a user that may read it, or exclude it.\n"
      "note: www: private/key: Permission denied\n");
}

TEST_CASE("quiet leaves errors only") {
  CHECK(lines_of({2, false, true, 2, false}) ==
        "error: www: private/key: Permission denied\n  Run outhaul as a user that may read it, or exclude "
        "it.\n");
}

TEST_CASE("verbosity adds actions and then retries and notices") {
  const std::string once = lines_of({2, false, false, 1, false});
  CHECK(once.find("+ uploaded     1000 B  a.jpg\n") != std::string::npos);
  CHECK(once.find("- deleted              old\\x0A\n") != std::string::npos);
  CHECK(once.find("retry") == std::string::npos);
  const std::string twice = lines_of({2, false, false, 2, false});
  CHECK(twice.find("retry: b.jpg: 421 Timeout; attempt 2 of 5 in 4.0 s\n") != std::string::npos);
  CHECK(twice.find("the server takes 3 connections\n") != std::string::npos);
}

TEST_CASE("many lanes may speak at once") {
  const Environment term("TERM", "xterm");
  Pty pty(80, 24);
  std::string bytes;
  const auto progress = make_progress({pty.terminal(), true, false, 0, false});
  const Plan plan = small_plan();
  progress->on(JobStarted{"www", "", ""});
  progress->on(PlanReady{&plan});
  {
    std::vector<std::jthread> lanes;
    for (int lane = 0; lane < 8; ++lane)
      lanes.emplace_back([&, lane] {
        for (int round = 0; round < 2000; ++round) {
          progress->on(TransferStarted{lane, "some/file.jpg", 100, 0});
          progress->on(TransferProgress{lane, 100});
          progress->on(TransferEnded{lane, true});
        }
        progress->on(ProblemFound{{Problem::Severity::warning, "", std::to_string(lane), "odd", ""}});
      });
  }
  progress->finish();
  Screen screen(80, 24);
  screen.feed(pty.output());
  CHECK(screen.lines().size() == 8);
}
