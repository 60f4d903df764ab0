// A scripted server and the connections of one client to it.
#pragma once

#include <memory>
#include <string>

#include "base/cancel.h"
#include "contract/remote_contract.h"
#include "support/scripted_server.h"

namespace outhaul::test {

class Client {
 public:
  explicit Client(const Quirks& quirks = {});
  /// With settings made by server.settings() and changed by the test.
  void connect(const RemoteSettings& settings, const ServerMemory& told = {});

  void put(const std::string& path, const std::string& text, std::uint64_t offset = 0) {
    put_text(*lane, path, text, offset);
  }
  CommandResult run(Command command) { return run_one(*channel, std::move(command)); }
  Listing list(const std::string& dir = {}) { return lane->list(wire(dir)); }

  ScriptedServer server;
  CancelToken cancel;
  std::unique_ptr<Remote> remote;
  std::unique_ptr<Lane> lane;
  std::unique_ptr<CommandRunner> channel;
};

/// What an operation threw: message, advice, class.
struct Caught {
  FailureClass failure = FailureClass::none;
  int reply_code = 0;
  std::string text;
};
Caught catch_from(const std::function<void()>& action);

}  // namespace outhaul::test
