#include "support/servers.h"

#include <arpa/inet.h>
#include <crypt.h>
#include <dirent.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <cstring>
#include <fstream>
#include <set>
#include <sstream>
#include <stdexcept>

#include <fmt/format.h>

#include "base/fd.h"
#include "support/server_config.h"
#include "support/sshd.h"

namespace outhaul::test {
namespace {

namespace fs = std::filesystem;
using namespace std::chrono_literals;

constexpr uid_t kNobody = 65534;
constexpr auto kStartDeadline = 30s;
constexpr int kPortAttempts = 20;

uid_t serving_uid() {
  return ::geteuid() == 0 ? kNobody : ::geteuid();
}
gid_t serving_gid() {
  return ::geteuid() == 0 ? kNobody : ::getegid();
}

fs::path unpacked(ServerKind kind) {
  return TestServer::unpacked(kind);
}

fs::path binary(ServerKind kind) {
  switch (kind) {
    case ServerKind::proftpd:
    case ServerKind::mod_sftp:
      return unpacked(kind) / "usr/sbin/proftpd";
    case ServerKind::vsftpd:
      return unpacked(kind) / "usr/sbin/vsftpd";
    case ServerKind::pureftpd:
      return unpacked(kind) / "usr/sbin/pure-ftpd";
    case ServerKind::sshd:
    case ServerKind::mysecureshell:
    case ServerKind::gesftpserver:
      return unpacked(ServerKind::sshd) / "usr/sbin/sshd";
    case ServerKind::dropbear:
      return unpacked(kind) / "usr/sbin/dropbear";
    case ServerKind::pyftpdlib:
      return "/usr/bin/python3";
    case ServerKind::ftp_srv:
      return OUTHAUL_TEST_NODE;
  }
  throw std::logic_error("unknown kind of server");
}

// Free now; somebody else may take it before the server binds it, then the server does not come up and the
// next one is tried.
std::uint16_t free_port() {
  const Fd probe(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t length = sizeof address;
  if (::bind(probe.get(), reinterpret_cast<sockaddr*>(&address), length) != 0 ||
      ::getsockname(probe.get(), reinterpret_cast<sockaddr*>(&address), &length) != 0) {
    throw std::runtime_error(std::string("no free port: ") + std::strerror(errno));
  }
  return ntohs(address.sin_port);
}

struct Listener {
  std::string inode;
  uid_t uid = 0;
};

// The socket that listens on 127.0.0.1:port, or [::1]:port. Asking the kernel instead of connecting leaves no
// session behind that would count against max_clients or show up in the log.
std::optional<Listener> listener_on(std::uint16_t port, bool ipv6) {
  std::ifstream table(ipv6 ? "/proc/net/tcp6" : "/proc/net/tcp");
  const std::string wanted =
      fmt::format("{}:{:04X}", ipv6 ? "00000000000000000000000001000000" : "0100007F", port);
  std::string line;
  while (std::getline(table, line)) {
    if (line.find(wanted) == std::string::npos) continue;
    std::istringstream fields(line);
    std::string number, local, remote, state, queues, timer, retransmits, uid, timeout, inode;
    fields >> number >> local >> remote >> state >> queues >> timer >> retransmits >> uid >> timeout >> inode;
    if (local == wanted && state == "0A") return Listener{inode, static_cast<uid_t>(std::stoul(uid))};
  }
  return std::nullopt;
}

// Somebody else may have been quicker to take the port. A server that forbids core dumps hides its
// descriptors from its own user; then the user must do.
bool is_of(const Listener& listener, pid_t pid) {
  const std::string fds = fmt::format("/proc/{}/fd", pid), wanted = "socket:[" + listener.inode + "]";
  DIR* dir = ::opendir(fds.c_str());
  if (dir == nullptr) return errno == EACCES && listener.uid == ::geteuid();
  bool found = false;
  while (const dirent* entry = ::readdir(dir)) {
    char target[64];
    const ssize_t length = ::readlink((fds + "/" + entry->d_name).c_str(), target, sizeof target);
    found = found || (length > 0 && std::string_view(target, static_cast<std::size_t>(length)) == wanted);
  }
  ::closedir(dir);
  return found;
}

/// Of one process.
struct Descriptors {
  std::set<std::string> sockets;  ///< inodes
  std::size_t files_below = 0;    ///< below the directory that was asked for
};

Descriptors descriptors_of(pid_t pid, const fs::path& directory) {
  constexpr std::string_view kSocket = "socket:[";
  Descriptors found;
  std::error_code error;
  for (const auto& entry : fs::directory_iterator(fmt::format("/proc/{}/fd", pid), error)) {
    const std::string target = fs::read_symlink(entry.path(), error).string();
    if (target.starts_with(kSocket))
      found.sockets.insert(target.substr(kSocket.size(), target.size() - kSocket.size() - 1));
    if (target.starts_with(directory.string() + "/")) ++found.files_below;
  }
  return found;
}

/// Whether anybody is there, or what he said is still to be read. proc(5), /proc/net/tcp: the port and the state are
/// hexadecimal.
bool are_connected(pid_t pid, const std::set<std::string>& sockets, std::uint16_t control_port) {
  constexpr int kEstablished = 1, kCloseWait = 8;
  std::ifstream table(fmt::format("/proc/{}/net/tcp", pid));
  std::string line;
  std::getline(table, line);
  while (std::getline(table, line)) {
    std::istringstream words(line);
    std::string local, state, inode, other;
    words >> other >> local >> other >> state >> other >> other >> other >> other >> other >> inode;
    if (!sockets.contains(inode)) continue;
    const int port = std::stoi(local.substr(local.find(':') + 1), nullptr, 16);
    const int is = std::stoi(state, nullptr, 16);
    if (is == kEstablished || (is == kCloseWait && port == control_port)) return true;
  }
  return false;
}

std::string hash_of(const char* password) {
  crypt_data data = {};
  const char* hash = ::crypt_r(password, "$5$rounds=1000$outhaultest$", &data);
  if (hash == nullptr || hash[0] == '*') throw std::runtime_error("crypt_r can't do SHA-256");
  return hash;
}

std::string text_if_any(const fs::path& file) {
  return fs::exists(file) ? read_file(file) : std::string();
}

/// Well enough for names of our own: no overlong forms, no surrogates in them.
bool is_utf8(std::string_view text) {
  int following = 0;
  for (const char byte : text) {
    const auto bits = static_cast<unsigned char>(byte);
    if (following > 0) {
      if ((bits & 0xC0) != 0x80) return false;
      --following;
    } else if (bits >= 0x80) {
      following = bits >= 0xF8 ? -1 : bits >= 0xF0 ? 3 : bits >= 0xE0 ? 2 : bits >= 0xC2 ? 1 : -1;
      if (following < 0) return false;
    }
  }
  return following == 0;
}

void write_space(const fs::path& file, long long bytes) {
  const Fd fd(::open(file.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600));
  if (!fd || ::pwrite(fd.get(), &bytes, sizeof bytes, 0) != static_cast<ssize_t>(sizeof bytes)) {
    throw std::runtime_error("can't write " + file.string());
  }
}

}  // namespace

std::string_view to_string(ServerKind kind) noexcept {
  switch (kind) {
    case ServerKind::proftpd:
      return "proftpd";
    case ServerKind::vsftpd:
      return "vsftpd";
    case ServerKind::pureftpd:
      return "pureftpd";
    case ServerKind::sshd:
      return "sshd";
    case ServerKind::pyftpdlib:
      return "pyftpdlib";
    case ServerKind::ftp_srv:
      return "ftp-srv";
    case ServerKind::mod_sftp:
      return "mod_sftp";
    case ServerKind::mysecureshell:
      return "mysecureshell";
    case ServerKind::gesftpserver:
      return "gesftpserver";
    case ServerKind::dropbear:
      return "dropbear";
  }
  return "?";
}

std::string_view to_string(Tls tls) noexcept {
  switch (tls) {
    case Tls::none:
      return "plain";
    case Tls::explicit_:
      return "explicit tls";
    case Tls::implicit:
      return "implicit tls";
  }
  return "?";
}

bool is_sftp(ServerKind kind) noexcept {
  switch (kind) {
    case ServerKind::sshd:
    case ServerKind::mod_sftp:
    case ServerKind::mysecureshell:
    case ServerKind::gesftpserver:
    case ServerKind::dropbear:
      return true;
    default:
      return false;
  }
}

bool supports(ServerKind kind, Tls tls) noexcept {
  if (is_sftp(kind) || kind == ServerKind::pyftpdlib) return tls == Tls::none;
  if (kind == ServerKind::ftp_srv) return tls != Tls::explicit_;
  return kind != ServerKind::pureftpd || tls != Tls::implicit;
}

bool keeps_name(ServerKind kind, std::string_view wire_name) noexcept {
  if (kind == ServerKind::ftp_srv && wire_name.find('"') != std::string_view::npos) return false;
  return (kind != ServerKind::pyftpdlib && kind != ServerKind::ftp_srv) || is_utf8(wire_name);
}

std::unique_ptr<TestServer> TestServer::start(ServerKind kind, Tls tls, const ServerOptions& options) {
  if (!supports(kind, tls))
    throw std::logic_error(fmt::format("{} has no {}", to_string(kind), to_string(tls)));
  std::unique_ptr<TestServer> server(new TestServer(kind, tls, options));
  server->prepare();
  for (int attempt = 0; attempt < kPortAttempts; ++attempt) {
    server->port_ = free_port();
    if (server->try_launch()) return server;
  }
  throw std::runtime_error(fmt::format("{} does not come up:\n{}", to_string(kind), server->log()));
}

fs::path TestServer::unpacked(ServerKind kind) {
  const fs::path home =
      fs::path(OUTHAUL_TEST_SERVERS) / to_string(kind == ServerKind::mod_sftp ? ServerKind::proftpd : kind);
  const bool from_npm = kind == ServerKind::ftp_srv;
  if (!fs::exists(home / (from_npm ? "node_modules/.installed" : ".complete"))) {
    throw std::runtime_error(fmt::format(
        "{} is not there; run: {}", home.string(),
        from_npm ? "ctest -R ftp-srv" : std::string("tests/support/fetch-servers ") + OUTHAUL_TEST_SERVERS));
  }
  return home;
}

TestServer::TestServer(ServerKind kind, Tls tls, const ServerOptions& options)
    : kind_(kind),
      tls_(tls),
      options_(options),
      root_(dir_ / "root"),
      run_(dir_ / "run"),
      log_(run_ / "commands") {}

TestServer::~TestServer() {
  stop();
}

void TestServer::prepare() {
  for (const fs::path& dir : {root_, run_, dir_ / "empty"}) fs::create_directory(dir);
  hand_over(root_);
  hand_over(run_);
  certificates_ = make_certificates(dir_.path(), options_.certificate_names);
  for (const fs::path& secret : {certificates_.key, certificates_.both}) {
    fs::permissions(secret, fs::perms::owner_read);  // ProFTPD refuses a key that others can read
    hand_over(secret);
  }
  const fs::path users = dir_ / "users";
  write_file(users, fmt::format("{}:{}:{}:{}::{}:{}\n", kUser, hash_of(kPassword), serving_uid(),
                                serving_gid(), root_.string(),
                                kind_ == ServerKind::pureftpd ? pureftpd_limits(options_) : "/bin/sh"));
  fs::permissions(users, fs::perms::owner_read);
  if (options_.limited_space) set_free_space(std::nullopt);
  if (is_sftp(kind_)) prepare_ssh();
  if (kind_ == ServerKind::proftpd && options_.quota > 0) prepare_quota();
  if (kind_ != ServerKind::pureftpd) return;
  if (options_.quota > 0) hand_over(root_);  // it counts in a file of its own there
  const fs::path home = unpacked(kind_), database = dir_ / "users.pdb";
  const RunResult made = run_program(
      {(home / "usr/bin/pure-pw").string(), "mkdb", database.string(), "-f", users.string()},
      {.env = {{"LD_LIBRARY_PATH", (home / "libs").string()}}, .unset = {}, .cwd = {}, .input = {}});
  if (made.exit.code != 0) throw std::runtime_error("pure-pw: " + made.out + made.err);
  hand_over(database);
}

/// What is allowed and what is used: two tables, made by ProFTPD's own script.
void TestServer::prepare_quota() {
  const std::string script = (unpacked(kind_) / "usr/sbin/ftpquota").string();
  const auto call = [&](std::vector<std::string> words) {
    words.insert(words.begin(), {"perl", script});
    const RunResult made = run_program(words);
    if (made.exit.code != 0) throw std::runtime_error("ftpquota: " + made.out + made.err);
  };
  for (const char* type : {"limit", "tally"}) {
    const fs::path table = dir_ / fmt::format("quota-{}", type);
    call({"--create-table", fmt::format("--type={}", type), "--table-path=" + table.string()});
    if (std::string_view(type) == "limit")
      call({"--add-record", "--type=limit", "--table-path=" + table.string(), fmt::format("--name={}", kUser),
            "--quota-type=user", "--limit-type=hard", "--units=byte",
            fmt::format("--bytes-upload={}", options_.quota)});
    hand_over(table);
  }
}

void TestServer::prepare_ssh() {
  make_ssh_keys(unpacked(ServerKind::sshd), dir_.path());
  if (is_behind_sshd(kind_))
    stage_sshd_programs(unpacked(ServerKind::sshd), OUTHAUL_TEST_PRELOAD, dir_.path());
  if (kind_ == ServerKind::dropbear) {
    make_dropbear_keys(unpacked(kind_), dir_.path());
    write_file(dir_ / "shell", dropbear_shell(unpacked(ServerKind::sshd)));
    fs::permissions(dir_ / "shell", fs::perms(0755));
    for (const char* name : {"host_ed25519.dropbear", "host_ecdsa.dropbear"}) hand_over(dir_ / name);
  }
  for (const char* name : {"host_ed25519", "host_ecdsa", "authorized_keys"}) hand_over(dir_ / name);
}

/// Every key that the server has, under the name that a client knows it by.
void TestServer::write_known_hosts() const {
  std::string lines;
  for (const char* name : {"host_ecdsa.pub", "host_ed25519.pub"})
    lines += fmt::format("[127.0.0.1]:{} {}", port_, read_file(dir_ / name));
  write_file(dir_ / "known_hosts", lines);
}

std::vector<std::string> TestServer::command_line() const {
  const fs::path home = unpacked(kind_);
  const ServerFacts facts{tls_,  options_, certificates_, home,          dir_.path(),  run_,
                          root_, log_,     port_,         serving_uid(), serving_gid()};
  std::vector<std::string> line{binary(kind_).string()};
  if (kind_ == ServerKind::pureftpd) {
    for (std::string& argument : pureftpd_arguments(facts)) line.push_back(std::move(argument));
    return line;
  }
  const fs::path config = dir_ / "server.conf";
  if (is_one_process()) {
    write_file(config, driver_config(kind_, facts));
    line.push_back(kind_ == ServerKind::ftp_srv ? (home / "server.js").string() : OUTHAUL_TEST_PYTHON_SERVER);
    line.push_back(config.string());
    return line;
  }
  if (is_sftp(kind_)) write_known_hosts();
  if (kind_ == ServerKind::dropbear) {
    for (const std::string& argument : dropbear_arguments(facts)) line.push_back(argument);
    return line;
  }
  if (is_behind_sshd(kind_)) {
    if (kind_ == ServerKind::mysecureshell) {
      write_file(dir_ / "mysecureshell.conf", mysecureshell_config(facts));
      hand_over(dir_ / "mysecureshell.conf");
    }
    write_file(config, sshd_config(kind_, facts));
    hand_over(config);
    for (const char* argument : {"-D", "-r", "-f"}) line.emplace_back(argument);
    line.push_back(config.string());
    return line;
  }
  write_file(config, kind_ == ServerKind::vsftpd ? vsftpd_config(facts) : proftpd_config(kind_, facts));
  if (kind_ != ServerKind::vsftpd) {
    for (const char* argument : {"-n", "-q", "-c"}) line.emplace_back(argument);
  }
  line.push_back(config.string());
  return line;
}

SpawnOptions TestServer::surroundings() const {
  const bool logs_by_syslog = kind_ == ServerKind::pureftpd || is_behind_sshd(kind_);
  const fs::path libraries = unpacked(is_behind_sshd(kind_) ? ServerKind::sshd : kind_) / "libs";
  SpawnOptions around;
  around.env = {{"LD_LIBRARY_PATH", libraries.string()},
                {"LD_PRELOAD", OUTHAUL_TEST_PRELOAD},
                {"OUTHAUL_TEST_USER", kUser},
                {"OUTHAUL_TEST_PASSWORD", kPassword},
                {"OUTHAUL_TEST_HOME", root_.string()},
                {"OUTHAUL_TEST_LOG", (logs_by_syslog ? log_ : run_ / "syslog").string()},
                {"OUTHAUL_TEST_UID", std::to_string(serving_uid())},
                {"OUTHAUL_TEST_GID", std::to_string(serving_gid())},
                {"TZ", "UTC"}};
  if (is_behind_sshd(kind_) || kind_ == ServerKind::dropbear) {
    around.env["OUTHAUL_TEST_DROP_ROOT"] = "1";
    if (const fs::path preload = staged_preload(dir_.path()); fs::exists(preload)) {
      around.env["LD_LIBRARY_PATH"] = (dir_ / "libs").string();
      around.env["LD_PRELOAD"] = preload.string();
    }
    around.env["OUTHAUL_TEST_HASH"] = hash_of(kPassword);
    if (kind_ == ServerKind::dropbear) around.env["OUTHAUL_TEST_SHELL"] = (dir_ / "shell").string();
  } else if (kind_ == ServerKind::ftp_srv) {
    around.env["UV_USE_IO_URING"] = "0";  // with it Node.js from 20.11 on changes no groups
  } else if (kind_ == ServerKind::pyftpdlib) {
    around.env["PYTHONPATH"] = (unpacked(kind_) / "usr/lib/python3/dist-packages").string();
    around.env["PYTHONDONTWRITEBYTECODE"] = "1";
  } else if (kind_ == ServerKind::vsftpd || kind_ == ServerKind::pureftpd) {
    around.env["OUTHAUL_TEST_FAKE_ROOT"] = "1";
  }
  if (options_.chroot) around.env["OUTHAUL_TEST_CHROOT"] = "1";
  if (options_.limited_space) around.env["OUTHAUL_TEST_SPACE"] = (dir_ / "space").string();
  around.cwd = "/";
  return around;
}

bool TestServer::try_launch() {
  process_ = Process::start(command_line(), surroundings(), dir_ / "output");
  bool listening = false;
  eventually(
      [&] {
        const std::optional<Listener> listener = listener_on(port_, options_.ipv6);
        listening = listener && is_of(*listener, process_.pid());
        return listening || process_.try_wait().has_value();
      },
      kStartDeadline);
  if (!listening) process_.kill_group();
  return listening;
}

void TestServer::resume() {
  // The port may be held for a moment by what the killed server leaves in the kernel.
  for (int attempt = 0; attempt < kPortAttempts; ++attempt) {
    if (try_launch()) return;
  }
  throw std::runtime_error(fmt::format("{} does not come up again:\n{}", to_string(kind_), log()));
}

void TestServer::stop() {
  process_.kill_group();
}

void TestServer::freeze() {
  ::kill(-process_.pid(), SIGSTOP);
}

void TestServer::thaw() {
  ::kill(-process_.pid(), SIGCONT);
}

bool TestServer::is_one_process() const noexcept {
  return kind_ == ServerKind::pyftpdlib || kind_ == ServerKind::ftp_srv;
}

// ftp-srv keeps the file and the data connection of an upload that was broken off, and listens on for data.
bool TestServer::has_sessions() const {
  if (!is_one_process()) return !process_.children().empty();
  const Descriptors open = descriptors_of(process_.pid(), root_);
  return are_connected(process_.pid(), open.sockets, port_) ||
         (kind_ != ServerKind::ftp_srv && open.files_below > 0);
}

// Stopped first: of a session's two processes, neither may see the other one die and say so to the client.
void TestServer::drop_sessions() {
  if (is_one_process()) {
    process_.signal(SIGUSR2);
    eventually([&] { return !has_sessions(); });
    return;
  }
  eventually([&] {
    const std::vector<pid_t> sessions = process_.children();
    for (const int number : {SIGSTOP, SIGKILL}) {
      for (const pid_t session : sessions) ::kill(session, number);
    }
    return sessions.empty();
  });
}

bool TestServer::wait_for_no_sessions() const {
  return eventually([&] { return !has_sessions(); });
}

std::string TestServer::url() const {
  const char* const scheme = is_sftp(kind_) ? "sftp" : tls_ == Tls::implicit ? "ftps" : "ftp";
  return fmt::format("{}://{}:{}", scheme, options_.ipv6 ? "[::1]" : "127.0.0.1", port_);
}

RemoteSettings TestServer::settings(const std::string& base) const {
  RemoteSettings settings;
  settings.scheme = tls_ == Tls::implicit ? Scheme::ftps : Scheme::ftp;
  settings.url = base.empty() ? url() : url() + "/" + base;
  settings.host = options_.ipv6 ? "::1" : "127.0.0.1";
  settings.port = port_;
  settings.user = kUser;
  settings.base = base;
  if (is_sftp(kind_)) {
    settings.scheme = Scheme::sftp;
    settings.ssh.known_hosts = dir_ / "known_hosts";
    return settings;
  }
  settings.tls.off = tls_ == Tls::none;
  if (tls_ != Tls::none) settings.tls.ca = certificates_.ca;
  return settings;
}

fs::path TestServer::make_dir(const std::string& name) const {
  const fs::path dir = root_ / name;
  fs::create_directory(dir);
  hand_over(dir);
  return dir;
}

void TestServer::hand_over(const fs::path& path) const {
  if (::geteuid() == 0 && ::lchown(path.c_str(), serving_uid(), serving_gid()) != 0) {
    throw std::runtime_error(fmt::format("chown {}: {}", path.string(), std::strerror(errno)));
  }
}

std::vector<std::string> TestServer::commands() const {
  std::istringstream log(text_if_any(log_).substr(forgotten_));
  std::vector<std::string> commands;
  std::string line;
  while (std::getline(log, line)) {
    if (std::string command = command_in(kind_, line); !command.empty())
      commands.push_back(std::move(command));
  }
  return commands;
}

void TestServer::forget_commands() {
  forgotten_ = text_if_any(log_).size();
}

std::size_t TestServer::count(std::string_view verb) const {
  const std::vector<std::string> all = commands();
  return static_cast<std::size_t>(std::count_if(all.begin(), all.end(), [&](const std::string& command) {
    return command == verb || command.starts_with(std::string(verb) + " ");
  }));
}

void TestServer::set_free_space(std::optional<std::uint64_t> bytes) {
  const fs::path file = dir_ / "space";
  if (!options_.limited_space) throw std::logic_error("set_free_space needs limited_space");
  const bool fresh = !fs::exists(file);
  write_space(file, bytes ? static_cast<long long>(*bytes) : -1);
  if (fresh) hand_over(file);
}

std::string TestServer::log() const {
  std::string all = text_if_any(dir_ / "output");
  for (const char* name : {"system.log", "tls.log", "syslog", "commands"}) all += text_if_any(run_ / name);
  return all;
}

}  // namespace outhaul::test
