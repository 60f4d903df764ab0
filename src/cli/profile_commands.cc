// check, init and schema.
#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>
#include <fstream>
#include <utility>

#include "base/fd.h"
#include "cli/commands.h"
#include "cli/terminal_output.h"
#include "job/environment.h"
#include "profile/decode.h"
#include "profile/secret.h"

namespace outhaul::cli {
namespace {

/// Files that the profile names and that whoever checks it can't read. The nightly run may be somebody
/// else's.
void note_unreadable_files(const RemoteSettings& remote) {
  const std::pair<const char*, const std::filesystem::path*> named[] = {
      {"\"ssh\": {\"key\"", &remote.ssh.key},
      {"\"ssh\": {\"known_hosts\"", &remote.ssh.known_hosts},
      {"\"tls\": {\"ca\"", &remote.tls.ca},
      {"\"tls\": {\"certificate\"", &remote.tls.certificate},
      {"\"tls\": {\"key\"", &remote.tls.key}};
  for (const auto& [key, file] : named)
    if (!file->empty() && !std::ifstream(*file))
      print(fmt::format("  note: {}}}: the file \"{}\" can't be read on this machine now\n", key,
                        printable(file->native())));
}

}  // namespace

ExitCode check(const Common& common, const std::vector<std::string>& files) {
  ExitCode outcome = ExitCode::done;
  for (const std::string& file : files) {
    try {
      const Profile profile = load_profile(file);
      // Their permissions are what most often is wrong. A variable may be set for the nightly run only, and a
      // command may do anything.
      check_secret_files(profile.remote);
      refuse_what_libcurl_cant(profile.remote);
      if (common.quiet) continue;
      print(fmt::format("{}: good: profile \"{}\", {} job{} to {}\n", printable(file), profile.name,
                        profile.jobs.size(), profile.jobs.size() == 1 ? "" : "s", profile.remote.url));
      for (const Job& job : profile.jobs) {
        std::error_code fault;
        if (!std::filesystem::is_directory(job.source, fault))
          print(fmt::format("  note: job \"{}\": the source \"{}\" is not a directory on this machine now\n",
                            job.name, printable(job.source.native())));
      }
      note_unreadable_files(profile.remote);
    } catch (const Error& error) {
      complain(error);
      outcome = worst_of(outcome, exit_code_for(error.kind()));
    }
  }
  return outcome;
}

namespace {

/// As it was meant where it was typed; in a profile a relative path is one from the profile's own folder.
std::string from_here(const std::string& path) {
  std::error_code fault;
  const std::filesystem::path absolute = std::filesystem::absolute(path, fault);
  if (path.empty() || fault) return path;
  const std::filesystem::path normal = absolute.lexically_normal();
  const bool slash = !normal.has_filename() && normal != normal.root_path();
  return (slash ? normal.parent_path() : normal).native();
}

}  // namespace

ExitCode init(const std::string& file, const std::string& name, const std::string& source,
              const std::string& url, bool overwrite) {
  const std::string text = starter_profile(name, from_here(source), url);
  if (file == "-") {
    print(text);
    return ExitCode::done;
  }
  const Fd out(::open(file.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC | (overwrite ? O_TRUNC : O_EXCL), 0600));
  if (!out && errno == EEXIST)
    throw Error(ErrorKind::usage, fmt::format("\"{}\" is there already", printable(file)),
                "Name another file, or give --force to replace it.");
  if (!out) throw errno_error(errno, fmt::format("can't write \"{}\"", printable(file)));
  for (std::string_view rest = text; !rest.empty();) {
    const ssize_t written = ::write(out.get(), rest.data(), rest.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) throw errno_error(errno, fmt::format("can't write \"{}\"", printable(file)));
    rest.remove_prefix(static_cast<std::size_t>(written));
  }
  print(fmt::format("Wrote {}. Edit it, then: outhaul check {} && outhaul plan {}\n", printable(file),
                    printable(file), printable(file)));
  return ExitCode::done;
}

ExitCode schema() {
  print(profile_schema());
  return ExitCode::done;
}

}  // namespace outhaul::cli
