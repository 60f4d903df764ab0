#include "base/mounts.h"

#include "support/catch.h"

using namespace outhaul;

namespace {

/// A table of lines "id parent device root point type".
std::vector<Mount> table_of(std::initializer_list<Mount> mounts) {
  return mounts;
}

std::string real_point(const std::vector<Mount>& table, int id) {
  const Mount* mount = real_mount(table, id);
  return mount == nullptr ? "none" : mount->point;
}

}  // namespace

TEST_CASE("a mount point of another device is known by its path alone") {
  const auto table = parse_mountinfo(
      "27 1 254:0 / / rw - ext4 /dev/vda rw\n"
      "36 27 0:40 / /srv/dead rw - fuse.sshfs me@host: rw\n"
      "37 27 254:0 /other /srv/bind rw - ext4 /dev/vda rw\n"
      "38 27 0:41 / /srv/over rw - tmpfs none rw\n"
      "39 38 254:0 /top /srv/over rw - ext4 /dev/vda rw\n"
      "40 27 0:42 / /srv/a\\040name rw - nfs4 host:/a rw\n");
  const std::pair<const char*, bool> rows[] = {
      {"/srv/dead", true},  {"/srv/dead/below", false}, {"/srv/dea", false},   {"/srv", false},
      {"/srv/bind", false}, {"/srv/over", false},       {"/srv/a name", true}, {"/", false},
  };
  for (const auto& [path, expected] : rows) {
    INFO(path);
    CHECK(is_foreign_mount_point(table, path, "254:0") == expected);
  }
  CHECK_FALSE(is_foreign_mount_point({}, "/srv/dead", "254:0"));
}

TEST_CASE("a line of mountinfo is taken apart with or without optional fields") {
  const auto table = parse_mountinfo(
      "27 1 254:0 / / rw,relatime - ext4 /dev/vda rw\n"
      "36 27 98:0 /mnt1 /mnt2 rw,noatime master:1 shared:2 - ext3 /dev/root rw,errors=continue\n"
      "37 36 0:45 / /mnt2/share rw shared:7 - fuse.sshfs me@host:/a rw");
  REQUIRE(table.size() == 3);
  CHECK(table[0].id == 27);
  CHECK(table[0].parent == 1);
  CHECK(table[0].device == "254:0");
  CHECK(table[1].root == "/mnt1");
  CHECK(table[1].point == "/mnt2");
  CHECK(table[1].type == "ext3");
  CHECK(table[2].type == "fuse.sshfs");
}

TEST_CASE("octal escapes in mountinfo stand for the bytes that the kernel can't write") {
  const auto point = [](const std::string& escaped) {
    const auto table = parse_mountinfo("1 0 8:1 / " + escaped + " rw - ext4 /dev/sda1 rw\n");
    return table.empty() ? "none" : table[0].point;
  };
  CHECK(point("/mnt/my\\040disk") == "/mnt/my disk");
  CHECK(point("/a\\011b\\012c") == "/a\tb\nc");
  CHECK(point("/back\\134slash") == "/back\\slash");
  CHECK(point("/end\\04") == "/end\\04");
  CHECK(point("/no\\089") == "/no\\089");
  CHECK(point("/\\303\\244") == "/\303\244");
}

TEST_CASE("lines of mountinfo that are not understood are left out") {
  CHECK(parse_mountinfo("").empty());
  CHECK(parse_mountinfo("\n\nnonsense\n").empty());
  CHECK(parse_mountinfo("1 0 8:1 / /mnt rw ext4 /dev/sda1 rw").empty());
  CHECK(parse_mountinfo("x 0 8:1 / /mnt rw - ext4 /dev/sda1 rw").empty());
  CHECK(parse_mountinfo("1 0 0:4 net:[4026531993] net rw - nsfs nsfs rw").empty());
  CHECK(parse_mountinfo("1 0 8:1 /").empty());
}

TEST_CASE("the mount id is found in fdinfo") {
  CHECK(mount_id_in("pos:\t0\nflags:\t0100000\nmnt_id:\t27\nino:\t247066\n") == 27);
  CHECK(mount_id_in("mnt_id:\t5") == 5);
  CHECK_FALSE(mount_id_in("pos:\t0\nflags:\t0100000\n"));
  CHECK_FALSE(mount_id_in("mnt_id:\tmany\n"));
  CHECK_FALSE(mount_id_in(""));
}

TEST_CASE("a mount that shows what would be there without it is not one of its own") {
  const Mount root{1, 0, "8:1", "/", "/", "ext4"};
  // systemd's ReadWritePaths=/srv/www and ProtectSystem=strict
  CHECK(real_point(table_of({root, {2, 1, "8:1", "/srv/www", "/srv/www", "ext4"}}), 2) == "/");
  CHECK(real_point(
            table_of(
                {root, {2, 1, "8:1", "/srv", "/srv", "ext4"}, {3, 2, "8:1", "/srv/www", "/srv/www", "ext4"}}),
            3) == "/");
  // another disk, mounted onto itself
  CHECK(real_point(table_of({root,
                             {2, 1, "8:17", "/", "/mnt/usb", "ext4"},
                             {3, 2, "8:17", "/www", "/mnt/usb/www", "ext4"}}),
                   3) == "/mnt/usb");
  CHECK(real_point(table_of({root, {2, 1, "8:17", "/", "/mnt", "xfs"}, {3, 2, "8:17", "/", "/mnt", "xfs"}}),
                   3) == "/mnt");
}

TEST_CASE("a bind mount of another directory and a btrfs subvolume are mounts of their own") {
  const Mount root{1, 0, "0:25", "/@", "/", "btrfs"};
  CHECK(real_point(table_of({root, {2, 1, "0:25", "/@home", "/home", "btrfs"}}), 2) == "/home");
  CHECK(real_point(table_of({root, {2, 1, "0:25", "/@/data/www", "/srv/www", "btrfs"}}), 2) == "/srv/www");
  CHECK(real_point(table_of({root, {2, 1, "0:25", "/@/srv", "/srv", "btrfs"}}), 2) == "/");
  CHECK(real_point(table_of({root, {2, 1, "0:31", "/@/srv", "/srv", "btrfs"}}), 2) == "/srv");
}

TEST_CASE("a mount that the table does not explain is taken as it is") {
  CHECK(real_point({}, 7) == "none");
  CHECK(real_point(table_of({{7, 6, "8:1", "/srv", "/srv", "ext4"}}), 7) == "/srv");
  CHECK(real_point(table_of({{7, 7, "8:1", "/", "/", "ext4"}}), 7) == "/");
  // read while it changed
  CHECK(real_point(table_of({{7, 8, "8:1", "/a", "/a", "ext4"}, {8, 7, "8:1", "/", "/", "ext4"}}), 7) == "/");
}

TEST_CASE("a directory that is not there lies on nothing") {
  CHECK_FALSE(lies_on("/no/such/directory"));
}

TEST_CASE("where the kernel tells it a directory lies on a mount of the table") {
  const auto place = lies_on("/");
  if (!place) return;  // no /proc here: then there is no guard
  CHECK_FALSE(place->mount.type.empty());
  CHECK(place->mount.point == "/");
}
