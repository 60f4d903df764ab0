#include "catalog/manifest.h"

#include <fmt/format.h>

#include <charconv>
#include <map>
#include <nlohmann/json.hpp>
#include <optional>

#include "base/digest.h"
#include "catalog/names.h"
#include "outhaul/error.h"

namespace outhaul {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::size_t kGenerations = 2;

[[noreturn]] void bad(std::string_view why) {
  throw Error(
      ErrorKind::state, fmt::format("the catalog's manifest can't be used: {}", why),
      "It was damaged on the server, or something else has its name. The files themselves are on the remote "
      "under their own names: fetch them with any FTP client, or have \"outhaul adopt\" take them over.");
}

Sha256Digest digest_from_hex(const std::string& hex) {
  Sha256Digest digest{};
  if (hex.size() != 2 * digest.size()) bad("a digest has the wrong length");
  for (std::size_t i = 0; i < digest.size(); ++i) {
    unsigned value = 0;
    const char* first = hex.data() + 2 * i;
    const auto [end, fault] = std::from_chars(first, first + 2, value, 16);
    if (fault != std::errc{} || end != first + 2) bad("a digest is no hexadecimal number");
    digest[i] = static_cast<std::byte>(value);
  }
  return digest;
}

CatalogFile file_from(const Json& json, std::int64_t generation, std::int64_t number) {
  CatalogFile file;
  file.generation = generation;
  file.number = number;
  file.run = RunId{json.at("run").get<std::int64_t>()};
  file.name = catalog_dir() / RemotePath::parse(json.at("name").get<std::string>());
  file.size = json.at("size").get<std::uint64_t>();
  file.raw_size = json.at("raw_size").get<std::uint64_t>();
  file.sha256 = digest_from_hex(json.at("sha256").get<std::string>());
  file.stored = true;
  if (const auto digest = json.find("digest"); digest != json.end()) {
    file.digest = parse_state_digest(digest->get<std::string>());
    if (!file.digest) bad("a digest of the state is none");
  }
  if (!is_catalog_name(file.name, generation, number, file.run))
    bad("it names a file that is none of a catalog's");
  return file;
}

Json json_of(const CatalogFile& file) {
  Json json{{"name", std::string(file.name.name())},
            {"run", static_cast<std::int64_t>(file.run)},
            {"size", file.size},
            {"raw_size", file.raw_size},
            {"sha256", to_hex(file.sha256)}};
  if (file.digest) json["digest"] = to_hex(*file.digest);
  return json;
}

/// Of all the rest: a flipped bit in a number or a digest would condemn a file that is whole.
constexpr const char* kChecksum = "sha256";

std::string checksum_of(const Json& json) {
  Sha256 hash;
  hash.update(json.dump());
  return to_hex(hash.finish());
}

/// One without a checksum was written by an older outhaul.
void require_whole(Json& json) {
  const auto told = json.find(kChecksum);
  if (told == json.end()) return;
  const std::string checksum = told->get<std::string>();
  json.erase(told);
  if (checksum_of(json) != checksum) bad("its checksum is another one");
}

Manifest manifest_from(Json json) {
  if (const auto format = json.at("format").get<std::int64_t>(); format != kManifestFormat)
    throw Error(
        ErrorKind::state,
        fmt::format("the catalog's manifest has format {}; this outhaul knows {}", format, kManifestFormat),
        "Use the outhaul that wrote it, or a newer one.");
  require_whole(json);
  Manifest manifest;
  manifest.outhaul = json.at("outhaul").get<std::string>();
  manifest.profile = json.at("profile").get<std::string>();
  manifest.state_id = json.at("state_id").get<std::string>();
  manifest.written_ns = json.at("written_ns").get<std::int64_t>();
  for (const Json& each : json.at("generations")) {
    Generation generation{each.at("number").get<std::int64_t>(), {}};
    for (const Json& file : each.at("files"))
      generation.files.push_back(
          file_from(file, generation.number, static_cast<std::int64_t>(generation.files.size())));
    if (generation.files.empty()) bad("a generation has no base");
    manifest.generations.push_back(std::move(generation));
  }
  if (manifest.generations.empty()) bad("it names no generation");
  return manifest;
}

}  // namespace

std::string to_json(const Manifest& manifest) {
  Json generations = Json::array();
  for (const Generation& generation : manifest.generations) {
    Json files = Json::array();
    for (const CatalogFile& file : generation.files) files.push_back(json_of(file));
    generations.push_back({{"number", generation.number}, {"files", std::move(files)}});
  }
  Json json{{"format", kManifestFormat},         {"outhaul", manifest.outhaul},
                  {"profile", manifest.profile},       {"state_id", manifest.state_id},
                  {"written_ns", manifest.written_ns}, {"generations", std::move(generations)}};
  json[kChecksum] = checksum_of(json);
  return json.dump(1) + "\n";
}

Manifest parse_manifest(std::string_view text) {
  try {
    return manifest_from(Json::parse(text));
  } catch (const Json::exception& error) {
    bad(error.what());
  } catch (const Error& error) {
    if (error.kind() == ErrorKind::usage) bad(error.what());  // a name that can't be one on a remote
    throw;
  }
}

std::vector<Generation> stored_generations(const CatalogLog& log) {
  std::map<std::int64_t, Generation, std::greater<>> found;
  for (const CatalogFile& file : log.files) {
    Generation& generation = found[file.generation];
    generation.number = file.generation;
    if (file.stored && file.number == static_cast<std::int64_t>(generation.files.size()))
      generation.files.push_back(file);
  }
  std::vector<Generation> generations;
  for (auto& numbered : found)
    if (!numbered.second.files.empty() && generations.size() < kGenerations)
      generations.push_back(std::move(numbered.second));
  return generations;
}

}  // namespace outhaul
