// What the scripted server does on data connections.
#include <arpa/inet.h>
#include <fmt/format.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <ctime>

#include "support/scripted_session.h"

namespace outhaul::test {
namespace {

std::string ls_line(const std::string& name, const ScriptedNode& node) {
  return fmt::format("{}rw-r--r--   1 ftp ftp {:>8} Sep 13  2020 {}\r\n", node.directory ? 'd' : '-',
                     node.content.size(), name);
}

}  // namespace

std::uint16_t ScriptedSession::listen() {
  close_socket(listener_);
  listener_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  if (::bind(listener_, reinterpret_cast<sockaddr*>(&address), size) != 0 || ::listen(listener_, 1) != 0)
    return 0;
  ::getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &size);
  add_socket(listener_);
  return ntohs(address.sin_port);
}

void ScriptedSession::epsv(const std::string&) {
  say(fmt::format("229 Entering Extended Passive Mode (|||{}|)", listen()));
}

void ScriptedSession::pasv(const std::string&) {
  const std::uint16_t port = listen();
  const std::string address = quirks().pasv_address;
  say(fmt::format("227 Entering Passive Mode ({},{},{})", address.empty() ? "127,0,0,1" : address, port / 256,
                  port % 256));
}

/// -1 when nobody comes.
int ScriptedSession::accept_data() {
  if (listener_ < 0) return -1;
  pollfd waiting{listener_, POLLIN, 0};
  int socket = -1;
  if (::poll(&waiting, 1, 10'000) == 1) socket = ::accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
  close_socket(listener_);
  if (socket >= 0) add_socket(socket);
  return socket;
}

/// Appends what comes to the file; at most `most` bytes.
ScriptedSession::Received ScriptedSession::receive_data(int socket, const std::string& path,
                                                        std::uint64_t most) {
  std::array<char, 64 * 1024> buffer;
  std::uint64_t all = 0;
  while (all < most) {
    const std::size_t wanted = static_cast<std::size_t>(std::min<std::uint64_t>(most - all, buffer.size()));
    const ssize_t got = ::recv(socket, buffer.data(), wanted, 0);
    if (got < 0) return Received::broken;
    if (got == 0) break;
    all += static_cast<std::uint64_t>(got);
    const std::lock_guard lock(inside_->mutex);
    inside_->bytes_stored += static_cast<std::uint64_t>(got);
    const auto node = inside_->find(path);
    if (node == inside_->nodes.end()) return Received::broken;
    if (inside_->quirks.flips_bits) buffer[0] = static_cast<char>(buffer[0] ^ 1);
    node->second.content.append(buffer.data(), static_cast<std::size_t>(got));
    if (inside_->over_quota()) return Received::over_quota;
  }
  return Received::all;
}

/// `path` becomes the name under which it is stored. What stands in the way of that; empty: nothing.
std::string ScriptedSession::begin_store(std::string& path, const std::string& hidden, bool append) {
  const std::uint64_t offset = std::exchange(offset_, 0);
  const std::lock_guard lock(inside_->mutex);
  const auto node = inside_->find(path);
  const std::uint64_t there = node == inside_->nodes.end() ? 0 : node->second.content.size();
  if (!inside_->is_dir(parent_of(path))) return "553 No such directory";
  if (inside_->is_dir(path)) return "553 Is a directory";
  if (!hidden.empty() && offset > 0) return "501 REST not compatible with server configuration";
  if (!hidden.empty() && inside_->nodes.contains(hidden))
    return fmt::format("550 {}: Temporary hidden file /{} already exists", path, hidden);
  if (!append && offset > there) return "554 Beyond the end";
  const Quirks::Resumes how = inside_->quirks.resumes;
  if ((append || offset > 0) && there > 0 && how == Quirks::Resumes::refuses_and_removes) {
    inside_->nodes.erase(node);
    return "552 Quota exceeded, removed";
  }
  if (inside_->quirks.stores_beside && there > 0 && !append && offset == 0) path += ".1";
  const auto place = inside_->find(hidden.empty() ? path : hidden);
  ScriptedNode& file =
      place == inside_->nodes.end() ? inside_->nodes[hidden.empty() ? path : hidden] : place->second;
  if (!append) file.content.resize(static_cast<std::size_t>(offset));
  if (!append && how == Quirks::Resumes::zeroes_head) file.content.assign(file.content.size(), '\0');
  if (append && how == Quirks::Resumes::appe_replaces) file.content.clear();
  file.mtime_s = std::time(nullptr);
  file.late_sizes = inside_->quirks.late_sizes;
  return {};
}

std::string ScriptedSession::end_store(const std::string& path, const std::string& hidden,
                                       Received received) {
  const std::lock_guard lock(inside_->mutex);
  const auto node = hidden.empty() ? inside_->find(path) : inside_->nodes.find(hidden);
  if (node == inside_->nodes.end()) return "426 Connection broken";
  if (inside_->quirks.files_are_used_up) {
    node->second.content.clear();
    return fmt::format("552 Quota exceeded: [{}] won't be saved", path);
  }
  if (received == Received::over_quota) {
    inside_->nodes.erase(node);
    return fmt::format(
        "552-Transfer aborted. Disk quota exceeded\r\n552 STOR: notice: quota reached: '{}' removed", path);
  }
  if (!hidden.empty() && received == Received::all) {
    ScriptedNode file = std::move(node->second);
    inside_->nodes.erase(node);
    inside_->nodes[path] = std::move(file);
  } else if (!hidden.empty()) {
    inside_->nodes.erase(node);
  }
  return received == Received::all ? "226 Transfer complete" : "426 Transfer aborted. Data connection closed";
}

void ScriptedSession::store(const std::string& argument, bool append) {
  std::string path = resolve(argument);
  const std::string above = parent_of(path);
  const std::string name = above.empty() ? path : path.substr(above.size() + 1);
  const std::string hidden = !quirks().hidden_stores || append ? std::string()
                             : above.empty()                   ? ".in." + name + "."
                                                               : above + "/.in." + name + ".";
  if (const std::string refusal = begin_store(path, hidden, append); !refusal.empty()) {
    close_socket(listener_);
    return say(refusal);
  }
  say("150 Send it");
  int socket = accept_data();
  if (socket < 0) return say("425 Nobody connected");
  const bool midway = later_ && later_->when == Deviation::When::midway;
  const Received received =
      receive_data(socket, hidden.empty() ? path : hidden, midway ? later_->bytes : UINT64_MAX);
  close_socket(socket);
  const std::string reply = end_store(path, hidden, received);
  if (later_)
    deviate(*later_);
  else
    say(reply);
}

void ScriptedSession::send_data(const std::string& content, const Flood& flood, const std::string& end) {
  say("150 Here it comes");
  int socket = accept_data();
  if (socket < 0) return say("425 Nobody connected");
  const bool midway = later_ && later_->when == Deviation::When::midway;
  bool sent =
      send_all(socket, std::string_view(content).substr(0, midway ? later_->bytes : std::string::npos));
  if (flood)
    for (std::string piece; sent && !(piece = flood()).empty();) sent = send_all(socket, piece);
  close_socket(socket);
  if (later_)
    deviate(*later_);
  else
    say(sent ? end : "426 Connection broken");
}

void ScriptedSession::retr(const std::string& argument) {
  const std::uint64_t offset = std::exchange(offset_, 0);
  std::optional<std::string> content;
  {
    const std::lock_guard lock(inside_->mutex);
    if (const auto node = inside_->find(resolve(argument));
        node != inside_->nodes.end() && !node->second.directory)
      content = node->second.content;
  }
  if (!content || offset > content->size()) {
    close_socket(listener_);
    return say(content ? "554 Beyond the end" : "550 No such file");
  }
  send_data(content->substr(static_cast<std::size_t>(offset)), {}, "226 Transfer complete");
}

std::vector<std::pair<std::string, ScriptedNode>> ScriptedSession::children(const std::string& dir) const {
  std::vector<std::pair<std::string, ScriptedNode>> found;
  const std::lock_guard lock(inside_->mutex);
  const Quirks& quirks = inside_->quirks;
  for (const auto& [path, node] : inside_->nodes) {
    if (parent_of(path) != dir) continue;
    const std::string name = path.substr(dir.empty() ? 0 : dir.size() + 1);
    if (quirks.hides_dotfiles && name.starts_with('.')) continue;
    if (quirks.listing_cap > 0 && found.size() == quirks.listing_cap) break;
    found.emplace_back(name, node);
  }
  return found;
}

void ScriptedSession::list(const std::string& argument) {
  const Quirks quirks = this->quirks();
  if (quirks.listing) return send_data({}, quirks.listing, quirks.listing_end);
  const bool asked = argument == "-a";
  if (asked && quirks.list_all == Quirks::ListAll::is_a_name) return send_data({}, {}, quirks.listing_end);
  const bool all = asked && quirks.list_all == Quirks::ListAll::honoured && !quirks.hides_dotfiles;
  std::string text;
  ScriptedNode self;
  self.directory = true;
  if (all) text += ls_line(".", self) + ls_line("..", self);
  for (const auto& [name, node] : children(cwd_))
    if (all || !name.starts_with('.')) text += ls_line(name, node);
  send_data(text, {}, quirks.listing_end);
}

void ScriptedSession::mlsd(const std::string& argument) {
  const Quirks quirks = this->quirks();
  if (quirks.listing) return send_data({}, quirks.listing, quirks.listing_end);
  const std::string dir = resolve(argument);
  bool there = false;
  {
    const std::lock_guard lock(inside_->mutex);
    there = inside_->is_dir(dir);
  }
  if (!there) {
    close_socket(listener_);
    return say("550 No such directory");
  }
  std::string text = "type=cdir;modify=20200913122640; .\r\n";
  for (const auto& [name, node] : children(dir)) text += facts_of(node) + name + "\r\n";
  send_data(text, {}, quirks.listing_end);
}

void ScriptedSession::mlst(const std::string& argument) {
  std::string reply = "550 No such file or directory";
  {
    const std::lock_guard lock(inside_->mutex);
    const std::string path = resolve(argument);
    ScriptedNode root;
    root.directory = true;
    const auto node = inside_->find(path);
    if (path.empty() || node != inside_->nodes.end())
      reply = fmt::format("250-Listing\r\n {}{}\r\n250 End", facts_of(path.empty() ? root : node->second),
                          argument);
  }
  say(reply);
}

}  // namespace outhaul::test
