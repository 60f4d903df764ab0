#include "scan/scanner.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>

#include <cerrno>
#include <csignal>
#include <optional>
#include <system_error>
#include <thread>

#include "outhaul/error.h"
#include "scan/hand_over.h"
#include "scan/late_attributes.h"
#include "scan/open_directory.h"
#include "scan/walker.h"

namespace outhaul {
namespace {

constexpr const char* kMissing =
    "mount it, or correct \"source\" in the profile; a missing source is not an empty one, so nothing on the "
    "remote was "
    "changed";

Error source_error(int error, const std::string& name) {
  switch (error) {
    case ENOENT:
      return {ErrorKind::source, fmt::format("the source {} does not exist", name), kMissing};
    case ENOTDIR:
      return {ErrorKind::source, fmt::format("the source {} is not a directory", name),
              "name the directory that holds it, and leave the rest out with \"exclude\""};
    case EACCES:
    case EPERM:
      return errno_error(error, fmt::format("the source {} can't be read", name), ErrorKind::source,
                         "run outhaul as a user who may list and enter it");
    default:
      return errno_error(error, fmt::format("the source {} can't be opened", name), ErrorKind::source,
                         "check the disk or the mount; nothing on the remote was changed");
  }
}

/// Follows a symlink: the operator named it.
OpenSource open_source(const ScanOptions& options) {
  OpenSource source;
  source.name = printable(options.source.native());
  source.one_file_system = options.one_file_system;
  source.xattrs = options.xattrs;
  source.rules = options.rules;
  source.fd = Fd(open(options.source.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  struct stat info {};
  if (!source.fd || fstatat(source.fd.get(), ".", &info, 0) != 0) throw source_error(errno, source.name);
  source.id = file_id(info);
  if (!options.leave_out.empty() && stat(options.leave_out.c_str(), &info) == 0)
    source.leave_out = file_id(info);
  return source;
}

class Scan final : public ScanStream {
 public:
  Scan(OpenSource source, std::optional<LateAttributes> late, const Filter& filter, const CancelToken& cancel)
      : cancel_(cancel), late_(std::move(late)), walker_(std::move(source), filter, cancel, items_) {
    try {
      thread_ = std::thread([this]() noexcept { walk(); });
    } catch (const std::system_error& error) {
      throw Error(ErrorKind::local_io,
                  fmt::format("can't start the thread that scans: {}", error.code().message()),
                  "look for a limit on processes (ulimit -u, TasksMax)");
    }
  }

  ~Scan() override {
    items_.stop();
    thread_.join();
  }

  bool next(ScanItem& item) override { return items_.next(item, cancel_); }

  void complete(Entry& entry, const std::function<void(ScanProblem&&)>& problem) override {
    if (!late_) return;
    late_->read(entry, [&](std::string&& what) {
      problem({entry.path, ScanProblem::Kind::unreadable_xattr, std::move(what)});
    });
  }

 private:
  void walk() noexcept {
    // A signal shall not break into a system call of the walk: a network or FUSE file system would fail with
    // EINTR, and the file would look unreadable. Other threads take the signals.
    sigset_t all;
    sigfillset(&all);
    pthread_sigmask(SIG_BLOCK, &all, nullptr);
    std::exception_ptr error;
    try {
      walker_.run();
    } catch (const HandOver::Stopped&) {
    } catch (...) {
      error = std::current_exception();
    }
    items_.close(std::move(error));
  }

  const CancelToken& cancel_;
  HandOver items_;
  std::optional<LateAttributes> late_;  ///< borrows the walker's source
  Walker walker_;
  std::thread thread_;
};

}  // namespace

std::unique_ptr<ScanStream> scan(const ScanOptions& options, const Filter& filter,
                                 const CancelToken& cancel) {
  OpenSource source = open_source(options);
  std::optional<LateAttributes> late;
  if (options.xattrs && options.xattrs_later && LateAttributes::possible()) {
    late.emplace(source.fd.get());
    source.xattrs = false;
  }
  return std::make_unique<Scan>(std::move(source), std::move(late), filter, cancel);
}

}  // namespace outhaul
