#include "support/json_judge.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>
#include <sstream>
#include <stdexcept>

#include "support/process.h"
#include "support/temp_dir.h"

namespace outhaul::test {
namespace {

namespace fs = std::filesystem;

std::vector<Verdict> read_verdicts(const std::string& output) {
  std::vector<Verdict> verdicts;
  std::istringstream lines(output);
  for (std::string line; std::getline(lines, line);) {
    const auto verdict = nlohmann::json::parse(line);
    verdicts.push_back({verdict.at("valid").get<bool>(), verdict.value("error", std::string())});
  }
  return verdicts;
}

}  // namespace

fs::path schema_file(const std::string& name) {
  return fs::path(OUTHAUL_SCHEMAS) / name;
}

std::vector<Verdict> judge_files(const fs::path& schema, const std::vector<fs::path>& files) {
  if (!fs::exists(fs::path(OUTHAUL_JUDGE).parent_path() / "node_modules"))
    throw std::runtime_error("the validator is not installed yet: run it once with ctest -R '^json_judge$'");
  std::vector<std::string> argv{OUTHAUL_NODE, OUTHAUL_JUDGE, "--schema", schema.string()};
  for (const fs::path& file : files) argv.push_back(file.string());
  const RunResult result = run_program(argv);
  auto verdicts = read_verdicts(result.out);
  if (result.exit != Exit{0, 0} || verdicts.size() != files.size())
    throw std::runtime_error(fmt::format("the judge of {} failed: {}", schema.string(), result.err));
  return verdicts;
}

std::vector<Verdict> judge_documents(const fs::path& schema, const std::vector<std::string>& documents) {
  const TempDir folder;
  std::vector<fs::path> files;
  for (const std::string& document : documents) {
    files.push_back(folder / fmt::format("{}.json", files.size()));
    write_file(files.back(), document);
  }
  return judge_files(schema, files);
}

}  // namespace outhaul::test
