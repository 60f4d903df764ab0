// What --json prints against schemas/, judged by a validator that does not know our code.
#include <fmt/format.h>

#include <fstream>
#include <map>
#include <nlohmann/json.hpp>
#include <set>

#include "report/adopt.h"
#include "report/json.h"
#include "samples.h"
#include "support/catch.h"
#include "support/json_judge.h"

using namespace outhaul;
using namespace outhaul::samples;
using nlohmann::json;

namespace {

json read_schema(const std::string& name) {
  std::ifstream file(test::schema_file(name + ".schema.json"));
  return json::parse(file);
}

/// Every value of every enum, each optional member there and not there.
std::vector<std::string> plan_documents() {
  Plan plan = everything_plan();
  for (int reason = 0; reason <= static_cast<int>(Reason::too_large); ++reason)
    plan.actions.push_back(
        action(ActionKind::upload, static_cast<Reason>(reason), fmt::format("r{}", reason)));
  plan.actions.push_back(action(ActionKind::record, Reason::metadata_changed, ""));
  plan.actions.back().entry.mtime_ns = -1;
  JobPlan refused = job_plan(plan), lost{"db", "/srv/\xE9", "", nullptr, {}};
  for (int guard = 0; guard <= static_cast<int>(Guard::taken_names); ++guard)
    refused.refusals.push_back(
        {static_cast<Guard>(guard), "why", guard == 0 ? "" : "what to do", guard == 1});
  const Plan empty{{}, {}, {}, "000000000000"};
  Retention retention;
  retention.runs = {{RunId{1}, false, {"no rule keeps it"}}, {RunId{2}, true, {"newest", "last"}}};
  refused.retention = &retention;
  refused.removals_first = true;
  refused.first_bytes = 850'000;
  return {plan_json("web01", {refused, lost}), plan_json("web01", {job_plan(empty)}), plan_json("web01", {})};
}

std::vector<std::string> run_documents() {
  std::vector<std::string> documents;
  for (const ExitCode code : {ExitCode::done, ExitCode::failed, ExitCode::usage, ExitCode::incomplete,
                              ExitCode::guard_refused, ExitCode::remote_unusable, ExitCode::window_ended,
                              ExitCode::locked, ExitCode::interrupted, ExitCode::terminated})
    documents.push_back(run_json(run_report(code)));
  RunReport full = run_report(ExitCode::incomplete);
  full.message = "the window ended";
  full.advice = "run again";
  full.jobs[0].refusals = {refusal(), {Guard::empty_source, "empty", "", true}};
  full.jobs[0].problem_count = 3;
  full.jobs[0].left = {2, 5};
  full.not_begun = {"www"};
  full.jobs[0].problems = {problem(),
                           {Problem::Severity::note, "", "", "", ""},
                           {Problem::Severity::warning, "www", "a", "b \xE9", ""}};
  documents.push_back(run_json(full));
  documents.push_back(
      run_json({"web01", "", kNoRun, 0, 0, {}, ExitCode::locked, "pid 7 holds the lock", ""}));
  return documents;
}

RunRow crashed_row() {
  RunRow row = run_row(43);
  row.finished_ns.reset();
  row.outcome.reset();
  row.message = "killed";
  row.jobs = {{"www", true, {"daily"}}, {"db", false, {}}};
  return row;
}

std::vector<std::string> status_documents() {
  StatusReport full;
  full.profile = "web01";
  full.remote = "ftp://ftp.example.net";
  full.state_dir = "/var/lib/outhaul";
  full.healthy = full.running = true;
  full.verdict = "all is well";
  full.advice = "nothing";
  full.holder = "pid 7";
  full.last_run = crashed_row();
  full.last_success = run_row(42);
  StatusReport bare;
  bare.profile = "db";
  bare.verdict = "never run";
  return {status_json({full, bare}), status_json({})};
}

std::vector<std::string> runs_documents() {
  return {runs_json("web01", {crashed_row(), run_row(42)}), runs_json("web01", {})};
}

std::vector<std::string> history_documents() {
  const Plan plan = everything_plan();
  HistoryReport report{"web01", "www", plan.actions[2].entry.path, {}};
  HistoryRow row;
  row.entry = plan.actions[2].entry;
  row.from = RunId{3};
  row.where = "live";
  row.remote_name = "www/a";
  row.sha256 = std::string(64, 'a');
  row.restorable = true;
  report.rows.push_back(row);
  row.to = RunId{3};
  row.to_ns = 7;
  row.from = row.restore_run = RunId{1};
  for (const char* where : {"version", "kept", "gone"}) {
    row.where = where;
    report.rows.push_back(row);
  }
  HistoryRow link;
  link.entry = plan.actions[5].entry;
  link.from = RunId{1};
  report.rows.push_back(link);
  return {history_json(report)};
}

std::vector<std::string> ls_documents() {
  const Plan plan = everything_plan();
  LsJson listing("web01"), empty("web01");
  std::string text = listing.open();
  text += listing.row({"www", plan.actions[0].entry, "", ""});
  Entry rich = plan.actions[2].entry;
  rich.user = "alice";
  rich.group = "caf\xE9";
  rich.links = 2;
  rich.sparse = true;
  rich.xattrs = {{"system.posix_acl_access", std::string(44, '\0')}, {"user.empty", ""}};
  text += listing.row({"www", rich, "www/conf.d/new", ""});
  text += listing.row({"www", plan.actions[2].entry, "www/conf.d/new%0Aline", std::string(64, 'a')});
  text += listing.row({"www", plan.actions[7].entry, "www/latin\xE9.txt", ""});
  text += listing.row({"www", plan.actions[5].entry, "", ""});
  return {text + listing.close(), empty.open() + empty.close()};
}

std::vector<std::string> verify_documents() {
  VerifyReport full;
  full.profile = "web01";
  full.remote = "ftp://ftp.example.net";
  full.outcome = ExitCode::guard_refused;
  full.message = "stopped";
  full.advice = "look";
  full.approval = "0123456789ab";
  full.refusals = {{Guard::mass_loss, "too much", "approve", true}, {Guard::mass_loss, "too much", "", true}};
  full.finding_count = 7;
  for (int kind = 0; kind <= static_cast<int>(VerifyFinding::Kind::foreign); ++kind)
    full.findings.push_back({static_cast<VerifyFinding::Kind>(kind), kind == 0 ? "" : "www",
                             RemotePath::parse("www/\xE9"), kind == 1, kind == 2 ? "" : "why"});
  full.findings.push_back({VerifyFinding::Kind::missing, "www", RemotePath::parse("www/a"), false, "gone"});
  VerifyReport empty;
  empty.profile = "web01";
  return {verify_json(full), verify_json(empty)};
}

std::vector<std::string> adopt_documents() {
  AdoptReport full;
  full.profile = "web01";
  full.remote = "ftp://ftp.example.net";
  full.taken_over_from = "profile \"web02\"";
  full.run = RunId{3};
  full.outcome = ExitCode::remote_unusable;
  full.message = "stopped";
  full.advice = "look";
  full.jobs.push_back({"www", "/srv/\xE9", "", 1, 2, 3, 4, 1, 1, 1, {}, {}, {}});
  full.jobs[0].refusals = {{Guard::mass_deletion, "too much", "approve", true},
                           {Guard::mass_deletion, "too much", "", true}};
  full.jobs[0].problems = {{Problem::Severity::error, "www", "a", "can't be deleted", "look"},
                           {Problem::Severity::error, "", "", "can't be deleted", ""}};
  full.jobs[0].findings = {{AdoptFinding::Kind::differs, RemotePath::parse("www/\xE9"), "has 3 bytes"},
                           {AdoptFinding::Kind::foreign, RemotePath::parse("www/a"), "strange"}};
  std::vector<std::string> documents{adopt_json(full)};
  for (const AdoptCompare compare : {AdoptCompare::size, AdoptCompare::hash, AdoptCompare::read}) {
    AdoptReport empty;
    empty.profile = "web01";
    empty.compare = compare;
    empty.dry_run = true;
    documents.push_back(adopt_json(empty));
  }
  return documents;
}

const std::map<std::string, std::vector<std::string> (*)()> kDocuments = {
    {"plan", plan_documents},     {"run", run_documents},         {"status", status_documents},
    {"runs", runs_documents},     {"history", history_documents}, {"ls", ls_documents},
    {"verify", verify_documents}, {"adopt", adopt_documents}};

/// Follows a schema along documents and notes which members were there and which were not.
class Coverage {
 public:
  explicit Coverage(const json& schema) : schema_(schema) {}

  void visit(const json& schema, const json& value, const std::string& where) {
    if (schema.contains("$ref")) {
      const std::string reference = schema["$ref"];
      const std::string name = reference.substr(reference.rfind('/') + 1);
      return visit(schema_["$defs"][name], value, name);
    }
    if (value.is_array() && schema.contains("items"))
      for (const json& item : value) visit(schema["items"], item, where);
    if (!value.is_object() || !schema.contains("properties")) return;
    for (const auto& [key, member] : schema["properties"].items()) {
      const std::string name = where + "." + key;
      (value.contains(key) ? there : missing).insert(name);
      const auto& required = schema["required"];
      if (std::find(required.begin(), required.end(), key) == required.end()) optional.insert(name);
      if (value.contains(key)) visit(member, value[key], name);
    }
  }

  std::set<std::string> there, missing, optional;

 private:
  const json& schema_;
};

/// Each object of the document once with a member that nobody knows, each scalar once as an array.
void spoil(json& document, json& part, std::vector<std::string>& spoiled) {
  if (part.is_object()) {
    part["surprise"] = 1;
    spoiled.push_back(document.dump());
    part.erase("surprise");
  }
  if (part.is_structured()) {
    for (json& member : part) spoil(document, member, spoiled);
    return;
  }
  const json before = part;
  part = json::array();
  spoiled.push_back(document.dump());
  part = before;
}

void check_all(const std::string& schema, const std::vector<std::string>& documents, bool valid) {
  const auto verdicts = test::judge_documents(test::schema_file(schema + ".schema.json"), documents);
  for (std::size_t i = 0; i < verdicts.size(); ++i) {
    INFO(schema << ": " << verdicts[i].error << "\n" << documents[i].substr(0, 4000));
    CHECK(verdicts[i].valid == valid);
  }
}

}  // namespace

TEST_CASE("what --json prints is what the schemas describe") {
  for (const auto& [schema, documents] : kDocuments) check_all(schema, documents(), true);
}

TEST_CASE("the documents of this test hold every member and leave out every optional one") {
  for (const auto& [name, documents] : kDocuments) {
    const json schema = read_schema(name);
    Coverage coverage(schema);
    for (const std::string& text : documents()) coverage.visit(schema, json::parse(text), name);
    for (const std::string& member : coverage.missing) {
      INFO(name << " never holds " << member);
      CHECK(coverage.there.count(member) == 1);
    }
    for (const std::string& member : coverage.optional) {
      INFO(name << " always holds " << member);
      CHECK(coverage.missing.count(member) == 1);
    }
  }
}

TEST_CASE("a document that was tampered with is refused wherever it was done") {
  for (const auto& [schema, documents] : kDocuments) {
    std::vector<std::string> spoiled;
    json document = json::parse(documents().front());
    spoil(document, document, spoiled);
    if (schema == "plan" || schema == "run") spoiled.resize(std::min<std::size_t>(spoiled.size(), 300));
    REQUIRE(spoiled.size() > 20);
    check_all(schema, spoiled, false);
  }
}

TEST_CASE("members that belong together are refused one without the other") {
  json action = json::parse(plan_documents().front());
  json& move = action["jobs"][0]["actions"][4];
  move.erase("from");
  const std::string no_from = action.dump();
  move["from"] = "a";
  move["action"] = "remove";
  const std::string stray_from = action.dump();
  check_all("plan", {no_from, stray_from}, false);
  json runs = json::parse(runs_documents().front());
  runs["runs"][1].erase("exit_code");
  check_all("runs", {runs.dump()}, false);
}

TEST_CASE("definitions that several schemas share are the same in each") {
  std::map<std::string, json> seen;
  for (const auto& [name, documents] : kDocuments) {
    const json schema = read_schema(name);
    for (const auto& [key, definition] : schema["$defs"].items()) {
      INFO(name << ": " << key);
      CHECK(seen.emplace(key, definition).first->second == definition);
    }
  }
}
