#include "ways/tools.h"

#include "support/catch.h"

namespace outhaul::test {

void live_a_files_life(const RemoteSettings& settings, const Login& login) {
  const CancelToken cancel;
  const auto remote = connect(settings, login);
  const auto lane = remote->open_lane(cancel);
  const auto channel = remote->open_channel(cancel);
  const std::string text = PatternSource::text(300'000);
  CHECK(run_one(*channel, MakeDir{wire("d")}).status == CommandResult::Status::done);
  put_text(*lane, "d/part", text.substr(0, 200'000));
  put_text(*lane, "d/part", text.substr(200'000), 200'000);
  CHECK(run_one(*channel, SizeOf{wire("d/part")}).size == text.size());
  CHECK(run_one(*channel, Rename{wire("d/part"), wire("d/whole")}).status == CommandResult::Status::done);
  const Listing listing = lane->list(wire("d"));
  REQUIRE(listing.entries.size() == 1);
  CHECK(listing.entries[0].name == "whole");
  const bool same = get_text(*lane, "d/whole") == text;
  CHECK(same);
  CHECK(run_one(*channel, RemoveFile{wire("d/whole")}).status == CommandResult::Status::done);
  CHECK(run_one(*channel, RemoveDir{wire("d")}).status == CommandResult::Status::done);
}

Login tester(const std::string& proxy_password) {
  return {TestServer::kUser, TestServer::kPassword, {}, {}, proxy_password};
}

Told told_by(const std::function<void()>& action) {
  try {
    action();
  } catch (const RemoteError& error) {
    return {error.failure(), std::string(error.what()) + "\n" + error.advice()};
  } catch (const Error& error) {
    return {FailureClass::none, std::string(error.what()) + "\n" + error.advice()};
  }
  return {};
}

Told first_put(const RemoteSettings& settings, const Login& login) {
  return told_by([&] {
    const CancelToken cancel;
    const auto remote = connect(settings, login);
    put_text(*remote->open_lane(cancel), "first", "x");
  });
}

}  // namespace outhaul::test
