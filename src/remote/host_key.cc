#include "remote/host_key.h"

#include <pwd.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <iterator>

namespace outhaul {
namespace {

constexpr std::size_t kMostKnownHosts = 16U << 20;

std::filesystem::path home() {
  if (const char* named = std::getenv("HOME"); named != nullptr && named[0] == '/') return named;
  char buffer[4096];
  passwd entry{};
  passwd* found = nullptr;
  if (::getpwuid_r(::geteuid(), &entry, buffer, sizeof buffer, &found) == 0 && found != nullptr)
    return entry.pw_dir;
  return "/";
}

/// A file that can't be read knows nobody.
std::string content(const std::filesystem::path& file) {
  std::ifstream in(file, std::ios::binary);
  std::string text(std::istreambuf_iterator<char>(in), {});
  if (text.size() > kMostKnownHosts) text.clear();
  return text;
}

bool holds(const std::vector<std::string>& all, std::string_view one) {
  return std::find(all.begin(), all.end(), one) != all.end();
}

/// The profile's "sha256:…" of a fingerprint "SHA256:…".
std::string as_pin(std::string fingerprint) {
  return "sha256" + fingerprint.substr(6);
}

}  // namespace

HostKeyJudge::HostKeyJudge(const RemoteSettings& settings)
    : host_(settings.host), port_(settings.port), pins_(settings.ssh.host_keys) {
  if (settings.ssh.known_hosts.empty())
    files_ = {home() / ".ssh/known_hosts", "/etc/ssh/ssh_known_hosts"};
  else
    files_ = {settings.ssh.known_hosts};
  prepare();
}

void HostKeyJudge::prepare() {
  known_ = {};
  seen_.clear();
  verdict_ = Verdict::none;
  if (!pins_.empty()) {
    types_ = {"ssh-ed25519", "ecdsa-sha2-nistp256", "ssh-rsa",
              ""};  // a pin doesn't say of which type its key is
  } else {
    for (const auto& file : files_) {
      KnownKeys keys = known_keys(content(file), host_, port_);
      std::move(keys.accepted.begin(), keys.accepted.end(), std::back_inserter(known_.accepted));
      std::move(keys.revoked.begin(), keys.revoked.end(), std::back_inserter(known_.revoked));
    }
    types_.clear();
    for (const std::string& key : known_.accepted)
      if (std::string type = key_type_of(key); !holds(types_, type)) types_.push_back(std::move(type));
    types_.emplace_back();  // to see what the server has instead
  }
  asked_ = std::min(asked_, types_.size() - 1);
}

std::string HostKeyJudge::preference() const {
  const std::string& type = types_[asked_];
  return type.empty() ? std::string() : known_hosts_line(host_, port_, type, {}) + '\n';
}

bool HostKeyJudge::prefer_next() {
  if (asked_ + 1 >= types_.size()) return false;
  ++asked_;
  return true;
}

void HostKeyJudge::prefer(const std::string& type) noexcept {
  const auto at = std::find(types_.begin(), types_.end(), type);
  if (at != types_.end()) asked_ = static_cast<std::size_t>(at - types_.begin());
}

HostKeyJudge::Verdict HostKeyJudge::judge(std::string_view blob) {
  seen_ = blob;
  if (type().empty())
    verdict_ = Verdict::unknown;
  else if (!pins_.empty())
    verdict_ = holds(pins_, as_pin(fingerprint())) ? Verdict::accepted : Verdict::not_pinned;
  else if (holds(known_.revoked, blob))
    verdict_ = Verdict::revoked;
  else if (holds(known_.accepted, blob))
    verdict_ = Verdict::accepted;
  else
    verdict_ = known_.accepted.empty() ? Verdict::unknown : Verdict::changed;
  return verdict_;
}

std::vector<std::string> HostKeyJudge::expected() const {
  if (!pins_.empty()) return pins_;
  std::vector<std::string> fingerprints;
  for (const std::string& key : known_.accepted) fingerprints.push_back(key_fingerprint(key));
  return fingerprints;
}

}  // namespace outhaul
