// Units and crontab lines where systemd and cron look for them; both are stood in for by scripts.
#include "schedule/installed.h"

#include "outhaul/error.h"
#include "support/catch.h"
#include "support/temp_dir.h"

using namespace outhaul;
using namespace outhaul::test;
namespace fs = std::filesystem;

namespace {

struct Machine {
  TempDir dir;
  fs::path log = dir / "log", table = dir / "table";
  UnitHome home{dir / "units", {script("systemctl", "echo \"$@\" >>" + log.string())}};
  std::vector<std::string> crontab{script(
      "crontab", "if [ \"$1\" = -l ]; then [ -e " + table.string() + " ] && exec cat " + table.string() +
                     "; echo no crontab for you >&2; exit 1; fi; cp \"$1\" " + table.string())};
  Schedule schedule;

  Machine() {
    schedule.profile = "web01";
    schedule.profile_file = "/etc/outhaul/web01.json";
    schedule.program = "/usr/bin/outhaul";
    schedule.times = {{2, 30}};
  }
  std::string script(const std::string& name, const std::string& text) {
    const fs::path file = dir / name;
    write_file(file, "#!/bin/sh\n" + text + "\n");
    fs::permissions(file, fs::perms::owner_all);
    return file.string();
  }
  std::string told() const { return fs::exists(log) ? read_file(log) : std::string(); }
};

std::string refusal(const std::function<void()>& deed, ErrorKind kind) {
  try {
    deed();
  } catch (const Error& error) {
    CHECK(error.kind() == kind);
    CHECK_FALSE(error.advice().empty());
    return error.what();
  }
  return "nothing was refused";
}

}  // namespace

TEST_CASE("units are written and the timer is started and both go away again") {
  Machine machine;
  const auto done = install_units(machine.schedule, {}, machine.home);
  CHECK(done.size() == 3);
  CHECK(read_file(machine.home.dir / "outhaul-web01.service") == service_text(machine.schedule));
  CHECK(read_file(machine.home.dir / "outhaul-web01.timer") == timer_text(machine.schedule, {}));
  CHECK(machine.told() == "daemon-reload\nenable --now outhaul-web01.timer\n");

  machine.schedule.times = {{4, 0}};
  const auto again = install_units(machine.schedule, {}, machine.home);
  CHECK(again.front().starts_with("replaced "));
  CHECK(read_file(machine.home.dir / "outhaul-web01.timer") == timer_text(machine.schedule, {}));

  CHECK(remove_units("other", machine.home).empty());
  CHECK(remove_units("web01", machine.home).size() == 3);
  CHECK(fs::is_empty(machine.home.dir));
  CHECK(remove_units("web01", machine.home).empty());
}

TEST_CASE("a profile whose packaged timer is enabled gets no second schedule") {
  Machine machine;
  fs::create_directories(machine.home.dir / "timers.target.wants");
  fs::create_symlink("/lib/systemd/system/outhaul@.timer",
                     machine.home.dir / "timers.target.wants/outhaul@web01.timer");
  const std::string said =
      refusal([&] { install_units(machine.schedule, {}, machine.home); }, ErrorKind::usage);
  CHECK(said.find("two schedules for one profile") != std::string::npos);
  CHECK_FALSE(fs::exists(machine.home.dir / "outhaul-web01.timer"));
  CHECK(machine.told().empty());
}

TEST_CASE("a systemctl that fails is told with its own words") {
  Machine machine;
  machine.home.systemctl = {machine.script("broken", "echo 'System has not been booted' >&2; exit 1")};
  const std::string said =
      refusal([&] { install_units(machine.schedule, {}, machine.home); }, ErrorKind::local_io);
  CHECK(said.find("ended with exit code 1: System has not been booted") != std::string::npos);
}

TEST_CASE("a place that can't be written is named and nothing is started") {
  Machine machine;
  write_file(machine.home.dir, "a file where the directory should be");
  refusal([&] { install_units(machine.schedule, {}, machine.home); }, ErrorKind::local_io);
  CHECK(machine.told().empty());
}

TEST_CASE("crontab lines stand between marks and replace those of the schedule before") {
  Machine machine;
  write_file(machine.table, "MAILTO=root\n5 5 * * * /bin/true\n");
  install_cron(machine.schedule, machine.crontab);
  CHECK(read_file(machine.table) ==
        "MAILTO=root\n5 5 * * * /bin/true\n# outhaul schedule begins of web01\n"
        "30 2 * * *  '/usr/bin/outhaul' --quiet run '/etc/outhaul/web01.json'\n# outhaul schedule ends of "
        "web01\n");
  machine.schedule.times = {{4, 0}};
  install_cron(machine.schedule, machine.crontab);
  CHECK(read_file(machine.table).find("30 2") == std::string::npos);
  CHECK(read_file(machine.table).find("0 4 * * *") != std::string::npos);
  CHECK(remove_cron(machine.schedule, machine.crontab).size() == 1);
  CHECK(read_file(machine.table) == "MAILTO=root\n5 5 * * * /bin/true\n");
  CHECK(remove_cron(machine.schedule, machine.crontab).empty());
}

TEST_CASE("what crontab says beside its table doesn't get into it") {
  Machine machine;
  const std::string mine = "\n5 5 * * * /bin/true\n\n";
  write_file(machine.table, mine);
  machine.crontab = {
      machine.script("wordy", "echo a word of warning >&2; exec " + machine.crontab.front() + " \"$@\"")};
  install_cron(machine.schedule, machine.crontab);
  remove_cron(machine.schedule, machine.crontab);
  CHECK(read_file(machine.table) == mine);
}

TEST_CASE("a first crontab is made where there is none") {
  Machine machine;
  install_cron(machine.schedule, machine.crontab);
  CHECK(read_file(machine.table).starts_with("# outhaul schedule begins of web01\n30 2"));
}

TEST_CASE("a crontab that runs the profile already gets no second line") {
  Machine machine;
  const std::string mine = "17 2 * * * outhaul run /etc/outhaul/web01.json\n";
  write_file(machine.table, mine);
  const std::string said =
      refusal([&] { install_cron(machine.schedule, machine.crontab); }, ErrorKind::usage);
  CHECK(said.find("two schedules for one profile") != std::string::npos);
  CHECK(read_file(machine.table) == mine);
}

TEST_CASE("a machine without cron says so") {
  Machine machine;
  const std::string said =
      refusal([&] { install_cron(machine.schedule, {"/nonexistent/crontab"}); }, ErrorKind::local_io);
  CHECK(said.find("can't be run") != std::string::npos);
}

TEST_CASE("of lines whose end somebody has taken away only the mark goes") {
  CHECK(without_our_lines("# outhaul schedule begins of a\n1 1 * * * x\n", "a") == "1 1 * * * x\n");
  CHECK(without_our_lines("# outhaul schedule begins of b\nx\n# outhaul schedule ends of b\n", "a") ==
        "# outhaul schedule begins of b\nx\n# outhaul schedule ends of b\n");
}
