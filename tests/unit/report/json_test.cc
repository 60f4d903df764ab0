#include "report/json.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "report/json_writer.h"
#include "samples.h"
#include "support/catch.h"

using namespace outhaul;
using namespace outhaul::samples;
using nlohmann::json;

namespace {

const json& action_at(const json& plan, std::size_t index) {
  return plan["jobs"][0]["actions"][index];
}

}  // namespace

TEST_CASE("the writer puts commas and brackets where they belong") {
  JsonWriter writer;
  writer.begin_object();
  writer.member("text", "a \"b\" \\ \n\x7F é");
  writer.member("yes", true);
  writer.member("big", std::uint64_t{18'446'744'073'709'551'615u});
  writer.member("small", std::int64_t{-5});
  writer.key("none");
  writer.begin_array(true);
  writer.end_array();
  writer.key("rows");
  writer.begin_array(true);
  writer.begin_object();
  writer.end_object();
  writer.value("x");
  writer.end_array();
  writer.key("flat");
  writer.begin_array();
  writer.value(std::uint64_t{1});
  writer.value(std::uint64_t{2});
  writer.end_array();
  writer.end_object();
  const std::string expected =
      "{\"text\":\"a \\\"b\\\" \\\\ \\u000a\\u007f "
      "é\",\"yes\":true,\"big\":18446744073709551615,\"small\":-5,"
      "\"none\":[],\"rows\":[\n{},\n\"x\"\n],\"flat\":[1,2]}";
  CHECK(writer.take() == expected);
}

TEST_CASE("base64 is that of RFC 4648") {
  const auto [bytes, text] = GENERATE(table<std::string, std::string>({
      {"", ""},
      {"f", "Zg=="},
      {"fo", "Zm8="},
      {"foo", "Zm9v"},
      {"foobar", "Zm9vYmFy"},
      {"\xFF\xFE\xFD", "//79"},
  }));
  CHECK(to_base64(bytes) == text);
}

TEST_CASE("what is UTF-8 is decided as RFC 3629 does") {
  const auto [bytes, valid] = GENERATE(table<std::string, bool>({
      {"", true},
      {"plain", true},
      {"\xC3\xA9", true},
      {"\xF0\x9F\x8E\x89", true},
      {"\xEF\xBF\xBF", true},
      {"\xE9", false},
      {"\xC3", false},
      {"\xC0\x80", false},
      {"\xE0\x80\x80", false},
      {"\xED\xA0\x80", false},
      {"\xF4\x90\x80\x80", false},
      {"\xF0\x80\x80\x80", false},
      {"\xF8\x88\x80\x80\x80", false},
      {"\x80", false},
  }));
  CHECK(is_utf8(bytes) == valid);
}

TEST_CASE("bytes that are not UTF-8 come as base64 and lose nothing") {
  JsonWriter writer;
  writer.begin_array();
  writer.bytes("latin\xE9");
  writer.bytes("new\nline");
  writer.value("message \xE9");
  writer.end_array();
  const json parsed = json::parse(writer.take());
  CHECK(parsed[0]["base64"] == "bGF0aW7p");
  CHECK(parsed[1] == "new\nline");
  CHECK(parsed[2] == "message \\xE9");
}

TEST_CASE("a plan as JSON holds every action with its words") {
  const Plan plan = everything_plan();
  JobPlan job = job_plan(plan);
  job.refusals = {refusal()};
  const json document = json::parse(plan_json("web01", {job}));
  CHECK(document["schema"] == "outhaul/plan/1");
  CHECK(document["profile"] == "web01");
  const json& first = document["jobs"][0];
  CHECK(first["plan_id"] == "3f9c2a51d07e");
  CHECK(first["counts"]["upload_bytes"] == 36'134);
  CHECK(first["refusals"][0]["guard"] == "mass_deletion");
  CHECK(first["problems"].size() == 4);
  CHECK(first["problems"][1]["path"]["base64"] == "b2Rk/g==");
  REQUIRE(first["actions"].size() == 10);
  CHECK(action_at(document, 2)["path"] == "conf.d/new\nline");
  CHECK(action_at(document, 2)["replaces"] == false);
  CHECK(action_at(document, 3)["replaces"] == true);
  CHECK(action_at(document, 3)["after_removals"] == true);
  CHECK(action_at(document, 3)["mtime"] == "2026-11-21T02:00:02Z");
  CHECK(action_at(document, 3)["mtime_ns"] == kStart);
  CHECK(action_at(document, 4)["from"] == "img/a.jpg");
  CHECK(action_at(document, 5)["link_target"].contains("base64"));
  CHECK(action_at(document, 9)["reason"] == "under_doubt");
}

TEST_CASE("a plan of many actions stands one action to a line") {
  Plan plan = everything_plan();
  const std::string text = plan_json("web01", {job_plan(plan)});
  CHECK(std::count(text.begin(), text.end(), '\n') == 1 + (4 + 1) + (10 + 1) + 1);
  CHECK(text.find("\n{\"action\":\"move\"") != std::string::npos);
}

TEST_CASE("a job without a plan has no plan members") {
  const json document =
      json::parse(plan_json("web01", {{"db", "/srv/db", "ftp://x/db", nullptr, {refusal()}}}));
  CHECK_FALSE(document["jobs"][0].contains("actions"));
  CHECK_FALSE(document["jobs"][0].contains("plan_id"));
}

TEST_CASE("a run as JSON says its outcome as word and number") {
  RunReport report = run_report(ExitCode::incomplete);
  report.jobs[0].problems = {problem(), {Problem::Severity::note, "", "", "only a note", ""}};
  report.jobs[0].problem_count = 2;
  const json document = json::parse(run_json(report));
  CHECK(document["schema"] == "outhaul/run/1");
  CHECK(document["run"] == 41);
  CHECK(document["outcome"] == "incomplete");
  CHECK(document["exit_code"] == 3);
  CHECK(document["started"] == "2026-11-21T02:00:02Z");
  CHECK(document["duration_ns"] == 245 * kSecond);
  CHECK_FALSE(document.contains("message"));
  CHECK(document["jobs"][0]["done"]["files_uploaded"] == 12);
  CHECK(document["jobs"][0]["problems"][0]["path"] == "private/key");
  CHECK_FALSE(document["jobs"][0]["problems"][1].contains("path"));
  CHECK(document["jobs"][0]["left"]["files"] == 0);
  CHECK(document["not_begun"].empty());
}

TEST_CASE("a run that ended early says as JSON what is left") {
  RunReport report = run_report(ExitCode::window_ended);
  report.jobs[0].left = {12, 3'000'000'000};
  report.not_begun = {"www", "db"};
  const json document = json::parse(run_json(report));
  CHECK(document["jobs"][0]["left"]["files"] == 12);
  CHECK(document["jobs"][0]["left"]["bytes"] == 3'000'000'000);
  CHECK(document["not_begun"] == json::array({"www", "db"}));
}

TEST_CASE("status and runs as JSON leave out what is not known") {
  RunRow crashed = run_row(43);
  crashed.finished_ns.reset();
  crashed.outcome.reset();
  const json runs = json::parse(runs_json("web01", {crashed, run_row(42)}));
  CHECK_FALSE(runs["runs"][0].contains("finished"));
  CHECK_FALSE(runs["runs"][0].contains("exit_code"));
  CHECK(runs["runs"][1]["exit_code"] == 0);
  StatusReport status;
  status.profile = "web01";
  const json never = json::parse(status_json({status}));
  CHECK_FALSE(never["profiles"][0].contains("last_run"));
  CHECK(never["profiles"][0]["healthy"] == false);
}

TEST_CASE("a listing written piece by piece is one document") {
  const Plan plan = everything_plan();
  LsJson empty("web01");
  CHECK(json::parse(empty.open() + empty.close())["entries"].empty());
  LsJson listing("web01");
  std::string text = listing.open();
  LsRow file{"www", plan.actions[2].entry, "www/conf.d/new%0Aline", std::string(64, 'a')};
  file.entry.mode = 0640;
  file.entry.user = "www-data";
  file.entry.links = 3;
  file.entry.xattrs = {{"user.a", "\xff\x01"}};
  text += listing.row(file);
  text += listing.row({"www", plan.actions[5].entry, "", ""});
  text += listing.close();
  const json document = json::parse(text);
  CHECK(document["entries"][0]["mode"] == "0640");
  CHECK(document["entries"][0]["remote_name"] == "www/conf.d/new%0Aline");
  CHECK(document["entries"][0]["user"] == "www-data");
  CHECK_FALSE(document["entries"][0].contains("group"));
  CHECK(document["entries"][0]["links"] == 3);
  CHECK(document["entries"][0]["sparse"] == false);
  CHECK(document["entries"][0]["xattrs"] ==
        json::parse(R"([{"name": "user.a", "size": 2, "base64": "/wE="}])"));
  CHECK(document["entries"][1]["kind"] == "symlink");
  CHECK_FALSE(document["entries"][1].contains("xattrs"));
  CHECK_FALSE(document["entries"][1].contains("sha256"));
}

TEST_CASE("very many actions are written without a tree") {
  Plan plan;
  plan.id = "3f9c2a51d07e";
  plan.actions.assign(200'000, action(ActionKind::upload, Reason::added, "some/directory/file.txt"));
  const std::string text = plan_json("web01", {job_plan(plan)});
  CHECK(std::count(text.begin(), text.end(), '\n') > 200'000);
  CHECK(text.ends_with("\n]}\n]}"));
}
