#include "job/source_mount.h"

#include <fmt/format.h>

#include <charconv>

#include "base/mounts.h"
#include "job/job_facts.h"

namespace outhaul {
namespace {

constexpr std::string_view kSource = "source", kPoint = "source_mount", kFileSystem = "source_file_system";

/// "ext4 9f3c…": the type, and the id as hex.
std::string written(const SourceMount& mount) {
  return fmt::format("{} {:x}", mount.type, mount.fsid);
}

std::optional<SourceMount> read(std::string point, std::string_view file_system) {
  const std::size_t space = file_system.rfind(' ');
  if (space == std::string_view::npos) return std::nullopt;
  SourceMount mount{std::move(point), std::string(file_system.substr(0, space)), 0};
  const std::string_view hex = file_system.substr(space + 1);
  const auto [end, fault] = std::from_chars(hex.data(), hex.data() + hex.size(), mount.fsid, 16);
  if (fault != std::errc{} || end != hex.data() + hex.size()) return std::nullopt;
  return mount;
}

}  // namespace

std::optional<SeenMount> see_mount(const std::filesystem::path& source) {
  auto place = lies_on(source);
  if (!place) return std::nullopt;
  return SeenMount{{place->mount.point, place->mount.type, place->fsid}, std::move(place->points)};
}

std::optional<SourceMount> recall_mount(const State& state, const Job& job) {
  const std::string scope = fact_scope(job.name);
  const auto source = state.server_fact(scope, kSource), point = state.server_fact(scope, kPoint),
             file_system = state.server_fact(scope, kFileSystem);
  if (!point || !file_system || source != job.source.native()) return std::nullopt;
  return read(*point, *file_system);
}

void remember_mount(State& state, const Job& job, const std::optional<SeenMount>& now) {
  if (!now || recall_mount(state, job) == now->mount) return;
  const std::string scope = fact_scope(job.name);
  Transaction transaction = state.begin();
  state.set_server_fact(scope, kSource, job.source.native());
  state.set_server_fact(scope, kPoint, now->mount.point);
  state.set_server_fact(scope, kFileSystem, written(now->mount));
  transaction.commit();
}

void forget_mount(State& state, std::string_view job) {
  for (const std::string_view fact : {kSource, kPoint, kFileSystem})
    state.forget_server_fact(fact_scope(job), fact);
}

}  // namespace outhaul
