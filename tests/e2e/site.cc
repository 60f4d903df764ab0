#include "site.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <stdexcept>

#include "outhaul/paths.h"
#include "remote/own_names.h"
#include "support/catalog_witness.h"
#include "support/catch.h"
#include "support/tree.h"

namespace outhaul::test {
namespace {

namespace fs = std::filesystem;

constexpr uid_t kNobody = 65534;

std::string member(const std::string& text) {
  return text.empty() ? text : ", " + text;
}

/// The member that says how the server is known.
std::string trust_for(const RemoteSettings& settings, const ProfileChoices& choices) {
  if (!choices.ssh.empty()) return "\"ssh\": " + choices.ssh;
  if (settings.scheme != Scheme::sftp) return {};
  return fmt::format(R"("ssh": {{"known_hosts": "{}"}})", settings.ssh.known_hosts.string());
}

std::string tls_for(const RemoteSettings& settings) {
  if (settings.scheme == Scheme::sftp) return {};
  if (settings.tls.off) return R"("off")";
  return fmt::format(R"({{"ca": "{}"}})", settings.tls.ca.string());
}

/// A mounted disk has no login.
bool is_on_a_disk(const std::string& url) {
  return url.starts_with("file:///");
}

/// Whether a process holds the lock of a state: then the state is about to change.
bool is_locked(const fs::path& file) {
  const int fd = ::open(file.c_str(), O_RDWR | O_CLOEXEC);
  if (fd < 0) return false;
  struct flock lock {};
  lock.l_type = F_WRLCK;
  lock.l_whence = SEEK_SET;
  const bool asked = ::fcntl(fd, F_OFD_GETLK, &lock) == 0;
  ::close(fd);
  return asked && lock.l_type != F_UNLCK;
}

std::string own_names(const ProfileChoices& choices) {
  if (choices.own.standard()) return {};
  return fmt::format(R"("control_dir": "{}", "part_suffix": "{}")", choices.own.dir, choices.own.part_suffix);
}

}  // namespace

fs::path program() {
  return OUTHAUL_PROGRAM;
}

fs::path checkout() {
  return OUTHAUL_CHECKOUT;
}

Site::Site() {
  fs::create_directory(source());
  write_file(secret(), std::string(TestServer::kPassword) + "\n");
  fs::permissions(secret(), fs::perms::owner_read | fs::perms::owner_write);
}

Site::Site(ServerKind kind, Tls tls, const ServerOptions& options) : Site() {
  server_ = TestServer::start(kind, tls, options);
  server_->make_dir("space");
}

Site::Site(FaultProxy& proxy, ServerKind kind, Tls tls, ServerOptions options) : Site() {
  options.passive_ports = proxy.data_ports();
  server_ = TestServer::start(kind, tls, options);
  server_->make_dir("space");
  proxy.serve(server_->port());
  proxy_ = &proxy;
}

std::string Site::profile_text() const {
  RemoteSettings settings = server_ ? server_->settings("space") : RemoteSettings{};
  if (proxy_ != nullptr) settings = proxy_->in_front_of(settings);
  const std::string scheme = settings.scheme == Scheme::sftp   ? "sftp"
                             : settings.scheme == Scheme::ftps ? "ftps"
                                                               : "ftp";
  const std::string url = choices.url.empty() ? fmt::format("{}://{}@{}:{}/space", scheme, TestServer::kUser,
                                                            settings.host, settings.port)
                                              : choices.url;
  const std::string password =
      choices.password.empty() ? fmt::format(R"({{"file": "{}"}})", secret().string()) : choices.password;
  const std::string tls = choices.tls.empty() && server_ ? tls_for(settings) : choices.tls;
  const std::string jobs =
      choices.jobs.empty()
          ? fmt::format(R"([{{"name": "data", "source": "{}", "target": "{}", "on_removal": "{}"{}}}])",
                        source().string(), choices.target, choices.on_removal, member(choices.job_extra))
          : choices.jobs;
  return fmt::format(R"({{
  "profile": "{}",
  "remote": {{"url": "{}"{}, "connections": {}, "retries": {}{}{}{}}},
  "jobs": {},
  "catalog": {}{}
}}
)",
                     choices.name, url, is_on_a_disk(url) ? "" : ", \"password\": " + password,
                     choices.connections, choices.retries, member(tls.empty() ? "" : "\"tls\": " + tls),
                     member(trust_for(settings, choices)),
                     member(own_names(choices)) + member(choices.remote_extra), jobs, choices.catalog,
                     member(choices.top_extra));
}

void Site::write_profile() const {
  write_file(profile(), profile_text());
}

void Site::write(const std::string& path, std::string_view content) const {
  fs::create_directories((source() / path).parent_path());
  write_file(source() / path, content);
}

void Site::remove(const std::string& path) const {
  fs::remove_all(source() / path);
}

void Site::write_many(const std::string& dir, int count, std::size_t size) const {
  for (int i = 0; i < count; ++i) {
    std::string content = fmt::format("{}/{} ", dir, i);
    content.resize(std::max(content.size(), size), static_cast<char>('a' + i % 26));
    write(fmt::format("{}/f{:03}", dir, i), content);
  }
}

std::vector<std::string> Site::command(const std::vector<std::string>& words) const {
  std::vector<std::string> argv{program().string(), "--state-dir", state_root().string()};
  argv.insert(argv.end(), words.begin(), words.end());
  return argv;
}

RunResult Site::outhaul(const std::vector<std::string>& words, const SpawnOptions& options) const {
  return run_program(command(words), options);
}

RunResult Site::run(const std::vector<std::string>& more, const SpawnOptions& options) const {
  write_profile();
  std::vector<std::string> words{"run", profile().string()};
  words.insert(words.end(), more.begin(), more.end());
  expect_the_catalog_gives_the_state();  // as a run that was killed has left it
  const RunResult result = outhaul(words, options);
  expect_the_catalog_gives_the_state();
  return result;
}

void Site::have_no_catalog(std::string_view reason) {
  REQUIRE_FALSE(reason.empty());
  choices.catalog = false;
}

void Site::expect_the_catalog_gives_the_state() const {
  const bool on_a_disk = is_on_a_disk(choices.url);
  if (!choices.catalog_let_be.empty() || (!on_a_disk && (!choices.url.empty() || !server_))) return;
  if (is_locked(state_dir() / "lock")) return;
  const fs::path remote = on_a_disk ? fs::path(choices.url.substr(7)) : space();
  const CatalogWitness seen =
      look_at_catalog(state_dir(), [&](const std::string& name) -> std::optional<std::string> {
        const fs::path file = remote / on_server(RemotePath::parse(name), choices.own).wire();
        return fs::exists(file) ? std::optional(read_file(file)) : std::nullopt;
      });
  CHECK(seen.differences == std::vector<std::string>{});
}

Process Site::start(const std::vector<std::string>& more, const SpawnOptions& options) const {
  write_profile();
  std::vector<std::string> words{"run", profile().string()};
  words.insert(words.end(), more.begin(), more.end());
  return Process::start(command(words), options, dir_ / "output");
}

std::string Site::output() const {
  return fs::exists(dir_ / "output") ? read_file(dir_ / "output") : std::string();
}

std::vector<std::string> Site::differences() const {
  return test::differences(source(), space(), RemotePath::parse(choices.target));
}

fs::path Site::own(const std::string& name) const {
  return space() / on_server(RemotePath::parse(name), choices.own).wire();
}

// A run may be at work while these look: what goes away under them is not there.
std::vector<fs::path> Site::parts() const {
  std::vector<fs::path> found;
  std::error_code gone;
  for (auto at = fs::directory_iterator(own(".outhaul/parts"), gone); !gone && at != fs::directory_iterator();
       at.increment(gone))
    found.push_back(at->path());
  return found;
}

std::uint64_t Site::part_bytes() const {
  std::uint64_t bytes = 0;
  for (const fs::path& part : parts()) {
    std::error_code gone;
    const std::uintmax_t size = fs::file_size(part, gone);
    if (!gone) bytes += size;
  }
  return bytes;
}

std::size_t Site::stored_files() const {
  std::size_t count = 0;
  std::error_code gone;
  for (auto at = fs::recursive_directory_iterator(stored(), gone);
       !gone && at != fs::recursive_directory_iterator(); at.increment(gone)) {
    std::error_code vanished;
    if (at->is_regular_file(vanished)) ++count;
  }
  return count;
}

std::size_t Site::sessions() const {
  return server().count("USER");
}

std::string Site::state_snapshot() const {
  std::string all;
  if (!fs::exists(state_root())) return all;
  std::set<fs::path> files;
  for (const auto& entry : fs::recursive_directory_iterator(state_root())) files.insert(entry.path());
  for (const fs::path& file : files)
    all += fmt::format("{}: {}\n", file.string(), fs::is_regular_file(file) ? read_file(file) : "directory");
  return all;
}

std::string told(const RunResult& result) {
  return fmt::format("exit {} signal {}{}\nstdout: {}\nstderr: {}", result.exit.code, result.exit.signal,
                     result.timed_out ? " (timed out)" : "", result.out, result.err);
}

bool holds(const std::string& text, const std::vector<std::string>& pieces) {
  bool all = true;
  for (const std::string& piece : pieces) {
    if (text.find(piece) != std::string::npos) continue;
    all = false;
    UNSCOPED_INFO("missing: " << piece);
  }
  if (!all) UNSCOPED_INFO("in: " << text);
  return all;
}

SilentPort::SilentPort() : fd_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t length = sizeof address;
  if (fd_ < 0 || ::bind(fd_, reinterpret_cast<sockaddr*>(&address), length) != 0 || ::listen(fd_, 16) != 0 ||
      ::getsockname(fd_, reinterpret_cast<sockaddr*>(&address), &length) != 0)
    throw std::runtime_error("no port to listen on");
  port_ = ntohs(address.sin_port);
}

SilentPort::~SilentPort() {
  ::close(fd_);
}

bool SilentPort::wait_for_visitor() const {
  pollfd waiting{fd_, POLLIN, 0};
  return ::poll(&waiting, 1, 20'000) == 1;
}

RunResult in_own_namespace(const std::string& script) {
  return run_program({"unshare", "--user", "--map-root-user", "--mount", "sh", "-c", script});
}

bool mounts_are_permitted(const fs::path& on) {
  return in_own_namespace(fmt::format("mount -t tmpfs none '{}'", on.string())).exit.code == 0;
}

std::vector<std::string> as_nobody(const std::vector<std::string>& argv) {
  if (::geteuid() != 0) return argv;
  const std::string id = std::to_string(kNobody);
  std::vector<std::string> wrapped{"setpriv", "--reuid", id, "--regid", id, "--clear-groups"};
  wrapped.insert(wrapped.end(), argv.begin(), argv.end());
  return wrapped;
}

void give_to_nobody(const fs::path& path) {
  if (::geteuid() != 0) return;
  const auto give = [](const fs::path& one) {
    if (::lchown(one.c_str(), kNobody, kNobody) != 0) throw std::runtime_error("chown " + one.string());
  };
  give(path);
  if (fs::is_directory(path))
    for (const auto& entry : fs::recursive_directory_iterator(path)) give(entry.path());
}

}  // namespace outhaul::test
