#include "support/scripted_server.h"

#include <arpa/inet.h>
#include <fmt/format.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <stdexcept>

#include "support/scripted_session.h"

namespace outhaul::test {
namespace {

std::string folded(std::string text) {
  for (char& c : text) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  return text;
}

void accept_visitors(const std::shared_ptr<ScriptedServer::Inside>& inside) {
  for (;;) {
    const int socket = ::accept4(inside->listener, nullptr, nullptr, SOCK_CLOEXEC);
    const std::lock_guard lock(inside->mutex);
    if (socket < 0 || inside->stopping) {
      if (socket >= 0) ::close(socket);
      if (inside->stopping) return;
      continue;
    }
    inside->sockets.insert(socket);
    inside->threads.emplace_back([inside, socket] { serve_scripted(inside, socket); });
  }
}

}  // namespace

Flood flood_of(std::string piece, std::uint64_t bytes) {
  const auto left = std::make_shared<std::uint64_t>(bytes);
  return [piece = std::move(piece), left] {
    if (*left == 0) return std::string();
    *left -= std::min<std::uint64_t>(*left, piece.size());
    return piece;
  };
}

std::map<std::string, ScriptedNode>::iterator ScriptedServer::Inside::find(const std::string& path) {
  if (!quirks.folds_case) return nodes.find(path);
  const std::string wanted = folded(path);
  return std::find_if(nodes.begin(), nodes.end(),
                      [&](const auto& node) { return folded(node.first) == wanted; });
}

bool ScriptedServer::Inside::is_dir(const std::string& path) {
  if (path.empty()) return true;
  const auto node = find(path);
  return node != nodes.end() && node->second.directory;
}

void ScriptedServer::Inside::make_dirs(const std::string& path) {
  if (path.empty() || is_dir(path)) return;
  make_dirs(parent_of(path));
  nodes[path].directory = true;
}

bool ScriptedServer::Inside::over_quota() const {
  if (!quirks.quota) return false;
  std::uint64_t used = 0;
  for (const auto& [path, node] : nodes) used += node.content.size();
  return used > *quirks.quota;
}

std::optional<Deviation> ScriptedServer::Inside::take(std::string_view verb, std::string_view argument) {
  for (Deviation& deviation : deviations) {
    if (deviation.verb != verb || deviation.times == 0 ||
        argument.find(deviation.argument) == std::string_view::npos)
      continue;
    if (deviation.skip > 0) {
      --deviation.skip;
      continue;
    }
    if (deviation.times > 0) --deviation.times;
    return deviation;
  }
  return std::nullopt;
}

ScriptedServer::ScriptedServer(Quirks quirks) : inside_(std::make_shared<Inside>()) {
  inside_->quirks = std::move(quirks);
  inside_->listener = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  if (::bind(inside_->listener, reinterpret_cast<sockaddr*>(&address), size) != 0 ||
      ::listen(inside_->listener, 64) != 0 ||
      ::getsockname(inside_->listener, reinterpret_cast<sockaddr*>(&address), &size) != 0)
    throw std::runtime_error("the scripted server can't listen on 127.0.0.1");
  inside_->port = ntohs(address.sin_port);
  inside_->acceptor = std::thread([inside = inside_] { accept_visitors(inside); });
}

ScriptedServer::~ScriptedServer() {
  {
    const std::lock_guard lock(inside_->mutex);
    inside_->stopping = true;
    for (const int socket : inside_->sockets) ::shutdown(socket, SHUT_RDWR);
  }
  ::shutdown(inside_->listener, SHUT_RDWR);
  inside_->acceptor.join();
  for (std::thread& thread : inside_->threads) thread.join();
  ::close(inside_->listener);
}

std::uint16_t ScriptedServer::port() const noexcept {
  return inside_->port;
}

std::string ScriptedServer::url() const {
  return fmt::format("ftp://127.0.0.1:{}", inside_->port);
}

RemoteSettings ScriptedServer::settings(const std::string& base) const {
  RemoteSettings settings;
  settings.url = url() + "/" + base;
  settings.host = "127.0.0.1";
  settings.port = port();
  settings.user = kUser;
  settings.base = base;
  settings.tls.off = true;
  settings.connect_timeout = std::chrono::seconds(5);
  settings.no_progress_timeout = std::chrono::seconds(10);
  settings.final_reply_timeout = std::chrono::seconds(10);
  return settings;
}

void ScriptedServer::change(const Quirks& quirks) {
  const std::lock_guard lock(inside_->mutex);
  inside_->quirks = quirks;
}

void ScriptedServer::deviate(Deviation deviation) {
  const std::lock_guard lock(inside_->mutex);
  inside_->deviations.push_back(std::move(deviation));
}

void ScriptedServer::behave() {
  const std::lock_guard lock(inside_->mutex);
  inside_->deviations.clear();
}

void ScriptedServer::put_file(const std::string& path, std::string content) {
  const std::lock_guard lock(inside_->mutex);
  inside_->make_dirs(parent_of(path));
  inside_->nodes[path].content = std::move(content);
}

void ScriptedServer::make_dir(const std::string& path) {
  const std::lock_guard lock(inside_->mutex);
  inside_->make_dirs(path);
}

void ScriptedServer::remove(const std::string& path) {
  const std::lock_guard lock(inside_->mutex);
  std::erase_if(inside_->nodes,
                [&](const auto& node) { return node.first == path || node.first.starts_with(path + "/"); });
}

std::optional<std::string> ScriptedServer::file(const std::string& path) const {
  const std::lock_guard lock(inside_->mutex);
  const auto node = inside_->nodes.find(path);
  if (node == inside_->nodes.end() || node->second.directory) return std::nullopt;
  return node->second.content;
}

std::optional<std::int64_t> ScriptedServer::mtime_s(const std::string& path) const {
  const std::lock_guard lock(inside_->mutex);
  const auto node = inside_->nodes.find(path);
  return node == inside_->nodes.end() ? std::nullopt : std::optional(node->second.mtime_s);
}

bool ScriptedServer::is_dir(const std::string& path) const {
  const std::lock_guard lock(inside_->mutex);
  return inside_->is_dir(path);
}

std::map<std::string, std::string> ScriptedServer::files() const {
  const std::lock_guard lock(inside_->mutex);
  std::map<std::string, std::string> files;
  for (const auto& [path, node] : inside_->nodes)
    if (!node.directory) files.emplace(path, node.content);
  return files;
}

std::vector<std::string> ScriptedServer::commands() const {
  const std::lock_guard lock(inside_->mutex);
  return inside_->commands;
}

std::size_t ScriptedServer::count(std::string_view prefix) const {
  const std::lock_guard lock(inside_->mutex);
  return static_cast<std::size_t>(std::count_if(
      inside_->commands.begin(), inside_->commands.end(),
      [&](const std::string& command) { return std::string_view(command).starts_with(prefix); }));
}

void ScriptedServer::forget_commands() {
  const std::lock_guard lock(inside_->mutex);
  inside_->commands.clear();
}

int ScriptedServer::sessions() const {
  const std::lock_guard lock(inside_->mutex);
  return inside_->sessions;
}

int ScriptedServer::most_sessions() const {
  const std::lock_guard lock(inside_->mutex);
  return inside_->most_sessions;
}

std::uint64_t ScriptedServer::bytes_stored() const {
  const std::lock_guard lock(inside_->mutex);
  return inside_->bytes_stored;
}

}  // namespace outhaul::test
