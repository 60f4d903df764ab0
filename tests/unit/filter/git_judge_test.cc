// git itself as the outside judge of what a pattern means.
#include <fmt/format.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <random>

#include "filter/patterns.h"
#include "support/catch.h"

using namespace outhaul;
namespace fs = std::filesystem;

namespace {

struct Verdict {
  bool excluded = false;
  std::optional<std::size_t> line;
};

/// An empty repository whose only exclude file is rewritten for each question.
class GitJudge {
 public:
  GitJudge() {
    std::string name = (fs::temp_directory_path() / "outhaul-git-XXXXXX").string();
    if (mkdtemp(name.data()) == nullptr) throw std::runtime_error("mkdtemp failed");
    root_ = name;
    fs::create_directory(tree());
    git("init -q --template= .");
    fs::create_directories(tree() / ".git/info");
  }
  GitJudge(GitJudge&&) = delete;
  ~GitJudge() {
    std::error_code ignored;  // a left-over temporary folder fails no test
    fs::remove_all(root_, ignored);
  }

  fs::path tree() const { return root_ / "tree"; }

  std::vector<Verdict> judge(const std::vector<std::string>& patterns,
                             const std::vector<std::string>& paths) {
    std::ofstream exclude(tree() / ".git/info/exclude", std::ios::binary);
    for (const std::string& pattern : patterns) exclude << pattern << '\n';
    exclude.close();
    std::ofstream questions(root_ / "questions", std::ios::binary);
    for (const std::string& path : paths) questions << path << '\0';
    questions.close();
    git("check-ignore --no-index --verbose --non-matching -z --stdin < ../questions > ../answers");
    return read_answers(paths);
  }

 private:
  void git(const std::string& arguments) {
    const std::string command = fmt::format(
        "cd '{}' && env -u GIT_DIR -u GIT_WORK_TREE GIT_CONFIG_GLOBAL=/dev/null "
        "GIT_CONFIG_NOSYSTEM=1 git -c core.excludesFile=/dev/null -c core.ignoreCase=false {}",
        tree().string(), arguments);
    const int status = std::system(command.c_str());
    const bool answered = WIFEXITED(status) && WEXITSTATUS(status) <= 1;  // 1: no path is ignored
    if (!answered) throw std::runtime_error("git failed: " + command);
  }

  std::vector<Verdict> read_answers(const std::vector<std::string>& paths) const {
    std::ifstream answers(root_ / "answers", std::ios::binary);
    std::vector<Verdict> verdicts;
    std::string source, line, pattern, path;
    while (std::getline(answers, source, '\0') && std::getline(answers, line, '\0') &&
           std::getline(answers, pattern, '\0') && std::getline(answers, path, '\0')) {
      Verdict verdict;
      if (!line.empty()) verdict = {!pattern.starts_with('!'), std::stoul(line) - 1};
      verdicts.push_back(verdict);
    }
    if (verdicts.size() != paths.size()) throw std::runtime_error("git left questions unanswered");
    return verdicts;
  }

  fs::path root_;
};

class Dice {
 public:
  explicit Dice(unsigned seed) : random_(seed) {}
  std::size_t below(std::size_t limit) { return random_() % limit; }
  bool once_in(std::size_t n) { return below(n) == 0; }
  template <typename List>
  const auto& one_of(const List& list) {
    return list[below(std::size(list))];
  }

 private:
  std::mt19937 random_;
};

const std::vector<std::string> kNames = {"a",   "b",   "ab", "aab",  "abc",   "b.c",     "a.c",  ".a",
                                         "..b", "a b", "a ", " a",   "-",     "[a]",     "]",    "!a",
                                         "*",   "a*b", "\\", "\\a",  "^",     "A",       "\xE9", "a\xFF",
                                         "[:a", "a-c", "\n", "a\nb", "x.tmp", "Makefile"};

/// A tree of directories and files over kNames; what it holds, with true for directories.
std::vector<std::pair<std::string, bool>> plant_tree(const fs::path& root, Dice& dice) {
  std::vector<std::pair<std::string, bool>> planted;
  std::vector<std::string> open = {""};
  for (std::size_t next = 0; next < open.size() && planted.size() < 400; ++next) {
    const std::string at = open[next];
    for (int i = 0; i < 12; ++i) {
      const std::string path = at + dice.one_of(kNames);
      if (fs::exists(fs::symlink_status(root / path))) continue;
      const bool is_directory = std::count(path.begin(), path.end(), '/') < 4 && dice.once_in(2);
      if (is_directory) {
        fs::create_directory(root / path);
        open.push_back(path + '/');
      } else {
        std::ofstream(root / path);
      }
      planted.emplace_back(path, is_directory);
    }
  }
  return planted;
}

std::string random_pattern(Dice& dice) {
  static const std::vector<std::string> pieces = {"*",       "*",           "**",
                                                  "?",       "/",           "/",
                                                  "/**/",    "**/",         "/**",
                                                  "a",       "b",           "c",
                                                  ".",       "[a-c]",       "[!a]",
                                                  "[^b]",    "[]a]",        "[[:alpha:]]",
                                                  "\\a",     "\\*",         "\\[",
                                                  "\\\\",    " ",           "\\ ",
                                                  "!",       "-",           "]",
                                                  "[a",      "[[:x]",       "[\\]-a]",
                                                  "[a-\\c]", "[\x80-\xFF]", "[[:upper:][:space:]]",
                                                  "***",     "[*/]",        "\\/",
                                                  "[b-]",    "[--a]",       "\\!a",
                                                  "[c-a]"};
  std::string pattern = dice.once_in(5) ? "!" : "";
  if (dice.once_in(4)) pattern += '/';
  for (std::size_t n = 1 + dice.below(5); n > 0; --n)
    pattern += dice.once_in(3) ? dice.one_of(kNames) : dice.one_of(pieces);
  if (dice.once_in(5)) pattern += '/';
  return pattern;
}

/// Some versions of git cut the literal start off before they look at "**", and so let the "**" of
/// "foo**/bar" cross slashes, against gitignore(5).
bool git_disagrees_with_its_manual(std::string_view pattern) {
  while (pattern.starts_with('!') || pattern.starts_with('/')) pattern.remove_prefix(1);
  const std::size_t special = pattern.find_first_of("*?[\\");
  return special != std::string_view::npos && special > 0 && pattern[special - 1] != '/' &&
         pattern.substr(special).starts_with("**");
}

bool fits_one_line(const std::string& pattern) {
  return pattern.find('\n') == std::string::npos && !pattern.starts_with('#');
}

std::vector<std::string> random_patterns(Dice& dice) {
  std::vector<std::string> patterns;
  for (std::size_t n = 1 + dice.below(6); patterns.size() < n;)
    if (std::string pattern = random_pattern(dice);
        fits_one_line(pattern) && !git_disagrees_with_its_manual(pattern))
      patterns.push_back(std::move(pattern));
  return patterns;
}

/// Our filter over the patterns that we accept, and the line of each in git's file.
struct Accepted {
  explicit Accepted(const std::vector<std::string>& patterns) {
    std::vector<std::string> good;
    for (std::size_t line = 0; line < patterns.size(); ++line) {
      if (!pattern_fault(patterns[line]).empty()) continue;
      good.push_back(patterns[line]);
      lines.push_back(line);
    }
    filter = Filter(std::move(good));
  }
  Verdict decide(const std::string& path, bool is_directory) const {
    const Filter::Decision decision = filter.decide(RelPath::parse(path), is_directory);
    return {decision.excluded, decision.rule ? std::optional(lines[*decision.rule]) : std::nullopt};
  }
  std::vector<std::size_t> lines;
  Filter filter;
};

}  // namespace

TEST_CASE("random patterns decide every path of a tree as git does") {
  GitJudge git;
  Dice dice(20240229);
  const auto planted = plant_tree(git.tree(), dice);
  std::vector<std::string> paths;
  for (const auto& [path, is_directory] : planted) paths.push_back(path);
  std::size_t matched = 0;
  for (int round = 0; round < 250; ++round) {
    const std::vector<std::string> patterns = random_patterns(dice);
    const Accepted ours(patterns);
    const std::vector<Verdict> theirs = git.judge(patterns, paths);
    for (std::size_t i = 0; i < planted.size(); ++i) {
      const Verdict verdict = ours.decide(planted[i].first, planted[i].second);
      matched += theirs[i].line.has_value();
      if (verdict.excluded == theirs[i].excluded && verdict.line == theirs[i].line) continue;
      std::string list;
      for (const std::string& pattern : patterns) list += "\n  <" + printable(pattern) + ">";
      FAIL_CHECK("round " << round << ", path <" << printable(planted[i].first) << ">, git line "
                          << (theirs[i].line ? static_cast<int>(*theirs[i].line) : -1) << ", our line "
                          << (verdict.line ? static_cast<int>(*verdict.line) : -1) << list);
      return;
    }
  }
  CHECK(matched > 1000);  // else the patterns are too odd to prove anything
}

TEST_CASE("every byte is in the classes and ranges that git puts it in") {
  GitJudge git;
  std::vector<std::string> paths;
  for (int byte = 1; byte < 256; ++byte) {
    if (byte == '/') continue;
    paths.push_back(std::string("x") + static_cast<char>(byte));
    std::ofstream(git.tree() / paths.back());
  }
  for (const char* set :
       {"[[:alnum:]]", "[[:alpha:]]", "[[:blank:]]", "[[:cntrl:]]", "[[:digit:]]", "[[:graph:]]",
        "[[:lower:]]", "[[:print:]]", "[[:punct:]]", "[[:space:]]", "[[:upper:]]", "[[:xdigit:]]",
        "[![:print:]]", "[\x01-\x7F]", "[!\x80-\xFF]", "[]-\\]]", "[!]-]", "[[:]", "[a-c-e]"}) {
    INFO(set);
    const Filter ours({std::string("x") + set});
    const std::vector<Verdict> theirs = git.judge({ours.pattern(0)}, paths);
    for (std::size_t i = 0; i < paths.size(); ++i) {
      INFO(printable(paths[i]));
      CHECK(ours.excludes(paths[i], false) == theirs[i].excluded);
    }
  }
}
