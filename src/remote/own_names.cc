#include "remote/own_names.h"

#include <algorithm>
#include <array>
#include <utility>

namespace outhaul {
namespace {

/// Where the end of a part's name begins that stands behind the suffix: ".old" of a name that stands aside,
/// or the number of a second try.
std::size_t tail_of(std::string_view name) {
  const std::size_t dot = name.rfind('.');
  if (dot == std::string_view::npos) return name.size();
  const std::string_view tail = name.substr(dot + 1);
  const bool number = !tail.empty() && tail.find_first_not_of("0123456789") == std::string_view::npos;
  return tail == "old" || number ? dot : name.size();
}

/// With the one suffix for the other.
std::string with_suffix_changed(std::string_view name, std::string_view other) {
  const std::size_t end = tail_of(name);
  const std::string_view part = name.substr(0, end);
  const auto changed = [&](std::string_view from, std::string_view to) {
    return std::string(part.substr(0, part.size() - from.size())).append(to).append(name.substr(end));
  };
  if (part.size() > kPartSuffix.size() && part.ends_with(kPartSuffix)) return changed(kPartSuffix, other);
  if (part.size() > other.size() && part.ends_with(other)) return changed(other, kPartSuffix);
  return std::string(name);
}

/// Renames what goes out and what comes back.
class TranslatedRunner : public CommandRunner {
 public:
  TranslatedRunner(std::unique_ptr<CommandRunner> runner, OwnNames names)
      : runner_(std::move(runner)), names_(std::move(names)) {}

  std::vector<CommandResult> run(std::span<const Command> commands) override {
    return runner_->run(translated_commands(commands, names_));
  }
  void rest() noexcept override { runner_->rest(); }

  static std::vector<Command> translated_commands(std::span<const Command> commands, const OwnNames& names) {
    std::vector<Command> translated(commands.begin(), commands.end());
    for (Command& command : translated) std::visit([&](auto& one) { translate(one, names); }, command);
    return translated;
  }

 private:
  template <typename OnePath>
  static void translate(OnePath& command, const OwnNames& names) {
    if constexpr (requires { command.path; })
      command.path = on_server(command.path, names);
    else
      command.dir = on_server(command.dir, names);
  }
  static void translate(Rename& command, const OwnNames& names) {
    command.from = on_server(command.from, names);
    command.to = on_server(command.to, names);
  }

  std::unique_ptr<CommandRunner> runner_;
  OwnNames names_;
};

class TranslatedLane final : public Lane {
 public:
  TranslatedLane(std::unique_ptr<Lane> lane, OwnNames names)
      : lane_(std::move(lane)), names_(std::move(names)) {}

  std::vector<CommandResult> run(std::span<const Command> commands) override {
    return lane_->run(TranslatedRunner::translated_commands(commands, names_));
  }
  void rest() noexcept override { lane_->rest(); }
  void put(const Put& put) override {
    Put there = put;
    there.path = on_server(put.path, names_);
    lane_->put(there);
  }
  void get(const RemotePath& path, std::uint64_t offset, const ByteSink& sink) override {
    lane_->get(on_server(path, names_), offset, sink);
  }
  Listing list(const RemotePath& dir) override {
    Listing listing = lane_->list(on_server(dir, names_));
    const NamePlace place = place_in(dir.wire());
    if (place == NamePlace::tree) return listing;
    for (RemoteEntry& entry : listing.entries) entry.name = translated(entry.name, place, names_);
    std::ranges::sort(listing.entries, {}, &RemoteEntry::name);
    return listing;
  }

 private:
  std::unique_ptr<Lane> lane_;
  OwnNames names_;
};

class TranslatedRemote final : public Remote {
 public:
  TranslatedRemote(std::unique_ptr<Remote> remote, OwnNames names)
      : remote_(std::move(remote)), names_(std::move(names)) {}

  std::unique_ptr<Lane> open_lane(const CancelToken& cancel) override {
    return std::make_unique<TranslatedLane>(remote_->open_lane(cancel), names_);
  }
  std::unique_ptr<CommandRunner> open_channel(const CancelToken& cancel) override {
    return std::make_unique<TranslatedRunner>(remote_->open_channel(cancel), names_);
  }
  std::string describe() const override { return remote_->describe(); }
  ServerMemory memory() const override { return remote_->memory(); }
  void note(const ServerMemory& found) override { remote_->note(found); }
  void upload_was_lost() override { remote_->upload_was_lost(); }

 private:
  std::unique_ptr<Remote> remote_;
  OwnNames names_;
};

}  // namespace

NamePlace place_in(std::string_view dir) {
  if (dir.empty()) return NamePlace::top;
  const auto within = [dir](std::string_view above) {
    return dir.starts_with(above) && (dir.size() == above.size() || dir[above.size()] == '/');
  };
  return within(kControlDir) && !within(kVersionsDir) ? NamePlace::own : NamePlace::tree;
}

std::string translated(std::string_view name, NamePlace place, const OwnNames& names) {
  if (place == NamePlace::top) {
    if (name == kControlDir) return names.dir;
    if (name == names.dir) return std::string(kControlDir);
  }
  return place == NamePlace::own ? with_suffix_changed(name, names.part_suffix) : std::string(name);
}

RemotePath on_server(const RemotePath& path, const OwnNames& names) {
  const std::string_view wire = path.wire();
  const std::size_t first_end = std::min(wire.find('/'), wire.size());
  const std::string_view first = wire.substr(0, first_end);
  if (first != kControlDir && first != names.dir) return path;
  std::string there = translated(first, NamePlace::top, names);
  if (first_end < wire.size()) {
    const RemotePath dir = path.parent();
    there.append(wire.substr(first_end, dir.wire().size() - first_end)).push_back('/');
    there += translated(path.name(), place_in(dir.wire()), names);
  }
  return RemotePath::parse(there);
}

std::unique_ptr<Remote> with_own_names(std::unique_ptr<Remote> remote, const OwnNames& names) {
  if (names.standard()) return remote;
  return std::make_unique<TranslatedRemote>(std::move(remote), names);
}

}  // namespace outhaul
