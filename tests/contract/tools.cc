#include <algorithm>
#include <array>
#include <cstring>
#include <stdexcept>

#include "contract/remote_contract.h"
#include "outhaul/names.h"
#include "support/catch.h"
#include "support/tree.h"

namespace outhaul::test {
std::size_t TextSource::read(std::span<std::byte> buffer) {
  const std::size_t size = std::min(buffer.size(), text_.size() - position_);
  std::memcpy(buffer.data(), text_.data() + position_, size);
  position_ += size;
  return size;
}

char PatternSource::at(std::uint64_t position) noexcept {
  const std::uint64_t block = position / 251;  // a prime, so that no power of two is a period
  return static_cast<char>((position * 7 + block * 13 + (block >> 8)) & 0xFF);
}

std::string PatternSource::text(std::uint64_t length) {
  std::string text(length, '\0');
  for (std::uint64_t i = 0; i < length; ++i) text[i] = at(i);
  return text;
}

std::size_t PatternSource::read(std::span<std::byte> buffer) {
  if (before_) before_(position_);
  const std::size_t size = std::min<std::uint64_t>(buffer.size(), length_ - position_);
  for (std::size_t i = 0; i < size; ++i) buffer[i] = static_cast<std::byte>(at(position_ + i));
  position_ += size;
  return size;
}

RemotePath wire(std::string_view path) {
  return RemotePath::parse(path);
}

void put_text(Lane& lane, const std::string& path, const std::string& text, std::uint64_t offset) {
  TextSource source(text);
  lane.put({wire(path), &source, offset, text.size(), {}});
}

std::string get_text(Lane& lane, const std::string& path, std::uint64_t offset) {
  std::string text;
  lane.get(wire(path), offset, [&](std::span<const std::byte> bytes) {
    text.append(reinterpret_cast<const char*>(bytes.data()), bytes.size());
    return true;
  });
  return text;
}

CommandResult run_one(CommandRunner& runner, Command command) {
  std::vector<CommandResult> results = runner.run(std::array{std::move(command)});
  if (results.size() != 1) throw std::logic_error("one command did not give one result");
  return std::move(results[0]);
}

FailureClass failure_of(const std::function<void()>& action) {
  try {
    action();
  } catch (const RemoteError& error) {
    INFO(error.what());
    CHECK(std::string(error.what()).find('\n') == std::string::npos);
    return error.failure();
  }
  return FailureClass::none;
}

bool with_retry(const std::function<void()>& action) {
  for (int attempt = 0; attempt < 10; ++attempt) {
    try {
      action();
      return true;
    } catch (const RemoteError& error) {
      const bool may_try_again = error.failure() == FailureClass::retry ||
                                 error.failure() == FailureClass::reconnect ||
                                 error.failure() == FailureClass::unknown_outcome;
      if (!may_try_again) throw;
      UNSCOPED_INFO("try " << attempt + 1 << ": " << error.what());
    }
  }
  return false;
}

void with_each_runner(Subject& subject, const std::function<void(CommandRunner&)>& test) {
  const CancelToken cancel;
  const auto remote = subject.connect();
  {
    INFO("by the command channel");
    subject.make_dir("channel");
    const auto channel = remote->open_channel(cancel);
    test(*channel);
  }
  INFO("by a lane");
  const auto lane = remote->open_lane(cancel);
  test(*lane);
}

std::vector<std::string> nasty_wire_names(const Traits& traits) {
  // What no local name becomes, but a server may hold: names that others have stored.
  std::vector<std::string> names{"%41", "%2F", "*", "star*"};
  for (const std::string& name : nasty_names()) names.push_back(escape_name(name));
  std::erase_if(names,
                [&](const std::string& name) { return traits.kind && !keeps_name(*traits.kind, name); });
  return names;
}

}  // namespace outhaul::test
