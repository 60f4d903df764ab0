#include "contract/subject.h"

#include <fmt/format.h>
#include <sys/stat.h>

#include <map>
#include <utility>

#include "remote/connect.h"
#include "support/fake_remote.h"

namespace outhaul::test {
namespace {

namespace fs = std::filesystem;

Traits named(const char* name) {
  Traits traits;
  traits.name = name;
  return traits;
}

class FakeSubject final : public Subject {
 public:
  FakeSubject() : Subject(named("the fake")) {}
  std::unique_ptr<Remote> connect() override { return server_.remote(); }
  std::optional<std::string> file(const std::string& path) const override { return server_.file(path); }
  std::uint64_t file_count() const override { return server_.files().size(); }
  bool is_dir(const std::string& path) const override { return server_.is_dir(path); }
  std::optional<std::int64_t> mtime_s(const std::string& path) const override {
    return server_.tree().at(path).mtime_s;
  }
  std::optional<std::uint32_t> mode(const std::string& path) const override {
    return server_.tree().at(path).mode;
  }
  void put_file(const std::string& path, const std::string& content) override {
    server_.put_file(path, content);
  }
  void make_dir(const std::string& path) override { server_.make_dir(path); }

 private:
  FakeServer server_;
};

class DiskSubject : public Subject {
 public:
  DiskSubject(Traits traits, fs::path base) : Subject(std::move(traits)), base_(std::move(base)) {}
  std::optional<std::string> file(const std::string& path) const override {
    return fs::is_regular_file(fs::symlink_status(base_ / path)) ? std::optional(read_file(base_ / path))
                                                                 : std::nullopt;
  }
  std::uint64_t file_count() const override {
    std::uint64_t count = 0;
    for (const auto& entry : fs::recursive_directory_iterator(base_))
      count += entry.is_regular_file() ? 1U : 0U;
    return count;
  }
  bool is_dir(const std::string& path) const override {
    return fs::is_directory(fs::symlink_status(base_ / path));
  }
  std::optional<std::int64_t> mtime_s(const std::string& path) const override {
    struct stat st = {};
    if (::lstat((base_ / path).c_str(), &st) != 0) return std::nullopt;
    return st.st_mtim.tv_sec;
  }
  std::optional<std::uint32_t> mode(const std::string& path) const override {
    struct stat st = {};
    if (::lstat((base_ / path).c_str(), &st) != 0) return std::nullopt;
    return st.st_mode & 0777;
  }
  void put_file(const std::string& path, const std::string& content) override {
    write_file(base_ / path, content);
    hand_over(base_ / path);
  }
  void make_dir(const std::string& path) override {
    fs::create_directory(base_ / path);
    hand_over(base_ / path);
  }

 protected:
  virtual void hand_over(const fs::path&) {}
  const fs::path base_;
};

class FileSubject final : public DiskSubject {
 public:
  explicit FileSubject(TempDir dir)
      : DiskSubject(named("a mounted disk"), dir.path()), dir_(std::move(dir)) {}
  std::unique_ptr<Remote> connect() override {
    RemoteSettings settings;
    settings.scheme = Scheme::file;
    settings.base = base_.string();
    settings.absolute = true;
    settings.url = "file://" + base_.string();
    return connect_to(settings);
  }

 private:
  TempDir dir_;
};

TestServer& shared_server(ServerKind kind, Tls tls) {
  static std::map<std::pair<ServerKind, Tls>, std::unique_ptr<TestServer>> servers;
  auto& server = servers[{kind, tls}];
  if (!server) server = TestServer::start(kind, tls);
  return *server;
}

std::string next_base() {
  static int count = 0;
  return fmt::format("base {}", ++count);
}

class LiveSubject final : public DiskSubject {
 public:
  LiveSubject(Traits traits, TestServer& server, const std::string& base)
      : DiskSubject(std::move(traits), server.make_dir(base)), server_(server), name_(base) {}
  std::unique_ptr<Remote> connect() override { return connect_to(server_.settings(name_)); }
  void drop_sessions() override { server_.drop_sessions(); }
  TestServer* server() override { return &server_; }

 private:
  void hand_over(const fs::path& path) override { server_.hand_over(path); }
  TestServer& server_;
  std::string name_;
};

}  // namespace

std::unique_ptr<Remote> connect_to(const RemoteSettings& settings, const std::string& password,
                                   const ServerMemory& memory) {
  return connect(settings, {settings.user, password, {}, {}, {}}, memory);
}

std::unique_ptr<Subject> make_fake_subject() {
  return std::make_unique<FakeSubject>();
}

std::unique_ptr<Subject> make_file_subject() {
  return std::make_unique<FileSubject>(TempDir());
}

std::unique_ptr<Subject> make_live_subject(ServerKind kind, Tls tls) {
  Traits traits;
  traits.name = fmt::format("{} {}", to_string(kind), to_string(tls));
  traits.is_live = true;
  traits.kind = kind;
  traits.tls = tls;
  traits.refuses_star_dirs = kind == ServerKind::proftpd;
  traits.rename_fails_for_now = kind == ServerKind::pureftpd;
  traits.full_disk_is_451 = kind != ServerKind::proftpd && kind != ServerKind::ftp_srv;
  traits.is_sftp = is_sftp(kind);
  if (kind == ServerKind::ftp_srv) {
    traits.makes_parents = traits.removes_dirs_as_files = true;
    traits.sets_times = traits.limits_clients = traits.answers_in_order = traits.resumes = false;
  }
  TestServer& server = shared_server(kind, tls);
  // The case before may still be saying goodbye: its last commands must not be counted among this one's.
  if (!server.wait_for_no_sessions()) server.drop_sessions();
  return std::make_unique<LiveSubject>(std::move(traits), server, next_base());
}

}  // namespace outhaul::test
