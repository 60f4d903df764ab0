// The schema that editors use and the decoder that decides must say the same.
#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <optional>

#include "profile/decode.h"
#include "support/catch.h"
#include "support/json_judge.h"

using namespace outhaul;
namespace fs = std::filesystem;

namespace {

const fs::path kCorpus = fs::path(OUTHAUL_SOURCE) / "tests/schema/corpus";

std::vector<fs::path> json_files(const fs::path& folder) {
  std::vector<fs::path> files;
  for (const auto& entry : fs::directory_iterator(folder))
    if (entry.path().extension() == ".json") files.push_back(entry.path());
  std::ranges::sort(files);
  return files;
}

std::string content(const fs::path& file) {
  std::ifstream in(file, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

/// The faults that the decoder finds, or empty.
std::string faults_of(const fs::path& file) {
  try {
    load_profile(file);
    return {};
  } catch (const ProfileError& error) {
    return error.what();
  }
}

struct Expectation {
  std::string folder;
  bool schema_accepts, decoder_accepts;
  std::size_t least;
};

}  // namespace

TEST_CASE("the schema and the decoder judge every profile of the corpus alike") {
  const Expectation expected =
      GENERATE(Expectation{"valid", true, true, 15}, Expectation{"invalid", false, false, 60});
  const auto files = json_files(kCorpus / expected.folder);
  REQUIRE(files.size() >= expected.least);
  const auto verdicts = test::judge_files(test::schema_file("profile.schema.json"), files);
  for (std::size_t i = 0; i < files.size(); ++i) {
    const std::string faults = faults_of(files[i]);
    INFO(files[i].filename().string() << "\nschema: " << verdicts[i].error << "\ndecoder: " << faults);
    CHECK(verdicts[i].valid == expected.schema_accepts);
    CHECK(faults.empty() == expected.decoder_accepts);
  }
}

TEST_CASE("what a schema can't say is found by the decoder alone") {
  const auto files = json_files(kCorpus / "semantic");
  REQUIRE_FALSE(files.empty());
  const auto verdicts = test::judge_files(test::schema_file("profile.schema.json"), files);
  for (std::size_t i = 0; i < files.size(); ++i) {
    INFO(files[i].filename().string() << "\nschema: " << verdicts[i].error);
    CHECK(verdicts[i].valid);
    CHECK_FALSE(faults_of(files[i]).empty());
  }
}

TEST_CASE("the example profiles are valid") {
  const auto files = json_files(fs::path(OUTHAUL_SOURCE) / "examples");
  REQUIRE(files.size() >= 3);
  const auto verdicts = test::judge_files(test::schema_file("profile.schema.json"), files);
  for (std::size_t i = 0; i < files.size(); ++i) {
    INFO(files[i].filename().string() << "\nschema: " << verdicts[i].error);
    CHECK(verdicts[i].valid);
    CHECK(faults_of(files[i]).empty());
  }
}

TEST_CASE("a starter profile is valid for every kind of remote") {
  std::vector<std::string> starters;
  for (const char* url : {"ftp://backup@ftp.example.net/web01", "ftps://nas.example.net",
                          "sftp://backup@nas.example.net/web01", "file:///mnt/disk/backup"})
    starters.push_back(starter_profile("first", "/srv/www", url));
  for (const test::Verdict& verdict :
       test::judge_documents(test::schema_file("profile.schema.json"), starters)) {
    INFO(verdict.error);
    CHECK(verdict.valid);
  }
}

TEST_CASE("the schema in the program is the schema in the source tree") {
  CHECK(profile_schema() == content(test::schema_file("profile.schema.json")));
}
