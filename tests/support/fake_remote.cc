#include "support/fake_remote.h"

#include <algorithm>
#include <array>
#include <type_traits>
#include <utility>

#include "base/cancel.h"

namespace outhaul::test {
namespace {

using Status = CommandResult::Status;

std::string directory_of(const std::string& path) {
  const auto slash = path.rfind('/');
  return slash == std::string::npos ? std::string() : path.substr(0, slash);
}

bool is_below(const std::string& path, const std::string& dir) {
  return dir.empty() || (path.size() > dir.size() && path.starts_with(dir) && path[dir.size()] == '/');
}

std::string describe(const Command& command) {
  return std::visit(
      [](const auto& c) -> std::string {
        using C = std::decay_t<decltype(c)>;
        if constexpr (std::is_same_v<C, SizeOf>) return "SIZE " + c.path.wire();
        if constexpr (std::is_same_v<C, HashOf>) return "HASH " + c.path.wire();
        if constexpr (std::is_same_v<C, Rename>) return "RNFR " + c.from.wire() + " RNTO " + c.to.wire();
        if constexpr (std::is_same_v<C, SetMtime>) return "MFMT " + c.path.wire();
        if constexpr (std::is_same_v<C, MakeDir>) return "MKD " + c.path.wire();
        if constexpr (std::is_same_v<C, RemoveFile>) return "DELE " + c.path.wire();
        if constexpr (std::is_same_v<C, RemoveDir>) return "RMD " + c.path.wire();
        if constexpr (std::is_same_v<C, FreeSpace>) return "AVBL " + c.dir.wire();
        if constexpr (std::is_same_v<C, SetMode>) return "SITE CHMOD " + c.path.wire();
      },
      command);
}

CommandResult result_of(Status status, FailureClass failure = FailureClass::none, int code = 0,
                        std::string text = {}) {
  return {status, failure, code, std::move(text), 0};
}

CommandResult done() {
  return result_of(Status::done, FailureClass::none, 250, "done");
}
CommandResult missing() {
  return result_of(Status::missing, FailureClass::none, 550, "No such file or directory");
}
CommandResult refused(std::string text) {
  return result_of(Status::refused, FailureClass::skip_file, 550, std::move(text));
}

}  // namespace

/// One connection; also serves as the command channel.
class FakeLane final : public Lane {
 public:
  FakeLane(FakeServer& server, const CancelToken& cancel, bool lists = true)
      : server_(server), cancel_(cancel), lists_(lists) {}
  ~FakeLane() override {
    const std::lock_guard lock(server_.mutex_);
    disconnect();
  }

  void put(const Put& put) override;
  void get(const RemotePath& path, std::uint64_t offset, const ByteSink& sink) override;
  Listing list(const RemotePath& dir) override;
  std::vector<CommandResult> run(std::span<const Command> commands) override;
  void rest() noexcept override {
    const std::lock_guard lock(server_.mutex_);
    disconnect();
  }

 private:
  using Tree = std::map<std::string, FakeServer::Node>;

  // All below expect server_.mutex_ to be held.
  void begin(const std::string& what);
  void connect();
  void disconnect();
  void lose();
  std::optional<Fault> pass(FakePoint point, const std::string& what);
  [[noreturn]] void fail(const Fault& fault, const std::string& what);
  void check_target(const std::string& path);
  void store(const Put& put, std::string_view bytes);
  void refuse_resume(const Put& put);
  void damage_what_was_there(FakeServer::Node& node);
  CommandResult execute(const Command& command);
  CommandResult apply(const SizeOf& c);
  CommandResult apply(const HashOf& c);
  CommandResult apply(const Rename& c);
  CommandResult apply(const SetMtime& c);
  CommandResult apply(const SetMode& c);
  CommandResult apply(const MakeDir& c);
  CommandResult apply(const RemoveFile& c);
  CommandResult apply(const RemoveDir& c);
  CommandResult apply(const FreeSpace& c);
  bool is_dir(const std::string& path) const;
  bool has_children(const std::string& dir) const;
  Tree& nodes() { return server_.nodes_; }

  std::string read_all(const Put& put);
  void check_cancelled(const std::string& what) const;

  FakeServer& server_;
  const CancelToken& cancel_;
  bool lists_;  ///< false: a channel
  bool connected_ = false;
};

void FakeLane::check_cancelled(const std::string& what) const {
  if (cancel_.cancelled()) throw RemoteError(FailureClass::cancelled, "cancelled: " + what);
}

void FakeLane::begin(const std::string& what) {
  check_cancelled(what);
  if (!connected_) connect();
}

void FakeLane::connect() {
  if (const auto fault = pass(FakePoint::connect, "CONNECT")) fail(*fault, "CONNECT");
  const int cap = server_.options_.max_connections;
  if (cap > 0 && server_.connections_ >= cap) {
    throw RemoteError(FailureClass::lower_cap, "fake://remote: too many connections", {}, 421,
                      "Too many connections");
  }
  connected_ = true;
  server_.most_connections_ = std::max(server_.most_connections_, ++server_.connections_);
}

void FakeLane::disconnect() {
  if (!connected_) return;
  connected_ = false;
  --server_.connections_;
}

void FakeLane::lose() {
  if (server_.options_.ghosts)
    connected_ = false;
  else
    disconnect();
}

std::optional<Fault> FakeLane::pass(FakePoint point, const std::string& what) {
  const FakeCall call{++server_.moments_, point, what};
  server_.calls_.push_back(call);
  return server_.decide_ ? server_.decide_(call) : std::nullopt;
}

void FakeLane::fail(const Fault& fault, const std::string& what) {
  if (fault.effect != Fault::Effect::refused) lose();
  throw RemoteError(fault.failure, "fake://remote: injected fault: " + printable(what), {}, fault.reply_code,
                    "injected fault");
}

bool FakeLane::is_dir(const std::string& path) const {
  if (path.empty()) return true;
  const auto at = server_.nodes_.find(path);
  return at != server_.nodes_.end() && at->second.directory;
}

bool FakeLane::has_children(const std::string& dir) const {
  const auto after = server_.nodes_.upper_bound(dir + "/");
  return after != server_.nodes_.end() && is_below(after->first, dir);
}

void FakeLane::check_target(const std::string& path) {
  if (!is_dir(directory_of(path))) {
    throw RemoteError(FailureClass::skip_file, "fake://remote: no directory for " + printable(path), {}, 550,
                      "No such file or directory");
  }
  if (is_dir(path)) {
    throw RemoteError(FailureClass::skip_file, "fake://remote: is a directory: " + printable(path), {}, 550,
                      "Is a directory");
  }
}

// What fits is stored even when not all of it does, as on a real disk.
void FakeLane::store(const Put& put, std::string_view bytes) {
  const auto at = nodes().find(put.path.wire());
  if (put.offset > (at == nodes().end() ? 0 : at->second.content.size())) {
    throw RemoteError(FailureClass::skip_file,
                      "fake://remote: REST beyond the end of " + printable(put.path.wire()), {}, 554,
                      "Invalid REST position");
  }
  if (const DropBox box = server_.options_.drop_box;
      nodes().contains(put.path.wire()) &&
      (box == DropBox::strict || (box == DropBox::resume && put.offset == 0)))
    throw RemoteError(FailureClass::skip_file,
                      "fake://remote: overwrite refused: " + printable(put.path.wire()), {}, 553,
                      "Overwrite permission denied");
  const bool beside = server_.options_.writes_beside && put.offset == 0 && nodes().contains(put.path.wire());
  FakeServer::Node& node = nodes()[put.path.wire() + (beside ? ".1" : "")];
  server_.used_ -= node.content.size() - put.offset;
  node.content.resize(put.offset);
  if (put.offset > 0) damage_what_was_there(node);
  node.mtime_s.reset();
  const std::uint64_t room = server_.options_.capacity - std::min(server_.options_.capacity, server_.used_);
  const std::size_t fits = static_cast<std::size_t>(std::min<std::uint64_t>(room, bytes.size()));
  const std::string kept(bytes.substr(0, fits));
  node.content += server_.options_.corrupt ? server_.options_.corrupt(kept) : kept;
  server_.used_ += fits;
  server_.bytes_received_ += fits;
  if (fits < bytes.size()) {
    if (server_.options_.drops_misfits) {
      server_.used_ -= node.content.size();
      nodes().erase(put.path.wire());
    }
    throw RemoteError(FailureClass::no_space, "fake://remote: no space for " + printable(put.path.wire()), {},
                      552, "No space left");
  }
}

void FakeLane::refuse_resume(const Put& put) {
  using enum FakeOptions::Resumes;
  const FakeOptions::Resumes how = server_.options_.resumes;
  if (how != refuses && how != loses && how != empties) return;
  const auto at = nodes().find(put.path.wire());
  if (at != nodes().end() && how != refuses) {
    server_.used_ -= at->second.content.size();
    at->second.content.clear();
    if (how == loses) nodes().erase(at);
  }
  throw RemoteError(FailureClass::retry, "fake://remote: no resuming: " + printable(put.path.wire()), {}, 451,
                    "Restart not permitted, try again");
}

/// Before what was sent is added.
void FakeLane::damage_what_was_there(FakeServer::Node& node) {
  std::string& content = node.content;
  if (server_.options_.resumes == FakeOptions::Resumes::zeroes_head) content.assign(content.size(), '\0');
  if (server_.options_.resumes == FakeOptions::Resumes::replaces) {
    server_.used_ -= content.size();
    content.clear();
  }
}

// Without the lock: the source and `sent` are the caller's code.
std::string FakeLane::read_all(const Put& put) {
  std::string bytes;
  std::array<std::byte, 16384> buffer;
  while (const std::size_t got = put.source->read(buffer)) {
    bytes.append(reinterpret_cast<const char*>(buffer.data()), got);
    if (put.sent) put.sent(got);
    check_cancelled("PUT " + put.path.wire());
  }
  return bytes;
}

void FakeLane::put(const Put& put) {
  const std::string what = "PUT " + put.path.wire();
  {
    const std::lock_guard lock(server_.mutex_);
    begin(what);
    check_target(put.path.wire());
    if (const auto fault = pass(FakePoint::put_start, what)) fail(*fault, what);
    if (put.offset > 0) refuse_resume(put);
  }
  std::string bytes;
  try {
    bytes = read_all(put);
  } catch (...) {
    const std::lock_guard lock(server_.mutex_);
    disconnect();
    throw;
  }
  const std::lock_guard lock(server_.mutex_);
  if (const auto fault = pass(FakePoint::put_middle, "SENDING " + put.path.wire())) {
    store(put, std::string_view(bytes).substr(0, bytes.size() / 2));
    fail(*fault, what);
  }
  const auto fault = pass(FakePoint::put_reply, "STORED " + put.path.wire());
  if (fault && fault->effect != Fault::Effect::lost_after) {
    store(put, std::string_view(bytes).substr(0, bytes.size() / 2));
    fail(*fault, what);
  }
  store(put, bytes);
  if (fault) fail(*fault, what);
  if (bytes.size() != put.length) {
    throw RemoteError(FailureClass::retry,
                      "fake://remote: the length of " + printable(put.path.wire()) + " changed");
  }
}

void FakeLane::get(const RemotePath& path, std::uint64_t offset, const ByteSink& sink) {
  const std::string what = "GET " + path.wire();
  std::string content;
  std::optional<Fault> cut;
  {
    const std::lock_guard lock(server_.mutex_);
    begin(what);
    cut = pass(FakePoint::get, what);
    if (cut && cut->effect != Fault::Effect::lost_after) fail(*cut, what);
    const auto at = nodes().find(path.wire());
    if (at == nodes().end() || at->second.directory) {
      throw RemoteError(FailureClass::skip_file, "fake://remote: no such file: " + printable(path.wire()), {},
                        550, "No such file or directory");
    }
    content = at->second.content;
  }
  if (cut && offset < content.size()) content.resize(offset + (content.size() - offset) / 2);
  constexpr std::size_t kPiece = 16384;
  for (std::size_t at = offset; at < content.size(); at += kPiece) {
    check_cancelled(what);
    const std::string_view piece = std::string_view(content).substr(at, kPiece);
    if (!sink(std::as_bytes(std::span(piece)))) return;
  }
  if (!cut) return;
  const std::lock_guard lock(server_.mutex_);
  fail(*cut, what);
}

Listing FakeLane::list(const RemotePath& dir) {
  const std::string what = "LIST " + dir.wire();
  const std::lock_guard lock(server_.mutex_);
  begin(what);
  if (const auto fault = pass(FakePoint::list, what)) fail(*fault, what);
  if (!is_dir(dir.wire())) {
    throw RemoteError(FailureClass::skip_file, "fake://remote: no such directory: " + printable(dir.wire()),
                      {}, 550, "No such file or directory");
  }
  Listing listing;
  listing.untrusted = server_.options_.listing_untrusted;
  for (const auto& [path, node] : nodes()) {
    if (path.empty() || directory_of(path) != dir.wire()) continue;
    RemoteEntry entry;
    entry.name = dir.empty() ? path : path.substr(dir.wire().size() + 1);
    entry.kind = node.directory ? RemoteEntry::Kind::directory : RemoteEntry::Kind::file;
    if (!node.directory) entry.size = node.content.size();
    entry.mtime_s = node.mtime_s;
    listing.entries.push_back(std::move(entry));
  }
  std::sort(listing.entries.begin(), listing.entries.end(),
            [](const RemoteEntry& a, const RemoteEntry& b) { return a.name < b.name; });
  return listing;
}

std::vector<CommandResult> FakeLane::run(std::span<const Command> commands) {
  std::vector<CommandResult> results;
  if (commands.empty()) return results;
  const std::lock_guard lock(server_.mutex_);
  begin("a batch of commands");
  std::optional<Fault> dead;
  for (const Command& command : commands) {
    if (dead) {
      results.push_back(result_of(Status::unanswered, dead->failure));
      continue;
    }
    // As a server whose FEAT doesn't offer it: nobody asks.
    if (std::holds_alternative<FreeSpace>(command) && !server_.options_.tells_space) {
      results.push_back(result_of(Status::unsupported));
      continue;
    }
    const auto fault = pass(FakePoint::command, describe(command));
    if (!fault) {
      results.push_back(execute(command));
    } else if (fault->effect == Fault::Effect::refused) {
      results.push_back(result_of(Status::refused, fault->failure, fault->reply_code, "injected fault"));
    } else {
      if (fault->effect == Fault::Effect::lost_after) execute(command);
      results.push_back(result_of(Status::unanswered, fault->failure));
      dead = fault;
      lose();
    }
  }
  return results;
}

CommandResult FakeLane::execute(const Command& command) {
  return std::visit([this](const auto& c) { return apply(c); }, command);
}

CommandResult FakeLane::apply(const SizeOf& c) {
  const bool by_listing = !server_.options_.has_size;
  if (by_listing && !lists_)
    return result_of(Status::unsupported, FailureClass::none, 502, "not implemented");
  const auto at = nodes().find(c.path.wire());
  if (at == nodes().end() || at->second.directory) {
    const std::string& why = server_.options_.listing_untrusted;
    return by_listing && !why.empty() ? result_of(Status::unsupported, FailureClass::none, 226, why)
                                      : missing();
  }
  CommandResult result = done();
  result.size = at->second.content.size();
  return result;
}

CommandResult FakeLane::apply(const HashOf& c) {
  const std::optional<DigestKind> kind = server_.options_.digest;
  if (!kind) return result_of(Status::unsupported, FailureClass::none, 502, "not implemented");
  const auto at = nodes().find(c.path.wire());
  CommandResult result = at == nodes().end() || at->second.directory ? missing() : done();
  result.digest_kind = kind;
  if (result.status == Status::done) {
    Digester digester(*kind);
    digester.update(std::as_bytes(std::span(at->second.content)));
    result.digest = digester.finish();
  }
  return result;
}

CommandResult FakeLane::apply(const FreeSpace&) {
  CommandResult result = done();
  result.size = server_.options_.capacity - std::min(server_.options_.capacity, server_.used_);
  return result;
}

CommandResult FakeLane::apply(const Rename& c) {
  if (server_.options_.drop_box != DropBox::no) return refused("Permission denied");
  const std::string &from = c.from.wire(), &to = c.to.wire();
  if (!nodes().contains(from)) return missing();
  if (from == to) return done();
  if (!is_dir(directory_of(to))) return refused("No such file or directory");
  if (is_below(to, from)) return refused("Invalid argument");
  const auto there = nodes().find(to);
  if (there != nodes().end()) {
    if (!server_.options_.replaces) return refused("File exists");
    if (there->second.directory || is_dir(from)) return refused("Is a directory");
    server_.used_ -= there->second.content.size();
    nodes().erase(there);
  }
  std::vector<std::string> moving{from};
  for (const auto& [path, node] : nodes()) {
    if (is_below(path, from)) moving.push_back(path);
  }
  for (const std::string& path : moving) {
    auto node = nodes().extract(path);
    node.key() = to + path.substr(from.size());
    nodes().insert(std::move(node));
  }
  return done();
}

CommandResult FakeLane::apply(const SetMtime& c) {
  if (!server_.options_.has_mtime)
    return result_of(Status::unsupported, FailureClass::none, 500, "not understood");
  const auto at = nodes().find(c.path.wire());
  if (at == nodes().end()) return missing();
  at->second.mtime_s = c.mtime_s;
  return done();
}

CommandResult FakeLane::apply(const SetMode& c) {
  if (!server_.options_.has_modes)
    return result_of(Status::unsupported, FailureClass::none, 500, "not understood");
  const auto at = nodes().find(c.path.wire());
  if (at == nodes().end()) return missing();
  at->second.mode = c.mode;
  return done();
}

CommandResult FakeLane::apply(const MakeDir& c) {
  const std::string& path = c.path.wire();
  if (is_dir(path)) return done();
  if (nodes().contains(path)) return refused("File exists");
  if (!is_dir(directory_of(path))) return refused("No such file or directory");
  nodes()[path].directory = true;
  return done();
}

CommandResult FakeLane::apply(const RemoveFile& c) {
  if (server_.options_.drop_box != DropBox::no) return refused("Permission denied");
  const auto at = nodes().find(c.path.wire());
  if (at == nodes().end()) return done();
  if (at->second.directory) return refused("Is a directory");
  server_.used_ -= at->second.content.size();
  nodes().erase(at);
  return done();
}

CommandResult FakeLane::apply(const RemoveDir& c) {
  if (server_.options_.drop_box != DropBox::no) return refused("Permission denied");
  const auto at = nodes().find(c.path.wire());
  if (at == nodes().end()) return done();
  if (!at->second.directory) return refused("Not a directory");
  if (has_children(c.path.wire())) return refused("Directory not empty");
  nodes().erase(at);
  return done();
}

namespace {

class FakeRemote final : public Remote {
 public:
  FakeRemote(FakeServer& server, const ServerMemory& told) : server_(server), memory_(told) {}
  std::unique_ptr<Lane> open_lane(const CancelToken& cancel) override {
    return std::make_unique<FakeLane>(server_, cancel);
  }
  std::unique_ptr<CommandRunner> open_channel(const CancelToken& cancel) override {
    return std::make_unique<FakeLane>(server_, cancel, false);
  }
  std::string describe() const override { return "fake://remote"; }
  ServerMemory memory() const override {
    const std::lock_guard lock(mutex_);
    return memory_;
  }
  void note(const ServerMemory& found) override {
    const std::lock_guard lock(mutex_);
    memory_ = merged(memory_, found, 0);
  }

 private:
  FakeServer& server_;
  mutable std::mutex mutex_;
  ServerMemory memory_;  // guarded by mutex_
};

}  // namespace

FakeServer::FakeServer(FakeOptions options) : options_(std::move(options)) {}

std::unique_ptr<Remote> FakeServer::remote(const ServerMemory& told) {
  return std::make_unique<FakeRemote>(*this, told);
}

void FakeServer::set_faults(Decide decide) {
  const std::lock_guard lock(mutex_);
  decide_ = std::move(decide);
}

void FakeServer::fail_nth(std::uint64_t n, Fault fault) {
  const std::lock_guard lock(mutex_);
  decide_ = [wanted = moments_ + n, fault](const FakeCall& call) {
    return call.number == wanted ? std::optional(fault) : std::nullopt;
  };
}

void FakeServer::change(const FakeOptions& options) {
  const std::lock_guard lock(mutex_);
  options_ = options;
}

std::map<std::string, FakeServer::Node> FakeServer::tree() const {
  const std::lock_guard lock(mutex_);
  return nodes_;
}

std::map<std::string, std::string> FakeServer::files() const {
  const std::lock_guard lock(mutex_);
  std::map<std::string, std::string> files;
  for (const auto& [path, node] : nodes_) {
    if (!node.directory) files.emplace(path, node.content);
  }
  return files;
}

std::optional<std::string> FakeServer::file(const std::string& path) const {
  const std::lock_guard lock(mutex_);
  const auto at = nodes_.find(path);
  if (at == nodes_.end() || at->second.directory) return std::nullopt;
  return at->second.content;
}

bool FakeServer::is_dir(const std::string& path) const {
  const std::lock_guard lock(mutex_);
  const auto at = nodes_.find(path);
  return path.empty() || (at != nodes_.end() && at->second.directory);
}

void FakeServer::put_file(const std::string& path, std::string content) {
  if (const std::string parent = directory_of(path); !parent.empty()) make_dir(parent);
  const std::lock_guard lock(mutex_);
  Node& node = nodes_[path];
  used_ += content.size() - node.content.size();
  node = {false, std::move(content), std::nullopt, std::nullopt};
}

void FakeServer::make_dir(const std::string& path) {
  const std::lock_guard lock(mutex_);
  for (std::string at = path; !at.empty(); at = directory_of(at)) nodes_[at].directory = true;
}

void FakeServer::remove(const std::string& path) {
  const std::lock_guard lock(mutex_);
  std::erase_if(nodes_, [&](const auto& item) {
    const bool goes = item.first == path || is_below(item.first, path);
    if (goes) used_ -= item.second.content.size();
    return goes;
  });
}

std::vector<FakeCall> FakeServer::calls() const {
  const std::lock_guard lock(mutex_);
  return calls_;
}

std::size_t FakeServer::count(std::string_view prefix) const {
  const std::lock_guard lock(mutex_);
  return static_cast<std::size_t>(std::count_if(
      calls_.begin(), calls_.end(), [&](const FakeCall& call) { return call.what.starts_with(prefix); }));
}

void FakeServer::forget_calls() {
  const std::lock_guard lock(mutex_);
  calls_.clear();
}

std::uint64_t FakeServer::moments() const {
  const std::lock_guard lock(mutex_);
  return moments_;
}

std::uint64_t FakeServer::bytes_received() const {
  const std::lock_guard lock(mutex_);
  return bytes_received_;
}

int FakeServer::connections() const {
  const std::lock_guard lock(mutex_);
  return connections_;
}

int FakeServer::most_connections() const {
  const std::lock_guard lock(mutex_);
  return most_connections_;
}

}  // namespace outhaul::test
