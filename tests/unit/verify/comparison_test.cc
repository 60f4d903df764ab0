// One directory against its listing: the table of what follows from what.
#include "verify/comparison.h"

#include <algorithm>
#include <random>

#include "support/catch.h"

using namespace outhaul;
using Why = SizeDoubt::Why;
using Kind = VerifyFinding::Kind;
using Status = CommandResult::Status;

namespace {

KnownObject object(std::string name, std::uint64_t size, std::int64_t id = 1) {
  KnownObject made;
  made.id = ObjectId{id};
  made.name = std::move(name);
  made.size = size;
  return made;
}

RemoteEntry file(std::string name, std::optional<std::uint64_t> size) {
  return {std::move(name), RemoteEntry::Kind::file, size, std::nullopt};
}
RemoteEntry other(std::string name, RemoteEntry::Kind kind) {
  return {std::move(name), kind, std::nullopt, std::nullopt};
}

KnownDir dir(std::vector<KnownObject> objects, std::vector<std::string> dirs = {}, std::string path = "www") {
  KnownDir known;
  known.dir = RemotePath::parse(path);
  known.objects = std::move(objects);
  known.dirs = std::move(dirs);
  return known;
}

std::optional<Why> doubt_of(const std::vector<RemoteEntry>& entries, std::string untrusted = {}) {
  const DirectoryComparison found = compare_directory(dir({object("a", 5)}), {entries, std::move(untrusted)});
  CHECK(found.proven + found.doubts.size() == 1);
  return found.doubts.empty() ? std::nullopt : std::optional(found.doubts.front().why);
}

CommandResult answer(Status status, std::uint64_t size = 0) {
  CommandResult made;
  made.status = status;
  made.size = size;
  made.reply_text = "words";
  return made;
}

struct Judged {
  bool proven;
  Kind finding;
  friend bool operator==(const Judged&, const Judged&) = default;
};
std::ostream& operator<<(std::ostream& out, const Judged& judged) {
  return out << (judged.proven ? std::string_view("proven") : to_string(judged.finding));
}
Judged judged(Why why, const CommandResult& reply) {
  UnlistedNames unlisted({file("another form of a", 5)}, {});
  const SizeVerdict verdict = judge_size(object("a", 5), {0, why, 7}, reply, unlisted);
  CHECK((verdict.proven || !verdict.message.empty()));
  return {verdict.proven, verdict.proven ? Kind::unproven : verdict.finding};
}

}  // namespace

TEST_CASE("a listing proves a file by its size and casts a doubt on every other sight of it") {
  CHECK(doubt_of({file("a", 5)}) == std::nullopt);
  CHECK(doubt_of({file("a", 5)}, "cut short") == std::nullopt);
  CHECK(doubt_of({file("a", 4)}) == Why::other_size);
  CHECK(doubt_of({file("a", std::nullopt)}) == Why::no_size);
  CHECK(doubt_of({other("a", RemoteEntry::Kind::symlink)}) == Why::no_size);
  CHECK(doubt_of({other("a", RemoteEntry::Kind::directory)}) == Why::other_kind);
  CHECK(doubt_of({other("a", RemoteEntry::Kind::other)}) == Why::other_kind);
  CHECK(doubt_of({}) == Why::absent);
  CHECK(doubt_of({}, "cut short") == Why::perhaps_absent);
  CHECK(doubt_of({file("A", 5), file("aa", 5)}) == Why::absent);
}

TEST_CASE("what nobody knows is foreign and what is ours or a known directory is not") {
  const Listing listing{
      {other(".outhaul", RemoteEntry::Kind::directory), file("a", 5), file("b", 1),
       other("known", RemoteEntry::Kind::directory), other("linked", RemoteEntry::Kind::symlink),
       other("strange", RemoteEntry::Kind::directory)},
      {}};
  const auto names = [&](const KnownDir& known) {
    std::vector<std::string> found;
    for (const RemoteEntry& entry : compare_directory(known, listing).foreign) found.push_back(entry.name);
    return found;
  };
  CHECK(names(dir({object("a", 5)}, {"known", "linked"}, "")) == std::vector<std::string>{"b", "strange"});
  CHECK(names(dir({object("a", 5)}, {"known", "linked"})) ==
        std::vector<std::string>{".outhaul", "b", "strange"});
}

TEST_CASE("a directory is absent only by a listing that can be trusted") {
  const KnownDir known = dir({}, {"a", "b", "c"});
  const std::vector<RemoteEntry> entries{other("a", RemoteEntry::Kind::directory), file("b", 3)};
  CHECK(compare_directory(known, {entries, ""}).absent_dirs == std::vector<std::string>{"b", "c"});
  CHECK(compare_directory(known, {entries, "capped"}).absent_dirs.empty());
}

TEST_CASE("two versions of the truth about one name are both compared") {
  const DirectoryComparison found =
      compare_directory(dir({object("a", 5, 1), object("a", 6, 2)}), {{file("a", 6)}, ""});
  CHECK(found.proven == 1);
  REQUIRE(found.doubts.size() == 1);
  CHECK(found.doubts[0].object == 0);
  CHECK(found.foreign.empty());
}

TEST_CASE("the server's word on a size settles a doubt and silence settles none") {
  const CommandResult right = answer(Status::done, 5), wrong = answer(Status::done, 4),
                      missing = answer(Status::missing), silent = answer(Status::unsupported),
                      refused = answer(Status::refused);
  const Judged proven{true, Kind::unproven}, differs{false, Kind::size_differs}, gone{false, Kind::missing},
      unproven{false, Kind::unproven};
  for (const Why why :
       {Why::absent, Why::perhaps_absent, Why::other_size, Why::no_size, Why::other_kind, Why::unlisted}) {
    CHECK(judged(why, right) == proven);
    CHECK(judged(why, wrong) == differs);
  }
  struct Row {
    Why why;
    Judged missing, silent;
  };
  for (const Row& row : {Row{Why::absent, gone, gone}, Row{Why::perhaps_absent, gone, unproven},
                         Row{Why::other_size, unproven, differs}, Row{Why::no_size, unproven, unproven},
                         Row{Why::other_kind, gone, gone}, Row{Why::unlisted, unproven, unproven}}) {
    INFO(static_cast<int>(row.why));
    CHECK(judged(row.why, missing) == row.missing);
    CHECK(judged(row.why, silent) == row.silent);
    CHECK(judged(row.why, refused) == row.silent);
  }
}

TEST_CASE("a size is no proof of a name that a listing doesn't show unless something there can be it") {
  const auto judge = [](UnlistedNames& unlisted, std::uint64_t size, const char* name = "\xE9") {
    const SizeVerdict verdict =
        judge_size(object(name, size), {0, Why::absent, 0}, answer(Status::done, size), unlisted);
    CHECK((verdict.proven || verdict.finding == Kind::unproven));
    return verdict.proven;
  };
  UnlistedNames nothing({}, {}), others({file("b", 4), other("d", RemoteEntry::Kind::directory)}, {});
  CHECK_FALSE(judge(nothing, 5));
  CHECK_FALSE(judge(others, 5));
  UnlistedNames one({file("a in another form", 5), file("b", 4)}, {});
  CHECK(judge(one, 5));
  CHECK_FALSE(judge(one, 5));  // two names, one file
  CHECK(judge(one, 4));
  UnlistedNames two({file("x", 5), file("y", 5)}, {});
  CHECK(judge(two, 5));
  CHECK(judge(two, 5));
  CHECK_FALSE(judge(two, 5));
  UnlistedNames unsized({file("x", std::nullopt), other("l", RemoteEntry::Kind::symlink)}, {});
  CHECK(judge(unsized, 5));
  CHECK(judge(unsized, 6));
  CHECK_FALSE(judge(unsized, 5));
  // A listing may hide a name that no server takes for another.
  UnlistedNames hidden({}, {object(".htaccess", 5), object("Song.mp3", 5), object("song.mp3", 5)});
  CHECK(judge(hidden, 5, ".htaccess"));
  CHECK_FALSE(judge(hidden, 5, "song.mp3"));
  CHECK_FALSE(judge(hidden, 5, "x\"y"));
  CHECK_FALSE(judge(hidden, 5, " lead"));
}

TEST_CASE("each object is proven or doubted once and each stranger is told whatever the directory holds") {
  std::mt19937 random(20261121);
  for (int round = 0; round < 500; ++round) {
    KnownDir known = dir({});
    Listing listing;
    std::size_t equal = 0, strangers = 0;
    for (char c = 'a'; c <= 'z'; ++c) {
      const auto choice = random() % 5;
      const std::string name(1 + random() % 3, c);
      const std::uint64_t size = random() % 3;
      if (choice <= 2) known.objects.push_back(object(name, size));
      if (choice >= 1 && choice <= 3)
        listing.entries.push_back(file(name, choice == 1 ? size : choice == 2 ? size + 1 : size));
      equal += choice == 1 ? 1 : 0;
      strangers += choice == 3 ? 1 : 0;
    }
    if (random() % 2 == 0) listing.untrusted = "capped";
    const DirectoryComparison found = compare_directory(known, listing);
    CHECK(found.proven == equal);
    CHECK(found.doubts.size() == known.objects.size() - equal);
    CHECK(found.foreign.size() == strangers);
    for (const SizeDoubt& doubt : found.doubts)
      CHECK((doubt.why != Why::absent || listing.untrusted.empty()));
  }
}
