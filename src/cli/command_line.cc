#include "cli/command_line.h"

#include <CLI/CLI.hpp>
#include <functional>
#include <map>
#include <optional>
#include <string_view>

#include "base/cancel.h"
#include "base/log.h"
#include "base/signals.h"
#include "cli/command_shapes.h"
#include "cli/commands.h"
#include "cli/completion.h"
#include "cli/completion_sources.h"
#include "cli/profile_files.h"
#include "cli/terminal_output.h"
#include "cli/wrong_words.h"
#include "job/libraries.h"
#include "outhaul/paths.h"

namespace outhaul::cli {
namespace {

constexpr const char* kFooter =
    "Exit codes: 0 done; 1 failed; 2 usage or profile; 3 done but incomplete; 4 a guard refused; 5 the "
    "remote can't be "
    "reached or refuses us; 6 the window ended; 11 another run holds the lock; 130/143 interrupted.\n"
    "Profiles are JSON: `outhaul init FILE` writes one to start from, `outhaul schema` prints its schema.";

/// Everything the command line can say, and which command it chose.
struct Line {
  Common common;
  RunChoices run;
  MirrorChoices mirror;
  RestoreOptions restore;
  VerifyWords verify;
  std::vector<std::string> profiles;
  std::string profile, job, path, at = "latest", max_age, adopt_compare = "mtime";
  std::filesystem::path profiles_dir = kProfilesDir;
  ScheduleWords schedule;
  bool nagios = false;
  std::string shell;
  std::size_t newest = 20;
  bool long_form = false;
  std::string init_file, init_name = "my-backup", init_source = "/srv/data",
                         init_url = "ftp://user@ftp.example.net/backup";
  bool force = false;
  std::function<ExitCode()> command;
};

void add_json(CLI::App& app, Line& line) {
  app.add_flag("--json", line.common.json, "print one JSON document");
}

void add_profiles(CLI::App& app, Line& line) {
  app.add_option("PROFILE", line.profiles, "profile files")->required();
}

/// All of a directory's, where none is named.
void add_profiles_or_all(CLI::App& app, Line& line) {
  app.add_option("PROFILE", line.profiles, "profile files; without one all of --profiles");
  app.add_option("--profiles", line.profiles_dir, "a directory of profiles (*.json)")
      ->type_name("DIR")
      ->capture_default_str();
}

void add_run_choices(CLI::App& app, Line& line) {
  app.add_option("--approve", line.run.approve, "let exactly this plan through the guards (repeatable)")
      ->allow_extra_args(false)
      ->type_name("PLAN-ID");
  app.add_option("--most", line.run.most, "print at most N actions per job of a plan; 0 for all")
      ->type_name("N")
      ->capture_default_str();
  add_json(app, line);
}

void add_remote_moved(CLI::App& app, Line& line) {
  app.add_flag("--remote-moved", line.run.remote_moved, "the remote has a new address, but the same content");
}

void add_until(CLI::App& app, Line& line) {
  app.add_option("--until", line.run.until, "stop cleanly at this time of day")->type_name("HH:MM");
}

void add_run(CLI::App& app, Line& line, const CancelToken& cancel) {
  CLI::App* run = app.add_subcommand("run", "make the remote equal the source");
  add_profiles_or_all(*run, line);
  run->add_option("--job", line.run.jobs, "only this job (repeatable)")->allow_extra_args(false);
  run->add_flag("--dry-run", line.run.dry_run, "stop after the plan and print it");
  run->add_flag("--repair", line.run.repair, "verify the remote first, and send again what it has lost");
  add_remote_moved(*run, line);
  add_until(*run, line);
  add_run_choices(*run, line);
  run->callback([&line, &cancel] {
    line.command = [&] {
      return cli::run(line.common, line.run, profile_files("run", line.profiles, line.profiles_dir), cancel);
    };
  });
  CLI::App* plan = app.add_subcommand("plan", "what run would do, and why");
  add_profiles_or_all(*plan, line);
  plan->add_option("--job", line.run.jobs, "only this job (repeatable)")->allow_extra_args(false);
  add_remote_moved(*plan, line);
  add_run_choices(*plan, line);
  plan->callback([&line, &cancel] {
    line.run.dry_run = true;
    line.command = [&] {
      return cli::run(line.common, line.run, profile_files("plan", line.profiles, line.profiles_dir), cancel);
    };
  });
}

void add_login(CLI::App& mirror, MirrorChoices& what) {
  auto* env =
      mirror.add_option("--password-env", what.password_env, "environment variable with the password");
  auto* file = mirror.add_option("--password-file", what.password_file,
                                 "file with the password, readable by you only");
  auto* netrc = mirror.add_flag("--netrc", what.netrc, "login from ~/.netrc");
  env->excludes(file)->excludes(netrc);
  file->excludes(netrc);
  mirror.add_option("--account", what.account, "for FTP servers that ask for an account (ACCT)");
  auto* key = mirror.add_option("--ssh-key", what.ssh_key, "sftp: private key")->type_name("FILE");
  mirror
      .add_option("--ssh-passphrase-env", what.ssh_passphrase_env, "environment variable with its passphrase")
      ->needs(key);
  mirror.add_flag("--ssh-agent", what.ssh_agent, "sftp: ask the ssh-agent");
}

void add_trust(CLI::App& mirror, MirrorChoices& what) {
  mirror.add_flag("--tls-off", what.tls_off, "no TLS: the password can be read on the wire");
  mirror.add_option("--ca", what.ca, "certificate authorities (PEM)")->type_name("FILE");
  mirror.add_option("--pin", what.pins, "the server's public key (repeatable)")
      ->allow_extra_args(false)
      ->type_name("sha256//BASE64");
  mirror.add_flag("--no-verify", what.no_verify, "trust the pin alone");
  auto* certificate =
      mirror.add_option("--certificate", what.certificate, "our own certificate (PEM)")->type_name("FILE");
  mirror.add_option("--key", what.key, "its private key (PEM)")->type_name("FILE")->needs(certificate);
  mirror.add_option("--known-hosts", what.known_hosts, "sftp: host keys to trust")->type_name("FILE");
  mirror.add_option("--host-key", what.host_keys, "sftp: the server's host key (repeatable)")
      ->allow_extra_args(false)
      ->type_name("sha256:BASE64");
}

void add_way(CLI::App& mirror, MirrorChoices& what) {
  mirror.add_option("--connections", what.connections, "connections at most")
      ->check(CLI::Range(1, 64))
      ->capture_default_str();
  mirror.add_option("--bandwidth", what.bandwidth, "for all connections together: \"500 KiB/s\"")
      ->type_name("RATE");
  mirror.add_flag("--active", what.active, "the server opens the data connections (FTP's active mode)");
  auto* proxy =
      mirror.add_option("--proxy", what.proxy, "http://[USER@]HOST:PORT, socks5h://…")->type_name("URL");
  mirror
      .add_option("--proxy-password-env", what.proxy_password_env, "environment variable with its password")
      ->needs(proxy);
  mirror.add_option("--encoding", what.encoding, "the server's character set, if not UTF-8")
      ->type_name("CHARSET");
  mirror.add_flag("--windows-names", what.windows_names, "escape what Windows can't hold in names");
}

void add_mirror(CLI::App& app, Line& line, const CancelToken& cancel) {
  CLI::App* mirror = app.add_subcommand("mirror", "one shot, no profile: SOURCE to URL");
  MirrorChoices& what = line.mirror;
  mirror->add_option("SOURCE", what.source, "a directory")->required();
  mirror->add_option("URL", what.url, "ftp://, ftps://, sftp:// or file://")->required();
  mirror->add_flag("--delete", what.remove, "delete on the remote what left the source");
  mirror->add_flag("--dry-run", line.run.dry_run, "stop after the plan and print it");
  mirror
      ->add_option("--accept-changing", what.accept_changing,
                   "gitignore pattern of files that may change while they are read (repeatable)")
      ->allow_extra_args(false);
  mirror->add_option("--exclude", what.exclude, "gitignore pattern (repeatable)")->allow_extra_args(false);
  mirror->add_option("--exclude-larger-than", what.exclude_larger_than, "leave out files that are larger")
      ->type_name("SIZE");
  mirror
      ->add_option("--exclude-if-present", what.exclude_if_present,
                   "leave out what is in directories that have an entry of this name (repeatable)")
      ->allow_extra_args(false)
      ->type_name("NAME");
  mirror->add_flag("--exclude-caches", what.exclude_caches, "the same for directories with a CACHEDIR.TAG");
  mirror->add_flag("--nodump", what.nodump, "leave out what has the flag \"nodump\" (chattr +d)");
  mirror->add_flag("--one-file-system", what.one_file_system, "don't cross mount points");
  mirror->add_option("--compare", what.compare, "what makes a file count as changed")
      ->check(CLI::IsMember({"stat", "mtime", "hash"}))
      ->capture_default_str();
  mirror->add_option("--proof", what.proof, "what must be shown of an upload before it counts as stored")
      ->check(CLI::IsMember({"size", "hash", "read_back"}))
      ->capture_default_str();
  add_way(*mirror, what);
  add_trust(*mirror, what);
  add_login(*mirror, what);
  mirror->add_flag("--overwrite", what.overwrite,
                   "replace files that stand there under the same names, though no run has stored them");
  mirror->add_option("--max-delete", what.max_delete, "refuse to delete more: a number, or a share like 20%");
  add_until(*mirror, line);
  add_run_choices(*mirror, line);
  mirror->callback([&line, &cancel] {
    line.command = [&] { return cli::mirror(line.common, line.run, line.mirror, cancel); };
  });
}

void add_restore(CLI::App& app, Line& line, const CancelToken& cancel) {
  CLI::App* restore = app.add_subcommand("restore", "bring files back from the remote");
  RestoreOptions& what = line.restore;
  restore->add_option("PROFILE", line.profile, "profile file")->required();
  restore->add_option(
      "PATH", what.paths,
      "only this and what is below: absolute, or relative to the job's source; or a pattern as in "
      ".gitignore, in quotes: '*.odt', 'docs/**/2024-*'");
  restore
      ->add_option("--to", what.to,
                   "where to; made if missing. With several jobs (and no --job) each gets a directory of its "
                   "own in it")
      ->required()
      ->type_name("DIR");
  restore
      ->add_option(
          "--at", what.at,
          "of which time: latest, a run (17), a day (2026-11-20), \"2026-11-20 13:00\", or an age (12h, 3d)")
      ->type_name("WHEN")
      ->capture_default_str();
  restore->add_option("--job", what.job, "only this job");
  const std::map<std::string, Overwrite> answers{
      {"never", Overwrite::never}, {"changed", Overwrite::changed}, {"always", Overwrite::always}};
  restore
      ->add_option_function<std::string>(
          "--overwrite", [&what, answers](const std::string& word) { what.overwrite = answers.at(word); },
          "what becomes of things in DIR that differ: never (they stay, and are reported), changed (they are "
          "replaced), always (all files are fetched) [never]")
      ->check(CLI::IsMember({"never", "changed", "always"}))
      ->type_name("WHICH");
  restore->add_flag("--dry-run", what.dry_run, "say what would be done");
  restore->add_flag("--numeric-ids", what.numeric_ids, "owners and groups by number, not by name");
  restore->add_flag("--remote-moved", what.remote_moved,
                    "the remote has a new address, but the same content");
  add_json(*restore, line);
  restore->callback([&line, &cancel] {
    line.command = [&] { return cli::restore(line.common, line.profile, line.restore, cancel); };
  });
}

void add_queries(CLI::App& app, Line& line) {
  CLI::App* status = app.add_subcommand("status", "is my backup healthy?");
  add_profiles_or_all(*status, line);
  status->add_option("--max-age", line.max_age,
                     "unhealthy when the last success is older [what the schedule makes of it, else 26h]");
  status->add_flag("--nagios", line.nagios,
                   "one line, performance data and exit code for a monitoring system");
  add_json(*status, line);
  status->callback([&line] {
    line.command = [&] {
      try {
        return cli::status(line.common, profile_files("status", line.profiles, line.profiles_dir),
                           line.max_age, line.nagios);
      } catch (const Error& error) {
        if (!line.nagios) throw;
        print("OUTHAUL UNKNOWN: " + printable(error.what()) + "\n");
        return ExitCode{3};  // a monitoring system's, see query_commands.cc
      }
    };
  });
  CLI::App* runs = app.add_subcommand("runs", "what the last runs did, and which can be restored");
  runs->add_option("PROFILE", line.profile, "profile file")->required();
  runs->add_option("-n,--newest", line.newest, "how many")->capture_default_str();
  add_json(*runs, line);
  runs->callback(
      [&line] { line.command = [&] { return cli::runs(line.common, line.profile, line.newest); }; });
  CLI::App* ls = app.add_subcommand("ls", "what the remote holds, from the state");
  ls->add_option("PROFILE", line.profile, "profile file")->required();
  ls->add_option("PATH", line.path, "only this and what is below: absolute, or relative to the job's source");
  ls->add_option("--job", line.job, "only this job");
  ls->add_option("--at", line.at, "as it was then: a run, a date, a time, an age such as 3d")
      ->type_name("WHEN")
      ->capture_default_str();
  ls->add_flag("-l,--long", line.long_form, "modes, owners, sizes and times too");
  add_json(*ls, line);
  ls->callback([&line] {
    line.command = [&] {
      return cli::ls(line.common, line.profile, line.job, line.path, line.long_form, line.at);
    };
  });
  CLI::App* history = app.add_subcommand("history", "every version of a path: when, what, where");
  history->add_option("PROFILE", line.profile, "profile file")->required();
  history->add_option("PATH", line.path, "absolute, or relative to the job's source")->required();
  history->add_option("--job", line.job, "in this job");
  add_json(*history, line);
  history->callback([&line] {
    line.command = [&] { return cli::history(line.common, line.profile, line.job, line.path); };
  });
  CLI::App* explain = app.add_subcommand("explain", "which rule took a path, and what is known of it");
  explain->add_option("PROFILE", line.profile, "profile file")->required();
  explain->add_option("PATH", line.path, "absolute, or relative to the job's source")->required();
  explain->add_option("--job", line.job, "in this job");
  explain->callback([&line] {
    line.command = [&] { return cli::explain(line.common, line.profile, line.job, line.path); };
  });
}

void add_doctor(CLI::App& app, Line& line, const CancelToken& cancel) {
  CLI::App* doctor = app.add_subcommand("doctor", "try on the remote what a run does, measure it, advise");
  doctor->add_option("PROFILE", line.profile, "profile file")->required();
  add_json(*doctor, line);
  doctor->callback(
      [&line, &cancel] { line.command = [&] { return cli::doctor(line.common, line.profile, cancel); }; });
}

void add_recover(CLI::App& app, Line& line, const CancelToken& cancel) {
  CLI::App* recover =
      app.add_subcommand("recover", "a new machine: rebuild the state from the catalog on the remote");
  recover->add_option("PROFILE", line.profile, "profile file")->required();
  add_json(*recover, line);
  recover->callback(
      [&line, &cancel] { line.command = [&] { return cli::recover(line.common, line.profile, cancel); }; });
}

void add_verify(CLI::App& app, Line& line, const CancelToken& cancel) {
  CLI::App* verify = app.add_subcommand("verify", "does the remote hold what the state says?");
  verify->add_option("PROFILE", line.profile, "profile file")->required();
  verify->add_option("--job", line.run.jobs, "only this job (repeatable)")->allow_extra_args(false);
  verify
      ->add_flag(
          "--read-data{all}", line.verify.read,
          "also read back and compare: --read-data=10% a tenth; alone what \"read_all_within\" asks for, or "
          "everything")
      ->type_name("[=N%]");
  verify
      ->add_option("--approve", line.run.approve, "record a loss that is larger than max_delete (repeatable)")
      ->allow_extra_args(false)
      ->type_name("ID");
  add_remote_moved(*verify, line);
  add_json(*verify, line);
  verify->callback([&line, &cancel] {
    line.command = [&] { return cli::verify(line.common, line.run, line.verify, line.profile, cancel); };
  });
}

void add_adopt(CLI::App& app, Line& line, const CancelToken& cancel) {
  CLI::App* adopt = app.add_subcommand(
      "adopt", "take over files that are on the remote already, without sending them again");
  adopt->add_option("PROFILE", line.profile, "profile file")->required();
  adopt->add_option("--job", line.run.jobs, "only this job (repeatable)")->allow_extra_args(false);
  adopt
      ->add_option(
          "--compare", line.adopt_compare,
          "beside its size, what makes a file the same: nothing more, its time, the server's digest, or "
          "its content")
      ->check(CLI::IsMember({"size", "mtime", "hash", "read"}))
      ->capture_default_str();
  adopt->add_flag("--dry-run", line.run.dry_run, "look and compare, record nothing");
  adopt
      ->add_option("--approve", line.run.approve,
                   "delete foreign files although they are more than max_delete (repeatable)")
      ->allow_extra_args(false);
  add_json(*adopt, line);
  adopt->callback([&line, &cancel] {
    line.command = [&] {
      return cli::adopt(line.common, line.run, line.adopt_compare, line.profile, cancel);
    };
  });
}

void add_profile_commands(CLI::App& app, Line& line) {
  CLI::App* check = app.add_subcommand("check", "validate profiles; no network");
  add_profiles(*check, line);
  check->callback([&line] { line.command = [&] { return cli::check(line.common, line.profiles); }; });
  CLI::App* init = app.add_subcommand("init", "write a profile to start from");
  init->add_option("FILE", line.init_file, "where; - for standard output")->required();
  init->add_option("--name", line.init_name, "the profile's name")->capture_default_str();
  init->add_option("--source", line.init_source, "the directory to back up")->capture_default_str();
  init->add_option("--url", line.init_url, "the FTP space")->capture_default_str();
  init->add_flag("--force", line.force, "replace FILE");
  init->callback([&line] {
    line.command = [&] {
      return cli::init(line.init_file, line.init_name, line.init_source, line.init_url, line.force);
    };
  });
  CLI::App* schema = app.add_subcommand("schema", "print the JSON Schema of profiles");
  schema->callback([&line] { line.command = [] { return cli::schema(); }; });
}

void add_schedule(CLI::App& app, Line& line) {
  CLI::App* schedule = app.add_subcommand("schedule", "have systemd or cron run a profile every night");
  ScheduleWords& words = line.schedule;
  schedule->add_option("PROFILE", line.profile, "profile file")->required();
  schedule->add_option("--daily", words.daily, "at which times of day: 03:30, or 03:30,15:30")
      ->type_name("HH:MM");
  auto* user =
      schedule->add_flag("--user", words.user, "for this user's own systemd (unless root: the default)");
  schedule->add_flag("--system", words.system, "for the machine's systemd (root: the default)")
      ->excludes(user);
  auto* cron = schedule->add_flag("--cron", words.cron, "crontab lines instead of systemd's units");
  schedule
      ->add_option("--credential", words.credentials,
                   "the file behind a secret that the profile takes from a credential (repeatable)")
      ->allow_extra_args(false)
      ->type_name("NAME:FILE")
      ->excludes(cron);
  auto* install =
      schedule->add_flag("--install", words.install, "put them in their place and start the timer");
  schedule->add_flag("--print", words.print, "only print them (the default)")->excludes(install);
  schedule->add_flag("--remove", words.remove, "take the schedule away")->excludes(install);
  schedule->callback(
      [&line] { line.command = [&] { return cli::schedule(line.common, line.schedule, line.profile); }; });
}

void add_completion(CLI::App& app, Line& line) {
  CLI::App* completion = app.add_subcommand("completion", "a script that completes command lines in a shell");
  completion->add_option("SHELL", line.shell, "bash, zsh or fish")
      ->required()
      ->check(CLI::IsMember({"bash", "zsh", "fish"}));
  completion->callback([&line] {
    line.command = [&] {
      print(completion_script(line.shell));
      return ExitCode::done;
    };
  });
}

void add_common(CLI::App& app, Line& line) {
  app.add_option("--state-dir", line.common.state_dir,
                 "where the state lives (default: $OUTHAUL_STATE_DIR, …)")
      ->type_name("DIR");
  app.add_option("--log-file", line.common.log_file, "append a log; with -v also every action")
      ->type_name("FILE");
  app.add_flag("-q,--quiet", line.common.quiet, "say nothing unless something is wrong");
  app.add_flag("-v,--verbose", line.common.verbosity, "say more; -vv for the protocol too");
  app.set_version_flag("--version", [] { return "outhaul " OUTHAUL_VERSION "\n" + libraries(); });
  app.require_subcommand(1);
  app.fallthrough();
  app.footer(kFooter);
}

void open_logs(const Common& common) {
  if (common.verbosity >= 2) log::open_stderr(log::Level::debug);
  if (common.log_file.empty()) return;
  try {
    log::open_file(common.log_file.native(), common.verbosity >= 1 ? log::Level::debug : log::Level::info);
  } catch (const std::exception& fault) {
    throw Error(ErrorKind::local_io, "can't open the log file: " + printable(fault.what()),
                "Check --log-file.");
  }
}

/// "outhaul restore PROFILE [PATH...] --to DIR": what must be said, and in brackets the words that may be.
std::string usage_of(const CLI::App& command) {
  std::string text = "outhaul " + command.get_name();
  for (const CLI::Option* option : command.get_options()) {
    const bool word = option->get_positional();
    if (!word && !option->get_required()) continue;
    const std::string name =
        word ? option->get_name(true) : option->get_name() + ' ' + option->get_type_name();
    const std::string more = word && option->get_items_expected_max() > 1 ? "..." : "";
    text += option->get_required() ? ' ' + name + more : " [" + name + more + ']';
  }
  return text;
}

/// Of "outhaul complete -- WORD…", which the shells' scripts ask: the words.
std::optional<std::vector<std::string>> typed_so_far(int argc, char** argv) {
  if (argc < 3 || std::string_view(argv[1]) != "complete" || std::string_view(argv[2]) != "--")
    return std::nullopt;
  return std::vector<std::string>(argv + 3, argv + argc);
}

/// What stands behind `option` in a line that is being typed; empty: nothing does.
std::string typed_value(const std::vector<std::string>& line, const std::string& option) {
  for (std::size_t n = 0; n < line.size(); ++n) {
    if (line[n] == option && n + 1 < line.size()) return line[n + 1];
    if (line[n].starts_with(option + '=')) return line[n].substr(option.size() + 1);
  }
  return {};
}

WrongWords words_of(const CLI::App& app, const CLI::ParseError& error) {
  WrongWords words;
  words.said = error.what();
  words.left_over = app.remaining(true);
  for (const CLI::App* command : app.get_subcommands([](const CLI::App*) { return true; }))
    words.commands.push_back(command->get_name());
  const std::vector<CLI::App*> chosen = app.get_subcommands();
  if (chosen.empty()) return words;
  words.command = chosen.front()->get_name();
  words.usage = usage_of(*chosen.front());
  for (const CLI::App* level : {static_cast<const CLI::App*>(chosen.front()), &app})
    for (const CLI::Option* option : level->get_options())
      for (const std::string& name : option->get_lnames()) words.options.push_back("--" + name);
  return words;
}

}  // namespace

int main(int argc, char** argv) noexcept {
  static CancelToken cancel;  // the signal handler's, to the end of the process
  try {
    cancel_on_signals(cancel);
    Line line;
    CLI::App app("outhaul keeps offsite copies of directory trees on plain FTP space.", "outhaul");
    add_common(app, line);
    add_run(app, line, cancel);
    add_mirror(app, line, cancel);
    add_restore(app, line, cancel);
    add_queries(app, line);
    add_verify(app, line, cancel);
    add_adopt(app, line, cancel);
    add_schedule(app, line);
    add_doctor(app, line, cancel);
    add_recover(app, line, cancel);
    add_profile_commands(app, line);
    add_completion(app, line);
    if (const auto typed = typed_so_far(argc, argv)) {
      print(completion_text(
          complete(shapes_of(app), *typed, FoundOnDisk(kProfilesDir, typed_value(*typed, "--state-dir")))));
      return static_cast<int>(ExitCode::done);
    }
    try {
      app.parse(argc, argv);
    } catch (const CLI::ParseError& error) {
      if (error.get_exit_code() == 0) return app.exit(error);  // --help, --version
      throw wrong_words(words_of(app, error));
    }
    open_logs(line.common);
    const ExitCode code = line.command();
    log::flush();
    return static_cast<int>(code);
  } catch (const Error& error) {
    complain(error);
    return static_cast<int>(exit_code_for(error.kind()));
  } catch (const std::exception& error) {
    complain(std::string("internal error: ") + error.what() + "; please report this");
    return static_cast<int>(ExitCode::failed);
  }
}

}  // namespace outhaul::cli
