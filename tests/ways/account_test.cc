#include "support/catch.h"
#include "support/scripted_server.h"
#include "ways/tools.h"

namespace outhaul::test {
namespace {

/// Asks for an account behind the password (RFC 959 §5.4).
std::unique_ptr<ScriptedServer> server_with_accounts() {
  auto server = std::make_unique<ScriptedServer>();
  Deviation ask;
  ask.verb = "LOGIN";
  ask.reply = "332 Need account for login.";
  ask.times = -1;
  server->deviate(ask);
  Deviation take;
  take.verb = "ACCT";
  take.reply = "230 Logged in.";
  take.times = -1;
  server->deviate(take);
  return server;
}

Login scripted_user() {
  return {ScriptedServer::kUser, ScriptedServer::kPassword, {}, {}, {}};
}

}  // namespace

TEST_CASE("a server that asks for an account gets it") {
  const auto server = server_with_accounts();
  RemoteSettings settings = server->settings();
  settings.account = "backup 42";
  CHECK(first_put(settings, scripted_user()).text.empty());
  CHECK(server->file("first") == "x");
  CHECK(server->count("ACCT backup 42") == 1);
}

TEST_CASE("a server that asks for an account and gets none stops the run and says what to set") {
  const auto server = server_with_accounts();
  const Told told = first_put(server->settings(), scripted_user());
  CAPTURE(told.text);
  CHECK(told.failure == FailureClass::stop_run);
  CHECK(told.text.find("\"account\"") != std::string::npos);
  CHECK(server->count("ACCT") == 0);
}

TEST_CASE("a refused account is not tried again") {
  ScriptedServer server;
  Deviation ask;
  ask.verb = "LOGIN";
  ask.reply = "332 Need account for login.";
  server.deviate(ask);
  Deviation refuse;
  refuse.verb = "ACCT";
  refuse.reply = "530 No such account.";
  server.deviate(refuse);
  RemoteSettings settings = server.settings();
  settings.account = "wrong";
  const Told told = first_put(settings, scripted_user());
  CAPTURE(told.text);
  CHECK(told.failure == FailureClass::stop_run);
  CHECK(told.text.find("refused the account") != std::string::npos);
}

}  // namespace outhaul::test
