#include "support/mail_server.h"

#include <fmt/format.h>

#include <algorithm>
#include <fstream>
#include <stdexcept>

#include "support/tree.h"

namespace outhaul::test {

namespace fs = std::filesystem;

namespace {

const char* name_of(MailTls tls) {
  return tls == MailTls::none ? "none" : tls == MailTls::starttls ? "starttls" : "implicit";
}

}  // namespace

MailServer::MailServer(MailTls tls) : tls_(tls) {
  fs::create_directory(dir_ / "mails");
  fs::create_directory(dir_ / "tls");
  certificates_ = make_certificates(dir_ / "tls", "DNS:localhost,IP:127.0.0.1");
  const nlohmann::json config{{"mails", (dir_ / "mails").string()},
                              {"port", (dir_ / "port").string()},
                              {"tls", name_of(tls)},
                              {"chain", certificates_.chain.string()},
                              {"key", certificates_.key.string()},
                              {"user", tls == MailTls::none ? "" : kUser},
                              {"password", kPassword}};
  std::ofstream(dir_ / "config") << config.dump();
  SpawnOptions options;
  options.env = {{"PYTHONPATH", OUTHAUL_TEST_SERVERS "/aiosmtpd/usr/lib/python3/dist-packages"},
                 {"PYTHONDONTWRITEBYTECODE", "1"}};
  process_ = Process::start({"python3", OUTHAUL_TEST_MAIL_SERVER, (dir_ / "config").string()}, options,
                            dir_ / "output");
  const bool up = eventually([&] { return fs::exists(dir_ / "port") || process_.try_wait().has_value(); },
                             std::chrono::seconds(30));
  if (!up || !fs::exists(dir_ / "port"))
    throw std::runtime_error("the mail server does not come up:\n" + read_file(dir_ / "output"));
  port_ = static_cast<std::uint16_t>(std::stoi(read_file(dir_ / "port")));
}

std::string MailServer::url() const {
  return fmt::format("{}://{}localhost:{}", tls_ == MailTls::implicit ? "smtps" : "smtp",
                     tls_ == MailTls::none ? "" : std::string(kUser) + "@", port_);
}

std::vector<nlohmann::json> MailServer::mails() const {
  std::vector<fs::path> files;
  for (const auto& file : fs::directory_iterator(dir_ / "mails"))
    if (file.path().extension() == ".json") files.push_back(file.path());
  std::ranges::sort(files);
  std::vector<nlohmann::json> mails;
  for (const fs::path& file : files) mails.push_back(nlohmann::json::parse(read_file(file)));
  return mails;
}

}  // namespace outhaul::test
