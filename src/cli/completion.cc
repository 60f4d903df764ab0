#include "cli/completion.h"

#include <algorithm>
#include <optional>

namespace outhaul::cli {
namespace {

constexpr std::string_view kBash = R"sh(# bash completion for outhaul
_outhaul() {
  local IFS=$'\n' answer words current line word
  words=("${COMP_WORDS[@]:1:COMP_CWORD}")
  words=("${words[@]//\\/}")
  current=${words[-1]}
  mapfile -t answer < <(outhaul complete -- "${words[@]}" 2>/dev/null)
  COMPREPLY=()
  for line in "${answer[@]:1}"; do
    word=${line%%$'\t'*}
    [[ ${answer[0]} == words ]] && word=$(printf '%q' "$word")
    COMPREPLY+=("$word")
  done
  [[ ${#COMPREPLY[@]} == 1 && ${COMPREPLY[0]} == */ ]] && compopt -o nospace
  case ${answer[0]} in
    files) compopt -o filenames; COMPREPLY+=($(compgen -f -- "$current")) ;;
    directories) compopt -o filenames; COMPREPLY+=($(compgen -d -- "$current")) ;;
  esac
}
complete -F _outhaul outhaul
)sh";

constexpr std::string_view kZsh = R"sh(#compdef outhaul
_outhaul() {
  local -a answer described
  local line word help
  answer=("${(@f)$(outhaul complete -- "${(@Q)words[2,CURRENT]}" 2>/dev/null)}")
  for line in "${(@)answer[2,-1]}"; do
    word=${line%%$'\t'*} help=${line#*$'\t'}
    described+=("${word//:/\\:}:$help")
  done
  if [[ ${#described} -gt 0 ]]; then
    if [[ ${answer[2]%%$'\t'*} == */ ]]; then _describe -V outhaul described -S ''
    else _describe -V outhaul described
    fi
  fi
  case ${answer[1]} in
    files) _files ;;
    directories) _files -/ ;;
  esac
}
if [ "$funcstack[1]" = _outhaul ]; then _outhaul "$@"; else compdef _outhaul outhaul; fi
)sh";

constexpr std::string_view kFish = R"sh(# fish completion for outhaul
function __outhaul_complete
    set -l line (commandline -opc) (commandline -ct)
    set -l answer (outhaul complete -- $line[2..-1] 2>/dev/null)
    test (count $answer) -gt 0; or return
    test (count $answer) -gt 1; and printf '%s\n' $answer[2..-1]
    switch $answer[1]
        case files
            __fish_complete_path (commandline -ct)
        case directories
            __fish_complete_directories (commandline -ct)
    end
end
complete -c outhaul -f -a '(__outhaul_complete)'
)sh";

const OptionShape* find_option(const CommandShape& command, std::string_view name) {
  for (const OptionShape& option : command.options)
    if (std::ranges::find(option.names, name) != option.names.end()) return &option;
  return nullptr;
}

/// What the words before the last one have settled.
struct Said {
  std::vector<std::string> words;
  const OptionShape* open = nullptr;  ///< its value comes next
  std::string job, at = "latest";
  bool options_ended = false;
};

void take_value(Said& said, const OptionShape& option, const std::string& value) {
  if (std::ranges::find(option.names, "--job") != option.names.end()) said.job = value;
  if (std::ranges::find(option.names, "--at") != option.names.end()) said.at = value;
}

Said said_in(const CommandShape& command, const std::vector<std::string>& before) {
  Said said;
  for (const std::string& word : before) {
    if (said.open != nullptr) {
      take_value(said, *said.open, word);
      said.open = nullptr;
    } else if (word == "--" && !said.options_ended) {
      said.options_ended = true;
    } else if (word.size() < 2 || !word.starts_with('-') || said.options_ended) {
      said.words.push_back(word);
    } else if (const std::size_t equals = word.find('='); equals != std::string::npos) {
      if (const OptionShape* option = find_option(command, word.substr(0, equals)))
        take_value(said, *option, word.substr(equals + 1));
    } else if (const OptionShape* option = find_option(command, word);
               option != nullptr && option->takes_value) {
      said.open = option;
    }
  }
  return said;
}

Completion plain(const std::vector<std::string>& words) {
  Completion completion;
  for (const std::string& word : words) completion.words.push_back({word, {}});
  return completion;
}

Completion value_of(const OptionShape& option, const Said& said, const CompletionSources& sources) {
  if (!option.choices.empty()) return plain(option.choices);
  if (std::ranges::find(option.names, "--job") != option.names.end() && !said.words.empty())
    return plain(sources.jobs(said.words.front()));
  if (option.value == "WHEN") return {{{"latest", "the newest tree"}}, Completion::Files::none};
  if (option.value == "FILE") return {{}, Completion::Files::any};
  if (option.value == "DIR") return {{}, Completion::Files::directories};
  return {};
}

std::optional<std::string> word_wanted(const CommandShape& command, std::size_t n) {
  if (n < command.words.size()) return command.words[n];
  if (command.last_repeats && !command.words.empty()) return command.words.back();
  return std::nullopt;
}

Completion word_for(const CommandShape& command, const Said& said, const std::string& begun,
                    const CompletionSources& sources) {
  const std::optional<std::string> wanted = word_wanted(command, said.words.size());
  if (!wanted) return {};
  if (*wanted == "PROFILE") {
    Completion completion = plain(sources.profiles());
    completion.files = Completion::Files::any;
    return completion;
  }
  if (*wanted == "PATH") return plain(sources.paths(said.words.front(), said.job, said.at, begun));
  if (*wanted == "SOURCE") return {{}, Completion::Files::directories};
  if (*wanted == "SHELL") return plain({"bash", "zsh", "fish"});
  if (*wanted == "FILE") return {{}, Completion::Files::any};
  return {};
}

}  // namespace

Completion complete(const std::vector<CommandShape>& commands, const std::vector<std::string>& line,
                    const CompletionSources& sources) {
  Completion completion;
  if (line.empty()) return completion;
  const std::string& begun = line.back();
  const auto chosen = std::ranges::find_if(
      commands, [&](const CommandShape& command) { return line.size() > 1 && command.name == line.front(); });
  if (chosen == commands.end()) {
    if (line.size() == 1)
      for (const CommandShape& command : commands) completion.words.push_back({command.name, command.help});
  } else {
    const Said said = said_in(*chosen, {line.begin() + 1, line.end() - 1});
    if (said.open != nullptr) {
      completion = value_of(*said.open, said, sources);
    } else if (begun.starts_with('-') && !said.options_ended) {
      for (const OptionShape& option : chosen->options)
        completion.words.push_back({option.names.back(), option.help});
    } else {
      completion = word_for(*chosen, said, begun, sources);
    }
  }
  std::erase_if(completion.words,
                [&](const Candidate& candidate) { return !candidate.word.starts_with(begun); });
  return completion;
}

std::string completion_text(const Completion& completion) {
  std::string text = completion.files == Completion::Files::any           ? "files\n"
                     : completion.files == Completion::Files::directories ? "directories\n"
                                                                          : "words\n";
  for (const Candidate& candidate : completion.words) {
    if (candidate.word.find_first_of("\n\t\r") != std::string::npos) continue;  // no shell would take them
    text += candidate.word;
    if (!candidate.help.empty()) text += '\t' + candidate.help;
    text += '\n';
  }
  return text;
}

std::string_view completion_script(std::string_view shell) noexcept {
  return shell == "bash" ? kBash : shell == "zsh" ? kZsh : shell == "fish" ? kFish : std::string_view{};
}

}  // namespace outhaul::cli
