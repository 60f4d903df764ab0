#include "plan/source_mount.h"

#include "support/catch.h"

using namespace outhaul;

namespace {

SourceMount on(std::string point, std::string type, std::uint64_t fsid = 0) {
  return {std::move(point), std::move(type), fsid};
}

struct Case {
  const char* why;
  SourceMount before, now;
  std::vector<std::string> points;
  MountChange expected;
};

}  // namespace

TEST_CASE("pain 1: only a mount that is gone or was replaced is told and no innocent change") {
  using enum MountChange;
  const std::vector<Case> cases = {
      {"nothing changed", on("/mnt/usb", "ext4", 7), on("/mnt/usb", "ext4", 7), {"/", "/mnt/usb"}, none},
      {"the disk isn't mounted", on("/mnt/usb", "ext4", 7), on("/", "ext4", 1), {"/", "/proc"}, gone},
      {"nor is the one above", on("/mnt/a/b", "xfs", 7), on("/mnt", "xfs", 7), {"/", "/mnt"}, gone},
      {"the NAS isn't mounted", on("/mnt/nas", "nfs4"), on("/", "ext4", 1), {"/"}, gone},
      {"a container without its volume", on("/data", "ext4", 7), on("/", "overlay", 9), {"/"}, gone},
      {"a zfs dataset that isn't mounted", on("/tank/www", "zfs", 7), on("/tank", "zfs", 8), {"/tank"}, gone},
      {"a btrfs subvolume, too", on("/home", "btrfs", 7), on("/", "btrfs", 8), {"/"}, gone},
      {"autofs has nothing there", on("/mnt/usb", "ext4", 7), on("/mnt/usb", "autofs"), {"/mnt/usb"}, other},
      {"another disk", on("/mnt/usb", "ext4", 7), on("/mnt/usb", "ext4", 8), {"/mnt/usb"}, other},
      {"another kind of disk", on("/mnt/usb", "ext4", 7), on("/mnt/usb", "vfat", 8), {"/mnt/usb"}, other},
      {"tmpfs in its place", on("/srv", "ext4", 7), on("/srv", "tmpfs", 8), {"/", "/srv"}, other},
      // a device number, and it differs with each boot
      {"xfs after a reboot", on("/srv", "xfs", 0x811), on("/srv", "xfs", 0x821), {"/", "/srv"}, none},
      {"tmpfs mounted anew", on("/srv", "tmpfs", 1), on("/srv", "tmpfs", 2), {"/", "/srv"}, none},
      {"tonight's snapshot", on("/snap", "btrfs", 7), on("/snap", "btrfs", 8), {"/", "/snap"}, none},
      {"an overlay mounted anew", on("/data", "overlay", 7), on("/data", "overlay", 8), {"/data"}, none},
      {"ids that nobody gives", on("/srv", "ext4", 0), on("/srv", "ext4", 8), {"/", "/srv"}, none},
      {"ext3 became ext4", on("/srv", "ext3", 7), on("/srv", "ext4", 7), {"/", "/srv"}, none},
      {"nfs became nfs4", on("/srv", "nfs"), on("/srv", "nfs4"), {"/", "/srv"}, none},
      {"another driver", on("/mnt/w", "fuseblk"), on("/mnt/w", "ntfs3"), {"/", "/mnt/w"}, none},
      {"the root file system is another", on("/", "ext4", 7), on("/", "btrfs", 8), {"/"}, none},
      {"a disk was added there", on("/", "ext4", 7), on("/srv", "xfs", 8), {"/", "/srv"}, none},
      {"and below", on("/srv", "ext4", 7), on("/srv/www", "ext4", 8), {"/", "/srv", "/srv/www"}, none},
      {"a symlink leads elsewhere", on("/mnt/a", "ext4", 7), on("/", "ext4", 1), {"/", "/mnt/a"}, none},
      {"and to a third place", on("/mnt/a", "ext4", 7), on("/mnt/b", "ext4", 8), {"/", "/mnt/b"}, none},
      {"the same file system", on("/srv/www", "ext4", 7), on("/srv", "ext4", 7), {"/", "/srv"}, none},
      {"a name that only begins alike",
       on("/mnt/usb2", "ext4", 7),
       on("/mnt/usb", "ext4", 8),
       {"/mnt/usb"},
       none},
  };
  for (const Case& one : cases) {
    INFO(one.why);
    CHECK(mount_change(one.before, {one.now, one.points}) == one.expected);
  }
}
