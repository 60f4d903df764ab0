#include "cli/wrong_words.h"

#include <fmt/format.h>

#include <algorithm>

#include "outhaul/paths.h"
#include "profile/suggest.h"

namespace outhaul::cli {
namespace {

Error usage(std::string message, std::string advice) {
  return {ErrorKind::usage, std::move(message), std::move(advice)};
}

std::optional<std::string_view> nearest_of(std::string_view word, const std::vector<std::string>& known) {
  const std::vector<std::string_view> candidates(known.begin(), known.end());
  return nearest(word, candidates);
}

Error no_command() {
  return usage(
      "no command is given",
      "Most used: `outhaul run PROFILE`, `outhaul status PROFILE`, `outhaul restore PROFILE --to DIR`; "
      "`outhaul init FILE` writes a first profile. `outhaul --help` lists all commands.");
}

Error unknown_command(const std::string& word, const WrongWords& words) {
  const std::string message = fmt::format("there is no command \"{}\"", printable(word));
  const bool is_a_file = word.ends_with(".json") || word.find('/') != std::string::npos;
  if (is_a_file) return usage(message, fmt::format("Did you mean `outhaul run {}`?", printable(word)));
  if (const auto meant = nearest_of(word, words.commands))
    return usage(message,
                 fmt::format("Did you mean `outhaul {}`? `outhaul --help` lists all commands.", *meant));
  return usage(message, fmt::format("There are: {}.", fmt::join(words.commands, ", ")));
}

Error too_many(const std::string& word, const WrongWords& words) {
  const std::string help = fmt::format("`outhaul {} --help` tells what it takes.", words.command);
  if (!word.starts_with('-') || word == "-")
    return usage(fmt::format("{}: \"{}\" is one word too many", words.command, printable(word)),
                 fmt::format("Write: {}. {}", words.usage, help));
  const std::string option = word.substr(0, word.find('='));
  const auto meant = nearest_of(option, words.options);
  return usage(fmt::format("{}: there is no option \"{}\"", words.command, printable(option)),
               meant ? fmt::format("Did you mean {}? {}", *meant, help) : help);
}

Error missing(const std::string& what, const WrongWords& words) {
  const std::string message = fmt::format("{}: {} is required", words.command, what);
  if (what != "PROFILE") return usage(message, fmt::format("Write: {}", words.usage));
  return usage(message,
               fmt::format("Name the profile's file: {}, such as /etc/outhaul/my-backup.json. `outhaul "
                           "init FILE` writes one to start from.",
                           words.usage));
}

}  // namespace

Error wrong_words(const WrongWords& words) {
  constexpr std::string_view kRequired = " is required";
  const auto command =
      std::ranges::find_if(words.left_over, [](const auto& w) { return !w.starts_with('-'); });
  if (words.command.empty() && command != words.left_over.end()) return unknown_command(*command, words);
  if (words.command.empty() && words.left_over.empty()) return no_command();
  if (words.command.empty())
    return usage(
        fmt::format("there is no option \"{}\" before a command", printable(words.left_over.front())),
        "`outhaul --help` lists the commands and the options that all of them have.");
  if (!words.left_over.empty()) return too_many(words.left_over.front(), words);
  if (words.said.ends_with(kRequired))
    return missing(words.said.substr(0, words.said.size() - kRequired.size()), words);
  return usage(fmt::format("{}: {}", words.command, printable(words.said)),
               fmt::format("`outhaul {} --help` tells what it takes.", words.command));
}

}  // namespace outhaul::cli
