#include "plan/diff.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <set>

#include "base/nanoseconds.h"
#include "outhaul/error.h"
#include "plan/attributes.h"
#include "plan/subtrees.h"

namespace outhaul {
namespace {

constexpr std::uint64_t kProgressEvery = 4096;

bool same_metadata(const Entry& a, const Entry& b) {
  return a.mode == b.mode && a.uid == b.uid && a.gid == b.gid && a.user == b.user && a.group == b.group &&
         a.links == b.links && a.sparse == b.sparse && a.xattrs == b.xattrs;
}

/// A name that can't be looked up now is still the name of the number.
void carry_over_names(Entry& now, const Entry& before) {
  if (now.user.empty() && now.uid == before.uid) now.user = before.user;
  if (now.group.empty() && now.gid == before.gid) now.group = before.group;
}

struct Verdict {
  Change::Kind kind{};
  Reason reason{};
};

/// Nothing when the file is unchanged.
std::optional<Verdict> judge_file(const Entry& now, const Entry& before, Compare compare) {
  using enum Change::Kind;
  if (before.object == kNoObject) return Verdict{content, Reason::resend};
  if (now.size != before.size) return Verdict{content, Reason::size_changed};
  if (now.mtime_ns != before.mtime_ns) return Verdict{content, Reason::mtime_changed};
  if (compare == Compare::hash) return Verdict{suspect, Reason::hash_requested};
  const bool same_inode = now.inode == before.inode && now.ctime_ns == before.ctime_ns;
  if (compare == Compare::stat && !same_inode) return Verdict{suspect, Reason::inode_or_ctime};
  if (!same_metadata(now, before)) return Verdict{metadata, Reason::metadata_changed};
  return std::nullopt;
}

std::optional<Verdict> judge_pair(const Entry& now, const Entry& before, Compare compare) {
  if (now.kind != before.kind) return Verdict{Change::Kind::type_changed, Reason::type_changed};
  if (now.kind == EntryKind::file) return judge_file(now, before, compare);
  const bool same =
      same_metadata(now, before) && now.mtime_ns == before.mtime_ns && now.link_target == before.link_target;
  if (same) return std::nullopt;
  return Verdict{Change::Kind::metadata, Reason::metadata_changed};
}

/// Order of a path against the last one of its stream; remembers it. Throws when it went back.
class OrderCheck {
 public:
  explicit OrderCheck(const char* stream) : stream_(stream) {}

  /// False for a path that came before.
  bool is_new(const std::string& path) {
    const int order = first_ ? 1 : path.compare(last_);
    if (order < 0) refuse(path);
    if (order > 0) last_ = path;
    first_ = false;
    return order > 0;
  }

 private:
  [[noreturn]] void refuse(const std::string& path) const {
    throw Error(ErrorKind::internal,
                fmt::format("{} gave \"{}\" after \"{}\": out of order, so nothing can be concluded from it",
                            stream_, printable(path), printable(last_)),
                "nothing was changed; this is a bug in outhaul, please report it with these two names");
  }

  const char* stream_;
  std::string last_;
  bool first_ = true;
};

class Merge {
 public:
  Merge(ScanStream& scanned, EntryStream& stored, const PlanPolicy& policy, const ChangeSink& sink)
      : scanned_(scanned),
        stored_(stored),
        compare_(policy.compare),
        attributes_known_ns_(policy.attributes_known_ns),
        sink_(sink) {}

  DiffCounts run() {
    next_now();
    next_before();
    while (now_ != nullptr || has_before_) {
      const int order = now_ == nullptr ? 1
                        : !has_before_  ? -1
                                        : now_->path.bytes().compare(before_.path.bytes());
      if (order < 0) {
        only_now();
      } else if (order > 0) {
        only_before();
      } else {
        both();
      }
    }
    if (sink_.progress) sink_.progress(counts_);
    return std::move(counts_);
  }

 private:
  /// Moves on to the next scanned entry. Problems on the way are taken at once, so that a doubt is known
  /// before any stored entry behind it is judged.
  void next_now() {
    for (now_ = nullptr; scanned_.next(item_);) {
      if (auto* problem = std::get_if<ScanProblem>(&item_)) {
        if (casts_doubt(problem->kind)) doubts_.add(problem->path.bytes());
        if (problem->kind == ScanProblem::Kind::other_file_system) mounts_.insert(problem->path.bytes());
        sink_.problem(std::move(*problem));
        continue;
      }
      Entry& entry = std::get<Entry>(item_);
      if (!scan_order_.is_new(entry.path.bytes())) continue;
      count(entry);
      now_ = &entry;
      return;
    }
  }

  void next_before() {
    has_before_ = stored_.next(before_);
    if (!has_before_) return;
    stored_order_.is_new(before_.path.bytes());
    if (before_.kind == EntryKind::file) ++counts_.stored_files;
  }

  void count(const Entry& entry) {
    switch (entry.kind) {
      case EntryKind::file:
        ++counts_.scanned_files;
        counts_.scanned_bytes = clamped_sum(counts_.scanned_bytes, entry.size);
        break;
      case EntryKind::directory:
        ++counts_.scanned_dirs;
        break;
      case EntryKind::symlink:
        ++counts_.scanned_symlinks;
        break;
    }
    if (++seen_ % kProgressEvery == 0 && sink_.progress) sink_.progress(counts_);
  }

  void only_now() {
    scanned_.complete(*now_, sink_.problem);
    sink_.change(Change{Change::Kind::added, Reason::added, std::move(*now_), {}});
    next_now();
  }

  void only_before() {
    const std::string& path = before_.path.bytes();
    if (mounts_.contains(path)) {  // it doesn't answer, but it stands where it stood
      ++counts_.unchanged;
      return next_before();
    }
    doubts_.pass(path);
    const bool doubtful = doubts_.cover(path);
    sink_.change(Change{doubtful ? Change::Kind::doubtful_removal : Change::Kind::removed,
                        doubtful ? Reason::under_doubt : Reason::removed,
                        {},
                        std::move(before_)});
    next_before();
  }

  void both() {
    learn_device();
    carry_over_names(*now_, before_);
    if (attributes_known_ns_ && vouches_for_attributes(before_, *now_, *attributes_known_ns_))
      now_->xattrs = before_.xattrs;
    else
      scanned_.complete(*now_, sink_.problem);
    if (const auto verdict = judge_pair(*now_, before_, compare_)) {
      if (now_->kind == EntryKind::file && before_.kind == EntryKind::file) now_->object = before_.object;
      sink_.change(Change{verdict->kind, verdict->reason, std::move(*now_), std::move(before_)});
    } else {
      ++counts_.unchanged;
    }
    next_now();
    next_before();
  }

  void learn_device() {
    if (now_->dev == before_.dev || now_->kind != before_.kind || now_->inode != before_.inode ||
        now_->ctime_ns != before_.ctime_ns || now_->mtime_ns != before_.mtime_ns)
      return;
    const DeviceChange change{before_.dev, now_->dev};
    auto& known = counts_.devices;
    if (std::find(known.rbegin(), known.rend(), change) == known.rend()) known.push_back(change);
  }

  ScanStream& scanned_;
  EntryStream& stored_;
  const Compare compare_;
  const std::optional<std::int64_t> attributes_known_ns_;
  const ChangeSink& sink_;
  ScanItem item_;
  Entry* now_ = nullptr;  ///< in item_; null at the end
  Entry before_;
  bool has_before_ = false;
  Subtrees doubts_;
  std::set<std::string> mounts_;  ///< where other file systems are mounted
  OrderCheck scan_order_{"the scan"}, stored_order_{"the state"};
  DiffCounts counts_;
  std::uint64_t seen_ = 0;
};

}  // namespace

DiffCounts diff(ScanStream& scanned, EntryStream& stored, const PlanPolicy& policy, const ChangeSink& sink) {
  return Merge(scanned, stored, policy, sink).run();
}

}  // namespace outhaul
