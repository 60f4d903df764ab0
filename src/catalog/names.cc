#include "catalog/names.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <string>

#include "outhaul/increment.h"

namespace outhaul {
namespace {

constexpr std::string_view kNumbered = "manifest-";

std::string stem(std::int64_t generation, std::int64_t number, RunId run) {
  const auto of_run = static_cast<std::int64_t>(run);
  return number == 0 ? fmt::format("base-{}-{}", generation, of_run)
                     : fmt::format("changes-{}-{}-{}", generation, number, of_run);
}

std::string_view kind(std::int64_t number) {
  return number == 0 ? ".db.zst" : ".changeset.zst";
}

}  // namespace

RemotePath catalog_dir() {
  return RemotePath::parse(".outhaul/catalog");
}
RemotePath catalog_readme() {
  return RemotePath::parse(".outhaul/README.txt");
}
RemotePath catalog_manifest() {
  return catalog_dir() / RemotePath::parse("manifest.json");
}
RemotePath catalog_manifest_aside() {
  return catalog_dir() / RemotePath::parse("manifest.json.old");
}

RemotePath catalog_manifest(RunId run, std::int64_t now_ns) {
  return catalog_dir() / RemotePath::parse(fmt::format("{}{:06}-{}.json", kNumbered,
                                                       static_cast<std::int64_t>(run), compact_utc(now_ns)));
}
bool is_numbered_manifest(std::string_view name) {
  return name.starts_with(kNumbered);
}
RemotePath catalog_readme_of_increments() {
  return RemotePath::parse(".outhaul/README-append-only.txt");
}

RemotePath catalog_name(std::int64_t generation, std::int64_t number, RunId run) {
  return catalog_dir() / RemotePath::parse(fmt::format("{}{}", stem(generation, number, run), kind(number)));
}

RemotePath catalog_name(std::int64_t generation, std::int64_t number, RunId run, std::int64_t now_ns) {
  return catalog_dir() / RemotePath::parse(fmt::format("{}-{}{}", stem(generation, number, run),
                                                       compact_utc(now_ns), kind(number)));
}

std::optional<CatalogFileName> parse_catalog_name(std::string_view name) {
  const bool plain = std::ranges::all_of(
      name, [](char c) { return c == '-' || c == '.' || (c >= '0' && c <= '9') || (c >= 'A' && c <= 'z'); });
  std::string_view rest = name;
  const bool base = rest.starts_with("base-");
  if (!plain || (!base && !rest.starts_with("changes-"))) return std::nullopt;
  rest.remove_prefix(rest.find('-'));
  const auto number = [&rest]() -> std::int64_t {
    std::int64_t value = -1;
    if (!rest.starts_with('-')) return value;
    const auto [end, fault] = std::from_chars(rest.data() + 1, rest.data() + rest.size(), value);
    if (fault != std::errc{} || value < 0 || rest[1] == '-') return -1;
    rest.remove_prefix(static_cast<std::size_t>(end - rest.data()));
    return value;
  };
  CatalogFileName found;
  found.generation = number();
  found.number = base ? 0 : number();
  found.run = RunId{number()};
  if (found.generation < 1 || found.number < (base ? 0 : 1) || found.run == RunId{-1}) return std::nullopt;
  const RemotePath path = catalog_dir() / RemotePath::parse(name);
  const bool exact = is_catalog_name(path, found.generation, found.number, found.run);
  return exact ? std::optional(found) : std::nullopt;
}

bool is_catalog_name(const RemotePath& name, std::int64_t generation, std::int64_t number, RunId run) {
  if (name == catalog_name(generation, number, run)) return true;
  const auto is_digit = [](char c) { return c >= '0' && c <= '9'; };
  std::string_view rest = name.name();
  if (name.parent() != catalog_dir() || !rest.starts_with(stem(generation, number, run) + "-")) return false;
  rest.remove_prefix(stem(generation, number, run).size() + 1);
  for (const char expected : std::string_view("00000000T000000Z")) {  // compact_utc()
    const bool fits = !rest.empty() && (expected == '0' ? is_digit(rest.front()) : rest.front() == expected);
    if (!fits) return false;
    rest.remove_prefix(1);
  }
  if (!rest.starts_with(kind(number))) return false;
  rest.remove_prefix(kind(number).size());
  return rest.empty() || (rest.size() == 2 && rest[0] == '.' && is_digit(rest[1]));
}

}  // namespace outhaul
