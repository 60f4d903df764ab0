// One client of the scripted server. Private to it.
#pragma once

#include <deque>
#include <list>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "support/scripted_inside.h"

namespace outhaul::test {

/// The directory above; empty at the top.
std::string parent_of(const std::string& path);
/// "type=file;size=3;modify=20200913122640; " (RFC 3659 §7.5)
std::string facts_of(const ScriptedNode& node);
/// False when the client has gone.
bool send_all(int socket, std::string_view bytes);

class ScriptedSession {
 public:
  ScriptedSession(std::shared_ptr<ScriptedServer::Inside> inside, int socket)
      : inside_(std::move(inside)), control_(socket) {}
  ~ScriptedSession();
  ScriptedSession(ScriptedSession&&) = delete;
  void serve();

 private:
  using Handler = void (ScriptedSession::*)(const std::string&);
  static const std::unordered_map<std::string, Handler>& handlers();

  Quirks quirks() const;
  bool enter();
  bool greet();
  std::optional<std::string> next_line();
  /// What came in one packet, for a server that works on several at a time.
  struct Packet {
    std::deque<std::string> lines;
    bool waits = false;       ///< its first line is being carried out
    std::string rename_from;  ///< as it was when an RNTO began
  };
  void serve_concurrently();
  bool take_packet(std::list<Packet>& packets, bool may_wait);
  void advance(Packet& packet);
  void end_one(std::list<Packet>& packets);
  void drop_pipelined();
  void carry_out(const std::string& line);
  bool deviate(const Deviation& deviation);

  void say(const std::string& reply);
  void say_raw(std::string_view bytes);
  std::string resolve(std::string path) const;

  // commands
  void user(const std::string&) { say("331 Password, please"); }
  void pass(const std::string&);
  void ok(const std::string&) { say("200 OK"); }
  void pwd(const std::string&) { say("257 \"/" + cwd_ + "\" is the directory"); }
  void cwd(const std::string& path);
  void feat(const std::string&);
  void epsv(const std::string&);
  void pasv(const std::string&);
  void rest(const std::string& offset);
  void stor(const std::string& path) { store(path, false); }
  void appe(const std::string& path) { store(path, true); }
  void store(const std::string& path, bool append);
  void retr(const std::string& path);
  void list(const std::string& argument);
  void mlsd(const std::string& argument);
  void mlst(const std::string& path);
  void size(const std::string& path);
  void xsha256(const std::string& path);
  void mfmt(const std::string& argument);
  void mdtm(const std::string& argument);
  void mkd(const std::string& path);
  void rmd(const std::string& path);
  void dele(const std::string& path);
  void rnfr(const std::string& path);
  void rnto(const std::string& path);
  void quit(const std::string&);

  // data connections
  std::uint16_t listen();
  int accept_data();
  void add_socket(int socket);
  void close_socket(int& socket);
  void send_data(const std::string& content, const Flood& flood, const std::string& end);
  enum class Received : std::uint8_t { all, broken, over_quota };
  Received receive_data(int socket, const std::string& path, std::uint64_t most);
  /// Readies the file that the data go to; a refusal, or nothing.
  std::string begin_store(std::string& path, const std::string& hidden, bool append);
  /// What becomes of it; the reply.
  std::string end_store(const std::string& path, const std::string& hidden, Received received);
  std::vector<std::pair<std::string, ScriptedNode>> children(const std::string& dir) const;
  void set_time(const std::string& path, std::int64_t time, const std::string& done);

  std::shared_ptr<ScriptedServer::Inside> inside_;
  int control_;
  int listener_ = -1;
  std::string input_, cwd_, rename_from_;
  std::uint64_t offset_ = 0;
  std::optional<Deviation> later_;  ///< of the command that is carried out: midway or afterwards
  bool open_ = true, mute_ = false, counted_ = false;
};

}  // namespace outhaul::test
