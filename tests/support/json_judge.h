// JSON documents against a JSON Schema (draft 2020-12), judged by ajv: by somebody who doesn't know our code.
// A test program that uses it links outhaul_json_judge and says FIXTURES json_judge.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

namespace outhaul::test {

struct Verdict {
  bool valid = false;
  std::string error;  ///< of an invalid document: every fault, with JSON pointers
};

/// schemas/NAME of this source tree: "profile.schema.json".
std::filesystem::path schema_file(const std::string& name);

/// One verdict per file, in order. Throws std::runtime_error when the judge can't be run or the schema itself
/// is no good.
std::vector<Verdict> judge_files(const std::filesystem::path& schema,
                                 const std::vector<std::filesystem::path>& files);
/// The same for JSON texts.
std::vector<Verdict> judge_documents(const std::filesystem::path& schema,
                                     const std::vector<std::string>& documents);

}  // namespace outhaul::test
