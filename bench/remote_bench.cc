// How fast small files go to a server: N lanes and one command channel, as the executor uses them.
//
//   remote_bench URL USER PASSWORD FILES SIZE LANES [ca.pem|-] [off|on]
//
// Every file goes to a part, then SIZE, RNFR/RNTO and MFMT in batches. Prints seconds and files per second.
// Loopback only: this is a measure of our own overhead, not of somebody's server.
#include <fmt/format.h>

#include <atomic>
#include <chrono>
#include <cstdlib>
#include <cstring>
#include <mutex>
#include <thread>
#include <vector>

#include "base/cancel.h"
#include "remote/connect.h"

using namespace outhaul;

namespace {

class Zeros final : public ByteSource {
 public:
  explicit Zeros(std::uint64_t size) : left_(size) {}
  std::size_t read(std::span<std::byte> buffer) override {
    const auto count = static_cast<std::size_t>(std::min<std::uint64_t>(left_, buffer.size()));
    std::memset(buffer.data(), 'x', count);
    left_ -= count;
    return count;
  }

 private:
  std::uint64_t left_;
};

struct Job {
  int files = 0;
  std::uint64_t size = 0;
  std::atomic<int> next{0};
  std::mutex mutex;
  std::vector<int> stored;
  std::atomic<int> failed{0};
};

RemotePath part_of(int i) {
  return RemotePath::parse(fmt::format("parts/p{}", i));
}
RemotePath name_of(int i) {
  return RemotePath::parse(fmt::format("bench/f{}", i));
}

void work(Remote& remote, const CancelToken& cancel, Job& job) {
  const auto lane = remote.open_lane(cancel);
  for (int i; (i = job.next++) < job.files;) {
    Zeros source{job.size};
    try {
      lane->put({.path = part_of(i), .source = &source, .offset = 0, .length = job.size, .sent = {}});
    } catch (const Error& error) {
      fmt::print(stderr, "{}\n  {}\n", error.what(), error.advice());
      ++job.failed;
      continue;
    }
    const std::lock_guard lock{job.mutex};
    job.stored.push_back(i);
  }
}

void expect_done(const std::vector<CommandResult>& results, const char* what) {
  for (const CommandResult& result : results) {
    if (result.status == CommandResult::Status::done) continue;
    fmt::print(stderr, "{}: status {} reply {} {}\n", what, static_cast<int>(result.status),
               result.reply_code, result.reply_text);
    return;
  }
}

void publish(CommandRunner& channel, const std::vector<int>& stored) {
  std::vector<Command> sizes, moves, times;
  for (const int i : stored) {
    sizes.push_back(SizeOf{part_of(i)});
    moves.push_back(Rename{part_of(i), name_of(i)});
    times.push_back(SetMtime{name_of(i), 1'500'000'000});
  }
  expect_done(channel.run(sizes), "SIZE");
  expect_done(channel.run(moves), "RNTO");
  expect_done(channel.run(times), "MFMT");
}

RemoteSettings settings_of(char** argv, int argc) {
  RemoteSettings settings;
  std::string url = argv[1];
  settings.scheme = url.starts_with("ftps") ? Scheme::ftps : Scheme::ftp;
  settings.url = url;
  const std::string rest = url.substr(url.find("//") + 2);
  const std::string authority = rest.substr(0, rest.find('/'));
  settings.host = authority.substr(0, authority.find(':'));
  settings.port = static_cast<std::uint16_t>(std::atoi(authority.substr(authority.find(':') + 1).c_str()));
  if (rest.find('/') != std::string::npos) settings.base = rest.substr(rest.find('/') + 1);
  if (argc > 7 && std::strcmp(argv[7], "-") != 0) settings.tls.ca = argv[7];
  settings.tls.off = argc > 8 && std::strcmp(argv[8], "off") == 0;
  return settings;
}

int run(char** argv, int argc) {
  CancelToken cancel;
  const auto remote = connect(settings_of(argv, argc), {argv[2], argv[3], {}, {}, {}});
  Job job;
  job.files = std::atoi(argv[4]);
  job.size = std::strtoull(argv[5], nullptr, 10);
  const int lanes = std::atoi(argv[6]);
  const auto start = std::chrono::steady_clock::now();
  const auto channel = remote->open_channel(cancel);
  const std::vector<Command> dirs{MakeDir{}, MakeDir{RemotePath::parse("parts")},
                                  MakeDir{RemotePath::parse("bench")}};
  expect_done(channel->run(dirs), "MKD");
  std::vector<std::thread> threads;
  for (int i = 0; i < lanes; ++i) threads.emplace_back([&] { work(*remote, cancel, job); });
  std::size_t published = 0;
  const auto publish_new = [&] {
    std::vector<int> batch;
    {
      const std::lock_guard lock{job.mutex};
      batch.assign(job.stored.begin() + static_cast<std::ptrdiff_t>(published), job.stored.end());
    }
    published += batch.size();
    if (!batch.empty()) publish(*channel, batch);
  };
  while (job.next < job.files) {
    publish_new();
    std::this_thread::sleep_for(std::chrono::milliseconds(50));
  }
  for (std::thread& thread : threads) thread.join();
  publish_new();
  const std::chrono::duration<double> time = std::chrono::steady_clock::now() - start;
  fmt::print("{} files in {:.2f} s, {:.0f}/s, {} failed\n", published, time.count(),
             static_cast<double>(published) / time.count(), job.failed.load());
  return job.failed == 0 ? 0 : 1;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 7) {
    fmt::print(stderr, "usage: remote_bench URL USER PASSWORD FILES SIZE LANES [ca.pem|-] [off|on]\n");
    return 2;
  }
  try {
    return run(argv, argc);
  } catch (const Error& error) {
    fmt::print(stderr, "{}\n  {}\n", error.what(), error.advice());
    return 1;
  }
}
