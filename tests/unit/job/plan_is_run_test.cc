// What `plan` announces is what `run` does, with every trouble that can be known beforehand.
#include <sys/stat.h>
#include <unistd.h>

#include <functional>
#include <map>
#include <set>
#include <string_view>

#include "nightly.h"
#include "support/catch.h"
#include "unprivileged.h"

using namespace outhaul;
using namespace outhaul::test;

namespace {

struct Trouble {
  const char* name;
  std::function<void(Nightly&)> happen;
};

/// None of it passes by itself: the second night is like the first.
const Trouble kTroubles[] = {
    {"none", [](Nightly&) {}},
    {"a name that is too long when it is escaped",
     [](Nightly& night) { night.write("d/" + std::string(200, '\n'), "x"); }},
    {"a path that is too long for any server",
     [](Nightly& night) {
       std::string path = "d";
       for (int i = 0; i < 15; ++i) path += "/" + std::string(90, '\n');
       night.write(path, "x");
     }},
    {"a file that is larger than the quota",
     [](Nightly& night) {
       night.profile.remote.quota = 1'000'000;
       night.write("d/large", std::string(1'200'000, 'l'));
     }},
    {"a known file that grew beyond the quota",
     [](Nightly& night) {
       night.profile.remote.quota = 1'000'000;
       night.write("d/edited", std::string(1'200'000, 'l'));
     }},
    {"a directory that nobody may look into",
     [](Nightly& night) { REQUIRE(::chmod((night.source() / "closed").c_str(), 0) == 0); }},
    {"something that is no file",
     [](Nightly& night) { REQUIRE(::mkfifo((night.source() / "d/pipe").c_str(), 0600) == 0); }},
    {"a directory that became a file",
     [](Nightly& night) {
       night.remove("closed");
       night.write("closed", "now a file");
     }},
};

void first_night(Nightly& night) {
  for (const char* path : {"d/edited", "d/removed", "d/moved", "top", "closed/in", "gone/with/all"})
    night.write(path, std::string("this is ") + path);
  REQUIRE(night.run().outcome == ExitCode::done);
}

void change(Nightly& night) {
  night.write("d/edited", "is another text");
  night.remove("d/removed");
  night.rename("d/moved", "d/has moved");
  night.remove("top");
  night.remove("gone");
  night.write("new/file", "new");
}

using Counts = std::map<std::string, std::uint64_t>;

std::string in_words(const Counts& counts) {
  std::string words;
  for (const auto& [kind, count] : counts) words += kind + " " + std::to_string(count) + "; ";
  return words;
}

/// Of deeds: what is compared and recorded changes nothing on the remote.
Counts counts_of(const std::vector<std::string>& plan) {
  const std::set<std::string_view> no_deeds{to_string(ActionKind::record), to_string(ActionKind::forget),
                                            to_string(ActionKind::compare)};
  Counts counts;
  for (const std::string& line : plan) {
    const std::string kind = line.substr(0, line.find(' '));
    if (!no_deeds.contains(kind)) ++counts[kind];
  }
  return counts;
}

Counts counts_of(const JobCounters& done) {
  Counts counts{{std::string(to_string(ActionKind::upload)), done.files_uploaded},
                {std::string(to_string(ActionKind::make_dir)), done.dirs_made},
                {std::string(to_string(ActionKind::move)), done.moved},
                {std::string(to_string(ActionKind::remove)), done.removed},
                {std::string(to_string(ActionKind::remove_dir)), done.dirs_removed},
                {std::string(to_string(ActionKind::retire)), done.retired},
                {std::string(to_string(ActionKind::withhold)), done.withheld}};
  std::erase_if(counts, [](const auto& count) { return count.second == 0; });
  return counts;
}

}  // namespace

TEST_CASE("a run does what its plan announced whatever is wrong with the source") {
  const OnRemoval on_removal = GENERATE(OnRemoval::keep, OnRemoval::remove, OnRemoval::retire);
  CAPTURE(on_removal);
  for (const Trouble& trouble : kTroubles) {
    INFO(trouble.name);
    Nightly night;
    night.profile.jobs[0].on_removal = on_removal;
    night.profile.safety.max_delete = Limit{100.0, std::nullopt};
    first_night(night);
    change(night);
    hand_over(night);
    const Unprivileged somebody;
    trouble.happen(night);
    for (const char* time : {"the first time", "and again"}) {
      INFO(time);
      const Counts planned = counts_of(night.plan());
      const RunReport report = night.run();
      INFO(night.events.problems());
      REQUIRE(report.jobs.size() == 1);
      CHECK(in_words(counts_of(report.jobs[0].done)) == in_words(planned));
    }
    ::chmod((night.source() / "closed").c_str(), 0755);
  }
}
