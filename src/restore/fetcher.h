// One file's way back through one lane: compare, fetch, resume, check, retry.
#pragma once

#include <cstddef>
#include <cstdint>
#include <random>
#include <string>
#include <vector>

#include "base/cancel.h"
#include "base/clock.h"
#include "lanes/backoff.h"
#include "lanes/throttle.h"
#include "outhaul/events.h"
#include "outhaul/remote.h"
#include "restore/metadata.h"
#include "restore/part_file.h"

namespace outhaul {

struct FetchOutcome {
  enum class Status : std::uint8_t {
    fetched,
    equal,           ///< it was there already, byte for byte
    mended,          ///< the same, and it got its metadata
    differs,         ///< what is there may not be replaced
    other_metadata,  ///< the content is equal, the metadata isn't, and may not be changed
    damaged,         ///< the remote has not what was stored
    unreachable,     ///< the remote doesn't give this file; see `failure`
    path_failed,     ///< this place here can't be written
    stopped,         ///< by what would stop every other file as well: a full disk, a secret that can't be had
    handed_back,     ///< the lane gave up its connection; still to be done
  };
  std::size_t step = 0;
  Status status = Status::fetched;
  FailureClass failure = FailureClass::none;
  ErrorKind kind = ErrorKind::internal;  ///< of what stopped it
  int reply_code = 0;
  std::string message, advice;
  std::vector<std::string> notes;  ///< metadata that could not be set
  std::uint64_t received = 0, resumed = 0, retries = 0;
};

class Fetcher {
 public:
  struct Context {
    const Destination& to;
    Overwrite overwrite;
    MetadataPolicy metadata;
    RetryPolicy policy;
    Clock& clock;
    const CancelToken& cancel;
    EventSink& events;
    Throttle* throttle = nullptr;  ///< nullptr: as fast as the line is
  };
  Fetcher(Lane& lane, int lane_number, const Context& context);

  /// Never throws: what went wrong is in the outcome. `may_hand_back`: other lanes are there to go on when
  /// the server allows fewer connections.
  FetchOutcome perform(const RestoreStep& step, std::size_t index, bool may_hand_back) noexcept;
  const MetadataLosses& losses() const noexcept { return metadata_.losses(); }

 private:
  void carry_out(const RestoreStep& step, FetchOutcome& outcome);
  bool is_settled_here(const RestoreStep& step, FetchOutcome& outcome);
  bool is_equal(int fd, const RestoreStep& step);
  void fetch(const RestoreStep& step, FetchOutcome& outcome);
  bool receive(PartFile& part, const RestoreStep& step, FetchOutcome& outcome);
  bool receive_rest(PartFile& part, const RestoreStep& step, FetchOutcome& outcome);
  ByteSink sink_into(PartFile& part, std::uint64_t size, FetchOutcome& outcome);
  void wait_before_retry(const std::string& path, int attempt, const std::string& why, FetchOutcome& outcome);

  Lane& lane_;
  int number_;
  Context context_;
  MetadataWriter metadata_;
  std::minstd_rand random_;
  bool may_hand_back_ = false;
};

}  // namespace outhaul
