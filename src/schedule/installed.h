// Schedules where systemd and cron look for them.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "schedule/schedule.h"

namespace outhaul {

/// How a program that was run ended.
struct Ran {
  std::string failure;  ///< empty for success
  std::string output;   ///< both streams
};

/// Where units lie and who is told of them; tests have others.
struct UnitHome {
  std::filesystem::path dir;             ///< /etc/systemd/system, ~/.config/systemd/user
  std::vector<std::string> systemctl{};  ///< {"systemctl"}, {"systemctl", "--user"}
};
/// Throws Error{usage} where there is no home directory.
UnitHome unit_home(bool system);

std::string unit_name(const std::string& profile);  ///< "outhaul-web01", without its suffix

/// Writes both units, whole or not at all, and has the timer started and enabled. What it did, for a person,
/// line by line. Throws Error{usage} where another timer runs the profile already ("outhaul@NAME.timer"),
/// Error{local_io} when a unit can't be written, or systemctl fails: the units are there then.
std::vector<std::string> install_units(const Schedule& schedule,
                                       const std::vector<std::optional<ClockGap>>& gaps,
                                       const UnitHome& home);
/// Stops and disables the timer, and removes both. What it did; empty when there was none.
std::vector<std::string> remove_units(const std::string& profile, const UnitHome& home);

/// Puts the lines into the crontab of whoever runs this, instead of those that an earlier schedule of the
/// profile left there. Throws Error{usage} where a line that isn't ours runs the profile already,
/// Error{local_io} when crontab fails.
std::vector<std::string> install_cron(const Schedule& schedule,
                                      const std::vector<std::string>& crontab = {"crontab"});
std::vector<std::string> remove_cron(const Schedule& schedule,
                                     const std::vector<std::string>& crontab = {"crontab"});

/// Whether a line of the crontab of whoever runs this names the profile's file; false where there is no cron.
bool crontab_names(const Schedule& schedule, const std::vector<std::string>& crontab = {"crontab"});

/// Pure: a crontab without the lines between our marks for the profile, and what stands in them.
std::string without_our_lines(const std::string& table, const std::string& profile);

}  // namespace outhaul
