#include "job/catalog.h"

#include <fmt/format.h>

#include "catalog/publish.h"
#include "outhaul/counted.h"

namespace outhaul {

namespace {

Problem not_stored(const char* why, std::string advice, FilesStored files) {
  return {Problem::Severity::error,
          {},
          {},
          fmt::format("{}: {}",
                      files == FilesStored::all ? "the files are stored, but the catalog is not"
                                                : "the catalog could not be stored either",
                      why),
          std::move(advice)};
}

}  // namespace

std::optional<Problem> store_catalog(State& state, Remote& remote, const Profile& profile,
                                     const Environment& environment, RunId run, bool window_ended,
                                     FilesStored files) {
  try {
    Carrier carrier({remote, environment.retry_for(profile), environment.clock, environment.cancel,
                     environment.events, profile.append_only(), profile.keeps_private()});
    const CatalogReport report = publish_catalog(state, carrier,
                                                 {.profile = profile.name,
                                                  .control_dir = profile.remote.names.own.dir,
                                                  .version = OUTHAUL_VERSION,
                                                  .folder = environment.state_dir(profile),
                                                  .now_ns = environment.clock.now_ns(),
                                                  .run = run,
                                                  .may_make_base = !window_ended});
    if (report.lost_track)
      environment.events.on(ProblemFound{{Problem::Severity::note,
                                          {},
                                          {},
                                          "what was recorded for the catalog no longer gave the state: a new "
                                          "base was stored instead",
                                          "If it happens again, please report it."}});
    if (report.left_behind > 0)
      environment.events.on(ProblemFound{
          {Problem::Severity::note,
           {},
           ".outhaul/catalog",
           fmt::format("{} of older catalogs can't be removed", counted(report.left_behind, "file")),
           "They may be deleted by hand, by an account that may."}});
    if (report.stored)
      environment.events.on(Notice{fmt::format("the catalog on the remote is up to date: {} of {} bytes sent",
                                               report.new_base ? "a new base" : "changes", report.bytes)});
    return std::nullopt;
  } catch (const Error& error) {
    if (error.kind() == ErrorKind::cancelled)
      return not_stored("stopped on request", "The next run stores it.", files);
    return not_stored(error.what(), error.advice(), files);
  } catch (const std::exception& error) {
    return not_stored(error.what(), "Check the space in the state directory; the next run tries again.",
                      files);
  }
}

}  // namespace outhaul
