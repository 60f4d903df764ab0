// A program that prints a secret.
#pragma once

#include <chrono>
#include <string>
#include <vector>

#include "profile/secret.h"

namespace outhaul {

/// What `argv` prints to its standard output, run without a shell, with standard input empty and standard
/// error passed on. The program must end with 0 within `limit`, else it is killed. Messages name only the
/// program: its arguments may be nobody's business. Throws Error{profile}, and Error{cancelled} when `cancel`
/// fires.
Secret run_secret_command(const std::vector<std::string>& argv, std::chrono::milliseconds limit,
                          const CancelToken* cancel = nullptr);

}  // namespace outhaul
