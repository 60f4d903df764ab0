// Pure-FTPd 1.0.50, as those who sell space on it start it.
#include "field/row.h"

namespace outhaul::test {
namespace {

Row pureftpd(std::string name, std::vector<std::string> more) {
  return row("pure-ftpd: " + std::move(name), ServerKind::pureftpd, std::move(more));
}

/// Its count lies in the account's own "/", which is another one than the machine's.
Row quota(std::string name, std::string files_and_megabytes) {
  Row row = pureftpd(std::move(name), {});
  row.slow = true;  // not measured yet
  row.options = [words = std::move(files_and_megabytes)](const std::filesystem::path&) {
    ServerOptions options;
    options.chroot = true;
    options.more = {"-n", words};
    return options;
  };
  return row;
}

}  // namespace

std::vector<Row> pureftpd_rows() {
  std::vector<Row> rows;
  rows.push_back(pureftpd("as the tests have it", {}));
  rows.push_back(pureftpd("-x", {"-x"}));  // names with a dot in front may not be written
  rows.back().usable = false;
  rows.back().outcomes[Step::first] = {{5}, {".outhaul"}};
  rows.back().outcomes[Step::doctor] = {{1}, {".outhaul"}};
  rows.push_back(pureftpd("-r", {"-r"}));
  rows.push_back(pureftpd("-K", {"-K"}));
  rows.back().outcomes[Step::doctor] = {{1}, {"delete what was stored"}};  // nothing would ever expire
  rows.push_back(pureftpd("-G", {"-G"}));
  rows.back().usable = false;  // but as append-only
  rows.back().outcomes[Step::first] = {{3, 5}, {"append_only"}};
  rows.back().outcomes[Step::doctor] = {{1}, {"append_only"}};
  rows.push_back(quota("-n with room", "1000:1000"));
  rows.push_back(quota("-n that the first run passes by bytes", "1000:1"));
  rows.back().outcomes[Step::first] = rows.back().outcomes[Step::rerun] = {{3}, {"make room"}};
  rows.back().outcomes[Step::doctor] = {{1}, {"full"}};
  rows.back().usable = false;
  rows.push_back(quota("-n that the first run passes by files", "3:1000"));
  rows.back().outcomes[Step::first] = rows.back().outcomes[Step::rerun] = {{3}, {"make room"}};
  rows.back().outcomes[Step::doctor] = {{1}, {"full"}};
  rows.back().usable = false;
  rows.push_back(pureftpd("-R and -Z", {"-R", "-Z"}));
  rows.push_back(pureftpd("-C 2", {"-C", "2"}));
  rows.back().connections = 4;
  rows.push_back(pureftpd("-c 2", {"-c", "2"}));
  rows.back().connections = 4;
  rows.push_back(pureftpd("-y 2:2", {"-y", "2:2"}));
  rows.back().connections = 4;
  rows.push_back(pureftpd("-T 200:200", {"-T", "200:200"}));
  rows.back().slow = true;
  return rows;
}

}  // namespace outhaul::test
