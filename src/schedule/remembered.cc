#include "schedule/remembered.h"

#include <fmt/format.h>
#include <sys/stat.h>

#include <cerrno>
#include <fstream>
#include <string>
#include <system_error>

#include "base/whole_file.h"
#include "outhaul/error.h"
#include "outhaul/paths.h"

namespace outhaul {
namespace {

namespace fs = std::filesystem;

fs::path file_in(const fs::path& state_dir) {
  return state_dir / "schedule";
}

}  // namespace

void remember_schedule(const fs::path& state_dir, const std::vector<TimeOfDay>& times) {
  std::error_code fault;
  if (!fs::is_directory(state_dir, fault)) {
    fs::create_directories(state_dir.parent_path(), fault);
    if (::mkdir(state_dir.c_str(), 0700) != 0 && errno != EEXIST)
      throw errno_error(errno, fmt::format("can't make \"{}\"", printable(state_dir.native())));
  }
  std::string text;
  for (const TimeOfDay& time : times) text += "daily " + to_string(time) + '\n';
  try {
    replace_file(file_in(state_dir), text, 0600);
  } catch (const std::system_error& error) {
    throw errno_error(
        error.code().value(), fmt::format("can't write \"{}\"", printable(file_in(state_dir).native())),
        ErrorKind::local_io, "Without it `outhaul status` doesn't know how old a success may be.");
  }
}

void forget_schedule(const fs::path& state_dir) noexcept {
  std::error_code fault;
  fs::remove(file_in(state_dir), fault);
}

std::vector<TimeOfDay> remembered_schedule(const fs::path& state_dir) {
  std::vector<TimeOfDay> times;
  std::ifstream in(file_in(state_dir));
  for (std::string word, time; in >> word >> time;)
    if (const auto parsed = time_of_day(time); parsed && word == "daily") times.push_back(*parsed);
  return times;
}

}  // namespace outhaul
