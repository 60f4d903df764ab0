#include "base/log.h"

#include <spdlog/sinks/basic_file_sink.h>
#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>

#include <atomic>
#include <memory>
#include <vector>

namespace outhaul::log {
namespace {

// Sinks are added by the main thread before any other thread starts; afterwards they are only read.
std::shared_ptr<spdlog::logger>& logger() {
  static auto instance = [] {
    auto made = std::make_shared<spdlog::logger>("outhaul");
    made->set_level(spdlog::level::off);
    made->set_error_handler([](const std::string&) {});  // a full log disk must not stop a backup
    return made;
  }();
  return instance;
}

spdlog::level::level_enum to_spdlog(Level level) {
  switch (level) {
    case Level::debug:
      return spdlog::level::debug;
    case Level::info:
      return spdlog::level::info;
    case Level::warning:
      return spdlog::level::warn;
    case Level::error:
      return spdlog::level::err;
  }
  return spdlog::level::err;
}

void add(std::shared_ptr<spdlog::sinks::sink> sink, Level level) {
  sink->set_level(to_spdlog(level));
  sink->set_pattern("%Y-%m-%dT%H:%M:%S.%e%z %l %v");
  logger()->sinks().push_back(std::move(sink));
  logger()->set_level(std::min(logger()->level(), to_spdlog(level)));
  logger()->flush_on(spdlog::level::warn);
}

}  // namespace

void open_file(const std::string& file, Level level) {
  add(std::make_shared<spdlog::sinks::basic_file_sink_mt>(file), level);
}
void open_stderr(Level level) {
  add(std::make_shared<spdlog::sinks::stderr_sink_mt>(), level);
}
bool enabled(Level level) noexcept {
  return logger()->should_log(to_spdlog(level));
}
void write(Level level, std::string_view message) noexcept {
  logger()->log(to_spdlog(level), spdlog::string_view_t(message.data(), message.size()));
}
void flush() noexcept {
  logger()->flush();
}

}  // namespace outhaul::log
