// What scripts read: every document that --json prints, judged against its schema by a foreign validator.
#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "site.h"
#include "support/catch.h"
#include "support/json_judge.h"

using namespace outhaul;
using namespace outhaul::test;

namespace fs = std::filesystem;

namespace {

/// One document per schema and situation, judged together at the end: starting the judge costs most.
class Documents {
 public:
  nlohmann::json keep(const std::string& schema, const RunResult& result, int code) {
    INFO(schema << ": " << told(result));
    CHECK(result.exit.code == code);
    by_schema_[schema].push_back(result.out);
    return nlohmann::json::parse(result.out, nullptr, false);
  }
  void judge() const {
    for (const auto& [schema, texts] : by_schema_) {
      const std::vector<Verdict> verdicts = judge_documents(schema_file(schema + ".schema.json"), texts);
      for (std::size_t i = 0; i < texts.size(); ++i) {
        INFO(schema << ": " << verdicts[i].error << "\n" << texts[i]);
        CHECK(verdicts[i].valid);
      }
    }
  }

 private:
  std::map<std::string, std::vector<std::string>> by_schema_;
};

RunResult ask(const Site& site, const std::string& command, const std::vector<std::string>& more = {}) {
  std::vector<std::string> words{command, site.profile().string(), "--json"};
  words.insert(words.end(), more.begin(), more.end());
  return site.outhaul(words);
}

}  // namespace

TEST_CASE("every JSON document of a profile that never ran is valid") {
  Site site(ServerKind::proftpd);
  site.write_profile();
  Documents documents;
  documents.keep("plan", ask(site, "plan"), 0);
  const auto status = documents.keep("status", ask(site, "status"), 1);
  CHECK(status["profiles"][0]["healthy"] == false);
  CHECK(ask(site, "runs").exit.code == 2);  // "it has never run here" goes to standard error
  CHECK(ask(site, "ls").exit.code == 2);
  const auto run = documents.keep("run", ask(site, "run"), 0);
  CHECK(run["outcome"] == "done");
  documents.keep("runs", ask(site, "runs"), 0);
  documents.keep("ls", ask(site, "ls"), 0);
  documents.judge();
}

TEST_CASE("every JSON document of a normal run is valid and says what happened") {
  Site site(ServerKind::proftpd, Tls::explicit_);
  site.choices.on_removal = "delete";
  site.write("a", "1");
  site.write("d/b", "22");
  fs::create_symlink("a", site.source() / "link");
  Documents documents;
  site.write_profile();
  const auto plan = documents.keep("plan", ask(site, "plan"), 0);
  const auto run = documents.keep("run", ask(site, "run"), 0);
  CHECK(run["outcome"] == "done");
  CHECK(run["jobs"][0]["done"]["files_uploaded"] == 2);
  CHECK(run["jobs"][0]["done"]["bytes_uploaded"] == 3);
  site.write("a", "changed");
  fs::rename(site.source() / "d/b", site.source() / "d/c");
  site.remove("link");
  documents.keep("plan", ask(site, "plan"), 0);
  documents.keep("run", ask(site, "run"), 0);
  const auto status = documents.keep("status", ask(site, "status"), 0);
  CHECK(status["profiles"][0]["healthy"] == true);
  const auto runs = documents.keep("runs", ask(site, "runs"), 0);
  CHECK(runs["runs"].size() == 2);
  const auto ls = documents.keep("ls", ask(site, "ls"), 0);
  CHECK(ls["entries"].size() == 3);
  documents.keep("ls", ask(site, "ls", {"d"}), 0);
  const auto history = documents.keep("history", ask(site, "history", {"d/c"}), 0);
  CHECK(history["versions"].size() == 2);  // and as d/b
  documents.judge();
}

TEST_CASE("every JSON document about names that are not UTF-8 is valid") {
  Site site(ServerKind::vsftpd);
  site.write("latin\xE9/\xFF", "1");
  site.write("new\nline", "2");
  site.write(std::string(200, '\n'), "too long");
  Documents documents;
  site.write_profile();
  documents.keep("plan", ask(site, "plan"), 3);
  documents.keep("run", ask(site, "run"), 3);
  documents.keep("ls", ask(site, "ls"), 0);
  documents.keep("runs", ask(site, "runs"), 0);
  documents.keep("status", ask(site, "status"), 3);
  documents.judge();
}

TEST_CASE("every JSON document of refused and failed runs is valid and status tells them apart") {
  Site site(ServerKind::proftpd);
  site.choices.retries = 0;
  site.write("a", "1");
  Documents documents;
  site.write_profile();
  documents.keep("run", ask(site, "run"), 0);

  fs::rename(site.source(), site.dir() / "away");
  const auto refused = documents.keep("run", ask(site, "run"), 4);
  CHECK(refused["outcome"] == "guard_refused");
  documents.keep("plan", ask(site, "plan"), 4);
  documents.keep("status", ask(site, "status"), 1);
  fs::rename(site.dir() / "away", site.source());

  site.server().stop();
  site.write("b", "2");
  const auto failed = documents.keep("run", ask(site, "run"), 5);
  CHECK(failed["outcome"] == "remote_unusable");
  CHECK(failed["message"].get<std::string>().find("no connection to") != std::string::npos);
  const auto status = documents.keep("status", ask(site, "status"), 1);
  CHECK(status["profiles"][0]["healthy"] == false);
  const auto runs = documents.keep("runs", ask(site, "runs"), 0);
  CHECK(runs["runs"].size() == 3);
  documents.keep("ls", ask(site, "ls"), 0);
  documents.judge();
}

TEST_CASE("status is unhealthy when the last success is too old") {
  Site site(ServerKind::proftpd);
  site.write("a", "1");
  REQUIRE(site.run().exit.code == 0);
  const std::string profile = site.profile().string();
  CHECK(site.outhaul({"status", profile}).exit.code == 0);
  CHECK(site.outhaul({"status", profile, "--max-age", "1h"}).exit.code == 0);
  // A second passes, sooner or later.
  RunResult old;
  CHECK(eventually([&] {
    old = site.outhaul({"status", profile, "--max-age", "1s"});
    return old.exit.code != 0;
  }));
  INFO(told(old));
  CHECK(old.exit.code == 1);
  CHECK(holds(old.out, {"UNHEALTHY", "the last success is older than 1 second\n"}));
  CHECK(site.outhaul({"status", profile, "--max-age", "soon"}).exit.code == 2);
}
