// What to say of a command line that can't be meant. Pure.
#pragma once

#include <string>
#include <vector>

#include "outhaul/error.h"

namespace outhaul::cli {

struct WrongWords {
  std::string command;                 ///< the one that was recognised; empty: none was
  std::string usage;                   ///< how it is written: "outhaul restore PROFILE [PATH…] --to DIR"
  std::vector<std::string> left_over;  ///< words that nothing took, in their order
  std::vector<std::string> commands;   ///< all that there are
  std::vector<std::string> options;    ///< that this command takes: "--job"
  std::string said;                    ///< by the parser: "PROFILE is required"
};

/// Error{usage} that names the wrong word, the nearest right one, and what to type.
Error wrong_words(const WrongWords& words);

}  // namespace outhaul::cli
