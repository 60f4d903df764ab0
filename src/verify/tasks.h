// What lanes do for a verification.
#pragma once

#include <optional>
#include <string>

#include "base/digest.h"
#include "lanes/crew.h"
#include "lanes/throttle.h"
#include "state/inventory.h"

namespace outhaul {

/// Lists one directory.
class ListTask final : public LaneTask {
 public:
  ListTask(std::uint64_t sequence, KnownDir wanted, bool compared)
      : number(sequence), known(std::move(wanted)), compare(compared) {}
  void attempt(Lane& lane, int lane_number) override;
  std::string name() const override { return known.dir.wire(); }
  bool not_there() const {
    return failure && failure->failure() == FailureClass::skip_file && failure->reply_code() == 550;
  }

  std::uint64_t number;  ///< its place among all
  KnownDir known;
  bool compare;  ///< false: listed only to see which directories are in it
  Listing listing;
};

/// Fetches one object and hashes it; a second time when it isn't what it should be.
class ReadTask final : public LaneTask {
 public:
  struct Context {
    EventSink& events;
    const CancelToken& cancel;
    Throttle* throttle = nullptr;
  };
  ReadTask(const Context& context, const ReadCandidate& candidate, RemotePath where,
           std::optional<Sha256Digest> expected)
      : object(candidate), path(std::move(where)), sha256(expected), context_(context) {}
  void attempt(Lane& lane, int lane_number) override;
  std::string name() const override { return path.wire(); }
  bool got_further() override;

  ReadCandidate object;
  RemotePath path;
  std::optional<Sha256Digest> sha256;  ///< without one only the length is compared
  std::string finding;                 ///< set when what came back, twice, is not what was stored

 private:
  void fetch(Lane& lane, int lane_number);
  std::string judge();

  Context context_;
  std::optional<Sha256> hash_;  ///< of the first `fetched_` bytes
  std::uint64_t fetched_ = 0, reached_ = 0;
  bool suspect_ = false;  ///< once it was not what it should be
};

}  // namespace outhaul
