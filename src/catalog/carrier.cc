#include "catalog/carrier.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "base/cancel.h"
#include "base/fd.h"
#include "catalog/local_file.h"
#include "outhaul/error.h"
#include "outhaul/names.h"
#include "outhaul/own_names_advice.h"
#include "outhaul/remote_modes.h"
#include "outhaul/shown.h"

namespace outhaul {
namespace {

using Status = CommandResult::Status;

/// Append-only: how many names a file may use up.
constexpr int kMostNames = 8;

RemotePath with_suffix(const RemotePath& name, const char* suffix) {
  return RemotePath::parse(name.wire() + suffix);
}

}  // namespace

/// A file, or a text in memory.
class Carrier::Source final : public ByteSource {
 public:
  explicit Source(std::string_view text) : text_(text), length_(text.size()) {}
  explicit Source(const std::filesystem::path& file)
      : file_(file), fd_(::open(file.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW)) {
    struct stat status {};
    if (!fd_ || ::fstat(fd_.get(), &status) != 0) throw local_file_error(errno, file);
    length_ = static_cast<std::uint64_t>(status.st_size);
  }
  std::uint64_t length() const noexcept { return length_; }
  void go_to(std::uint64_t position) noexcept { position_ = position; }
  std::uint64_t position() const noexcept { return position_; }

  std::size_t read(std::span<std::byte> buffer) override {
    const std::size_t most =
        static_cast<std::size_t>(std::min<std::uint64_t>(buffer.size(), length_ - position_));
    if (!fd_) {
      std::memcpy(buffer.data(), text_.data() + position_, most);
      position_ += most;
      return most;
    }
    ssize_t got = 0;
    while ((got = ::pread(fd_.get(), buffer.data(), most, static_cast<off_t>(position_))) < 0)
      if (errno != EINTR) throw local_file_error(errno, file_);
    position_ += static_cast<std::uint64_t>(got);
    return static_cast<std::size_t>(got);
  }

 private:
  std::string_view text_;
  std::filesystem::path file_;
  Fd fd_;
  std::uint64_t length_ = 0, position_ = 0;
};

Carrier::Carrier(const Context& context)
    : context_(context),
      lane_(context.remote.open_lane(context.cancel)),
      commands_(*lane_, context.policy, context.clock, context.cancel, context.events),
      random_(static_cast<std::minstd_rand::result_type>(context.clock.now_ns())) {}
Carrier::~Carrier() = default;

/// `attempt` says whether it got further than ever before, and throws what stopped it; without progress there
/// are so many retries.
void Carrier::keep_trying(const std::function<bool()>& attempt) {
  for (int failures = 0;;) {
    const std::uint64_t draw = random_();
    try {
      if (attempt()) return;
      failures = 0;
    } catch (const RemoteError& error) {
      if (!is_passing(error.failure()) || failures >= context_.policy.retries) throw;
      const double point = static_cast<double>(draw % 1000) / 1000.0;
      if (!context_.clock.wait(backoff(context_.policy, failures++, point), context_.cancel))
        throw RemoteError(FailureClass::cancelled, "stopped on request");
    }
  }
}

RemotePath Carrier::store(const std::filesystem::path& file, const RemotePath& name, bool resume) {
  Source source(file);
  return store_from(source, name, resume);
}

RemotePath Carrier::store_text(std::string_view text, const RemotePath& name) {
  Source source(text);
  return store_from(source, name, false);
}

RemotePath Carrier::store_text_anew(std::string_view text, const RemotePath& name) {
  if (!context_.append_only) try_remove(with_suffix(name, ".part"));
  return store_text(text, name);
}

RemotePath Carrier::store_from(Source& source, const RemotePath& name, bool resume) {
  if (context_.append_only) return store_once(source, name, resume);
  const RemotePath part = with_suffix(name, ".part");
  try {
    send(part, source, resume);
  } catch (const RemoteError& error) {
    throw RemoteError(error.failure(), error.what(),
                      with_advice_on_own_name(error.advice(), part, error.reply_code()), error.reply_code(),
                      error.reply_text());
  }
  put_in_place(part, name);
  return name;
}

RemotePath Carrier::store_once(Source& source, const RemotePath& name, bool resume) {
  for (int attempt = 1;; ++attempt) {
    const RemotePath own = attempt == 1 ? name : with_suffix(name, fmt::format(".{}", attempt).c_str());
    const bool goes_on = resume && attempt == 1;
    const bool last = attempt == kMostNames;
    if (!goes_on && exists(own)) {
      if (!last) continue;
      throw RemoteError(
          FailureClass::stop_job,
          fmt::format("{} and {} more names are taken on the remote", printable(name.wire()), kMostNames - 1),
          "An append-only remote gets a file under a new name each time it can't be sent whole. "
          "The next run tries new ones; look at the line if that goes on.");
    }
    try {
      send(own, source, goes_on);
      return own;
    } catch (const RemoteError& error) {
      const bool of_this_name = error.failure() == FailureClass::skip_file || is_passing(error.failure());
      if (last || !of_this_name || !exists(own)) throw;
    }
  }
}

void Carrier::send(const RemotePath& part, Source& source, bool resume) {
  Sending sending{.resume = resume, .joins = {}};
  keep_trying([&] { return send_on(part, source, sending); });
}

bool Carrier::send_on(const RemotePath& part, Source& source, Sending& sending) {
  const std::uint64_t offset = sending.resume ? find_offset(part, source, sending) : 0;
  sending.resume = true;
  try {
    source.go_to(offset);
    if (offset > 0 && offset < source.length()) sending.joins.push_back(offset);
    if (offset == 0) sending.joins.clear();
    if (offset < source.length() || source.length() == 0)
      lane_->put({part, &source, offset, source.length() - offset, {}});
  } catch (const RemoteError& error) {
    if (offset > 0) lane_->rest();  // a refusal to go on may leave the file open there
    if (!is_passing(error.failure()) || source.position() <= sending.reached) throw;
    sending.reached = source.position();
    return false;
  }
  if (size_of(part) == source.length()) {
    if (offset > 0) prove_resume(part, source, sending);
    return true;
  }
  context_.remote.upload_was_lost();
  if (!sending.joins.empty()) went_on_wrongly(part, "it has another size than was sent");
  ++sending.losses;
  throw RemoteError(
      FailureClass::retry,
      fmt::format("{}: the server said that it was stored, but has another size", printable(part.wire())),
      "Check the server's disk and quota.");
}

/// Where to go on with what is there. What can't be gone on with is removed: not every server replaces a file
/// by what is stored under its name.
std::uint64_t Carrier::find_offset(const RemotePath& part, Source& source, Sending& sending) {
  const std::optional<std::uint64_t> there = size_of(part);
  const std::uint64_t last = sending.joins.empty() ? 0 : sending.joins.back();
  if (there.value_or(0) < last) went_on_wrongly(part, "it has less of it than before");
  if (!there) return 0;
  // All of it, or what was gone on with, is not believed after its proof failed. More than ever was sent
  // can't be of this file.
  const bool lost = sending.losses > 0 && (*there == source.length() || last > 0);
  const bool usable = *there > 0 && *there >= last && *there <= source.length() && !lost;
  if (usable && context_.remote.memory().resume != false &&
      compare(part, source, *there, sending) == ReadBack::right)
    return *there;
  if (context_.append_only)
    throw RemoteError(FailureClass::skip_file,
                      fmt::format("{}: what was sent of it can't be gone on with", printable(part.wire())));
  remove(part);
  return 0;
}

ReadBack Carrier::compare(const RemotePath& part, Source& source, std::uint64_t size,
                          const Sending& sending) {
  const Expected expected = [&](std::uint64_t from, std::span<std::byte> buffer) {
    source.go_to(from);
    while (!buffer.empty()) {
      const std::size_t got = source.read(buffer);
      if (got == 0) return false;
      buffer = buffer.subspan(got);
    }
    return true;
  };
  return read_back(*lane_, part, size, ranges_to_prove(size, sending.joins), expected);
}

/// Throws a failure after which it is sent from its beginning when it isn't what was sent.
void Carrier::prove_resume(const RemotePath& part, Source& source, Sending& sending) {
  if (context_.remote.memory().resume == true) return;
  const bool right = compare(part, source, source.length(), sending) == ReadBack::right;
  const bool went_on = !sending.joins.empty();
  if (right && went_on) context_.remote.note(resume_memory(true, context_.clock.now_ns()));
  if (right) return;
  if (went_on) went_on_wrongly(part, "it has other content than was sent");
  ++sending.losses;
  lane_->rest();
  throw RemoteError(FailureClass::retry,
                    fmt::format("{}: what is there is not what was sent", printable(part.wire())),
                    "`outhaul doctor` looks at how the server resumes.");
}

void Carrier::went_on_wrongly(const RemotePath& part, const std::string& how) {
  context_.remote.note(resume_memory(false, context_.clock.now_ns()));
  context_.events.on(ProblemFound{
      {Problem::Severity::warning,
       {},
       {},
       fmt::format("{}: the server doesn't go on with broken uploads rightly: {}; it is sent again",
                   printable(part.wire()), how),
       "Nothing of that was stored under the file's name. For a month, or until `outhaul doctor` finds that "
       "it "
       "resumes rightly, what is cut off on its way to this server is sent from its beginning."}});
}

/// Over what has the name, where the server can't do that in one step: by way of a third name.
void Carrier::put_in_place(const RemotePath& part, const RemotePath& name) {
  const CommandResult renamed = commands_.run_one(Rename{part, name});
  if (renamed.status == Status::done) return;
  const bool twice = renamed.status == Status::missing;  // it was carried out before the connection broke
  if (twice && exists(name)) return;
  const RemotePath aside = with_suffix(name, ".old");
  if (exists(name)) {
    remove(aside);
    if (commands_.run_one(Rename{name, aside}).status == Status::done &&
        commands_.run_one(Rename{part, name}).status == Status::done)
      return remove(aside);
  }
  throw RemoteError(
      FailureClass::stop_job,
      fmt::format("{} could not be renamed to {}: {}", printable(part.wire()), printable(name.name()),
                  renamed.reply_text),
      "Check the account's permissions in .outhaul on the server. An account that may not rename at "
      "all needs \"append_only\": true.",
      renamed.reply_code, renamed.reply_text);
}

void Carrier::fetch(const RemotePath& name, const std::filesystem::path& to, std::uint64_t size) {
  const Fd fd(::open(to.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600));
  if (!fd) throw local_file_error(errno, to);
  struct stat status {};
  if (::fstat(fd.get(), &status) != 0) throw local_file_error(errno, to);
  std::uint64_t got = static_cast<std::uint64_t>(status.st_size) <= size ? status.st_size : 0;
  if (::ftruncate(fd.get(), static_cast<off_t>(got)) != 0) throw local_file_error(errno, to);
  keep_trying([&] {
    const std::uint64_t before = got;
    const ByteSink sink = [&](std::span<const std::byte> bytes) {
      const auto most = static_cast<std::size_t>(std::min<std::uint64_t>(bytes.size(), size - got));
      for (std::size_t done = 0; done < most;) {
        const ssize_t put = ::pwrite(fd.get(), bytes.data() + done, most - done, static_cast<off_t>(got));
        if (put < 0 && errno != EINTR) throw local_file_error(errno, to);
        if (put <= 0) continue;
        done += static_cast<std::size_t>(put);
        got += static_cast<std::uint64_t>(put);
      }
      return most == bytes.size();  // more than there should be is for the caller's digest to find
    };
    try {
      if (got < size) lane_->get(name, got, sink);
    } catch (const RemoteError& error) {
      if (!is_passing(error.failure()) || got == before) throw;
      return false;
    }
    return true;
  });
}

std::optional<std::string> Carrier::fetch_text(const RemotePath& name, std::size_t most) {
  std::optional<std::string> text;
  keep_trying([&] {
    text.emplace();
    try {
      lane_->get(name, 0, [&](std::span<const std::byte> bytes) {
        text->append(reinterpret_cast<const char*>(bytes.data()), bytes.size());
        return text->size() <= most;
      });
    } catch (const RemoteError& error) {
      if (error.failure() != FailureClass::skip_file) throw;
      if (exists(name)) throw;
      text.reset();
    }
    return true;
  });
  if (text && text->size() > most)
    throw Error(ErrorKind::state, fmt::format("{} is longer than it can be", printable(name.wire())),
                "Something else has its name on the server.");
  return text;
}

/// A directory's own refusal says little where the one above it is missing, and what is said of the base
/// directory says little where it is there.
void Carrier::make_dir(const RemotePath& dir) {
  const CommandResult made = commands_.run_one(MakeDir{dir});
  if (made.status == Status::done) return;
  std::string of_base;
  if (!dir.parent().empty()) {
    make_dir(dir.parent());
  } else if (const CommandResult base = commands_.run_one(MakeDir{}); base.status != Status::done) {
    of_base = fmt::format("; nor can {}: {}", shown({}), base.reply_text);
  }
  const CommandResult again = commands_.run_one(MakeDir{dir});
  if (again.status == Status::done) return;
  throw RemoteError(FailureClass::stop_job,
                    fmt::format("the directory {} can't be made on the remote: {}{}", shown(dir),
                                again.reply_text, of_base),
                    with_advice_on_own_name("Check the account's permissions there.", dir, again.reply_code),
                    again.reply_code, again.reply_text);
}

void Carrier::make_control_dir() {
  const RemotePath dir = RemotePath::parse(kControlDir);
  make_dir(dir);
  if (context_.keeps_private) commands_.run_one(SetMode{dir, kPrivateDir});
}

void Carrier::remove(const RemotePath& name) {
  const CommandResult removed = commands_.run_one(RemoveFile{name});
  if (removed.status == Status::done || removed.status == Status::missing) return;
  throw RemoteError(FailureClass::stop_job,
                    fmt::format("{} can't be removed: {}", printable(name.wire()), removed.reply_text),
                    "Check the account's permissions there.", removed.reply_code, removed.reply_text);
}

bool Carrier::is_permitted(const CommandResult& result, const RemotePath& name) {
  if (result.status == Status::done || result.status == Status::missing) return true;
  const bool of_this_name = result.failure == FailureClass::skip_file ||
                            result.failure == FailureClass::stop_job || result.status == Status::unsupported;
  if (of_this_name) return false;
  throw RemoteError(result.failure == FailureClass::none ? FailureClass::reconnect : result.failure,
                    fmt::format("{} can't be removed: {}", printable(name.wire()), result.reply_text), {},
                    result.reply_code, result.reply_text);
}

bool Carrier::try_remove(const RemotePath& name) {
  return is_permitted(commands_.run_one(RemoveFile{name}), name);
}

bool Carrier::remove_or_rename(const RemotePath& name) {
  return try_remove(name) || is_permitted(commands_.run_one(Rename{name, with_suffix(name, ".gone")}), name);
}

std::optional<std::uint64_t> Carrier::size_of(const RemotePath& name) {
  const CommandResult there = commands_.run_one(SizeOf{name});
  if (there.status != Status::done) return std::nullopt;
  return there.size;
}

bool Carrier::exists(const RemotePath& name) {
  return size_of(name).has_value();
}

std::vector<CommandResult> Carrier::ask_sizes(const std::vector<RemotePath>& names) {
  std::vector<Command> questions;
  for (const RemotePath& name : names) questions.emplace_back(SizeOf{name});
  return commands_.run(questions);
}

Listing Carrier::list(const RemotePath& dir) {
  Listing listing;
  keep_trying([&] {
    listing = lane_->list(dir);
    return true;
  });
  return listing;
}

}  // namespace outhaul
