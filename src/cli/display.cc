#include "cli/display.h"

#include <unistd.h>

#include "cli/terminal_output.h"

namespace outhaul::cli {

std::unique_ptr<Progress> display_for(const Common& common) {
  ProgressOptions options;
  options.fd = STDERR_FILENO;
  options.quiet = common.quiet;
  options.verbosity = common.verbosity;
  options.colour = wants_colour(STDERR_FILENO);
  // With -vv the log shares the screen; a display that is redrawn would fight with it.
  options.tty = is_terminal(STDERR_FILENO) && !common.quiet && common.verbosity < 2;
  return make_progress(options);
}

}  // namespace outhaul::cli
