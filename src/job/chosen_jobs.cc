#include "job/chosen_jobs.h"

#include <fmt/format.h>

#include <algorithm>

#include "outhaul/error.h"

namespace outhaul {

std::vector<const Job*> chosen_jobs(const Profile& profile, const std::vector<std::string>& names) {
  std::vector<const Job*> chosen;
  for (const Job& job : profile.jobs)
    if (names.empty() || std::find(names.begin(), names.end(), job.name) != names.end())
      chosen.push_back(&job);
  for (const std::string& name : names)
    if (std::none_of(chosen.begin(), chosen.end(), [&](const Job* job) { return job->name == name; })) {
      std::string known;
      for (const Job& job : profile.jobs) known += (known.empty() ? "" : ", ") + job.name;
      throw Error(ErrorKind::usage,
                  fmt::format("profile \"{}\" has no job \"{}\"", profile.name, printable(name)),
                  fmt::format("Its jobs are: {}.", known));
    }
  return chosen;
}

}  // namespace outhaul
