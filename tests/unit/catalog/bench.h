// A carrier on a server in memory.
#pragma once

#include "base/cancel.h"
#include "catalog/carrier.h"
#include "catalog/local_file.h"
#include "support/fake_remote.h"
#include "support/temp_dir.h"

namespace outhaul::test {

class NoWaiting final : public Clock {
 public:
  std::int64_t now_ns() const override { return 1; }
  std::chrono::steady_clock::time_point steady() const override { return {}; }
  bool wait(std::chrono::milliseconds, const CancelToken& cancel) override { return !cancel.cancelled(); }
};

class Nobody final : public EventSink {
 public:
  void on(const Event&) noexcept override {}
};

struct Bench {
  explicit Bench(FakeOptions options = {}) : server(options) {}
  TempDir dir;
  FakeServer server;
  std::unique_ptr<Remote> remote = server.remote();
  NoWaiting clock;
  CancelToken cancel;
  Nobody events;
  Carrier carrier{{*remote, {}, clock, cancel, events}};
  Carrier adding{{*remote, {}, clock, cancel, events, true}};  ///< for accounts that may only add
  RemotePath name = RemotePath::parse("c/file");

  std::filesystem::path local(const std::string& content) {
    write_file(dir / "local", content);
    return dir / "local";
  }
};

}  // namespace outhaul::test
