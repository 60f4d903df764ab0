// The command line's own knowledge of itself, as completion needs it.
#pragma once

#include <vector>

#include "cli/completion.h"

namespace CLI {
class App;
}

namespace outhaul::cli {

/// Every command of `app` with its words and options, those that all commands take included.
std::vector<CommandShape> shapes_of(const CLI::App& app);

}  // namespace outhaul::cli
