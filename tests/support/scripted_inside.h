// What all sessions of one scripted server share. Private to it.
#pragma once

#include <condition_variable>
#include <list>
#include <mutex>
#include <thread>

#include "support/scripted_server.h"

namespace outhaul::test {

struct ScriptedNode {
  bool directory = false;
  std::string content;
  std::int64_t mtime_s = 1'600'000'000;
  int late_sizes = 0;
};

struct ScriptedServer::Inside {
  mutable std::mutex mutex;  // guards everything but `listener`, `port` and `acceptor`
  Quirks quirks;
  std::list<Deviation> deviations;
  std::map<std::string, ScriptedNode> nodes;
  std::vector<std::string> commands;
  int sessions = 0, most_sessions = 0;
  std::uint64_t bytes_stored = 0;
  std::set<int> sockets;  ///< of the sessions: shut down at the end
  bool stopping = false;
  std::list<std::thread> threads;
  int listener = -1;
  std::uint16_t port = 0;
  std::thread acceptor;

  // With the mutex held:
  /// The node's key in `nodes`, under which "A" may stand for "a".
  std::map<std::string, ScriptedNode>::iterator find(const std::string& path);
  bool is_dir(const std::string& path);
  void make_dirs(const std::string& path);
  bool over_quota() const;
  std::optional<Deviation> take(std::string_view verb, std::string_view argument);
};

/// Serves one client to its end; closes the socket.
void serve_scripted(const std::shared_ptr<ScriptedServer::Inside>& inside, int socket);

}  // namespace outhaul::test
