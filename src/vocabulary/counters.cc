#include "outhaul/report.h"

namespace outhaul {

void add_to(JobCounters& sum, const JobCounters& more) noexcept {
  sum.files_uploaded += more.files_uploaded;
  sum.bytes_uploaded += more.bytes_uploaded;
  sum.bytes_sent += more.bytes_sent;
  sum.dirs_made += more.dirs_made;
  sum.moved += more.moved;
  sum.removed += more.removed;
  sum.dirs_removed += more.dirs_removed;
  sum.recorded += more.recorded;
  sum.compared += more.compared;
  sum.kept += more.kept;
  sum.withheld += more.withheld;
  sum.retries += more.retries;
  sum.resumed_bytes += more.resumed_bytes;
}

}  // namespace outhaul
