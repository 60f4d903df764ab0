#include "outhaul/report.h"
#include "outhaul/restore.h"

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
  sum.retired += more.retired;
  sum.superseded += more.superseded;
  sum.expired += more.expired;
  sum.expired_bytes += more.expired_bytes;
}

void add_to(RestorePlanned& sum, const RestorePlanned& more) noexcept {
  sum.fetch_files += more.fetch_files;
  sum.fetch_bytes += more.fetch_bytes;
  sum.compare_files += more.compare_files;
  sum.compare_bytes += more.compare_bytes;
  sum.empty_files += more.empty_files;
  sum.links += more.links;
  sum.symlinks += more.symlinks;
  sum.make_dirs += more.make_dirs;
  sum.equal += more.equal;
  sum.replaces += more.replaces;
  sum.in_the_way += more.in_the_way;
  sum.unavailable += more.unavailable;
}

void add_to(RestoreDone& sum, const RestoreDone& more) noexcept {
  sum.files_fetched += more.files_fetched;
  sum.bytes_fetched += more.bytes_fetched;
  sum.bytes_received += more.bytes_received;
  sum.resumed_bytes += more.resumed_bytes;
  sum.files_equal += more.files_equal;
  sum.bytes_equal += more.bytes_equal;
  sum.empty_files += more.empty_files;
  sum.links += more.links;
  sum.symlinks += more.symlinks;
  sum.dirs_made += more.dirs_made;
  sum.metadata += more.metadata;
  sum.retries += more.retries;
}

}  // namespace outhaul
