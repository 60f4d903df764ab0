#include <nlohmann/json.hpp>

#include "profile/decode.h"
#include "profile/remote_checks.h"
#include "profile/url.h"

namespace outhaul {
namespace {

using Json = nlohmann::ordered_json;

Json starter_sftp(std::string_view url) {
  Json remote;
  remote["description"] =
      "Where the copies go. The server's host key must stand in ~/.ssh/known_hosts, or its fingerprint in "
      "\"ssh\": {\"host_key\": \"sha256:…\"}. Instead of the key file: \"agent\": true, or a "
      "\"password\" as {\"file\": …}, {\"env\": …}, {\"command\": …} or {\"credential\": …}.";
  remote["url"] = url;
  remote["ssh"]["key"] = "outhaul.key";
  remote["connections"] = 2;
  return remote;
}

Json starter_remote(std::string_view name, std::string_view url) {
  const RemoteSettings settings = parse_remote_url(url);
  Json remote;
  if (settings.scheme == Scheme::file) {
    remote["description"] = "Where the copies go: a directory on a mounted disk.";
    remote["url"] = url;
    return remote;
  }
  if (settings.scheme == Scheme::sftp) return starter_sftp(url);
  remote["description"] =
      "Where the copies go. ftp:// asks the server for TLS and stops when it has none; to allow plaintext "
      "say \"tls\": "
      "\"off\". The password is never in here: make the secret file with the password as its only line, then "
      "chmod 600 "
      "it. \"env\", \"command\", \"credential\" and \"netrc\" are the other ways to give it.";
  remote["url"] = url;
  if (!is_anonymous(settings.user)) remote["password"]["file"] = std::string(name) + ".secret";
  remote["connections"] = 2;
  return remote;
}

}  // namespace

std::string starter_profile(std::string_view name, std::string_view source, std::string_view url) {
  Json profile;
  profile["profile"] = name;
  profile["description"] =
      "Edit this file, then: outhaul check FILE, outhaul plan FILE, outhaul run FILE. Paths that are not "
      "absolute are "
      "relative to this file's folder. outhaul schema prints what else can stand here.";
  profile["remote"] = starter_remote(name, url);
  profile["defaults"] = {
      {"description",
       "For every job. Patterns as in .gitignore. on_removal: what happens on the remote "
       "to a file that was deleted here: \"retire\" it (it is kept as a version), \"keep\" it "
       "where it is, or \"delete\" it there too. versions: which runs can still be restored; "
       "without it every version is kept."},
      {"exclude", {"*.tmp", "*~"}},
      {"on_removal", "retire"},
      {"versions", {{"daily", 7}, {"weekly", 4}, {"monthly", 12}}}};
  profile["jobs"] = Json::array({{{"name", "files"},
                                  {"description", "One directory here, kept at one directory below the URL."},
                                  {"source", source},
                                  {"target", "files"}}});
  profile["safety"] = {
      {"description", "Refuse a run that would delete more than this, until it is approved with --approve."},
      {"max_delete", "20%"}};
  std::string text = profile.dump(2) + "\n";
  decode_profile(text, std::filesystem::path("starter"));  // nothing is handed out that check would refuse
  return text;
}

}  // namespace outhaul
