// libcurl's words for people, of the versions that reworded them; and what is done when they say nothing.
#include <curl/curl.h>

#include <map>

#include "remote/connect.h"
#include "remote/sftp_commands.h"
#include "remote/sftp_explain.h"
#include "remote/sftp_fault.h"
#include "remote/ssh_login.h"
#include "support/catch.h"

using namespace outhaul;

namespace {

/// A server with files in one directory, behind a libcurl that doesn't say why a command was refused.
class TaciturnWire final : public SftpWire {
 public:
  std::map<std::string, std::uint64_t> files;
  int listings = 0, statvfs = 0;
  bool dies_of_statvfs = false;
  Learned learned;

  Answer optional_command(const std::string& line) override {
    ++statvfs;
    if (dies_of_statvfs) return {.broken = FailureClass::reconnect, .words = "connection closed"};
    return command(line);
  }
  Answer command(const std::string&) override {
    return {
        .status = SftpStatus::unsaid, .failure = FailureClass::skip_file, .reply_code = 550, .words = "no"};
  }
  Answer measure(const RemotePath& path) override {
    if (!files.contains(path.wire()))
      return {
          .status = SftpStatus::missing, .failure = FailureClass::skip_file, .reply_code = 550, .words = ""};
    return {.status = SftpStatus::other, .failure = FailureClass::skip_file, .words = "in new words: 12"};
  }
  Listing list_directory(const RemotePath& dir) override {
    ++listings;
    if (dir != RemotePath::parse("d")) throw RemoteError(FailureClass::skip_file, "no directory", {}, 550);
    Listing listing;
    for (const auto& [path, size] : files)
      listing.entries.push_back({path.substr(2), RemoteEntry::Kind::file, size, {}});
    return listing;
  }

  CommandResult::Status status_of(const Command& command) {
    RemoteSettings settings;
    settings.scheme = Scheme::sftp;
    settings.host = "h";
    const std::vector<Command> one{command};
    return run_sftp_commands(*this, SftpPath(settings), learned, one).front().status;
  }
};

RemotePath path(const char* text) {
  return RemotePath::parse(text);
}

}  // namespace

TEST_CASE("a proxy on the way to an SFTP server is named when it is what fails") {
  SftpStory story;
  story.remote = "sftp://tester@backup.example.net/space";
  story.host = "backup.example.net";
  story.proxy.url = "socks5h://127.0.0.1:1080";
  story.fault.logged_in = false;
  SECTION("nobody listens there") {
    story.fault.curl_code = CURLE_COULDNT_CONNECT;
    story.system = "Connection refused";
    const RemoteError error = explain_sftp(story);
    CHECK(std::string(error.what()) ==
          "sftp://tester@backup.example.net/space: no connection through the proxy socks5h://127.0.0.1:1080: "
          "Connection refused");
    CHECK(error.failure() == FailureClass::reconnect);
  }
  SECTION("it wants a login") {
    story.fault.curl_code = CURLE_PROXY;
    story.fault.proxy = story.proxy.fault = ProxyFault::login;
    story.words = "no method";
    const RemoteError error = explain_sftp(story);
    CHECK(std::string(error.what()).ends_with("wants a user and a password (no method)"));
    CHECK(error.failure() == FailureClass::stop_run);
  }
}

TEST_CASE("the status of a refused SFTP command is known in each wording of libcurl") {
  struct Row {
    const char* words;
    SftpStatus expected;
  };
  using S = SftpStatus;
  for (const Row& row : {
           // until 8.17
           Row{"rename command failed: Operation failed", S::failure},
           Row{"mkdir command failed: Permission denied", S::denied},
           Row{"mkdir command failed: File already exists", S::exists},
           Row{"rm command failed: Unknown error in libssh2", S::lost},
           Row{"rmdir command failed: Directory not empty", S::not_empty},
           Row{"Attempt to set SFTP stats failed: Operation not supported by SFTP server", S::unsupported},
           // from 8.18 on
           Row{R"(rename "a" to "b" failed: Operation failed)", S::failure},
           Row{R"(mkdir "a" failed: No such file or directory)", S::missing},
           Row{R"(rm "a" failed: Connection to SFTP server lost)", S::lost},
           Row{R"(Attempt to set SFTP stats for "a" failed: Permission denied)", S::denied},
           // all
           Row{"Attempt to get SFTP stats failed: No such file or directory", S::missing},
           Row{"Upload failed: Operation failed (4/-31)", S::failure},
           Row{"Could not open directory for reading: Operation failed", S::failure},
           Row{"Could not open remote file for reading: Operation failed :: -31", S::failure},
           // a name is no status
           Row{R"(rename "No such file or directory" to "b" failed: Operation failed)", S::failure},
           Row{R"(rm "failed: No such file or directory" failed: Permission denied)", S::denied},
           Row{R"(rm "failed: No such file or directory")", S::none},
           // words that nobody knows
           Row{"rename failed, because: operation failed", S::none},
           Row{"Error in the SSH layer", S::none},
           Row{"", S::none},
       }) {
    CAPTURE(row.words);
    CHECK(static_cast<int>(sftp_status(CURLE_QUOTE_ERROR, row.words)) == static_cast<int>(row.expected));
  }
}

TEST_CASE("a code of libcurl's own counts whatever its words are") {
  CHECK(sftp_status(CURLE_REMOTE_FILE_NOT_FOUND, "in new words") == SftpStatus::missing);
  CHECK(sftp_status(CURLE_REMOTE_ACCESS_DENIED, "") == SftpStatus::denied);
  CHECK(sftp_status(CURLE_REMOTE_FILE_EXISTS, "") == SftpStatus::exists);
  CHECK(sftp_status(CURLE_REMOTE_DISK_FULL, "Upload failed: Disk full (14/-31)") == SftpStatus::no_space);
}

TEST_CASE("both of libcurl's codes for a download from beyond the end tell of a size") {
  CHECK(is_beyond_the_end(CURLE_BAD_DOWNLOAD_RESUME));  // until 8.17
  CHECK(is_beyond_the_end(CURLE_RANGE_ERROR));          // from 8.18 on
  CHECK_FALSE(is_beyond_the_end(CURLE_SSH));
  CHECK_FALSE(is_beyond_the_end(CURLE_OK));
}

TEST_CASE("what libcurl says of an SSH login is known in both wordings") {
  SshNotes old;
  old.take("SSH authentication methods available: publickey,keyboard-interactive");
  old.take("SSH public key authentication failed: Username/PublicKey combination invalid");
  old.take("Failure connecting to agent");
  SshNotes reworded;
  reworded.take("SSH: host offers authentication via: publickey,keyboard-interactive");
  reworded.take("SSH: publickey authentication denied: Username/PublicKey combination invalid");
  reworded.take("SSH: failure connecting to agent");
  for (const SshNotes& notes : {old, reworded}) {
    CHECK(notes.methods == "publickey,keyboard-interactive");
    CHECK(notes.key_refusal == "Username/PublicKey combination invalid");
    CHECK(notes.agent_refusal == "no agent answers");
  }
  for (const char* line :
       {"Failure requesting identities to agent", "SSH: failure requesting identities to agent"}) {
    SshNotes notes;
    notes.take(line);
    CHECK(notes.agent_refusal == "the agent doesn't give its keys");
  }
  for (const char* line : {"No identity would match", "SSH: no agent identity would match"}) {
    SshNotes notes;
    notes.take(line);
    CHECK(notes.agent_refusal == "the server takes none of the agent's keys");
  }
  SshNotes unknown;
  unknown.take("SSH: the host lets you in by: password");
  CHECK(unknown.methods.empty());
  CHECK(unknown.key_refusal.empty());
  CHECK(unknown.agent_refusal.empty());
}

TEST_CASE("a server that turns us away before its greeting is told from one that fails later") {
  CHECK(says_no_greeting("Failure establishing ssh session: -13, Failed getting banner"));
  CHECK(says_no_greeting("Failure establishing ssh session: -43, Failed getting banner"));
  CHECK_FALSE(says_no_greeting("Failure establishing ssh session: -5, Unable to exchange encryption keys"));
  CHECK_FALSE(says_no_greeting("Failed getting banner"));
}

TEST_CASE("an SSH library that takes no word on host keys is refused in plain words") {
  const auto refusal = [](const char* library) -> std::string {
    try {
      refuse_ssh_library("sftp://h", library);
    } catch (const Error& error) {
      CHECK(error.kind() == ErrorKind::usage);
      return std::string(error.what()) + "\n" + error.advice();
    }
    return {};
  };
  CHECK(refusal("libssh2/1.10.0").empty());
  CHECK(refusal("libssh2/1.11.1").empty());
  for (const char* library : {"libssh/0.10.6/openssl/zlib", "libssh/0.11.5", "wolfssh/1.4.20"}) {
    const std::string told = refusal(library);
    CAPTURE(told);
    CHECK(told.find(library) != std::string::npos);
    CHECK(told.find("host key") != std::string::npos);
    CHECK(told.find("libssh2") != std::string::npos);
  }
  CHECK(refusal("").find("without SFTP") != std::string::npos);
}

TEST_CASE("the libraries that run are told with their versions") {
  const std::string told = libraries_in_use();
  CAPTURE(told);
  CHECK(told.starts_with("libcurl "));
  CHECK(told.find(curl_version_info(CURLVERSION_NOW)->version) != std::string::npos);
  CHECK(told.find(curl_version_info(CURLVERSION_NOW)->ssl_version) != std::string::npos);
}

TEST_CASE("a refusal that libcurl doesn't explain is looked into") {
  using Status = CommandResult::Status;
  TaciturnWire wire;
  wire.files = {{"d/here", 12}, {"d/empty", 0}};
  CHECK(wire.status_of(RemoveFile{path("d/gone")}) == Status::done);
  CHECK(wire.status_of(RemoveFile{path("d/here")}) == Status::refused);
  CHECK(wire.status_of(RemoveDir{path("d/gone")}) == Status::done);
  CHECK(wire.status_of(RemoveDir{path("d/here")}) == Status::refused);
  CHECK(wire.status_of(Rename{path("d/gone"), path("d/to")}) == Status::missing);
  CHECK(wire.status_of(Rename{path("d/here"), path("d/to")}) == Status::refused);
  CHECK(wire.status_of(SetMtime{path("d/gone"), 0}) == Status::missing);
  CHECK(wire.status_of(SetMtime{path("d/here"), 0}) == Status::refused);
  CHECK(wire.status_of(MakeDir{path("d")}) == Status::done);
  CHECK(wire.status_of(MakeDir{path("d/here")}) == Status::refused);
}

TEST_CASE("a question that isn't needed is asked once of a server that ends the session at it") {
  using Status = CommandResult::Status;
  TaciturnWire wire;
  wire.dies_of_statvfs = true;
  CHECK(wire.status_of(FreeSpace{path("d")}) == Status::unsupported);
  CHECK(wire.learned.memory().statvfs == false);
  CHECK(wire.status_of(MakeDir{path("d")}) == Status::done);  // by its listing
  CHECK(wire.status_of(FreeSpace{path("d")}) == Status::unsupported);
  CHECK(wire.statvfs == 1);
  TaciturnWire told;
  told.learned.statvfs = Learned::Known::no;
  CHECK(told.status_of(MakeDir{path("d")}) == Status::done);
  CHECK(told.status_of(FreeSpace{path("d")}) == Status::unsupported);
  CHECK(told.statvfs == 0);
}

TEST_CASE("a size in words that nobody knows is taken from the directory's listing") {
  TaciturnWire wire;
  wire.files = {{"d/here", 12}, {"d/empty", 0}};
  RemoteSettings settings;
  settings.scheme = Scheme::sftp;
  settings.host = "h";
  const std::vector<Command> questions{SizeOf{path("d/here")}, SizeOf{path("d/empty")},
                                       SizeOf{path("d/gone")}};
  const auto results = run_sftp_commands(wire, SftpPath(settings), wire.learned, questions);
  CHECK(results[0].status == CommandResult::Status::done);
  CHECK(results[0].size == 12);
  CHECK(results[1].status == CommandResult::Status::done);
  CHECK(results[1].size == 0);
  CHECK(results[2].status == CommandResult::Status::missing);
  CHECK(wire.listings > 0);
}
