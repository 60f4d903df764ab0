#include "nightly.h"

#include <fcntl.h>
#include <sys/stat.h>

#include "outhaul/names.h"
#include "state/state.h"
#include "support/catch.h"

namespace outhaul::test {
namespace fs = std::filesystem;

void Listener::on(const Event& event) noexcept {
  const auto* found = std::get_if<ProblemFound>(&event);
  if (found == nullptr) return;
  const std::lock_guard lock(mutex_);
  problems_ += found->problem.path + ": " + found->problem.message + " | " + found->problem.advice + "\n";
}

std::string Listener::problems() const {
  const std::lock_guard lock(mutex_);
  return problems_;
}

Nightly::Nightly(FakeOptions options) : server(options) {
  fs::create_directory(source());
  profile.name = "nightly";
  profile.remote.url = "fake://server";
  profile.remote.connections = 3;
  profile.claims_remote = false;  // it is none of most tests' business
  Job job;
  job.name = "data";
  job.source = source();
  job.target = RemotePath::parse("t");
  job.on_removal = OnRemoval::remove;
  profile.jobs.push_back(job);
  open_remote = [this](const RemoteSettings&, const ServerMemory& memory) {
    ++remotes_opened;
    return server.remote(memory);
  };
}

Job& Nightly::add_job(const std::string& name) {
  Job job = profile.jobs.front();
  job.name = name;
  job.source = dir_ / (name + "-source");
  job.target = RemotePath::parse(name);
  fs::create_directory(job.source);
  profile.jobs.push_back(std::move(job));
  return profile.jobs.back();
}

void Nightly::write(const std::string& path, const std::string& content) {
  const fs::path file = source() / path;
  fs::create_directories(file.parent_path());
  write_file(file, content);
  const timespec times[2] = {{next_mtime_, 0}, {next_mtime_, 0}};
  ++next_mtime_;
  ::utimensat(AT_FDCWD, file.c_str(), times, AT_SYMLINK_NOFOLLOW);
}

void Nightly::remove(const std::string& path) {
  fs::remove_all(source() / path);
}

void Nightly::rename(const std::string& from, const std::string& to) {
  fs::create_directories((source() / to).parent_path());
  fs::rename(source() / from, source() / to);
}

Environment Nightly::environment() {
  const CancelToken& stop = instead_of_cancel == nullptr ? cancel : *instead_of_cancel;
  return {state_root(), events, clock,       stop,
          open_remote,  {},     connections, [this](const fs::path&) { return mount; }};
}

RunReport Nightly::run(const RunOptions& options) {
  RunReport report;
  try {
    report = run_profile(profile, options, environment());
  } catch (...) {
    expect_the_catalog_gives_the_state();
    throw;
  }
  expect_the_catalog_gives_the_state();
  if (profile.catalog && left_alone_.empty() && report.outcome == ExitCode::done && fs::exists(state_dir()))
    CHECK(stored_witness().tree_is_stored);
  return report;
}

CatalogWitness Nightly::stored_witness() const {
  return look_at_catalog(state_dir(), [this](const std::string& name) -> std::optional<std::string> {
    if (elsewhere) return elsewhere(name);
    if (disk.empty()) return server.file(name);
    return fs::exists(disk / name) ? std::optional(read_file(disk / name)) : std::nullopt;
  });
}

void Nightly::expect_the_catalog_gives_the_state() const {
  if (left_alone_.empty()) CHECK(stored_witness().differences == std::vector<std::string>{});
}

void Nightly::have_no_catalog(std::string_view reason) {
  REQUIRE_FALSE(reason.empty());
  profile.catalog = false;
}

void Nightly::let_the_catalog_be(std::string_view reason) {
  REQUIRE_FALSE(reason.empty());
  left_alone_ = reason;
}

RestoreReport Nightly::restore(RestoreOptions options) {
  if (options.to.empty()) options.to = beside("back");
  return restore_profile(profile, options, environment());
}

VerifyReport Nightly::verify(const VerifyChoices& choices) {
  return verify_profile(profile, choices, environment());
}

std::vector<std::string> Nightly::plan() {
  std::vector<std::string> lines;
  plan_profile(profile, {}, environment(), [&](PlannedJob&& planned) {
    for (const Action& action : planned.plan.actions)
      lines.push_back(std::string(to_string(action.kind)) + " " + action.entry.path.bytes());
  });
  return lines;
}

std::map<std::string, std::string> Nightly::expected() const {
  std::map<std::string, std::string> files;
  for (const auto& entry : fs::recursive_directory_iterator(source())) {
    if (entry.is_symlink() || !entry.is_regular_file()) continue;
    const RelPath path = RelPath::parse(entry.path().lexically_relative(source()).native());
    files[remote_path_for(profile.jobs.front().target, path, profile.jobs.front().names).wire()] =
        read_file(entry.path());
  }
  return files;
}

std::map<std::string, std::string> Nightly::stored() const {
  auto files = server.files();
  std::erase_if(files, [](const auto& file) { return file.first.starts_with(kControlDir); });
  return files;
}

std::set<std::string> Nightly::expected_dirs() const {
  const RemotePath& target = profile.jobs.front().target;
  std::set<std::string> dirs{target.wire()};
  for (const auto& entry : fs::recursive_directory_iterator(source())) {
    if (entry.is_symlink() || !entry.is_directory()) continue;
    const RelPath path = RelPath::parse(entry.path().lexically_relative(source()).native());
    dirs.insert(remote_path_for(target, path, {}).wire());
  }
  return dirs;
}

std::set<std::string> Nightly::stored_dirs() const {
  std::set<std::string> dirs;
  for (const auto& [name, node] : server.tree())
    if (node.directory && !name.starts_with(kControlDir)) dirs.insert(name);
  return dirs;
}

std::vector<std::string> Nightly::leftovers() const {
  std::vector<std::string> names;
  for (const auto& [name, content] : server.files())
    if (name.starts_with(kControlDir) && !name.starts_with(kVersionsDir) &&
        name.find("/owner") == std::string::npos && !name.starts_with(".outhaul/catalog/") &&
        !name.starts_with(".outhaul/README"))
      names.push_back(name);
  return names;
}

std::map<std::string, std::string> Nightly::versions() const {
  std::map<std::string, std::string> versions;
  for (const auto& [name, content] : server.files())
    if (name.starts_with(kVersionsDir)) versions[name.substr(kVersionsDir.size() + 1)] = content;
  return versions;
}

std::map<std::string, std::string> Nightly::names_at(RunId run) const {
  const State now = state();
  const auto job = now.find_job(profile.jobs.front().name);
  std::map<std::string, std::string> names;
  if (!job) return names;
  const auto entries = now.entries_at(*job, run);
  for (Entry entry; entries->next(entry);) {
    if (entry.kind != EntryKind::file) continue;
    const auto object = now.object(entry.object);
    const bool held = object && (object->status == StoredObject::Status::live ||
                                 object->status == StoredObject::Status::retired);
    names[entry.path.bytes()] = held ? object->remote_name.wire() : "";
  }
  return names;
}

State Nightly::state() const {
  return State::open(state_dir(), profile.name, State::Open::read_only);
}

std::size_t Nightly::ledger() const {
  const State state = State::open(state_root() / profile.name, profile.name, State::Open::read_only);
  const auto job = state.find_job(profile.jobs.front().name);
  return job ? state.parts(*job).size() : 0;
}

}  // namespace outhaul::test
