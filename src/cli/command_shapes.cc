#include "cli/command_shapes.h"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <sstream>
#include <string>
#include <utility>

namespace outhaul::cli {
namespace {

/// All that it may be, where the parser knows: "TEXT:{bash,zsh,fish}".
std::vector<std::string> choices_in(const std::string& type) {
  std::vector<std::string> choices;
  const std::size_t open = type.find('{'), close = type.find('}');
  if (open == std::string::npos || close == std::string::npos) return choices;
  std::istringstream words(type.substr(open + 1, close - open - 1));
  for (std::string word; std::getline(words, word, ',');) choices.push_back(word);
  return choices;
}

void add_options(CommandShape& shape, const CLI::App& level) {
  for (const CLI::Option* option : level.get_options()) {
    if (option->get_positional()) {
      shape.words.push_back(option->get_name(true));
      shape.last_repeats = option->get_items_expected_max() > 1;
      continue;
    }
    OptionShape words;
    for (const std::string& name : option->get_snames()) words.names.push_back("-" + name);
    for (const std::string& name : option->get_lnames()) words.names.push_back("--" + name);
    if (std::ranges::any_of(shape.options,
                            [&](const OptionShape& known) { return known.names == words.names; }))
      continue;  // each command has --help of its own
    words.help = option->get_description();
    words.takes_value = option->get_items_expected_min() > 0;
    const std::string type = option->get_type_name();
    words.value = type.substr(0, type.find(':'));
    words.choices = choices_in(type);
    shape.options.push_back(std::move(words));
  }
}

}  // namespace

std::vector<CommandShape> shapes_of(const CLI::App& app) {
  std::vector<CommandShape> shapes;
  for (const CLI::App* command : app.get_subcommands([](const CLI::App*) { return true; })) {
    CommandShape shape;
    shape.name = command->get_name();
    shape.help = command->get_description();
    add_options(shape, *command);
    const bool repeats = shape.last_repeats;
    add_options(shape, app);
    shape.last_repeats = repeats;
    shapes.push_back(std::move(shape));
  }
  return shapes;
}

}  // namespace outhaul::cli
