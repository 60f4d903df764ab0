#include "cli/completion.h"

#include "support/catch.h"

using namespace outhaul;
using namespace outhaul::cli;

namespace {

class Sources final : public CompletionSources {
 public:
  std::vector<std::string> profiles() const override { return {"/etc/outhaul/web01.json"}; }
  std::vector<std::string> jobs(const std::string& profile) const override {
    return profile == "p.json" ? std::vector<std::string>{"home", "www"} : std::vector<std::string>{};
  }
  std::vector<std::string> paths(const std::string& profile, const std::string& job, const std::string& at,
                                 const std::string& begun) const override {
    asked = profile + '|' + job + '|' + at + '|' + begun;
    return {"docs/", "draft"};
  }
  mutable std::string asked;
};

const std::vector<CommandShape> kCommands{
    {"run",
     "make the remote equal the source",
     {{{"--job"}, "only this job", true, "TEXT", {}},
      {{"-q", "--quiet"}, "say nothing", false, "", {}},
      {{"--log-file"}, "append a log", true, "FILE", {}},
      {{"--state-dir"}, "where", true, "DIR", {}}},
     {"PROFILE"},
     true},
    {"restore",
     "bring files back",
     {{{"--overwrite"}, "what becomes of things", true, "WHICH", {"never", "changed", "always"}},
      {{"--at"}, "of which time", true, "WHEN", {}},
      {{"--job"}, "only this job", true, "TEXT", {}}},
     {"PROFILE", "PATH"},
     true},
    {"runs", "what the last runs did", {}, {"PROFILE"}, false}};

std::vector<std::string> words_for(const std::vector<std::string>& line, const Sources& sources = {}) {
  std::vector<std::string> words;
  for (const Candidate& candidate : complete(kCommands, line, sources).words) words.push_back(candidate.word);
  return words;
}

using Words = std::vector<std::string>;

}  // namespace

TEST_CASE("the first word is a command") {
  CHECK(words_for({"r"}) == Words{"run", "restore", "runs"});
  CHECK(words_for({"run"}) == Words{"run", "runs"});
  CHECK(words_for({"x"}).empty());
  CHECK(complete(kCommands, {"ru"}, Sources{}).words.front().help == "make the remote equal the source");
}

TEST_CASE("behind a command stand a profile, then paths of it, and options where a dash is typed") {
  const Sources sources;
  const Completion profile = complete(kCommands, {"run", ""}, sources);
  CHECK(profile.files == Completion::Files::any);
  CHECK(profile.words == std::vector<Candidate>{{"/etc/outhaul/web01.json", ""}});
  CHECK(words_for({"restore", "p.json", "d"}, sources) == Words{"docs/", "draft"});
  CHECK(sources.asked == "p.json||latest|d");
  CHECK(words_for({"restore", "p.json", "--job", "www", "--at=3d", "docs/", "dr"}, sources) ==
        Words{"draft"});
  CHECK(sources.asked == "p.json|www|3d|dr");
  CHECK(words_for({"run", "--"}) == Words{"--job", "--quiet", "--log-file", "--state-dir"});
  CHECK(words_for({"runs", "p.json", ""}).empty());
}

TEST_CASE("an option's value is one of its choices, a job, a file or a directory") {
  CHECK(words_for({"restore", "p.json", "--overwrite", "c"}) == Words{"changed"});
  CHECK(words_for({"run", "p.json", "--job", ""}) == Words{"home", "www"});
  CHECK(words_for({"run", "--job", ""}).empty());
  CHECK(complete(kCommands, {"run", "--log-file", ""}, Sources{}).files == Completion::Files::any);
  CHECK(complete(kCommands, {"run", "--state-dir", ""}, Sources{}).files == Completion::Files::directories);
  CHECK(words_for({"run", "-q", ""}) == Words{"/etc/outhaul/web01.json"});
  CHECK(words_for({"run", "--unheard-of", ""}) == Words{"/etc/outhaul/web01.json"});
}

TEST_CASE("a name that no shell would take as one line is not offered") {
  Completion completion;
  completion.words = {{"a b", ""}, {"two\nlines", ""}, {"--job", "only this job"}};
  CHECK(completion_text(completion) == "words\na b\n--job\tonly this job\n");
  completion.files = Completion::Files::directories;
  CHECK(completion_text(completion).starts_with("directories\n"));
}

TEST_CASE("there is a script for three shells and for no other") {
  for (const char* shell : {"bash", "zsh", "fish"})
    CHECK(completion_script(shell).find("outhaul complete --") != std::string_view::npos);
  CHECK(completion_script("tcsh").empty());
}
