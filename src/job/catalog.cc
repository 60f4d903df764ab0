#include "job/catalog.h"

#include <fmt/format.h>

#include "catalog/publish.h"

namespace outhaul {

std::optional<Problem> store_catalog(State& state, Remote& remote, const Profile& profile,
                                     const Environment& environment, RunId run, bool window_ended) {
  try {
    Carrier carrier({remote, environment.retry_for(profile), environment.clock, environment.cancel,
                     environment.events, profile.append_only()});
    const CatalogReport report = publish_catalog(state, carrier,
                                                 {.profile = profile.name,
                                                  .version = OUTHAUL_VERSION,
                                                  .folder = environment.state_dir(profile),
                                                  .now_ns = environment.clock.now_ns(),
                                                  .run = run,
                                                  .may_make_base = !window_ended});
    if (report.stored)
      environment.events.on(Notice{fmt::format("the catalog on the remote is up to date: {} of {} bytes sent",
                                               report.new_base ? "a new base" : "changes", report.bytes)});
    return std::nullopt;
  } catch (const Error& error) {
    if (error.kind() == ErrorKind::cancelled) return std::nullopt;  // the next run does it
    return Problem{Problem::Severity::error,
                   {},
                   {},
                   fmt::format("the files are stored, but the catalog is not: {}", error.what()),
                   error.advice()};
  } catch (const std::exception& error) {
    return Problem{Problem::Severity::error,
                   {},
                   {},
                   fmt::format("the files are stored, but the catalog is not: {}", error.what()),
                   "Check the space in the state directory; the next run tries again."};
  }
}

}  // namespace outhaul
