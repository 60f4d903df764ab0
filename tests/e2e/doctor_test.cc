// doctor, against real servers.
#include <nlohmann/json.hpp>

#include "site.h"
#include "support/catch.h"
#include "support/json_judge.h"
#include "support/tree.h"

using namespace outhaul;
using namespace outhaul::test;

namespace {

RunResult doctor(const Site& site, const std::vector<std::string>& more = {}) {
  std::vector<std::string> words{"doctor", site.profile().string()};
  words.insert(words.end(), more.begin(), more.end());
  return site.outhaul(words);
}

nlohmann::json check_named(const nlohmann::json& report, const std::string& name) {
  for (const auto& check : report["checks"])
    if (check["name"] == name) return check;
  return {};
}

}  // namespace

TEST_CASE("the doctor finds real servers fit and leaves nothing on them") {
  for (const ServerKind kind : {ServerKind::proftpd, ServerKind::vsftpd, ServerKind::pureftpd}) {
    INFO(to_string(kind));
    ServerOptions options;
    options.hashes = kind == ServerKind::proftpd;
    Site site(kind, Tls::explicit_, options);
    site.write_profile();
    const RunResult result = doctor(site, {"--json"});
    INFO(told(result));
    CHECK(result.exit.code == 0);
    const auto report = nlohmann::json::parse(result.out, nullptr, false);
    CHECK(report["outcome"] == "done");
    for (const std::string name : {"login", "make_dir", "store", "resume", "rename", "rename_over", "list",
                                   "hidden_files", "latency", "pipelining", "throughput", "remove"})
      CHECK(check_named(report, name)["verdict"] == "works");
    CHECK(check_named(report, "digest").is_null() == !options.hashes);
    if (options.hashes) CHECK(check_named(report, "digest")["verdict"] == "works");
    CHECK(report["learned"]["rename_over"] == "yes");
    CHECK(report["learned"]["case_sensitive"] == "yes");
    CHECK_FALSE(std::filesystem::exists(site.space() / ".outhaul/doctor"));
    const auto verdict = judge_documents(schema_file("doctor.schema.json"), {result.out}).front();
    INFO(verdict.error);
    CHECK(verdict.valid);
  }
}

TEST_CASE("what the doctor learned is there for the next run and the doctor looks again") {
  Site site(ServerKind::vsftpd);
  site.choices.connections = 4;
  site.write("a", "1");
  site.write_profile();
  const RunResult first = doctor(site);
  INFO(told(first));
  CHECK(first.exit.code == 0);
  CHECK(first.out.find("A run will work here") != std::string::npos);
  CHECK(site.outhaul({"run", site.profile().string()}).exit.code == 0);
  CHECK(doctor(site).exit.code == 0);
}

TEST_CASE("a doctor without a login says why and exits with 5") {
  Site site(ServerKind::proftpd);
  site.write_profile();
  write_file(site.secret(), "wrong\n");
  const RunResult result = doctor(site);
  INFO(told(result));
  CHECK(result.exit.code == 5);
  CHECK(result.out.find("FAILS") != std::string::npos);
  CHECK(result.out.find("A run can't begin") != std::string::npos);
}
