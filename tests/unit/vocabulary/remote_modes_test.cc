#include "outhaul/remote_modes.h"

#include "support/catch.h"

using namespace outhaul;

namespace {

using Mode = std::optional<std::uint32_t>;
using Rule = RemoteModes::Rule;

constexpr RemoteModes kPrivate{}, kSource{.rule = Rule::as_source}, kServer{.rule = Rule::by_server},
    kWeb{.rule = Rule::fixed, .file = 0664, .dir = 0775};

}  // namespace

TEST_CASE("a new copy is given a mode where servers would leave it more open than the source") {
  struct Row {
    const RemoteModes& rules;
    EntryKind kind;
    std::uint32_t source;
    Mode set;
  };
  const Row table[] = {
      {kPrivate, EntryKind::file, 0600, 0600},       {kPrivate, EntryKind::file, 0640, 0640},
      {kPrivate, EntryKind::file, 0604, 0604},       {kPrivate, EntryKind::file, 0400, 0600},
      {kPrivate, EntryKind::file, 0000, 0600},       {kPrivate, EntryKind::file, 0711, 0711},
      {kPrivate, EntryKind::file, 04700, 0700},      {kPrivate, EntryKind::file, 0644, {}},
      {kPrivate, EntryKind::file, 0666, {}},         {kPrivate, EntryKind::file, 0755, {}},
      {kPrivate, EntryKind::directory, 0700, 0700},  {kPrivate, EntryKind::directory, 0750, 0750},
      {kPrivate, EntryKind::directory, 0711, 0711},  {kPrivate, EntryKind::directory, 0500, 0700},
      {kPrivate, EntryKind::directory, 0755, {}},    {kPrivate, EntryKind::directory, 01777, {}},
      {kPrivate, EntryKind::symlink, 0700, {}},      {kSource, EntryKind::file, 0644, 0644},
      {kSource, EntryKind::file, 0444, 0644},        {kSource, EntryKind::directory, 02755, 0755},
      {kSource, EntryKind::symlink, 0777, {}},       {kServer, EntryKind::file, 0600, {}},
      {kServer, EntryKind::directory, 0700, {}},     {kWeb, EntryKind::file, 0600, 0664},
      {kWeb, EntryKind::directory, 0700, 0775},      {kWeb, EntryKind::symlink, 0700, {}},
  };
  for (const Row& row : table) {
    INFO(static_cast<int>(row.rules.rule) << ' ' << static_cast<int>(row.kind) << ' ' << std::oct << row.source);
    CHECK(mode_to_set(row.rules, row.kind, row.source) == row.set);
  }
}

TEST_CASE("a stored copy is given a mode when the source's change is one on the remote, too") {
  CHECK(mode_to_change(kPrivate, EntryKind::file, 0644, 0600) == Mode(0600));
  CHECK(mode_to_change(kPrivate, EntryKind::file, 0600, 0644) == Mode(0644));
  CHECK(mode_to_change(kPrivate, EntryKind::file, 0400, 0600) == Mode());
  CHECK(mode_to_change(kPrivate, EntryKind::directory, 0755, 0750) == Mode(0750));
  CHECK(mode_to_change(kSource, EntryKind::file, 0644, 0664) == Mode(0664));
  CHECK(mode_to_change(kServer, EntryKind::file, 0644, 0600) == Mode());
  CHECK(mode_to_change(kWeb, EntryKind::file, 0644, 0600) == Mode());
  CHECK(mode_to_change(kPrivate, EntryKind::symlink, 0777, 0700) == Mode());
}
