#include "restore/decide.h"

#include "support/catch.h"

using namespace outhaul;

namespace {

using Kind = Standing::Kind;
using Step = Decision::Step;

Standing standing(Kind kind, std::uint64_t size = 0, std::string target = {}) {
  Standing there;
  there.kind = kind;
  there.size = size;
  there.link_target = std::move(target);
  return there;
}

Entry entry_of(EntryKind kind, std::uint64_t size = 0) {
  Entry entry;
  entry.path = RelPath::parse("a");
  entry.kind = kind;
  entry.size = size;
  if (kind == EntryKind::symlink) entry.link_target = "target";
  return entry;
}

}  // namespace

TEST_CASE("what is done for an entry follows from what stands in its place and from what may be replaced") {
  const Entry dir = entry_of(EntryKind::directory), link = entry_of(EntryKind::symlink),
              file = entry_of(EntryKind::file, 7), empty = entry_of(EntryKind::file, 0);
  const std::optional<Standing> nothing,
      a_dir = standing(Kind::directory), a_fifo = standing(Kind::other),
      same_link = standing(Kind::symlink, 6, "target"), other_link = standing(Kind::symlink, 5, "other"),
      same_size = standing(Kind::file, 7), other_size = standing(Kind::file, 8),
      no_size = standing(Kind::file, 0);
  struct Row {
    const Entry& entry;
    const std::optional<Standing>& there;
    Decision never, changed, always;
  };
  const Decision blocked{Step::in_the_way, false}, left{Step::differs, false};
  const Row rows[] = {
      {dir, nothing, {Step::make_dir, false}, {Step::make_dir, false}, {Step::make_dir, false}},
      {dir, a_dir, {Step::keep_dir, false}, {Step::keep_dir, false}, {Step::keep_dir, false}},
      {dir, other_link, blocked, blocked, blocked},  // never followed, never replaced
      {dir, same_size, blocked, blocked, blocked},
      {dir, a_fifo, blocked, blocked, blocked},
      {link, nothing, {Step::make_symlink, false}, {Step::make_symlink, false}, {Step::make_symlink, false}},
      {link, same_link, {Step::leave, false}, {Step::leave, false}, {Step::make_symlink, true}},
      {link, other_link, left, {Step::make_symlink, true}, {Step::make_symlink, true}},
      {link, same_size, left, {Step::make_symlink, true}, {Step::make_symlink, true}},
      {link, a_dir, blocked, blocked, blocked},
      {file, nothing, {Step::fetch, false}, {Step::fetch, false}, {Step::fetch, false}},
      {file, same_size, {Step::compare, false}, {Step::compare, false}, {Step::fetch, true}},
      {file, other_size, left, {Step::fetch, true}, {Step::fetch, true}},
      {file, same_link, left, {Step::fetch, true}, {Step::fetch, true}},
      {file, a_fifo, left, {Step::fetch, true}, {Step::fetch, true}},
      {file, a_dir, blocked, blocked, blocked},
      {empty, nothing, {Step::make_file, false}, {Step::make_file, false}, {Step::make_file, false}},
      {empty, no_size, {Step::compare, false}, {Step::compare, false}, {Step::make_file, true}},
      {empty, other_size, left, {Step::make_file, true}, {Step::make_file, true}},
  };
  for (const Row& row : rows) {
    INFO((row.entry.kind == EntryKind::directory ? "dir"
          : row.entry.kind == EntryKind::symlink ? "link"
                                                 : "file")
         << " over " << (row.there ? describe(row.there->kind) : "nothing"));
    CHECK(decide(row.entry, row.there, Overwrite::never) == row.never);
    CHECK(decide(row.entry, row.there, Overwrite::changed) == row.changed);
    CHECK(decide(row.entry, row.there, Overwrite::always) == row.always);
  }
}
