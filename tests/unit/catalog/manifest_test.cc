#include "catalog/manifest.h"

#include <nlohmann/json.hpp>

#include "catalog/names.h"
#include "outhaul/error.h"
#include "support/catch.h"
#include "support/json_judge.h"

using namespace outhaul;

namespace {

CatalogFile file(std::int64_t generation, std::int64_t number, bool stored = true) {
  CatalogFile made;
  made.generation = generation;
  made.number = number;
  made.run = RunId{17 + number};
  made.name = catalog_name(generation, number, made.run);
  made.size = 100;
  made.raw_size = 400;
  made.stored = stored;
  made.sha256.fill(std::byte{0xAB});
  return made;
}

Manifest sample() {
  return {"0.1.0",
          "web01",
          std::string(32, 'a'),
          1'700'000'000'000'000'000,
          {{3, {file(3, 0), file(3, 1)}}, {2, {file(2, 0)}}}};
}

std::string replaced(std::string text, std::string_view what, std::string_view by) {
  const std::size_t at = text.find(what);
  REQUIRE(at != std::string::npos);
  return text.replace(at, what.size(), by);
}

std::string without_checksum(const std::string& manifest) {
  auto json = nlohmann::ordered_json::parse(manifest);
  json.erase("sha256");
  return json.dump(1);
}

}  // namespace

TEST_CASE("a manifest that is written is read as it was and obeys its schema") {
  const std::string text = to_json(sample());
  const Manifest read = parse_manifest(text);
  CHECK(read.outhaul == "0.1.0");
  CHECK(read.profile == "web01");
  CHECK(read.state_id == std::string(32, 'a'));
  CHECK(read.written_ns == 1'700'000'000'000'000'000);
  REQUIRE(read.generations.size() == 2);
  CHECK(read.generations[0].number == 3);
  CHECK(read.generations[0].files == sample().generations[0].files);
  CHECK(read.generations[1].files == sample().generations[1].files);
  const auto verdict =
      test::judge_documents(test::schema_file("catalog-manifest.schema.json"), {text}).front();
  INFO(verdict.error);
  CHECK(verdict.valid);
}

TEST_CASE("a manifest of which anything was changed is refused as damaged and one without a checksum is not") {
  const std::string whole = to_json(sample());
  CHECK_NOTHROW(parse_manifest(whole));
  CHECK_NOTHROW(parse_manifest(without_checksum(whole)));
  for (const auto& [from, to] : {std::pair("\"size\": 100", "\"size\": 101"), std::pair("abab", "abac"),
                                 std::pair("\"run\": 17", "\"run\": 16")}) {
    INFO(to);
    CHECK_THROWS_AS(parse_manifest(replaced(whole, from, to)), Error);
  }
}

TEST_CASE("what is no manifest or names what is none of a catalog's is refused") {
  const std::string good = without_checksum(to_json(sample()));
  const std::string name = "base-3-17.db.zst";
  struct Row {
    const char* what;
    std::string text;
    const char* says;
  };
  const std::vector<Row> table = {
      {"nothing", "", "can't be used"},
      {"half of it", good.substr(0, good.size() / 2), "can't be used"},
      {"a web page", "<html>404</html>", "can't be used"},
      {"another document", "[1, 2]", "can't be used"},
      {"a newer format", replaced(good, "\"format\": 1", "\"format\": 2"), "format 2"},
      {"a path that leads out", replaced(good, name, "../../../etc/passwd"), "can't be used"},
      {"an absolute path", replaced(good, name, "/etc/passwd"), "can't be used"},
      {"a command in a name", replaced(good, name, "a\\r\\nDELE b"), "can't be used"},
      {"another file", replaced(good, name, "photo.jpg"), "none of a catalog's"},
      {"a short digest", replaced(good, "abab", "ab"), "digest"},
      {"no number", replaced(good, "\"size\": 100", "\"size\": \"100\""), "can't be used"},
      {"no generation",
       R"({"format":1,"outhaul":"","profile":"","state_id":"","written_ns":0,"generations":[]})",
       "no generation"},
      {"no base",
       R"({"format":1,"outhaul":"","profile":"","state_id":"","written_ns":0,"generations":[{"number":1,"files":[]}]})",
       "no base"},
  };
  for (const Row& row : table) {
    INFO(row.what);
    std::string said;
    try {
      parse_manifest(row.text);
    } catch (const Error& error) {
      CHECK(error.kind() == ErrorKind::state);
      CHECK_FALSE(error.advice().empty());
      said = error.what();
    }
    INFO(said);
    CHECK(said.find(row.says) != std::string::npos);
  }
}

TEST_CASE("a manifest names the two newest generations as far as they are stored") {
  CatalogLog log;
  log.files = {file(1, 0), file(1, 1), file(2, 0), file(2, 1, false), file(2, 2), file(3, 0), file(3, 1)};
  const auto both = stored_generations(log);
  REQUIRE(both.size() == 2);
  CHECK(both[0].number == 3);
  CHECK(both[0].files.size() == 2);
  CHECK(both[1].number == 2);
  CHECK(both[1].files == std::vector<CatalogFile>{file(2, 0)});  // what follows the gap follows on nothing
  log.files = {file(1, 0), file(2, 0, false)};
  REQUIRE(stored_generations(log).size() == 1);
  CHECK(stored_generations(log)[0].number == 1);
  log.files.clear();
  CHECK(stored_generations(log).empty());
}
