#include "fixture.h"

#include <sys/wait.h>
#include <unistd.h>

#include <stdexcept>

#include "base/fd.h"

namespace outhaul::test {

std::string numbered(std::string_view prefix, std::int64_t number) {
  return std::string(prefix).append(std::to_string(number));
}

Entry directory_entry(std::string_view path) {
  Entry entry;
  entry.path = RelPath::parse(path);
  entry.kind = EntryKind::directory;
  entry.mtime_ns = 1'700'000'000'000'000'001;
  entry.ctime_ns = -1;  // before the epoch is a time too
  entry.inode = 0xFFFF'FFFF'FFFF'FFF0;
  entry.dev = 0x8000'0000'0000'0001;
  entry.mode = 0755;
  entry.uid = 4'294'967'294;
  entry.gid = 33;
  return entry;
}

Entry file_entry(std::string_view path, std::uint64_t size) {
  Entry entry = directory_entry(path);
  entry.kind = EntryKind::file;
  entry.size = size;
  entry.mode = 04644;
  return entry;
}

Entry symlink_entry(std::string_view path, std::string_view target) {
  Entry entry = directory_entry(path);
  entry.kind = EntryKind::symlink;
  entry.link_target = target;
  return entry;
}

Sha256Digest digest_of(unsigned char fill) {
  Sha256Digest digest;
  digest.fill(std::byte{fill});
  return digest;
}

Entry store(State& state, JobId job, RunId run, Entry entry, std::string_view remote_name) {
  const RemotePath name = RemotePath::parse(remote_name.empty() ? "stored" : remote_name);
  entry.object = state.begin_object(job, run, entry.path, name, RemotePath::parse(".outhaul/parts/x"),
                                    fingerprint_of(entry));
  state.publish(job, run, entry.object, digest_of(7), entry);
  return entry;
}

std::vector<Entry> all(std::unique_ptr<EntryStream> stream) {
  std::vector<Entry> entries;
  Entry entry;
  while (stream->next(entry)) entries.push_back(entry);
  return entries;
}

std::vector<std::string> paths(std::unique_ptr<EntryStream> stream) {
  std::vector<std::string> paths;
  Entry entry;
  while (stream->next(entry)) paths.push_back(entry.path.bytes());
  return paths;
}

std::optional<Error> error_of(const std::function<void()>& work) {
  try {
    work();
  } catch (const Error& e) {
    return e;
  }
  return std::nullopt;
}

std::string query(const std::filesystem::path& file, const char* sql) {
  return sqlite::Database(file, sqlite::Access::read_only).string(sql);
}

void tamper(const std::filesystem::path& file, const char* sql) {
  sqlite::Database(file, sqlite::Access::read_write).exec(sql);
}

namespace {

[[noreturn]] void be_the_child(const std::function<std::string()>& work, std::optional<uid_t> user,
                               int answer) {
  std::string said;
  try {
    if (user && ::geteuid() == 0 && (::setgid(*user) != 0 || ::setuid(*user) != 0))
      throw std::runtime_error("can't change the user");
    said = work();
  } catch (const std::exception& e) {
    said = std::string("exception: ") + e.what();
  }
  const bool told = ::write(answer, said.data(), said.size()) == static_cast<ssize_t>(said.size());
  ::_exit(told ? 0 : 1);
}

}  // namespace

std::string in_child(const std::function<std::string()>& work, std::optional<uid_t> user) {
  int ends[2];
  if (::pipe(ends) != 0) throw std::runtime_error("no pipe");
  const Fd from(ends[0]);
  Fd to(ends[1]);
  const pid_t child = ::fork();
  if (child < 0) throw std::runtime_error("no child");
  if (child == 0) be_the_child(work, user, to.get());
  to.reset();
  std::string said;
  char buffer[4096];
  for (ssize_t got = 0; (got = ::read(from.get(), buffer, sizeof buffer)) > 0;)
    said.append(buffer, static_cast<std::size_t>(got));
  int status = 0;
  ::waitpid(child, &status, 0);
  return WIFEXITED(status) && WEXITSTATUS(status) == 0 ? said : "the child died";
}

void give_to(const std::filesystem::path& dir, uid_t user) {
  if (::geteuid() != 0) return;
  if (::chown(dir.c_str(), user, user) != 0) throw std::runtime_error("can't chown " + dir.string());
  for (const auto& item : std::filesystem::recursive_directory_iterator(dir))
    if (::chown(item.path().c_str(), user, user) != 0)
      throw std::runtime_error("can't chown " + item.path().string());
}

}  // namespace outhaul::test
