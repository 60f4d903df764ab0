#include "remote/size_listing.h"

#include "support/catch.h"

namespace outhaul {
namespace {

using Status = CommandResult::Status;

SizeOf size_of(std::string_view path) {
  return {RemotePath::parse(path)};
}

RemoteEntry entry(std::string name, RemoteEntry::Kind kind, std::optional<std::uint64_t> size) {
  return {std::move(name), kind, size, std::nullopt};
}

TEST_CASE("sizes come from one listing per directory and only where they are missing") {
  const std::vector<Command> commands{size_of("p/a"),
                                      size_of("q/a"),
                                      size_of("p/none"),
                                      size_of("p/d"),
                                      RemoveFile{RemotePath::parse("p/a")},
                                      size_of("p/odd"),
                                      size_of("known")};
  std::vector<CommandResult> results(commands.size());
  for (CommandResult& result : results) result.status = Status::unsupported;
  results.back().status = Status::missing;
  std::vector<std::string> listed;
  const auto list = [&](const RemotePath& dir) {
    listed.push_back(dir.wire());
    return Listing{
        {entry("a", RemoteEntry::Kind::file, dir.wire().size() + 7),
         entry("d", RemoteEntry::Kind::directory, 4096), entry("odd", RemoteEntry::Kind::symlink, 3)},
        ""};
  };
  CHECK(sizes_from_listings(list, commands, results));
  CHECK(listed == std::vector<std::string>{"p", "q"});
  CHECK(results[0].status == Status::done);
  CHECK(results[0].size == 8);
  CHECK(results[2].status == Status::missing);
  CHECK(results[3].status == Status::refused);
  CHECK(results[4].status == Status::unsupported);
  CHECK(results[5].status == Status::unsupported);
  CHECK(results[6].status == Status::missing);
}

TEST_CASE("pain 14: an untrusted listing proves what it shows and nothing by what it doesn't") {
  const std::vector<Command> commands{size_of("p/a"), size_of("p/b")};
  std::vector<CommandResult> results(2);
  for (CommandResult& result : results) result.status = Status::unsupported;
  const auto list = [](const RemotePath&) {
    return Listing{{entry("a", RemoteEntry::Kind::file, 5)}, "truncated to 10000 matches"};
  };
  CHECK(sizes_from_listings(list, commands, results));
  CHECK(results[0].status == Status::done);
  CHECK(results[1].status == Status::unsupported);
  CHECK(results[1].reply_text.find("truncated to 10000 matches") != std::string::npos);
}

TEST_CASE("a directory that can't be listed says as much about its files as about itself") {
  struct Row {
    RemoteError error;
    Status status;
  };
  const std::vector<Row> rows{
      {RemoteError(FailureClass::skip_file, "x", {}, 550, "No such directory"), Status::missing},
      {RemoteError(FailureClass::skip_file, "x", {}, 550, "Permission denied"), Status::unsupported},
      {RemoteError(FailureClass::reconnect, "x", {}, 426, "Broken"), Status::unanswered},
      {RemoteError(FailureClass::cancelled, "x"), Status::unanswered}};
  for (const Row& row : rows) {
    CAPTURE(row.error.reply_text());
    const std::vector<Command> commands{size_of("p/a")};
    std::vector<CommandResult> results(1);
    results[0].status = Status::unsupported;
    CHECK_FALSE(
        sizes_from_listings([&](const RemotePath&) -> Listing { throw row.error; }, commands, results));
    CHECK(results[0].status == row.status);
  }
}

}  // namespace
}  // namespace outhaul
