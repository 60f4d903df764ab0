#include "remote/sftp_fault.h"

#include <curl/curl.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <utility>

namespace outhaul {
namespace {

constexpr std::array<std::pair<std::string_view, SftpStatus>, 20> kWords{{
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
    {"Unknown error in libssh2", SftpStatus::lost},  // no status came at all
}};

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

SftpStatus sftp_status_in(std::string_view words) noexcept {
  for (const auto& [text, status] : kWords)
    if (words.find(text) != std::string_view::npos) return status;
  return SftpStatus::none;
}

std::optional<std::uint64_t> size_in(std::string_view words) noexcept {
  constexpr std::string_view kMark = "was beyond file size (";
  const std::size_t mark = words.find(kMark);
  if (mark == std::string_view::npos) return std::nullopt;
  words.remove_prefix(mark + kMark.size());
  std::uint64_t size = 0;
  const auto [end, error] = std::from_chars(words.data(), words.data() + words.size(), size);
  if (error != std::errc{} || end == words.data() + words.size() || *end != ')') return std::nullopt;
  return size;
}

bool says_no_agreement(std::string_view words) noexcept {
  return words.find("ssh session: -5,") != std::string_view::npos;
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
    case CURLE_FTP_COULDNT_USE_REST:
      return storing(fault) ? FailureClass::retry : FailureClass::skip_file;
    default:
      break;
  }
  Fault network;
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
