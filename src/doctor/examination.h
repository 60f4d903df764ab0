// One examination of a remote: the frame, the probes and what they share. Private to this layer.
#pragma once

#include <chrono>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "doctor/doctor.h"

namespace outhaul {

/// What the small probes store.
inline constexpr std::uint64_t kSeed = 0x6F75746861756C;
inline constexpr std::uint64_t kSmall = 4096;

/// A check that did not go well, on its way to the report.
struct Finding {
  std::string found, advice;
};

/// There is nothing to check: what is looked for is an extra that this server doesn't have.
struct NotOffered {};

/// One examination: the checks in the order in which a run would meet their subjects.
class Examination {
 public:
  Examination(Remote& remote, const Profile& profile, Clock& clock, const CancelToken& cancel,
              std::uint64_t largest)
      : remote_(remote),
        profile_(profile),
        clock_(clock),
        cancel_(cancel),
        largest_(largest),
        lane_(remote.open_lane(cancel)),
        place_(place_for(profile, clock)) {}

  DoctorReport run();

 private:
  bool log_in();
  bool make_place();
  std::string_view advice_on_place(const RemotePath& dir);
  static RemotePath place_for(const Profile& profile, const Clock& clock);
  void probe();
  void probe_what_only_adds();
  void clean_up();
  std::string remove();
  void remove_strangers();
  void clean_up_quietly() noexcept;
  void learn();

  // probes.cc: each says what it found, or throws a Finding or RemoteError
  std::string store();
  std::string store_part();
  std::string resume();
  std::string rename();
  std::string rename_over();
  std::string set_time();
  std::string set_mode();
  std::string digest();
  std::string list();
  std::string hidden_files();
  std::string cases();
  std::string odd_names();
  std::string windows_names();
  // measures.cc
  std::string round_trips();
  std::string pipelining();
  std::string ask_many_at_once();
  std::string small_files();
  void put_large(const RemotePath& path, std::uint64_t size);
  std::string throughput();
  std::string connections();
  void join(CommandRunner& runner, const Command& question);

  /// Runs one probe; what it throws becomes a check of this gravity.
  bool check(std::string name, std::string what, DoctorCheck::Verdict gravity,
             std::string (Examination::*attempt)());
  void add(std::string name, std::string what, DoctorCheck::Verdict verdict, Finding finding);

  RemotePath at(std::string_view name) const { return place_ / RemotePath::parse(name); }
  /// A file of ours, to be removed in the end.
  RemotePath own(std::string_view name) {
    files_.insert(at(name));
    return at(name);
  }
  CommandResult ask(const Command& command) { return lane_->run(std::span(&command, 1)).front(); }
  void need(const CommandResult& result, std::string_view doing) const;
  void put(const RemotePath& path, std::uint64_t seed, std::uint64_t offset, std::uint64_t end);
  void need_size(const RemotePath& path, std::uint64_t size);
  void need_content(const RemotePath& path, std::uint64_t seed, std::uint64_t size);
  void store_names(const std::vector<std::string>& names);
  bool keeps(const std::string& name, const std::string& twin);
  std::string find_lost_names();
  double since(std::chrono::steady_clock::time_point start) const {
    return std::chrono::duration<double>(clock_.steady() - start).count();
  }

  Remote& remote_;
  const Profile& profile_;
  Clock& clock_;
  const CancelToken& cancel_;
  std::uint64_t largest_;
  std::unique_ptr<Lane> lane_;
  const RemotePath place_;
  std::set<RemotePath> files_;
  ServerMemory found_;
  DoctorReport report_;
};

}  // namespace outhaul
