// ProFTPD 1.3.8, as those who sell space on it set it.
#include <array>
#include <bit>
#include <cstring>

#include <fmt/format.h>

#include "field/row.h"
#include "support/temp_dir.h"

namespace outhaul::test {
namespace {

namespace fs = std::filesystem;

Row proftpd(std::string name, std::vector<std::string> more) {
  return row("proftpd: " + std::move(name), ServerKind::proftpd, std::move(more));
}

template <typename Value>
std::string bytes_of(Value value) {
  const auto bytes = std::bit_cast<std::array<char, sizeof value>>(value);
  return {bytes.begin(), bytes.end()};
}

/// mod_quotatab_file's tables in its own layout: a hard limit of uploaded bytes for everybody, and nothing
/// used.
std::string quota_limits(double bytes) {
  std::string record = bytes_of(0x07626U) + std::string(81, '\0') + bytes_of(10U) + '\0' + bytes_of(1U);
  for (const double limit : {bytes, 0.0, 0.0}) record += bytes_of(limit);
  return record + bytes_of(0U) + bytes_of(0U) + bytes_of(0U);
}

Row quota(std::string name, double bytes) {
  Row row = proftpd(std::move(name), {});
  row.options = [bytes](const fs::path& dir) {
    write_file(dir / "limits", quota_limits(bytes));
    write_file(dir / "tallies", bytes_of(0x07644U));
    fs::permissions(dir / "limits", fs::perms(0666));
    fs::permissions(dir / "tallies", fs::perms(0666));
    ServerOptions options;
    options.more = {"LoadModule mod_quotatab.c",
                    "LoadModule mod_quotatab_file.c",
                    "QuotaEngine on",
                    fmt::format("QuotaLimitTable file:{}/limits", dir.string()),
                    fmt::format("QuotaTallyTable file:{}/tallies", dir.string()),
                    "QuotaLock " + (dir / "lock").string()};
    return options;
  };
  return row;
}

Row many(Row row, int connections) {
  row.connections = connections;
  return row;
}

}  // namespace

std::vector<Row> proftpd_rows() {
  std::vector<Row> rows;
  rows.push_back(proftpd("as the tests have it", {}));
  rows.push_back(proftpd("AllowOverwrite off", {"AllowOverwrite off"}));
  rows.push_back(proftpd("AllowStoreRestart off", {"AllowStoreRestart off"}));
  for (const char* verbs : {"MLST", "MLST MLSD", "SIZE MLST MLSD"})
    rows.push_back(
        proftpd(fmt::format("{} denied", verbs), {fmt::format("<Limit {}>", verbs), "DenyAll", "</Limit>"}));
  rows.push_back(proftpd("DELE denied", {"<Limit DELE>", "DenyAll", "</Limit>"}));
  rows.back().outcomes[Step::doctor] = {{1}, {"delete what was stored"}};  // nothing would ever expire
  rows.push_back(proftpd("HideFiles ^\\.", {"<Directory />", "HideFiles ^\\.", "</Directory>"}));
  rows.push_back(proftpd("HideFiles and IgnoreHidden", {"<Directory />", "HideFiles ^\\.ht", "<Limit ALL>",
                                                        "IgnoreHidden on", "</Limit>", "</Directory>"}));
  rows.back().refused = {"b/.htaccess"};
  for (const bool told : {false, true}) {
    rows.push_back(
        proftpd(told ? "PathDenyFilter of .part, and another part_suffix" : "PathDenyFilter of .part",
                {R"(PathDenyFilter "([.]ht)|([.]part)$")"}));
    rows.back().refused = {"b/.htaccess", "b/x.part"};
    rows.back().usable = told;
    if (told)
      rows.back().own.part_suffix = ".tmp";
    else
      for (const Step step : {Step::first, Step::doctor})
        rows.back().outcomes[step] = {{1, 3, 5}, {"\"part_suffix\""}};
  }
  for (const bool told : {false, true}) {
    rows.push_back(
        proftpd(told ? "PathDenyFilter of dots, and another control_dir" : "PathDenyFilter of dots",
                {R"(PathDenyFilter "space/(.*/)?[.]")"}));
    rows.back().refused = {".hidden", "b/.htaccess"};
    rows.back().usable = told;
    if (told)
      rows.back().own.dir = "_outhaul";
    else
      for (const Step step : {Step::first, Step::doctor})
        rows.back().outcomes[step] = {{1, 3, 5}, {"\"control_dir\""}};
  }
  rows.push_back(many(proftpd("MaxTransfersPerUser STOR 1", {"MaxTransfersPerUser STOR 1"}), 3));
  rows.back().usable = false;
  rows.back().outcomes[Step::first] = {{3, 5}, {"data transfers"}};
  rows.back().outcomes[Step::doctor] = {{1, 5}, {"data transfers"}};
  rows.push_back(many(proftpd("MaxTransfersPerUser STOR 2", {"MaxTransfersPerUser STOR 2"}), 3));
  rows.push_back(many(proftpd("MaxClientsPerUser 2", {"MaxClientsPerUser 2"}), 4));
  rows.push_back(many(proftpd("MaxConnectionsPerHost 2", {"MaxConnectionsPerHost 2"}), 4));
  rows.push_back(proftpd("HiddenStores on", {"HiddenStores on"}));
  rows.push_back(proftpd("short time-outs", {"TimeoutIdle 2", "TimeoutNoTransfer 2", "TimeoutStalled 2"}));
  rows.push_back(proftpd("Umask 077", {"Umask 0077 0077"}));
  rows.push_back(proftpd("no EPSV and no MFMT", {"<Limit EPSV MFMT>", "DenyAll", "</Limit>"}));
  rows.push_back(proftpd("UseFtpUsers and a wordy login", {"DisplayLogin /etc/hostname", "ServerIdent off"}));
  rows.push_back(proftpd("MaxCommandRate", {"MaxCommandRate 20 1"}));
  rows.back().slow = true;
  rows.push_back(quota("a quota with room", 500e6));
  rows.push_back(quota("a quota that the first run passes", 1e6));
  rows.back().outcomes[Step::first] = rows.back().outcomes[Step::rerun] = {{3}, {"make room"}};
  rows.back().outcomes[Step::doctor] = {{1}, {"full"}};
  rows.back().usable = false;
  return rows;
}

}  // namespace outhaul::test
