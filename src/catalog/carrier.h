// Whole files between a folder of ours and the remote, over one connection.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <random>
#include <string>
#include <string_view>
#include <vector>

#include "lanes/backoff.h"
#include "lanes/commands.h"
#include "lanes/resume_proof.h"
#include "outhaul/remote.h"

namespace outhaul {

/// Retries what may pass, goes on where a line broke, and proves the size of what it stored before it has its
/// name; what was gone on with is read back as well, unless the server is known to resume rightly. Connects
/// at the first operation. Throws RemoteError for what doesn't pass, Error{local_io} for the folder. One
/// thread at a time.
class Carrier {
 public:
  struct Context {
    Remote& remote;
    RetryPolicy policy;
    Clock& clock;
    const CancelToken& cancel;
    EventSink& events;
    bool append_only = false;  ///< nothing can be renamed, removed or overwritten there
    bool keeps_private = true;  ///< nobody else is to read what is outhaul's own there
  };
  explicit Carrier(const Context& context);
  ~Carrier();

  /// Replaces `name`, and returns it. `resume`: what is under name.part was sent of the same content.
  /// Append-only: sent to `name` itself, or, when that is taken by something that can't be gone on with, to
  /// name.2, name.3, …; returns which. `resume`: what is under `name` was sent of the same content.
  RemotePath store(const std::filesystem::path& file, const RemotePath& name, bool resume);
  RemotePath store_text(std::string_view text, const RemotePath& name);
  /// The same where something may have been left under name.part: not every server replaces that (Pure-FTPd -r).
  RemotePath store_text_anew(std::string_view text, const RemotePath& name);
  bool append_only() const noexcept { return context_.append_only; }
  /// Replaces `to`, which goes on where it ends if it isn't longer than `size`.
  void fetch(const RemotePath& name, const std::filesystem::path& to, std::uint64_t size);
  /// None: there is no such file. Throws Error{state} when it is longer than `most`.
  std::optional<std::string> fetch_text(const RemotePath& name, std::size_t most);
  void make_dir(const RemotePath& dir);
  /// .outhaul, for its owner alone where the server changes permissions: versions and the catalog lie in it.
  void make_control_dir();
  /// Gone, or never there.
  void remove(const RemotePath& name);
  /// The same, but false where the account may not.
  bool try_remove(const RemotePath& name);
  /// Nothing stands under this name any more; what can't be removed has "name.gone". False: the account may
  /// do neither.
  bool remove_or_rename(const RemotePath& name);
  bool exists(const RemotePath& name);
  /// In one batch, whatever the server answers.
  std::vector<CommandResult> ask_sizes(const std::vector<RemotePath>& names);
  Listing list(const RemotePath& dir);

 private:
  class Source;
  /// What is known of one file on its way.
  struct Sending {
    bool resume = false;               ///< what is there was sent of it
    std::vector<std::uint64_t> joins;  ///< where it was gone on with, by us
    std::uint64_t reached = 0;
    int losses = 0;
  };
  void send(const RemotePath& part, Source& source, bool resume);
  bool send_on(const RemotePath& part, Source& source, Sending& sending);
  std::uint64_t find_offset(const RemotePath& part, Source& source, Sending& sending);
  ReadBack compare(const RemotePath& part, Source& source, std::uint64_t size, const Sending& sending);
  void went_on_wrongly(const RemotePath& part, const std::string& how);
  void prove_resume(const RemotePath& part, Source& source, Sending& sending);
  RemotePath store_once(Source& source, const RemotePath& name, bool resume);
  void put_in_place(const RemotePath& part, const RemotePath& name);
  std::optional<std::uint64_t> size_of(const RemotePath& name);
  static bool is_permitted(const CommandResult& result, const RemotePath& name);
  void keep_trying(const std::function<bool()>& attempt);
  RemotePath store_from(Source& source, const RemotePath& name, bool resume);

  Context context_;
  std::unique_ptr<Lane> lane_;
  Commands commands_;
  std::minstd_rand random_;
};

}  // namespace outhaul
