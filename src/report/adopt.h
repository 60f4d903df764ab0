// What was taken over, for people and for scripts.
#pragma once

#include <string>

#include "outhaul/adopt.h"

namespace outhaul {

std::string adopt_text(const AdoptReport& report);
/// As schemas/adopt.schema.json describes it; without a newline at its end.
std::string adopt_json(const AdoptReport& report);

}  // namespace outhaul
