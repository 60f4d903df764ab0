// What outhaul/remote.h promises, as tests that hold for every remote. cells.cc runs them on each.
#pragma once

#include <cstddef>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/cancel.h"
#include "contract/subject.h"
#include "outhaul/remote.h"

namespace outhaul::test {

struct ContractCase {
  const char* name;  ///< a sentence: "a put creates exactly the bytes"
  void (*run)(Subject& subject);
  bool ftp_only = false;  ///< is about FTP's commands or TLS
};

std::span<const ContractCase> transfer_cases();
std::span<const ContractCase> command_cases();
std::span<const ContractCase> name_cases();
std::span<const ContractCase> session_cases();
/// Need a server of their own and hold only where there is one.
std::span<const ContractCase> live_cases();
/// What only SFTP has: host keys, user keys, appending.
std::span<const ContractCase> sftp_cases();

// --- tools of the cases

/// Bytes from memory. Counts what was read.
class TextSource final : public ByteSource {
 public:
  explicit TextSource(std::string text) : text_(std::move(text)) {}
  std::size_t read(std::span<std::byte> buffer) override;

 private:
  std::string text_;
  std::size_t position_ = 0;
};

/// `length` bytes of a pattern without short repetitions; `before` is asked before each piece with the bytes
/// given so far.
class PatternSource final : public ByteSource {
 public:
  explicit PatternSource(std::uint64_t length, std::function<void(std::uint64_t)> before = {})
      : length_(length), before_(std::move(before)) {}
  std::size_t read(std::span<std::byte> buffer) override;
  static char at(std::uint64_t position) noexcept;
  static std::string text(std::uint64_t length);

 private:
  std::uint64_t length_, position_ = 0;
  std::function<void(std::uint64_t)> before_;
};

RemotePath wire(std::string_view path);
void put_text(Lane& lane, const std::string& path, const std::string& text, std::uint64_t offset = 0);
std::string get_text(Lane& lane, const std::string& path, std::uint64_t offset = 0);
CommandResult run_one(CommandRunner& runner, Command command);
/// The class of the RemoteError that `action` throws; none when it doesn't throw one.
FailureClass failure_of(const std::function<void()>& action);
/// Tries up to three times, as a caller does: failures that ask for another attempt get one, others are
/// thrown on. False: none succeeded. May be called from any thread, so it asserts nothing; so may run_one.
bool with_retry(const std::function<void()>& action);
/// Once with the command channel, once with a lane: both must do the same.
void with_each_runner(Subject& subject, const std::function<void(CommandRunner&)>& test);
/// Names that servers and clients are known to stumble over, in wire form, one segment each: those that this
/// remote can hold.
std::vector<std::string> nasty_wire_names(const Traits& traits);

}  // namespace outhaul::test
