// What may come next on a command line, for the shells. Pure: what profiles and states hold is asked for
// through CompletionSources.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace outhaul::cli {

struct OptionShape {
  std::vector<std::string> names;  ///< "-l", "--long"
  std::string help;
  bool takes_value = false;
  std::string value;                 ///< what is expected: "FILE", "DIR", "WHEN"
  std::vector<std::string> choices;  ///< all that it may be; empty: anything
};

struct CommandShape {
  std::string name, help;
  std::vector<OptionShape> options;  ///< those that every command takes, too
  std::vector<std::string> words;    ///< what stands without an option, in order: "PROFILE", "PATH"
  bool last_repeats = false;
};

struct Candidate {
  std::string word;
  std::string help;
  friend bool operator==(const Candidate&, const Candidate&) = default;
};

struct Completion {
  /// What the shell adds of its own accord.
  enum class Files : std::uint8_t { none, any, directories };
  std::vector<Candidate> words;
  Files files = Files::none;
};

/// Never throw; what can't be read gives nothing.
class CompletionSources {
 public:
  virtual ~CompletionSources() = default;
  virtual std::vector<std::string> profiles() const = 0;  ///< those of the machine, as files
  virtual std::vector<std::string> jobs(const std::string& profile) const = 0;
  /// Names that begin with `begun`, relative to the job's source, directories with a slash at their end.
  virtual std::vector<std::string> paths(const std::string& profile, const std::string& job,
                                         const std::string& at, const std::string& begun) const = 0;
};

/// `line`: the words behind "outhaul", the last one being typed; it may be empty, not missing.
Completion complete(const std::vector<CommandShape>& commands, const std::vector<std::string>& line,
                    const CompletionSources& sources);

/// "words", "files" or "directories", then a line per word: the word, and behind a tab what it is for.
std::string completion_text(const Completion& completion);

/// The script for "bash", "zsh" or "fish"; it asks `outhaul complete` for every word. Empty for others.
std::string_view completion_script(std::string_view shell) noexcept;

}  // namespace outhaul::cli
