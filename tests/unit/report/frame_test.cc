#include "report/frame.h"

#include <random>

#include "report/width.h"
#include "samples.h"
#include "support/catch.h"

using namespace outhaul;

namespace {

std::string shown(const ProgressModel& model, int columns, int rows = 24, FrameStyle style = {}) {
  std::string text;
  for (const std::string& line : frame_lines(model, {columns, rows}, style)) text += line + '\n';
  return text;
}

Plan plan_of(std::uint64_t uploads, std::uint64_t bytes, std::uint64_t removes = 0) {
  Plan plan;
  plan.actions.resize(uploads + removes);
  plan.counts.uploads = uploads;
  plan.counts.upload_bytes = bytes;
  plan.counts.removes = removes;
  return plan;
}

constexpr std::uint64_t kMiB = 1 << 20;

/// 100 MiB in four files: one done, two on their way, at 10 MiB/s.
ProgressModel halfway() {
  const Plan plan = plan_of(4, 100 * kMiB);
  ProgressModel model;
  model.apply(JobStarted{"www", "/srv/www", "ftp://ftp.example.net/www"});
  model.apply(PlanReady{&plan});
  model.apply(TransferStarted{0, "images/first.jpg", 30 * kMiB, 0});
  model.apply(TransferProgress{0, 30 * kMiB});
  model.tick(3);
  model.apply(TransferEnded{0, true});
  model.apply(ActionDone{ActionKind::upload, "images/first.jpg", 30 * kMiB});
  model.apply(TransferStarted{0, "images/2026/holidays/by-the-sea/with-everybody/IMG_20260801_181500.jpg",
                              40 * kMiB, 0});
  model.apply(TransferStarted{1, "写真/resumed.mov", 20 * kMiB, 10 * kMiB});
  model.apply(TransferProgress{0, 10 * kMiB});
  model.tick(1);
  return model;
}

}  // namespace

TEST_CASE("nothing is shown before anything happens and after a job ended") {
  ProgressModel model;
  CHECK(shown(model, 80).empty());
  model = halfway();
  model.apply(JobEnded{});
  CHECK(shown(model, 80).empty());
}

TEST_CASE("the scan shows what it has seen so far") {
  ProgressModel model;
  model.apply(JobStarted{"www", "/srv/www", "ftp://x"});
  model.apply(ScanProgress{12'345, 1'234, 5 * kMiB});
  CHECK(shown(model, 80) == "www · scanning · 12,345 files · 1,234 directories · 5 MiB\n");
  CHECK(shown(model, 40) == "12,345 files · 5 MiB\n");
  CHECK(shown(model, 80, 24, {false, false}) == "www, scanning, 12,345 files, 1,234 directories, 5 MiB\n");
}

TEST_CASE("the display at three widths") {
  const ProgressModel model = halfway();
  CHECK(shown(model, 80) == R"(www  ━━━━━━━━╸────────   50%    50 MiB of 100 MiB    10 MiB/s  5 s left
uploading · 1 of 4 files
   25%    40 MiB  images/2026/holidays…a/with-everybody/IMG_20260801_181500.jpg
   50%    20 MiB  写真/resumed.mov
)");
  CHECK(shown(model, 20) == R"( 50%    10 MiB/s
1 of 4 files
 25% imag…81500.jpg
 50% 写真…sumed.mov
)");
  CHECK(shown(model, 200) ==
        R"(www  ━━━━━━━━━━━━━━━━━━━━────────────────────   50%    50 MiB of 100 MiB    10 MiB/s  5 s left
uploading · 1 of 4 files
   25%    40 MiB  images/2026/holidays/by-the-sea/with-everybody/IMG_20260801_181500.jpg
   50%    20 MiB  写真/resumed.mov
)");
}

TEST_CASE("a terminal without UTF-8 gets plain characters") {
  CHECK(shown(halfway(), 80, 24, {false, false}).find("www  #########--------   50%") == 0);
}

TEST_CASE("lanes that don't fit are counted") {
  CHECK(shown(halfway(), 20, 4) == R"( 50%    10 MiB/s
1 of 4 files
     … and 2 more
)");
  CHECK(shown(halfway(), 20, 2) == " 50%    10 MiB/s\n");
}

TEST_CASE("retries and problems are counted and notes are not") {
  ProgressModel model = halfway();
  model.apply(RetryScheduled{});
  model.apply(ProblemFound{samples::problem()});
  Problem note = samples::problem();
  note.severity = Problem::Severity::note;
  model.apply(ProblemFound{note});
  CHECK(shown(model, 80).find("uploading · 1 of 4 files · 1 retry · 1 problem\n") != std::string::npos);
}

TEST_CASE("after the uploads the display tells what else is done") {
  const Plan plan = plan_of(1, kMiB, 3);
  ProgressModel model;
  model.apply(JobStarted{"www", "", ""});
  model.apply(PlanReady{&plan});
  model.apply(TransferStarted{0, "a", kMiB, 0});
  model.apply(TransferEnded{0, true});
  model.apply(ActionDone{ActionKind::upload, "a", kMiB});
  model.apply(ActionDone{ActionKind::remove, "b", 0});
  model.tick(2);
  CHECK(shown(model, 60) == R"(www  ━━━━━━━━━━━━━━━━━─────────────────   50%  2 of 4 steps
deleting · 1 of 1 file
)");
}

TEST_CASE("a failed transfer takes its bytes back and a retry may resume") {
  const Plan plan = plan_of(1, 100);
  ProgressModel model;
  model.apply(PlanReady{&plan});
  model.apply(TransferStarted{0, "a", 100, 0});
  model.apply(TransferProgress{0, 60});
  CHECK(model.bytes_done() == 60);
  model.apply(TransferEnded{0, false});
  CHECK(model.bytes_done() == 0);
  model.apply(TransferStarted{0, "a", 100, 50});
  CHECK(model.bytes_done() == 50);
  model.apply(TransferProgress{0, 500});
  CHECK(model.bytes_done() == 100);
  CHECK(model.bytes_total() == 100);
}

TEST_CASE("a comparison that becomes an upload never passes one hundred percent") {
  Plan plan = plan_of(0, 0);
  plan.actions.resize(1);
  plan.counts.compares = 1;
  ProgressModel model;
  model.apply(PlanReady{&plan});
  CHECK(shown(model, 80).find("comparing · 0 of 1 file") != std::string::npos);
  model.apply(TransferStarted{0, "a", 100, 0});
  model.apply(TransferProgress{0, 50});
  CHECK(model.bytes_total() == 100);
  model.apply(TransferEnded{0, true});
  model.apply(ActionDone{ActionKind::upload, "a", 100});
  CHECK(model.files_done() == 1);
  CHECK(model.files_total() == 1);
}

TEST_CASE("a lane's last file stays for a moment so that small files don't flicker") {
  ProgressModel model = halfway();
  model.apply(TransferEnded{1, true});
  model.tick(0.5);
  CHECK(shown(model, 80).find("100%    20 MiB  写真/resumed.mov") != std::string::npos);
  model.tick(0.6);
  CHECK(shown(model, 80).find("resumed.mov") == std::string::npos);
}

TEST_CASE("events that make no sense do no harm") {
  ProgressModel model;
  model.apply(TransferEnded{5, true});
  model.apply(TransferProgress{-1, 5});
  model.apply(TransferStarted{1'000'000, "a", 5, 9});
  model.apply(ActionDone{static_cast<ActionKind>(200), "a", 5});
  model.apply(PlanReady{nullptr});
  model.tick(-5);
  CHECK(model.bytes_done() == 0);
  CHECK(model.lanes().size() <= 6);
}

TEST_CASE("no frame is wider or higher than the terminal") {
  std::mt19937 random(5);
  std::uniform_int_distribution<int> columns(1, 220), rows(1, 12), lane(0, 9), percent(0, 100);
  for (int round = 0; round < 3'000; ++round) {
    ProgressModel model = halfway();
    for (int i = lane(random); i > 0; --i)
      model.apply(TransferStarted{lane(random),
                                  std::string(static_cast<std::size_t>(percent(random)), 'x') + "写真.jpg",
                                  static_cast<std::uint64_t>(percent(random)) * kMiB, 0});
    if (round % 2 == 0) model.apply(RetryScheduled{});
    if (round % 3 == 0) model.apply(ProblemFound{samples::problem()});
    const TerminalSize size{columns(random), rows(random)};
    const auto lines = frame_lines(model, size, {false, round % 5 != 0});
    REQUIRE(lines.size() <= static_cast<std::size_t>(std::max(size.rows - 1, 1)));
    for (const std::string& line : lines)
      REQUIRE(display_width(line) <= static_cast<std::size_t>(std::max(size.columns - 1, 1)));
  }
}
