// Nightly runs of a job against a scripted server, through the real client.
#pragma once

#include "support/scripted_server.h"
#include "unit/job/nightly.h"

namespace outhaul::test {

class ScriptedNight : public Nightly {
 public:
  explicit ScriptedNight(const Quirks& quirks = {});

  /// What the server holds of the job: wire path → content, without the control directory.
  std::map<std::string, std::string> held() const;
  /// Names of files and directories below the control directory, but for that of the parts.
  std::vector<std::string> leavings() const;
  /// How many uploads the server was asked for.
  std::size_t stores() const { return scripted.count("STOR") + scripted.count("APPE"); }
  bool says(const std::string& words) const { return events.problems().find(words) != std::string::npos; }

  ScriptedServer scripted;
  /// For the connections of the runs that follow.
  RemoteSettings settings;
};

}  // namespace outhaul::test
