#include "profile/decode_command.h"

#include <utility>

namespace outhaul {

std::vector<std::string> read_argv(const Node& node, const std::filesystem::path& folder) {
  constexpr const char* kArgument = "a string without NUL";
  constexpr const char* kProgram = "the program to run";
  std::vector<std::string> argv;
  for (const Node& item : node.items("an array of the program and its arguments, run without a shell", 1)) {
    const bool first = argv.empty();
    std::string argument = item.string(first ? kProgram : kArgument).value_or("");
    if (first && argument.empty() && item.is(JsonValue::Kind::string)) item.fault(kProgram);
    if (argument.find('\0') != std::string::npos) item.fault(kArgument);
    // Nobody knows from which directory cron starts us.
    if (first && argument.find('/') != std::string::npos) argument = (folder / argument).string();
    argv.push_back(std::move(argument));
  }
  return argv;
}

}  // namespace outhaul
