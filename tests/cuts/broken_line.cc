#include "cuts/broken_line.h"

#include <fmt/format.h>

#include <array>
#include <fstream>
#include <stdexcept>
#include <utility>

#include "base/digest.h"
#include "job/known_server.h"
#include "remote/connect.h"
#include "state/state.h"

namespace outhaul::test {

namespace fs = std::filesystem;

namespace {

std::uint64_t next_random(std::uint64_t& state) {  // splitmix64
  state += 0x9e3779b97f4a7c15;
  std::uint64_t z = state;
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
  z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
  return z ^ (z >> 31);
}

std::string line_about(const Event& event) {
  if (const auto* retry = std::get_if<RetryScheduled>(&event))
    return fmt::format("retry {} of {}: {}\n", retry->attempt, retry->of, retry->why);
  if (const auto* found = std::get_if<ProblemFound>(&event))
    return fmt::format("{}: {} | {}\n", found->problem.path, found->problem.message, found->problem.advice);
  return {};
}

}  // namespace

void Attempts::on(const Event& event) noexcept {
  if (std::holds_alternative<RetryScheduled>(event) && before_retry) std::exchange(before_retry, {})();
  const std::lock_guard lock(mutex_);
  story_ += line_about(event);
  if (const auto* started = std::get_if<TransferStarted>(&event)) {
    all_.push_back({started->offset, 0, false});
    story_ += fmt::format("from byte {}\n", started->offset);
  }
  if (const auto* progress = std::get_if<TransferProgress>(&event)) all_.back().sent += progress->delta;
  if (const auto* ended = std::get_if<TransferEnded>(&event)) all_.back().ok = ended->ok;
}

std::vector<Attempt> Attempts::all() const {
  const std::lock_guard lock(mutex_);
  return all_;
}

std::string Attempts::story() const {
  const std::lock_guard lock(mutex_);
  return story_;
}

BrokenLine::BrokenLine(ServerKind kind, Tls tls, ServerOptions options) {
  options.passive_ports = proxy.data_ports();
  server_ = TestServer::start(kind, tls, options);
  server_->make_dir("space");
  proxy.serve(server_->port());
  fs::create_directory(source());
  profile.name = "nightly";
  profile.remote = proxy.in_front_of(server_->settings("space"));
  profile.remote.connections = 2;
  profile.catalog = false;
  Job job;
  job.name = "data";
  job.source = source();
  job.target = RemotePath::parse("data");
  profile.jobs.push_back(job);
}

std::vector<fs::path> BrokenLine::part_files() const {
  std::vector<fs::path> found;
  if (!fs::exists(parts())) return found;
  for (const auto& entry : fs::directory_iterator(parts())) found.push_back(entry.path());
  return found;
}

void BrokenLine::write_random(const std::string& name, std::uint64_t size, std::uint64_t seed) const {
  std::ofstream out(source() / name, std::ios::binary | std::ios::trunc);
  std::vector<std::uint64_t> piece(128 * 1024);
  for (std::uint64_t written = 0; written < size;) {
    for (std::uint64_t& word : piece) word = next_random(seed);
    const std::uint64_t bytes = std::min<std::uint64_t>(size - written, piece.size() * sizeof piece.front());
    out.write(reinterpret_cast<const char*>(piece.data()), static_cast<std::streamsize>(bytes));
    written += bytes;
  }
  if (!out.flush()) throw std::runtime_error("can't write " + (source() / name).string());
}

RunReport BrokenLine::run() {
  attempts = std::make_unique<Attempts>();
  attempts->before_retry = std::exchange(before_retry, {});
  HastyClock clock;
  const CancelToken cancel;
  const auto open = [](const RemoteSettings& settings, const ServerMemory& memory) {
    Login login;
    login.user = TestServer::kUser;
    login.password = TestServer::kPassword;
    return connect(settings, login, memory);
  };
  return run_profile(profile, {}, {dir_ / "state", *attempts, clock, cancel, open});
}

std::string BrokenLine::recorded_digest(const std::string& path) const {
  const State state = State::open(dir_ / "state" / profile.name, profile.name, State::Open::read_only);
  const auto job = state.find_job(profile.jobs.front().name);
  const auto entry = job ? state.entry(*job, RelPath::trusted(path)) : std::nullopt;
  const auto object = entry ? state.object(entry->object) : std::nullopt;
  return object && object->sha256 ? to_hex(*object->sha256) : "(none)";
}

ServerMemory BrokenLine::remembered() const {
  const State state = State::open(dir_ / "state" / profile.name, profile.name, State::Open::read_only);
  return recall_server(state, profile.remote);
}

std::string sha256_of_file(const fs::path& file) {
  std::ifstream in(file, std::ios::binary);
  if (!in) return "(no such file)";
  std::vector<char> piece(1 << 20);
  Sha256 hash;
  while (in.read(piece.data(), static_cast<std::streamsize>(piece.size())), in.gcount() > 0)
    hash.update(std::string_view(piece.data(), static_cast<std::size_t>(in.gcount())));
  return to_hex(hash.finish());
}

std::string told(const RunReport& report) {
  std::string text = fmt::format("exit {} {}\n", static_cast<int>(report.outcome), report.message);
  for (const JobReport& job : report.jobs) {
    text += fmt::format("sent {} of {}, resumed {}, retries {}\n", job.done.bytes_sent,
                        job.done.bytes_uploaded, job.done.resumed_bytes, job.done.retries);
    for (const Problem& problem : job.problems)
      text += fmt::format("{}: {} | {}\n", problem.path, problem.message, problem.advice);
  }
  return text;
}

}  // namespace outhaul::test
