// A source, a state and a fake server, and nightly runs between them.
#pragma once

#include <functional>
#include <map>
#include <set>
#include <string>

#include "job/job.h"
#include "job/restore.h"
#include "job/verify.h"
#include "state/state.h"
#include "support/catalog_witness.h"
#include "support/fake_remote.h"
#include "support/temp_dir.h"

namespace outhaul::test {

/// The real time, or one that lies ahead of it, but waiting costs none: a back-off is over at once.
class ImpatientClock final : public Clock {
 public:
  std::int64_t ahead_ns = 0;
  std::int64_t now_ns() const override { return real_.now_ns() + ahead_ns; }
  std::chrono::steady_clock::time_point steady() const override { return real_.steady(); }
  bool wait(std::chrono::milliseconds, const CancelToken& cancel) override { return !cancel.cancelled(); }

 private:
  SystemClock real_;
};

/// Keeps the problems' texts.
class Listener final : public EventSink {
 public:
  void on(const Event& event) noexcept override;
  std::string problems() const;

 private:
  mutable std::mutex mutex_;
  std::string problems_;
};

class Nightly {
 public:
  explicit Nightly(FakeOptions options = {});

  std::filesystem::path source() const { return dir_ / "source"; }
  std::filesystem::path state_root() const { return dir_ / "state"; }
  std::filesystem::path state_dir() const { return state_root() / profile.name; }
  /// A further job with a source of its own, "<name>-source" beside the first one's, and the target `name`.
  Job& add_job(const std::string& name);
  /// Writes a file below the source, making directories; the modification time moves on with each call.
  void write(const std::string& path, const std::string& content);
  void remove(const std::string& path);
  void rename(const std::string& from, const std::string& to);

  /// Whatever comes of it: what lies on the remote, with what the state has not stored yet, must give the
  /// state, and a run that ended with 0 must have stored all of it that is of the tree.
  RunReport run(const RunOptions& options = {});
  void expect_the_catalog_gives_the_state() const;
  /// For tests that look at everything the remote holds, or count what is asked of it.
  void have_no_catalog(std::string_view reason);
  /// For tests that tamper with what the catalog consists of.
  void let_the_catalog_be(std::string_view reason);
  /// A directory beside the source that nobody has made yet.
  std::filesystem::path beside(const std::string& name) const { return dir_ / name; }
  /// To beside("back"), unless the options say otherwise.
  RestoreReport restore(RestoreOptions options = {});
  VerifyReport verify(const VerifyChoices& choices = {});
  /// The plan's actions as lines "upload a/b", in order.
  std::vector<std::string> plan();

  /// What the server should hold of the source: wire path → content, without the control directory.
  std::map<std::string, std::string> expected() const;
  /// What it holds.
  std::map<std::string, std::string> stored() const;
  /// The directories that the server should have for the source, and those that it has; both without the
  /// control directory, and with the job's target.
  std::set<std::string> expected_dirs() const;
  std::set<std::string> stored_dirs() const;
  /// Names below the control directory; versions, the owner's and the catalog's left out.
  std::vector<std::string> leftovers() const;
  /// Versions on the server: name below the versions' directory → content.
  std::map<std::string, std::string> versions() const;
  /// Parts in the state's ledger.
  std::size_t ledger() const;
  State state() const;  ///< read-only
  /// The first job's tree after a run as the state has it: path → the name that its content has on the
  /// remote, empty when nothing holds it.
  std::map<std::string, std::string> names_at(RunId run) const;

  Environment environment();
  Profile profile;
  FakeServer server;
  Listener events;
  ImpatientClock clock;
  CancelToken cancel;
  const CancelToken* instead_of_cancel = nullptr;  ///< for a test that goes on after it has stopped a run
  ConnectionPolicy connections;
  /// What the source seems to lie on; unset: nobody can tell.
  std::optional<SeenMount> mount;
  int remotes_opened = 0;
  std::function<std::unique_ptr<Remote>(const RemoteSettings&, const ServerMemory&)> open_remote;
  /// Where the remote is if not on `server`: a directory of this machine.
  std::filesystem::path disk;
  FetchStored elsewhere;  ///< or whatever gives its files

 private:
  CatalogWitness stored_witness() const;

  std::string left_alone_;  ///< why nobody looks at the catalog
  TempDir dir_;
  std::int64_t next_mtime_ = 1'700'000'000;
};

/// One of the problems that were told has these words.
inline bool says(const Nightly& night, const std::string& words) {
  return night.events.problems().find(words) != std::string::npos;
}

}  // namespace outhaul::test
