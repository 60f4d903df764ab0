// A remote in memory: a tree that tests can look into, and faults at chosen moments. Deterministic for one
// thread; safe for many.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "outhaul/remote.h"

namespace outhaul::test {

/// What an account may do that can only add.
enum class DropBox : std::uint8_t {
  no,      ///< it may do everything
  resume,  ///< it may neither rename nor remove nor overwrite
  strict,  ///< nor go on with what is there
};

struct FakeOptions {
  DropBox drop_box = DropBox::no;
  bool replaces = true;              ///< false: Rename onto an existing name is refused (550)
  bool has_size = true;              ///< false: SizeOf is unsupported on the channel; lanes look at a listing
  std::optional<DigestKind> digest{};  ///< what HashOf answers with; none: it is unsupported
  std::function<std::string(std::string)> corrupt{};  ///< what becomes of stored bytes on the way to the disk
  bool has_mtime = true;                            ///< false: SetMtime is unsupported
  bool has_modes = true;                            ///< false: SetMode is unsupported
  int max_connections = 0;              ///< 0 = any number; one more is answered with 421 (lower_cap)
  bool ghosts = false;                  ///< connections that a fault killed still count
  std::uint64_t capacity = UINT64_MAX;  ///< bytes that all files together may have; then 552 (no_space)
  bool drops_misfits = false;           ///< what is cut off for want of space is removed, as quota modules do
  bool tells_space = false;  ///< false: FreeSpace is unsupported, and no call; true: what `capacity` leaves
  std::string listing_untrusted{};  ///< what Listing::untrusted says
  /// What becomes of a file when an upload goes on with it.
  enum class Resumes : std::uint8_t {
    rightly,
    zeroes_head,  ///< what was there becomes zeros
    replaces,     ///< only what was sent last is kept
    refuses,      ///< nothing is changed (451)
    loses,        ///< it is refused, and what was there is gone
    empties,      ///< it is refused, and what was there has no byte any more
  } resumes = Resumes::rightly;
  bool writes_beside = false;  ///< what would replace a file is stored as "name.1"
};

/// The moments at which a fault can strike. A put passes put_start, put_middle and put_reply, every other
/// operation one moment; whoever isn't connected passes connect first.
enum class FakePoint : std::uint8_t { connect, put_start, put_middle, put_reply, get, list, command };

struct FakeCall {
  std::uint64_t number = 0;  ///< 1, 2, 3… over all connections
  FakePoint point{};
  std::string what;  ///< "CONNECT", "PUT a/b", "SENDING a/b", "STORED a/b", "GET a/b", "LIST a", "SIZE a/b",
                     ///< "RNFR a RNTO b", "MFMT a/b", "HASH a/b", "MKD a", "DELE a/b", "RMD a"
};

struct Fault {
  enum class Effect : std::uint8_t {
    refused,  ///< the server says no: nothing is done, the connection lives on (connect: no connection)
    lost,  ///< the connection dies before it is carried out; a put in its middle leaves the first half behind
    lost_after,  ///< it is carried out, but the connection dies before the answer (put_middle, get: the first
                 ///< half)
  };
  Effect effect = Effect::lost;
  FailureClass failure = FailureClass::reconnect;
  int reply_code = 0;
};

/// What all connections to one fake remote share. Outlives "runs": make a new Remote for each.
class FakeServer {
 public:
  struct Node {
    bool directory = false;
    std::string content;
    std::optional<std::int64_t> mtime_s;
    std::optional<std::uint32_t> mode;  ///< as it was set
  };
  using Decide = std::function<std::optional<Fault>(const FakeCall&)>;

  explicit FakeServer(FakeOptions options = {});

  /// A Remote onto this server, which must outlive it, and what it is told of it.
  std::unique_ptr<Remote> remote(const ServerMemory& told = {});

  /// Asked at every moment, under the server's lock: must not call back into the server. Empty: no faults.
  void set_faults(Decide decide);
  /// The n-th moment from now (1 = the next one) has this fault, the others none.
  void fail_nth(std::uint64_t n, Fault fault);
  void change(const FakeOptions& options);

  // --- for the test's eyes, keyed by wire path; the base directory is not in it
  std::map<std::string, Node> tree() const;
  /// Files only: path → content.
  std::map<std::string, std::string> files() const;
  std::optional<std::string> file(const std::string& path) const;
  bool is_dir(const std::string& path) const;
  void put_file(const std::string& path, std::string content);  ///< makes the directories above it
  void make_dir(const std::string& path);
  void remove(const std::string& path);  ///< with everything below
  std::vector<FakeCall> calls() const;
  /// How many calls' `what` start with `prefix`.
  std::size_t count(std::string_view prefix) const;
  void forget_calls();
  std::uint64_t moments() const;  ///< passed so far, faults or not
  std::uint64_t bytes_received() const;
  int connections() const;       ///< open now
  int most_connections() const;  ///< that were ever open at one time

 private:
  friend class FakeLane;
  FakeOptions options_;
  mutable std::mutex mutex_;  // guards all that follows, and options_
  Decide decide_;
  std::map<std::string, Node> nodes_;
  std::vector<FakeCall> calls_;
  std::uint64_t moments_ = 0, bytes_received_ = 0, used_ = 0;
  int connections_ = 0, most_connections_ = 0;
};

}  // namespace outhaul::test
