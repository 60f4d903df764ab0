#include <random>

#include "fixture.h"
#include "state/xattr_blob.h"
#include "support/catch.h"

using namespace outhaul;
using namespace outhaul::test;

namespace {

const std::vector<Xattr> kSome{{"security.capability", std::string("\x01\0\0\x02", 4)},
                               {"system.posix_acl_access", std::string(44, '\0')},
                               {"user.empty", ""},
                               {"user.long", std::string(64 * 1024, '\xff')}};

std::string fault_of(std::string_view blob) {
  std::vector<Xattr> decoded = kSome;
  const std::string fault = decode_xattrs(blob, decoded);
  if (!fault.empty()) CHECK(decoded.empty());
  return fault;
}

/// Everything that an entry can hold.
Entry full_entry(std::string_view path) {
  Entry entry = file_entry(path);
  entry.user = "alice";
  entry.group = "caf\xe9";  // not UTF-8
  entry.links = 4'000'000'000;
  entry.sparse = true;
  entry.xattrs = kSome;
  return entry;
}

}  // namespace

TEST_CASE("attributes come out of their blob as they went in") {
  for (const std::vector<Xattr>& attributes :
       {std::vector<Xattr>{}, std::vector<Xattr>{{"user.a", ""}}, kSome}) {
    std::vector<Xattr> decoded = kSome;
    CHECK(decode_xattrs(encode_xattrs(attributes), decoded).empty());
    CHECK(decoded == attributes);
  }
  CHECK(encode_xattrs({}).empty());
  CHECK(encode_xattrs({{"user.a", "xyz"}}) == std::string("\x01\x06\0\x03\0\0\0user.axyz", 16));
}

TEST_CASE("attributes that are out of order are not written") {
  CHECK_THROWS_AS(encode_xattrs({{"user.b", ""}, {"user.a", ""}}), Error);
  CHECK_THROWS_AS(encode_xattrs({{"user.a", ""}, {"user.a", ""}}), Error);
}

TEST_CASE("a damaged blob of attributes is named and never read past its end") {
  const std::string good = encode_xattrs({{"user.a", "xyz"}, {"user.b", ""}});
  for (std::size_t size = 1; size < good.size(); ++size) {
    const bool whole = size == 16;  // the first attribute alone
    CHECK(fault_of(std::string_view(good).substr(0, size)) == (whole ? "" : "are cut short"));
  }
  const std::pair<std::string, std::string> table[] = {
      {"\x02" + good.substr(1), "are in a form (2) that it can't hold"},
      {std::string("\0", 1), "are in a form (0) that it can't hold"},
      {std::string("\x01\0\0\0\0\0\0", 7), "hold an impossible name"},
      {std::string("\x01\x02\0\0\0\0\0a\0", 9), "hold an impossible name"},
      {std::string("\x01\x01\0\xff\xff\xff\xff"
                   "a",
                   8),
       "are cut short"},
      {good + good.substr(1), "are out of order"},
      {good + good.substr(16), "are out of order"},
  };
  for (const auto& [blob, fault] : table) CHECK(fault_of(blob) == fault);
}

TEST_CASE("no bytes whatever crash the reader of attributes") {
  std::mt19937 random(5);
  const std::string good = encode_xattrs(kSome).substr(0, 200);
  for (int round = 0; round < 2000; ++round) {
    std::string blob = good.substr(0, 1 + random() % good.size());
    for (unsigned flips = random() % 4; flips > 0; --flips)
      blob[random() % blob.size()] = static_cast<char>(random());
    std::vector<Xattr> decoded;
    if (decode_xattrs(blob, decoded).empty()) CHECK(encode_xattrs(decoded) == blob);
  }
}

TEST_CASE("an entry comes back with owner names and links and holes and attributes") {
  StateFixture f;
  Transaction tx = f.state.begin();
  const Entry full = store(f.state, f.job, f.run, full_entry("f"));
  Entry dir = directory_entry("d");
  dir.xattrs = {{"system.posix_acl_default", "x"}};
  f.state.record(f.job, f.run, dir);
  tx.commit();
  CHECK(f.state.entry(f.job, full.path) == full);
  CHECK(all(f.state.entries(f.job)) == std::vector<Entry>{dir, full});
  CHECK(all(f.state.entries_at(f.job, f.run)) == std::vector<Entry>{dir, full});
}

TEST_CASE("what an entry was before is in the past with all it had") {
  StateFixture f;
  Transaction first = f.state.begin();
  const Entry full = store(f.state, f.job, f.run, full_entry("f"));
  first.commit();
  std::vector<std::pair<RunId, Entry>> past{{f.run, full}};
  const auto change = [&](auto edit) {
    Entry entry = past.back().second;
    edit(entry);
    const RunId run = f.state.begin_run(2);
    Transaction tx = f.state.begin();
    f.state.record(f.job, run, entry);
    tx.commit();
    past.emplace_back(run, entry);
  };
  change([](Entry& e) { e.user = "bob"; });
  change([](Entry& e) { e.group.clear(); });
  change([](Entry& e) { e.links = 1; });
  change([](Entry& e) { e.sparse = false; });
  change([](Entry& e) { e.xattrs[0].value = "2"; });
  change([](Entry& e) { e.xattrs.clear(); });
  for (const auto& [run, entry] : past)
    CHECK(all(f.state.entries_at(f.job, run)) == std::vector<Entry>{entry});
  CHECK(query(f.file, "SELECT count(*) FROM past_entry") == "6");

  const RunId later = f.state.begin_run(3);
  Transaction tx = f.state.begin();
  f.state.record(f.job, later, past.back().second);  // nothing new
  tx.commit();
  CHECK(query(f.file, "SELECT count(*) FROM past_entry") == "6");
}

TEST_CASE("a damaged blob in the state is told as damage with the path that has it") {
  StateFixture f;
  Transaction tx = f.state.begin();
  f.state.record(f.job, f.run, directory_entry("a"));
  f.state.record(f.job, f.run, directory_entry("b"));
  tx.commit();
  tamper(f.file, "UPDATE entry SET xattrs = x'0106' WHERE path = x'62'");
  const auto stream = f.state.entries(f.job);
  Entry entry;
  const auto error = error_of([&] {
    while (stream->next(entry)) CHECK(entry.path.bytes() == "a");
  });
  REQUIRE(error);
  CHECK(error->kind() == ErrorKind::state);
  CHECK(std::string(error->what()).find("the extended attributes of b are cut short") != std::string::npos);
  CHECK_FALSE(error->advice().empty());
  CHECK(error_of([&] { f.state.entry(f.job, RelPath::parse("b")); }));
}
