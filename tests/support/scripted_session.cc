#include "support/scripted_session.h"

#include <fmt/format.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>

namespace outhaul::test {

std::string parent_of(const std::string& path) {
  const std::size_t slash = path.rfind('/');
  return slash == std::string::npos ? std::string() : path.substr(0, slash);
}

bool send_all(int socket, std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t sent = ::send(socket, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (sent <= 0) return false;
    bytes.remove_prefix(static_cast<std::size_t>(sent));
  }
  return true;
}

ScriptedSession::~ScriptedSession() {
  if (counted_) {
    const std::lock_guard lock(inside_->mutex);
    --inside_->sessions;
  }
  close_socket(listener_);
  close_socket(control_);
}

void ScriptedSession::add_socket(int socket) {
  const std::lock_guard lock(inside_->mutex);
  inside_->sockets.insert(socket);
  if (inside_->stopping) ::shutdown(socket, SHUT_RDWR);
}

void ScriptedSession::close_socket(int& socket) {
  if (socket < 0) return;
  const std::lock_guard lock(inside_->mutex);
  inside_->sockets.erase(socket);
  ::close(socket);
  socket = -1;
}

Quirks ScriptedSession::quirks() const {
  const std::lock_guard lock(inside_->mutex);
  return inside_->quirks;
}

/// False when there are too many already.
bool ScriptedSession::enter() {
  const std::lock_guard lock(inside_->mutex);
  if (inside_->quirks.max_sessions > 0 && inside_->sessions >= inside_->quirks.max_sessions) return false;
  counted_ = true;
  inside_->most_sessions = std::max(inside_->most_sessions, ++inside_->sessions);
  return true;
}

bool ScriptedSession::greet() {
  std::optional<Deviation> deviation;
  {
    const std::lock_guard lock(inside_->mutex);
    deviation = inside_->take("CONNECT", {});
  }
  if (deviation) return deviate(*deviation) && open_;
  const Quirks quirks = this->quirks();
  if (!quirks.too_many.starts_with("530") && !enter()) {
    say(quirks.too_many);
    return false;
  }
  say(quirks.greeting);
  return true;
}

void ScriptedSession::serve() {
  const int on = 1;
  ::setsockopt(control_, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  if (!greet()) return;
  if (quirks().concurrent) return serve_concurrently();
  while (open_) {
    const auto line = next_line();
    if (!line) return;
    if (mute_) continue;
    if (quirks().drops_pipelined) drop_pipelined();
    carry_out(*line);
  }
}

std::optional<std::string> ScriptedSession::next_line() {
  for (;;) {
    if (const std::size_t end = input_.find('\n'); end != std::string::npos) {
      std::string line = input_.substr(0, end);
      input_.erase(0, end + 1);
      if (line.ends_with('\r')) line.pop_back();
      return line;
    }
    std::array<char, 4096> buffer;
    const ssize_t got = ::recv(control_, buffer.data(), buffer.size(), 0);
    if (got <= 0) return std::nullopt;
    input_.append(buffer.data(), static_cast<std::size_t>(got));
  }
}

namespace {

/// How long it waits for something else to do before it ends what it is at.
constexpr int kSilenceMs = 3;

bool takes_time(const std::string& line) {
  static const std::set<std::string> verbs{"SIZE", "MDTM", "MFMT", "MLST", "XSHA256", "CWD",
                                           "MKD",  "RMD",  "DELE", "RNFR", "RNTO"};
  return verbs.contains(line.substr(0, line.find(' ')));
}

}  // namespace

void ScriptedSession::serve_concurrently() {
  std::list<Packet> packets;
  while (open_) {
    const auto waiting = std::count_if(packets.begin(), packets.end(), [](auto& it) { return it.waits; });
    if (waiting < 2 && take_packet(packets, waiting == 0)) continue;
    end_one(packets);
  }
}

/// False when nothing came.
bool ScriptedSession::take_packet(std::list<Packet>& packets, bool may_wait) {
  pollfd readable{control_, POLLIN, 0};
  if (::poll(&readable, 1, may_wait ? -1 : kSilenceMs) <= 0) return false;
  std::array<char, 4096> buffer;
  const ssize_t got = ::recv(control_, buffer.data(), buffer.size(), 0);
  if (got <= 0) {  // what it was at is left undone
    open_ = false;
    return true;
  }
  input_.append(buffer.data(), static_cast<std::size_t>(got));
  Packet packet;
  for (std::size_t end = 0; (end = input_.find("\r\n")) != std::string::npos; input_.erase(0, end + 2))
    packet.lines.push_back(input_.substr(0, end));
  packets.push_back(std::move(packet));
  advance(packets.back());
  return true;
}

/// Up to the next command that takes time.
void ScriptedSession::advance(Packet& packet) {
  packet.waits = false;
  while (open_ && !packet.lines.empty() && !packet.waits) {
    if (takes_time(packet.lines.front())) {
      packet.rename_from = rename_from_;
      packet.waits = true;
    } else {
      carry_out(packet.lines.front());
      packet.lines.pop_front();
    }
  }
}

/// They take turns: the reply to one of a packet comes between two replies to another.
void ScriptedSession::end_one(std::list<Packet>& packets) {
  const auto next = std::find_if(packets.begin(), packets.end(), [](auto& it) { return it.waits; });
  const std::string line = next->lines.front();
  if (line.starts_with("RNTO ")) rename_from_ = next->rename_from;
  carry_out(line);
  next->lines.pop_front();
  advance(*next);
  if (next->waits)
    packets.splice(packets.end(), packets, next);
  else
    packets.erase(next);
}

void ScriptedSession::drop_pipelined() {
  input_.clear();
  std::array<char, 4096> buffer;
  while (::recv(control_, buffer.data(), buffer.size(), MSG_DONTWAIT) > 0) {
  }
}

void ScriptedSession::say_raw(std::string_view bytes) {
  if (!quirks().one_byte_at_a_time) {
    open_ = send_all(control_, bytes) && open_;
    return;
  }
  for (std::size_t i = 0; i < bytes.size() && open_; ++i) open_ = send_all(control_, bytes.substr(i, 1));
}

void ScriptedSession::say(const std::string& reply) {
  if (mute_) return;
  const bool wordy = quirks().wordy && reply.find('\n') == std::string::npos && reply.size() > 4;
  if (wordy)
    say_raw(fmt::format("{}-{}\r\n 226 not the end\r\nnor this\r\n{}\r\n", reply.substr(0, 3),
                        "Welcome to a server that likes to talk", reply));
  else
    say_raw(reply + "\r\n");
}

bool ScriptedSession::deviate(const Deviation& deviation) {
  mute_ = mute_ || deviation.mute;
  if (deviation.flood) {
    for (std::string piece; open_ && !(piece = deviation.flood()).empty();) say_raw(piece);
  } else if (!deviation.reply.empty()) {
    say_raw(deviation.reply + "\r\n");
  }
  if (deviation.close) open_ = false;
  return true;
}

std::string ScriptedSession::resolve(std::string path) const {
  std::string full = path.starts_with('/') || cwd_.empty() ? std::move(path) : cwd_ + "/" + path;
  std::string clean;
  for (std::size_t at = 0; at <= full.size();) {
    const std::size_t end = std::min(full.find('/', at), full.size());
    const std::string segment = full.substr(at, end - at);
    at = end + 1;
    if (segment.empty() || segment == ".") continue;
    if (segment == "..")
      clean = parent_of(clean);
    else
      clean += (clean.empty() ? "" : "/") + segment;
  }
  return clean;
}

const std::unordered_map<std::string, ScriptedSession::Handler>& ScriptedSession::handlers() {
  using S = ScriptedSession;
  static const std::unordered_map<std::string, Handler> table = {
      {"USER", &S::user}, {"PASS", &S::pass}, {"TYPE", &S::ok},         {"OPTS", &S::ok},
      {"NOOP", &S::ok},   {"PWD", &S::pwd},   {"CWD", &S::cwd},         {"FEAT", &S::feat},
      {"EPSV", &S::epsv}, {"PASV", &S::pasv}, {"REST", &S::rest},       {"STOR", &S::stor},
      {"APPE", &S::appe}, {"RETR", &S::retr}, {"LIST", &S::list},       {"MLSD", &S::mlsd},
      {"MLST", &S::mlst}, {"SIZE", &S::size}, {"XSHA256", &S::xsha256}, {"MFMT", &S::mfmt},
      {"MDTM", &S::mdtm}, {"MKD", &S::mkd},   {"RMD", &S::rmd},         {"DELE", &S::dele},
      {"RNFR", &S::rnfr}, {"RNTO", &S::rnto}, {"QUIT", &S::quit},       {"ALLO", &S::ok},
      {"STRU", &S::ok},   {"MODE", &S::ok},
  };
  return table;
}

namespace {

/// U+FFFD for each byte that belongs to no character of UTF-8.
std::string decoded(const std::string& text) {
  std::string result;
  for (std::size_t i = 0; i < text.size();) {
    const auto lead = static_cast<unsigned char>(text[i]);
    std::size_t length = lead < 0x80 ? 1 : lead >= 0xF0 ? 4 : lead >= 0xE0 ? 3 : 2;
    bool good = lead < 0x80 || (lead >= 0xC2 && lead < 0xF5);
    for (std::size_t k = 1; good && k < length; ++k)
      good = i + k < text.size() && (static_cast<unsigned char>(text[i + k]) & 0xC0) == 0x80;
    if (!good) length = 1;
    result += good ? text.substr(i, length) : "\xEF\xBF\xBD";
    i += length;
  }
  return result;
}

/// What such a server makes of a command's argument.
std::string heard(const Quirks& quirks, std::string argument) {
  if (quirks.replaces_bytes) argument = decoded(argument);
  if (quirks.drops_quotes) std::erase(argument, '"');
  if (quirks.trims_spaces)
    for (std::size_t at = 0; (at = argument.find("/ ")) != std::string::npos;) argument.erase(at + 1, 1);
  return argument;
}

}  // namespace

void ScriptedSession::carry_out(const std::string& line) {
  const std::size_t blank = std::min(line.find(' '), line.size());
  const std::string verb = line.substr(0, blank);
  const std::string argument = heard(quirks(), line.substr(std::min(blank + 1, line.size())));
  std::optional<Deviation> deviation;
  bool known = false;
  std::string denial;
  {
    const std::lock_guard lock(inside_->mutex);
    inside_->commands.push_back(verb == "PASS" ? "PASS" : line);
    known = handlers().contains(verb) && !inside_->quirks.unknown.contains(verb);
    if (inside_->quirks.denied.contains(verb)) denial = inside_->quirks.denial;
    deviation = inside_->take(verb == "PASS" ? "LOGIN" : verb, argument);
  }
  later_.reset();
  const bool transfers =
      verb == "STOR" || verb == "APPE" || verb == "RETR" || verb == "LIST" || verb == "MLSD";
  if (deviation && deviation->when == Deviation::When::instead) {
    deviate(*deviation);
    if (transfers) close_socket(listener_);
    return;
  }
  if (!known) return say("500 Unknown command");
  if (!denial.empty()) {
    if (transfers) close_socket(listener_);
    return say(denial);
  }
  if (!deviation) return (this->*handlers().at(verb))(argument);
  later_ = std::move(deviation);
  if (transfers) return (this->*handlers().at(verb))(argument);
  const bool was_mute = std::exchange(mute_, true);  // carried out, but with another answer
  (this->*handlers().at(verb))(argument);
  mute_ = was_mute;
  deviate(*later_);
}

void serve_scripted(const std::shared_ptr<ScriptedServer::Inside>& inside, int socket) {
  ScriptedSession(inside, socket).serve();
}

}  // namespace outhaul::test
