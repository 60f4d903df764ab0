// Real servers in the settings that are met in the field: each row of the tables is one test case.
#include "field/row.h"

#include <algorithm>
#include <array>
#include <deque>
#include <set>

#include <fmt/format.h>

#include "e2e/site.h"
#include "support/catch.h"
#include "support/temp_dir.h"
#include "support/walk.h"

namespace outhaul::test {

const char* to_string(Step step) noexcept {
  switch (step) {
    case Step::doctor:
      return "doctor";
    case Step::first:
      return "first run";
    case Step::rerun:
      return "rerun after a day's work";
    case Step::verify:
      return "verify";
    case Step::recover:
      return "recover and restore";
  }
  return "?";
}

Row row(std::string name, ServerKind kind, std::vector<std::string> more) {
  Row made;
  made.name = std::move(name);
  made.kind = kind;
  made.options = [more = std::move(more)](const std::filesystem::path&) {
    ServerOptions options;
    options.more = more;
    return options;
  };
  return made;
}

namespace {

namespace fs = std::filesystem;
using Complaints = std::vector<std::string>;

std::string text_of(char first, std::size_t size) {
  std::string text(size, first);
  for (std::size_t i = 0; i < size; ++i) text[i] = static_cast<char>(first + static_cast<char>(i % 23));
  return text;
}

/// One row on its way through the steps. What was ever in the source is kept: whatever lies under a name on
/// the server must be one of these, whole.
class Trial {
 public:
  explicit Trial(const Row& row)
      : row_(row), site_(row.kind, row.tls, row.options ? row.options(dir_.path()) : ServerOptions{}) {
    site_.choices.on_removal = "retire";
    site_.choices.connections = row.connections;
    site_.choices.retries = 1;
    site_.choices.remote_extra = row.remote_extra;
    site_.choices.own = row.own;
    site_.choices.job_extra = row.job_extra;
  }

  void go() {
    plant();
    site_.write_profile();
    judge(Step::doctor, site_.outhaul({"doctor", site_.profile().string()}));
    judge_run(Step::first);
    if (!row_.usable) return;
    work_a_day();
    judge_run(Step::rerun);
    judge(Step::verify, site_.outhaul({"verify", site_.profile().string(), "--read-data"}));
    judge_recover();
  }

 private:
  void write(const std::string& path, std::string content) {
    site_.write(path, content);
    ever_[path].insert(std::move(content));
  }

  void plant() {
    write("small", "as it was");
    write("empty", "");
    write(".hidden", "with a dot in front");
    write("m/medium", text_of('m', 70'000));
    write("b/large", text_of('l', 1'500'000));
    write("b/song.mp3", "la la la");
    write("b/x.part", "a part of the user's own");
    write("b/.htaccess", "deny from all");
    write("d/to be moved", text_of('v', 5000));
    write("d/e/deep", "deep");
  }

  void work_a_day() {
    write("small", "as it is now");
    write("b/large", text_of('L', 1'400'000));
    write("n/new", "new");
    site_.remove("m/medium");
    fs::rename(site_.source() / "d/to be moved", site_.source() / "d/moved");
    ever_["d/moved"] = ever_["d/to be moved"];
  }

  Outcome expected(Step step) const {
    if (const auto own = row_.outcomes.find(step); own != row_.outcomes.end()) return own->second;
    Outcome outcome;
    if (!row_.refused.empty() && (step == Step::first || step == Step::rerun)) {
      outcome.codes = {3};
      outcome.says = row_.refused;
    }
    return outcome;
  }

  /// The source and the disk are the same, but for what is refused.
  Complaints disk() const {
    Complaints complaints = half_files();
    if (!row_.usable) return complaints;
    for (const std::string& difference : site_.differences()) {
      const bool refused =
          std::any_of(row_.refused.begin(), row_.refused.end(),
                      [&](const std::string& path) { return difference == "missing: " + path; });
      if (!refused) complaints.push_back(difference);
    }
    return complaints;
  }

  Complaints half_files() const {
    Complaints complaints;
    std::error_code none;
    for (auto at = fs::recursive_directory_iterator(site_.stored(), none);
         at != fs::recursive_directory_iterator(); ++at) {
      if (!at->is_regular_file()) continue;
      const std::string path = at->path().lexically_relative(site_.stored()).native();
      const auto ever = ever_.find(path);
      if (ever != ever_.end() && !ever->second.contains(read_file(at->path())))
        complaints.push_back("not a whole copy of anything: " + path);
    }
    return complaints;
  }

  void judge_run(Step step) {
    const RunResult result = site_.run();
    judge(step, result, disk());
  }

  void judge(Step step, const RunResult& result, Complaints complaints = {}) {
    const Outcome wanted = expected(step);
    if (std::find(wanted.codes.begin(), wanted.codes.end(), result.exit.code) == wanted.codes.end())
      complaints.push_back(fmt::format("exit code {} instead of {}", result.exit.code,
                                       fmt::join(wanted.codes.begin(), wanted.codes.end(), " or ")));
    for (const std::string& words : wanted.says)
      if ((result.out + result.err).find(words) == std::string::npos)
        complaints.push_back("doesn't say \"" + words + "\"");
    conclude(step, complaints, told(result));
  }

  void judge_recover() {
    fs::remove_all(site_.state_root());
    const RunResult recovered = site_.outhaul({"recover", site_.profile().string()});
    const fs::path back = site_.dir() / "back";
    const RunResult restored = site_.outhaul({"restore", site_.profile().string(), "--to", back.string()});
    for (const std::string& path : row_.refused) site_.remove(path);
    Complaints complaints;
    const Outcome wanted = expected(Step::recover);
    for (const RunResult* result : {&recovered, &restored})
      if (std::find(wanted.codes.begin(), wanted.codes.end(), result->exit.code) == wanted.codes.end())
        complaints.push_back(fmt::format("{} ended with exit code {}",
                                         result == &recovered ? "recover" : "restore", result->exit.code));
    const std::string differences = run_program({"diff", "-rq", site_.source().string(), back.string()}).out;
    if (!differences.empty()) complaints.push_back("what comes back differs: " + differences);
    conclude(Step::recover, complaints, told(recovered) + "\n" + told(restored));
  }

  void conclude(Step step, const Complaints& complaints, const std::string& said) {
    const auto known = row_.known.find(step);
    if (known == row_.known.end()) {
      if (complaints.empty()) return;
      FAIL_CHECK(fmt::format("{}: {}:\n  {}\n{}", row_.name, to_string(step),
                             fmt::join(complaints.begin(), complaints.end(), "\n  "), said));
    } else if (complaints.empty()) {
      FAIL_CHECK(fmt::format("{}: {}: comes out right now; take this mark out of its row: \"{}\"", row_.name,
                             to_string(step), known->second));
    }
  }

  const Row& row_;
  TempDir dir_;
  Site site_;
  std::map<std::string, std::set<std::string>> ever_;
};

// The frame registers plain functions only: function N runs row N.
constexpr std::size_t kMostRows = 120;
std::deque<Row>& rows() {
  static std::deque<Row> all;
  return all;
}

template <std::size_t number>
void function() {
  Trial(rows().at(number)).go();
}

template <std::size_t... numbers>
constexpr auto functions_of(std::index_sequence<numbers...>) {
  return std::array<void (*)(), sizeof...(numbers)>{function<numbers>...};
}
constexpr auto kFunctions = functions_of(std::make_index_sequence<kMostRows>());

bool register_all() {
  for (const auto& table : {proftpd_rows(), vsftpd_rows(), pureftpd_rows(), other_rows()}) {
    for (const Row& row : table) {
      const std::size_t number = rows().size();
      rows().push_back(row);
      REGISTER_TEST_CASE(kFunctions.at(number), rows().back().name, row.slow ? "[slow]" : "[field]");
    }
  }
  return true;
}

const bool g_registered = register_all();

}  // namespace
}  // namespace outhaul::test
