#include "remote/sftp_fault.h"

#include <curl/curl.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <utility>

namespace outhaul {
namespace {

constexpr std::array<std::pair<std::string_view, SftpStatus>, 21> kWords{{
    {"No such file or directory", SftpStatus::missing},
    {"Not a directory", SftpStatus::missing},
    {"Permission denied", SftpStatus::denied},
    {"File is write protected", SftpStatus::denied},
    {"File lock conflict", SftpStatus::denied},
    {"Operation failed", SftpStatus::failure},
    {"File already exists", SftpStatus::exists},
    {"Disk full", SftpStatus::no_space},
    {"User quota exceeded", SftpStatus::no_space},
    {"Directory not empty", SftpStatus::not_empty},
    {"Operation not supported by SFTP server", SftpStatus::unsupported},
    {"Invalid filename", SftpStatus::bad_name},
    {"Link points to itself", SftpStatus::bad_name},
    {"Connection to SFTP server lost", SftpStatus::lost},
    {"Not connected to SFTP server", SftpStatus::lost},
    {"Bad message from SFTP server", SftpStatus::other},
    {"Invalid handle", SftpStatus::other},
    {"No media", SftpStatus::other},
    {"Unknown principle", SftpStatus::other},
    {"Unknown principal", SftpStatus::other},        // from 8.21 on
    {"Unknown error in libssh2", SftpStatus::lost},  // no status came at all
}};

constexpr std::string_view kBeforeStatus = "failed: ";

/// The server's status as it stands at the start of `words`, and where it ends.
SftpStatus status_at_start(std::string_view words, std::size_t& end) noexcept {
  for (const auto& [text, status] : kWords)
    if (words.starts_with(text)) {
      end = text.size();
      return status;
    }
  return SftpStatus::none;
}

/// What follows a status: nothing, or libcurl's numbers: " (2/-31)", " :: -31".
bool is_tail(std::string_view rest) noexcept {
  return rest.empty() || ((rest.starts_with(" (") || rest.starts_with(" :: ")) &&
                          rest.find_first_not_of(" (:/-0123456789)") == std::string_view::npos);
}

/// A server's no that libcurl has a code for.
std::optional<SftpStatus> status_of_code(int code) noexcept {
  switch (code) {
    case CURLE_REMOTE_FILE_NOT_FOUND:
      return SftpStatus::missing;
    case CURLE_REMOTE_ACCESS_DENIED:
      return SftpStatus::denied;
    case CURLE_REMOTE_FILE_EXISTS:
      return SftpStatus::exists;
    case CURLE_REMOTE_DISK_FULL:
      return SftpStatus::no_space;
    default:
      return std::nullopt;
  }
}

FailureClass of_status(SftpStatus status, Phase phase) noexcept {
  switch (status) {
    case SftpStatus::no_space:
      return FailureClass::no_space;
    case SftpStatus::none:
    case SftpStatus::lost:
      return phase == Phase::command || phase == Phase::store_final ? FailureClass::unknown_outcome
                                                                    : FailureClass::reconnect;
    case SftpStatus::other:
      return FailureClass::reconnect;
    default:
      return FailureClass::skip_file;
  }
}

FailureClass handshake(const SftpFault& fault) noexcept {
  return fault.no_agreement || fault.no_sftp ? FailureClass::stop_run : FailureClass::reconnect;
}

bool storing(const SftpFault& fault) noexcept {
  return fault.phase == Phase::store || fault.phase == Phase::store_final;
}

/// The file was open, and then a write was refused: OpenSSH says "failure" to a full disk.
bool write_refused(const SftpFault& fault) noexcept {
  return fault.curl_code == CURLE_SSH && storing(fault) && fault.logged_in && fault.peer_alive &&
         fault.status == SftpStatus::none;
}

}  // namespace

SftpStatus sftp_status(int curl_code, std::string_view words) noexcept {
  if (const auto status = status_of_code(curl_code)) return *status;
  // The last one: a name may hold it, too.
  if (const std::size_t mark = words.rfind(kBeforeStatus); mark != std::string_view::npos)
    words.remove_prefix(mark + kBeforeStatus.size());
  else if (const std::size_t colon = words.rfind("reading: "); colon != std::string_view::npos)
    words.remove_prefix(colon + 9);
  std::size_t end = 0;
  const SftpStatus status = status_at_start(words, end);
  return status != SftpStatus::none && is_tail(words.substr(end)) ? status : SftpStatus::none;
}

bool is_beyond_the_end(int curl_code) noexcept {
  return curl_code == CURLE_BAD_DOWNLOAD_RESUME || curl_code == CURLE_RANGE_ERROR;
}

std::optional<std::uint64_t> size_in(std::string_view words) noexcept {
  constexpr std::string_view kMark = "was beyond file size (";
  const std::size_t mark = words.find(kMark);
  if (mark == std::string_view::npos) return std::nullopt;
  words.remove_prefix(mark + kMark.size());
  std::uint64_t size = 0;
  const auto [end, error] = std::from_chars(words.data(), words.data() + words.size(), size);
  if (error != std::errc{} || end == words.data() + words.size() || *end != ')') return std::nullopt;
  if (size == 0) return std::nullopt;
  return size;
}

bool says_no_agreement(std::string_view words) noexcept {
  return words.find("ssh session: -5,") != std::string_view::npos;
}

bool says_no_greeting(std::string_view words) noexcept {
  return words.find("ssh session: -") != std::string_view::npos &&
         words.find("getting banner") != std::string_view::npos;
}

FailureClass classify_sftp(const SftpFault& fault) noexcept {
  switch (fault.curl_code) {
    case CURLE_PEER_FAILED_VERIFICATION:
    case CURLE_LOGIN_DENIED:
      return FailureClass::stop_run;
    case CURLE_FAILED_INIT:
      return handshake(fault);
    case CURLE_SSH:
      if (!fault.logged_in) return handshake(fault);
      if (write_refused(fault)) return FailureClass::retry;
      return of_status(fault.status, fault.phase);
    case CURLE_QUOTE_ERROR:
      return of_status(fault.status, fault.phase);
    case CURLE_REMOTE_DISK_FULL:
      return FailureClass::no_space;
    case CURLE_REMOTE_FILE_NOT_FOUND:
    case CURLE_REMOTE_ACCESS_DENIED:
    case CURLE_REMOTE_FILE_EXISTS:
      return FailureClass::skip_file;
    case CURLE_BAD_DOWNLOAD_RESUME:
    case CURLE_RANGE_ERROR:
    case CURLE_FTP_COULDNT_USE_REST:
      return storing(fault) ? FailureClass::retry : FailureClass::skip_file;
    default:
      break;
  }
  Fault network;
  network.proxy = fault.proxy;
  network.curl_code = fault.curl_code;
  network.phase = fault.logged_in ? fault.phase : Phase::connect;
  network.name_unknown = fault.name_unknown;
  return classify(network);
}

int reply_code_for(const SftpFault& fault) noexcept {
  if (write_refused(fault)) return 451;
  switch (classify_sftp(fault)) {
    case FailureClass::no_space:
      return 552;
    case FailureClass::skip_file:
      return fault.status == SftpStatus::exists ? 553 : 550;
    default:
      return 0;
  }
}

}  // namespace outhaul
