// What a person sees while a command works.
#pragma once

#include <memory>

#include "cli/options.h"
#include "report/progress.h"

namespace outhaul::cli {

std::unique_ptr<Progress> display_for(const Common& common);

}  // namespace outhaul::cli
