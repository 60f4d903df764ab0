#include "state/refusal.h"

#include <fmt/format.h>

#include <filesystem>

#include "outhaul/paths.h"

namespace outhaul {
namespace {

std::string directory_of(std::string_view file) {
  return printable(std::filesystem::path(file).parent_path().string());
}

}  // namespace

Error damaged(std::string_view file, std::string_view why) {
  return Error(
      ErrorKind::state, fmt::format("{}: the state is damaged: {}", printable(file), printable(why)),
      fmt::format(
          "It is kept as it is. Either restore {0} (with state.db, and state.db-wal if there is one) from a "
          "backup of this machine, or move that directory away and let `outhaul recover` make the state again "
          "from the catalog on the remote. What is on the remote is not touched by this error.",
          directory_of(file)));
}

Error foreign_program(std::string_view file) {
  return Error(ErrorKind::state, fmt::format("{}: this database belongs to another program", printable(file)),
               "It is kept as it is. Choose another place for the state with --state-dir, or move that file "
               "away if it got "
               "there by mistake.");
}

Error foreign_profile(std::string_view file, std::string_view stored, std::string_view given) {
  return Error(
      ErrorKind::state,
      fmt::format("{}: this state belongs to the profile \"{}\", not to \"{}\"", printable(file),
                  printable(stored), printable(given)),
      fmt::format(
          "It is kept as it is. If the profile was renamed, give it its old name (\"profile\": \"{}\"); "
          "otherwise give this profile a state of its own with --state-dir.",
          printable(stored)));
}

Error newer(std::string_view file, std::int64_t found, std::int64_t known) {
  return Error(
      ErrorKind::state,
      fmt::format(
          "{}: this state was written by a newer outhaul (its version is {}, this outhaul knows up to {})",
          printable(file), found, known),
      "It is kept as it is. Use the newer outhaul again, or restore the state directory from a backup that "
      "was "
      "made before the upgrade.");
}

Error older_but_read_only(std::string_view file, std::int64_t found, std::int64_t known) {
  return Error(
      ErrorKind::state,
      fmt::format("{}: this state was written by an older outhaul (its version is {}, this outhaul's is {})",
                  printable(file), found, known),
      "The next `outhaul run` brings it up to date; until then it can't be shown.");
}

Error missing(std::string_view file) {
  return Error(ErrorKind::state, fmt::format("{}: there is no state yet", printable(file)),
               "`outhaul run` makes it. If there were runs already, check --state-dir and "
               "$OUTHAUL_STATE_DIR, and which "
               "user they ran as.");
}

Error changed_target(std::string_view file, std::string_view job, std::string_view stored,
                     std::string_view given) {
  return Error(
      ErrorKind::state,
      fmt::format("{}: the job \"{}\" stores under \"{}\" until now, but its target is \"{}\" in the profile",
                  printable(file), printable(job), printable(stored), printable(given)),
      fmt::format(
          "Put the old target back (\"target\": \"{}\"), or give the job a new name: it then starts anew and "
          "sends everything to the new target. What is under the old one stays there either way.",
          printable(stored)));
}

}  // namespace outhaul
