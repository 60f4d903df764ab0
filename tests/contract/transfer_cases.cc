// Puts, gets and listings.
#include <algorithm>
#include <stdexcept>

#include "contract/remote_contract.h"
#include "support/catch.h"

namespace outhaul::test {
namespace {

struct Session {
  explicit Session(Subject& subject) : remote(subject.connect()), lane(remote->open_lane(cancel)) {}
  CancelToken cancel;
  std::unique_ptr<Remote> remote;
  std::unique_ptr<Lane> lane;
};

void put_creates(Subject& subject) {
  Session s(subject);
  const std::string bytes("hello\r\nworld\n\0\xFF\x1A binary", 23);
  put_text(*s.lane, "hello.txt", bytes);
  CHECK(subject.file("hello.txt") == bytes);
  put_text(*s.lane, "second", "2");
  CHECK(subject.file("second") == "2");
}

void put_replaces(Subject& subject) {
  Session s(subject);
  subject.put_file("f", "something longer than what follows");
  put_text(*s.lane, "f", "short");
  CHECK(subject.file("f") == "short");
}

void put_empty(Subject& subject) {
  Session s(subject);
  put_text(*s.lane, "empty", "");
  CHECK(subject.file("empty") == "");
  subject.put_file("was full", "full");
  put_text(*s.lane, "was full", "");
  CHECK(subject.file("was full") == "");
}

void put_large(Subject& subject) {
  constexpr std::uint64_t kSize = 64U << 20;
  Session s(subject);
  PatternSource source(kSize);
  std::uint64_t sent = 0;
  s.lane->put({wire("large"), &source, 0, kSize, [&](std::uint64_t bytes) { sent += bytes; }});
  CHECK(sent == kSize);
  const auto stored = subject.file("large");
  REQUIRE(stored);
  CHECK(stored->size() == kSize);
  const bool same = *stored == PatternSource::text(kSize);
  CHECK(same);
}

void put_resumes(Subject& subject) {
  Session s(subject);
  const std::string whole = PatternSource::text(300'000);
  subject.put_file("part", whole.substr(0, 200'000));
  put_text(*s.lane, "part", whole.substr(200'000), 200'000);
  // Where a server resumes wrongly no lane notices: tests/e2e/trust_test.cc has who does.
  const bool resumes = subject.traits().resumes;
  CHECK((subject.file("part") == whole) == resumes);
  if (!subject.traits().is_sftp) {
    subject.put_file("more was there", whole.substr(0, 250'000));
    put_text(*s.lane, "more was there", whole.substr(100'000), 100'000);
    CHECK((subject.file("more was there") == whole) == resumes);
  }
  put_text(*s.lane, "next", "starts at the beginning again");
  CHECK(subject.file("next") == "starts at the beginning again");
}

void put_rewrites_doubtful_tail(Subject& subject) {
  Session s(subject);
  const std::string whole = PatternSource::text(100'000);
  const std::string longer = whole.substr(0, 50'000) + std::string(20'000, 'x');
  subject.put_file("part", longer);
  if (subject.traits().is_sftp) {
    CHECK(failure_of([&] { put_text(*s.lane, "part", whole.substr(50'000), 50'000); }) ==
          FailureClass::retry);
    CHECK((subject.file("part") == longer));
    return;
  }
  put_text(*s.lane, "part", whole.substr(50'000), 50'000);
  CHECK((subject.file("part") == whole) == subject.traits().resumes);
}

void put_source_throws(Subject& subject) {
  Session s(subject);
  PatternSource source(10U << 20, [](std::uint64_t position) {
    if (position > 1U << 20) throw Error(ErrorKind::source, "the disk under the source failed");
  });
  std::string what;
  try {
    s.lane->put({wire("broken"), &source, 0, 10U << 20, {}});
  } catch (const Error& error) {
    what = error.what();
    CHECK(error.kind() == ErrorKind::source);
  }
  CHECK(what == "the disk under the source failed");
  CHECK(with_retry([&] { put_text(*s.lane, "fine", "fine"); }));
  CHECK(subject.file("fine") == "fine");
}

void put_source_shrinks(Subject& subject) {
  Session s(subject);
  PatternSource source(1000);
  const FailureClass failure = failure_of([&] { s.lane->put({wire("shrunk"), &source, 0, 2000, {}}); });
  CHECK(std::string(to_string(failure)) != "none");
  CHECK(with_retry([&] { put_text(*s.lane, "fine", "fine"); }));
}

void put_without_directory(Subject& subject) {
  Session s(subject);
  CHECK(failure_of([&] { put_text(*s.lane, "no/such/dir/f", "x"); }) == FailureClass::skip_file);
  CHECK(with_retry([&] { put_text(*s.lane, "fine", "fine"); }));
  CHECK(subject.file_count() == 1);
}

void put_onto_directory(Subject& subject) {
  Session s(subject);
  subject.make_dir("dir");
  CHECK(failure_of([&] { put_text(*s.lane, "dir", "x"); }) == FailureClass::skip_file);
  CHECK(subject.is_dir("dir"));
}

void get_whole(Subject& subject) {
  Session s(subject);
  const std::string text = PatternSource::text(1'000'000);
  subject.put_file("f", text);
  CHECK((get_text(*s.lane, "f") == text));
  CHECK((get_text(*s.lane, "f") == text));
}

void get_from_offset(Subject& subject) {
  Session s(subject);
  const std::string text = PatternSource::text(100'000);
  subject.put_file("f", text);
  CHECK((get_text(*s.lane, "f", 99'000) == text.substr(99'000)));
  CHECK((get_text(*s.lane, "f", 1) == text.substr(1)));
  CHECK((get_text(*s.lane, "f") == text));
}

void get_empty(Subject& subject) {
  Session s(subject);
  subject.put_file("empty", "");
  CHECK(get_text(*s.lane, "empty").empty());
}

void get_stops_early(Subject& subject) {
  Session s(subject);
  subject.put_file("f", PatternSource::text(8U << 20));
  std::string head;
  s.lane->get(wire("f"), 0, [&](std::span<const std::byte> bytes) {
    head.append(reinterpret_cast<const char*>(bytes.data()), bytes.size());
    return false;
  });
  CHECK_FALSE(head.empty());
  CHECK(head.size() < (8U << 20));
  CHECK((head == PatternSource::text(head.size())));
  CHECK(with_retry([&] { put_text(*s.lane, "after", "works"); }));
  CHECK(subject.file("after") == "works");
}

void get_sink_throws(Subject& subject) {
  Session s(subject);
  subject.put_file("f", PatternSource::text(1U << 20));
  CHECK_THROWS_AS(
      s.lane->get(wire("f"), 0, [](std::span<const std::byte>) -> bool { throw std::domain_error("full"); }),
      std::domain_error);
  CHECK(with_retry([&] { put_text(*s.lane, "after", "works"); }));
}

void get_missing(Subject& subject) {
  Session s(subject);
  CHECK(failure_of([&] { get_text(*s.lane, "absent"); }) == FailureClass::skip_file);
  subject.put_file("present", "present");
  CHECK(with_retry([&] { CHECK(get_text(*s.lane, "present") == "present"); }));
}

void list_shows_all(Subject& subject) {
  Session s(subject);
  subject.make_dir("d");
  subject.put_file("d/b.txt", "12345");
  subject.put_file("d/.hidden", "x");
  subject.put_file("d/empty", "");
  subject.make_dir("d/sub");
  subject.make_dir("d/.dotdir");
  const Listing listing = s.lane->list(wire("d"));
  CHECK(listing.untrusted == "");
  std::vector<std::string> names;
  for (const RemoteEntry& entry : listing.entries) names.push_back(entry.name);
  CHECK(names == std::vector<std::string>{".dotdir", ".hidden", "b.txt", "empty", "sub"});
  REQUIRE(listing.entries.size() == 5);
  CHECK(listing.entries[0].kind == RemoteEntry::Kind::directory);
  CHECK(listing.entries[2].kind == RemoteEntry::Kind::file);
  CHECK(listing.entries[2].size == 5U);
  CHECK(listing.entries[3].size == 0U);
  CHECK(listing.entries[4].kind == RemoteEntry::Kind::directory);
}

void list_base(Subject& subject) {
  Session s(subject);
  CHECK(s.lane->list(RemotePath()).entries.empty());
  subject.put_file("only", "x");
  const Listing listing = s.lane->list(RemotePath());
  REQUIRE(listing.entries.size() == 1);
  CHECK(listing.entries[0].name == "only");
}

void list_empty_and_missing(Subject& subject) {
  Session s(subject);
  subject.make_dir("empty");
  const Listing listing = s.lane->list(wire("empty"));
  CHECK(listing.entries.empty());
  CHECK(listing.untrusted == "");
  int code = 0;
  FailureClass failure = FailureClass::none;
  try {
    s.lane->list(wire("absent"));
  } catch (const RemoteError& error) {
    code = error.reply_code();
    failure = error.failure();
  }
  CHECK(failure == FailureClass::skip_file);
  CHECK(code == 550);
  CHECK(s.lane->list(wire("empty")).entries.empty());
}

void list_then_put(Subject& subject) {
  Session s(subject);
  const std::string binary = PatternSource::text(5000) + "\n\r\n\n";
  put_text(*s.lane, "a", binary);
  CHECK(s.lane->list(RemotePath()).entries.size() == 1);
  put_text(*s.lane, "b", binary);
  CHECK((subject.file("b") == binary));
  CHECK((get_text(*s.lane, "b") == binary));
}

// 1987: a round number looks like one at which servers cut listings off.
void list_large(Subject& subject) {
  Session s(subject);
  subject.make_dir("many");
  for (int i = 0; i < 1987; ++i) subject.put_file("many/f" + std::to_string(i), "x");
  const Listing listing = s.lane->list(wire("many"));
  CHECK(listing.entries.size() == 1987);
  CHECK(listing.untrusted == "");
}

constexpr ContractCase kTransferCases[] = {
    {"a put creates exactly the bytes", put_creates},
    {"a put replaces what was there", put_replaces},
    {"an empty put creates an empty file", put_empty},
    {"a large put arrives whole and its progress adds up", put_large},
    {"a put goes on at exactly its offset", put_resumes},
    {"a put at an offset rewrites a doubtful tail or is refused and changes nothing",
     put_rewrites_doubtful_tail},
    {"a put rethrows what its source threw and the lane goes on", put_source_throws},
    {"a put whose source shrank is no success", put_source_shrinks},
    {"a put below a missing directory is refused for this path only", put_without_directory},
    {"a put onto a directory is refused", put_onto_directory},
    {"a get returns exactly the bytes", get_whole},
    {"a get starts at its offset", get_from_offset},
    {"a get of an empty file returns nothing", get_empty},
    {"a get stops when its sink has enough and the lane goes on", get_stops_early},
    {"a get rethrows what its sink threw and the lane goes on", get_sink_throws},
    {"a get of a missing file is refused for this path only", get_missing},
    {"a listing shows dotfiles and kinds and sizes in order", list_shows_all},
    {"a listing of the base directory works", list_base},
    {"an empty directory and a missing one are told apart", list_empty_and_missing},
    {"a listing between puts leaves them binary", list_then_put},
    {"a listing of many entries is complete", list_large},
};

}  // namespace

std::span<const ContractCase> transfer_cases() {
  return kTransferCases;
}

}  // namespace outhaul::test
